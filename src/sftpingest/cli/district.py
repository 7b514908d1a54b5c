"""`sftpingest district`: the districts of this installation.

In:  a slug, settings of a district.
Out: rows in the store, folders in the data folder.
"""

import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sftpingest.cli import audit, pgp, terminal
from sftpingest.cli.installation import Installation, opened
from sftpingest.cli.proof import lacks

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sftpingest.store.tables import District

app = typer.Typer(
    help="Districts: add, list, show, set, remove.",
    epilog=terminal.example("sftpingest district list"),
    no_args_is_help=True,
)

#: How long to wait for a worker that is at the district, in seconds.
PATIENCE = 10

Slug = Annotated[str, typer.Argument(metavar="SLUG", help="Short name of the district: a-z, 0-9 and -.")]


@app.command(epilog=terminal.example('sftpingest district add springfield --name "Springfield Public Schools"'))
def add(
    slug: Slug,
    name: Annotated[str, typer.Option(help="Name of the district, as people know it.")],
    json: terminal.AsJson = False,
) -> None:
    """Add a district and make its folders."""
    from sftpingest.store import accounts

    with opened(make=True) as here:
        with here.engine.begin() as connection:
            district = accounts.add_district(connection, slug, name)
            described = _described(connection, here, district)
            audit.record(connection, "district.added", district=slug, name=name)
        here.folders(slug).make()
    if json:
        terminal.as_json(described)
    else:
        terminal.say(f"District {slug} is there. Next, a login for it: sftpingest login add {slug} USERNAME")


@app.command("list", epilog=terminal.example("sftpingest district list"))
def list_(json: terminal.AsJson = False) -> None:
    """List the districts."""
    from sftpingest.store import accounts

    with opened() as here, here.engine.connect() as connection:
        described = [_described(connection, here, district) for district in accounts.districts(connection)]
    if json:
        terminal.as_json(described)
    else:
        shown = [(d["slug"], d["name"], d["logins"], d["head"], d["created_at"]) for d in described]
        terminal.table(("district", "name", "logins", "roster of sync", "added"), shown)


@app.command(epilog=terminal.example("sftpingest district show springfield"))
def show(slug: Slug, json: terminal.AsJson = False) -> None:
    """Show a district, its settings and its last sync."""
    from sftpingest.store import accounts

    with opened() as here, here.engine.connect() as connection:
        described = _described(connection, here, accounts.district(connection, slug))
    if json:
        terminal.as_json(described)
        return
    settings = described.pop("settings")
    settings["user_ca"] = _fingerprints(settings["user_ca"])
    terminal.facts(described.items())
    terminal.say("settings")
    terminal.facts((f"  {key}", value) for key, value in settings.items())


@app.command(
    "set",
    context_settings={"ignore_unknown_options": True},  # a value may begin with "-"
    epilog=terminal.example(
        "sftpingest district set springfield max_removed 15%",
        "sftpingest district set springfield max_removed.student 5%",
        "sftpingest district set springfield pause_start 2027-06-07",
        "sftpingest district set springfield format ./springfield.toml",
        "sftpingest district set springfield file.export1.csv students.csv",
        "sftpingest district set springfield proof password+key",
        "sftpingest district set springfield xlsx on",
        'sftpingest district set springfield user_ca "$(cat user_ca.pub)"',
    ),
)
def set_(
    slug: Slug,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Which setting; docs/reference/settings.md lists them.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help='Its new value; "" goes back to the default.')],
) -> None:
    """Set one setting of a district.

    Thresholds, pause, quiet time, format, what a file is read as, quota, retention, what logins must show.
    """
    from sftpingest.store import accounts

    if "PRIVATE KEY" in value:
        raise terminal.Stopped("That is a private key. Give the public one: user_ca.pub, not user_ca.")
    if key == "format" and value.endswith(".toml"):
        value = str(Path(value).absolute())  # the server runs in another folder
    with opened() as here, here.engine.begin() as connection:
        accounts.set_district(connection, slug, key, value)
        _refuse_unreadable(accounts.district(connection, slug))
        _mind_who_is_out(connection, slug, key)
        audit.record(connection, "district.changed", district=slug, key=key, value=value)
    terminal.say(f"{slug}: {key} is now {value.strip() or 'the default'}.")


