"""`sftpingest district pgp`: the keys that a district encrypts its uploads for.

In:  a district; a key that was made elsewhere.
Out: the public key, for the district; the private one in the folder of the district, for us alone.
"""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sftpingest.cli import audit, terminal
from sftpingest.cli.installation import Installation, opened

if TYPE_CHECKING:
    from sftpingest.inbox.boxes.keys import Key

_LARGEST = 10**6


def add_to(district: typer.Typer) -> None:
    """Put this command among those of `district`."""
    district.command(
        epilog=terminal.example(
            "sftpingest district pgp springfield --make",
            "sftpingest district pgp springfield > springfield.asc",
            "sftpingest district pgp springfield --import private.asc",
        )
    )(pgp)


def pgp(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="The district.")],
    make: Annotated[
        bool, typer.Option("--make", help="Make a key pair; those that are there go on being used.")
    ] = False,
    import_: Annotated[
        Path | None,
        typer.Option(
            "--import", metavar="FILE", help="Take a private key that was made elsewhere, without a passphrase."
        ),
    ] = None,
    remove: Annotated[
        str | None, typer.Option("--remove", metavar="FINGERPRINT", help="Remove a key for good.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: terminal.AsJson = False,
) -> None:
    """Show the PGP key that a district encrypts its uploads for; make, import or remove one.

    The public key goes to standard output, to be sent to the district. Of several it is the newest.
    """
    from sftpingest.inbox.boxes import keys as gnupg

    if make + (import_ is not None) + (remove is not None) > 1:
        raise terminal.Stopped("Say one of --make, --import and --remove.")
    with opened() as here:
        home, name = here.folders(slug).pgp, here.district(slug).name
        here.folders(slug).make()
        if remove is not None:
            _remove(here, slug, remove, yes)
        if make:
            _record(here, slug, "pgp.made", gnupg.make(home, name))
        if import_ is not None:
            _record(here, slug, "pgp.imported", gnupg.bring(home, _private(import_)))
        _show(slug, gnupg.keys(home), json, must=remove is None)


def _private(path: Path) -> bytes:
    """The key in a file. Raises Stopped, OSError."""
    if path.stat().st_size > _LARGEST:
        raise terminal.Stopped(f"{path} is no PGP key: it is too large for one.")
    return path.read_bytes()


def _remove(here: Installation, slug: str, fingerprint: str, yes: bool) -> None:
    from sftpingest.inbox.boxes import keys as gnupg

    home, wanted = here.folders(slug).pgp, "".join(fingerprint.split()).upper()
    key = next((key for key in gnupg.keys(home) if key.fingerprint == wanted), None)
    if key is None:
        raise terminal.Stopped(f"{slug} has no key {fingerprint}. `sftpingest district pgp {slug} --json` lists them.")
    terminal.sure(f"Remove the key {wanted} of {slug}? What is encrypted for it can never be opened again.", yes)
    gnupg.remove(home, wanted)
    _record(here, slug, "pgp.removed", key)


def _record(here: Installation, slug: str, event: str, key: "Key") -> None:
    """Enter what was done in the audit trail, and say it."""
    with here.engine.begin() as connection:
        audit.record(connection, event, district=slug, fingerprint=key.fingerprint)
    said = {"pgp.made": "is made", "pgp.imported": "is taken", "pgp.removed": "is removed"}[event]
    terminal.note(f"The key {key.fingerprint} of {slug} {said}.")


def _show(slug: str, keys: "list[Key]", json: bool, *, must: bool) -> None:
    if json:
        terminal.as_json([asdict(key) for key in keys])
        return
    if not keys and must:
        raise terminal.Stopped(f"{slug} has no PGP key. Make one: sftpingest district pgp {slug} --make", 1)
    if keys and must:
        sys.stdout.write(keys[0].public)
        terminal.note(f"Send this to the district: uploads are encrypted for it. Fingerprint: {keys[0].fingerprint}")