@app.command(epilog=terminal.example("sftpingest district remove springfield --yes"))
def remove(slug: Slug, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Remove a district and all that is its own.

    Its logins, its roster and history, and its folder with all files.
    """
    from sftpingest.store import accounts

    with opened() as here:
        district = here.district(slug)
        terminal.sure(f"Remove {slug} ({district.name}) with its roster, its history and all its files?", yes)
        with _nobody_works_on(here, district), here.engine.begin() as connection:
            accounts.remove_district(connection, slug)
            _remove_folder(here.folders(slug).root)  # before the rows are gone for good, so that it can be tried again
            audit.record(connection, "district.removed", district=slug, name=district.name)
    terminal.say(f"District {slug} is removed.")


pgp.add_to(app)


@contextmanager
def _nobody_works_on(here: Installation, district: "District") -> Iterator[None]:
    """Hold the lock of a district: no worker commits meanwhile. Raises Stopped where a worker keeps it."""
    from sftpingest import work

    give_up = time.monotonic() + PATIENCE
    while True:
        with work.lock(here.engine, here.settings.data / "locks", district) as got:
            if got:
                yield
                return
        if time.monotonic() > give_up:
            slug = district.slug
            raise terminal.Stopped(
                f"A sync of {slug} is running. Try again when `sftpingest syncs {slug}` shows its end.", 1
            )
        time.sleep(0.2)


def _remove_folder(folder: Path) -> None:
    try:
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as wrong:
        sentence = (
            f"{wrong.filename or folder} cannot be removed: {wrong.strerror or wrong}. The district is still there."
        )
        raise terminal.Stopped(f"{sentence} Mend that, and remove it again.", terminal.FAILED) from None


def _fingerprints(lines: Iterable[str]) -> str:
    """Public keys as people compare them."""
    from sftpingest.store import keyline

    keys = [keyline.read(line) for line in lines]
    return ", ".join(f"{key.fingerprint} {key.comment}".strip() for key in keys if key) or "none"


def _mind_who_is_out(connection: "Connection", slug: str, key: str) -> None:
    """Where more is asked for now, say how many logins do not have it."""
    from sftpingest.store import accounts

    if key not in {"proof", "user_ca"}:
        return
    settings = accounts.district_settings(accounts.district(connection, slug))
    out = sum(bool(lacks(login, settings)) for login in accounts.logins(connection, slug))
    if out:
        who = "1 login lacks" if out == 1 else f"{out} logins lack"
        terminal.note(f"Mind that {who} what is asked for: `sftpingest login list {slug}` shows it.")


def _refuse_unreadable(district: "District") -> None:
    """Find out now, not at the next upload. Raises WrongFormat or WrongSetting, and nothing is set."""
    from sftpingest.roster.format import load, names
    from sftpingest.roster.recognise import AUTO, NOTHING
    from sftpingest.store import accounts
    from sftpingest.store.setting import WrongSetting

    settings = accounts.district_settings(district)
    forms = [load(name) for name in (names() if settings.format == AUTO else [settings.format])]
    for name, file in settings.files.items():
        if file.casefold() != NOTHING and not any(form.file(file) for form in forms):
            known = ", ".join(dict.fromkeys(own for form in forms for own in form.names))
            raise WrongSetting(key=f"file.{name}", given=file, allowed=f"{known}, or {NOTHING}")


def _described(connection: "Connection", here: Installation, district: "District") -> dict[str, Any]:
    """A district as it is shown."""
    from sftpingest.store import accounts, journal

    last = journal.syncs(connection, district.slug, limit=1)
    return {
        "slug": district.slug,
        "name": district.name,
        "created_at": district.created_at,
        "logins": len(accounts.logins(connection, district.slug)),
        "head": district.head,
        "last_sync": last[0].id if last else None,
        "last_outcome": str(last[0].state) if last else None,
        "folder": str(here.settings.data / "districts" / district.slug),
        "settings": asdict(accounts.district_settings(district)),
    }
