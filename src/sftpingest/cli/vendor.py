"""`sftpingest vendor`: the applications that read rosters.

In:  a name.
Out: rows in the store; a secret is shown once and kept only as a hash.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sftpingest.cli import audit, terminal, vendor_sql
from sftpingest.cli.district import Slug
from sftpingest.cli.installation import opened

if TYPE_CHECKING:
    from sftpingest.store.vendors import Vendor

app = typer.Typer(
    help="Vendors: the applications that read rosters. Add, list, rotate, remove; tokens.",
    epilog=terminal.example("sftpingest vendor add quiz-whiz"),
    no_args_is_help=True,
)

app.command(
    epilog=terminal.example(
        "sftpingest vendor sql quiz-whiz",
        "sftpingest vendor sql quiz-whiz --rotate",
        "sftpingest vendor sql quiz-whiz --drop",
    )
)(vendor_sql.sql)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the vendor: letters, digits and . _ -")]


@app.command(epilog=terminal.example("sftpingest vendor add quiz-whiz"))
def add(name: Name, json: terminal.AsJson = False) -> None:
    """Add a vendor. Its client id and secret are shown once.

    It sees nothing until a district shares something with it: `sftpingest share set`.
    """
    from sftpingest.store import vendors

    with opened(make=True) as here, here.engine.begin() as connection:
        vendor, secret = vendors.add_vendor(connection, name)
        audit.record(connection, "vendor.added", vendor=name)
    _show_secret(vendor, secret, json)


@app.command("list", epilog=terminal.example("sftpingest vendor list"))
def list_(json: terminal.AsJson = False) -> None:
    """List the vendors, and what each sees of which district."""
    from sftpingest.store import accounts, vendors

    with opened() as here, here.engine.connect() as connection:
        slugs = {district.id: district.slug for district in accounts.districts(connection)}
        described = []
        for vendor in vendors.vendors(connection):
            of = {
                slugs[one]: vendors.decided(connection, vendor.id, one)
                for one in vendors.shared_districts(connection, vendor.id)
                if one in slugs
            }
            sees = {slug: version.terms["mode"] for slug, version in of.items() if version and version.terms}
            described.append(_described(vendor) | {"sees": sees})
    if json:
        terminal.as_json(described)
        return
    shown = [(d["name"], d["client_id"], _sees(d["sees"]), d["created_at"]) for d in described]
    terminal.table(("vendor", "client id", "sees", "added"), shown)


@app.command(epilog=terminal.example("sftpingest vendor rotate quiz-whiz"))
def rotate(name: Name, json: terminal.AsJson = False) -> None:
    """Give a vendor a new secret. The old one, and access tokens that it got, are good no more.

    Tokens of districts stay: `sftpingest vendor token NAME SLUG --rotate`.
    """
    from sftpingest.store import vendors

    with opened() as here, here.engine.begin() as connection:
        vendor, secret = vendors.rotate(connection, name)
        audit.record(connection, "vendor.rotated", vendor=name)
    _show_secret(vendor, secret, json)


@app.command(epilog=terminal.example("sftpingest vendor remove quiz-whiz --yes"))
def remove(name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Remove a vendor: it sees nothing any more. What is recorded of it stays."""
    from sftpingest.store import vendors

    with opened() as here:
        with here.engine.connect() as connection:
            vendors.vendor(connection, name)
        terminal.sure(f"Remove the vendor {name}? It will see nothing any more.", yes)
        with here.engine.begin() as connection:
            gone = vendors.vendor(connection, name)
            vendor_sql.shut(connection, gone)
            vendors.remove_vendor(connection, name)
            audit.record(connection, "vendor.removed", vendor=name)
        vendor_sql.take_away(here, gone)  # in a transaction of its own: a view that is read is waited for
    terminal.say(f"The vendor {name} is removed.")


@app.command(
    epilog=terminal.example(
        "sftpingest vendor token quiz-whiz springfield", "sftpingest vendor token quiz-whiz springfield --rotate"
    )
)
def token(
    name: Name,
    slug: Slug,
    rotate: Annotated[bool, typer.Option("--rotate", help="Make a new one; the old is good no more.")] = False,
    json: terminal.AsJson = False,
) -> None:
    """Print the token by which a vendor reads one district through the API in the shape of Clever's.

    The first time it is made; after that it is the same each time.
    """
    from sftpingest.app.tokens import token_of
    from sftpingest.store import accounts, vendors

    with opened() as here, here.engine.begin() as connection:
        vendor, district = vendors.vendor(connection, name), accounts.district(connection, slug)
        found, done = token_of(connection, here.settings.host_keys, vendor.id, district.id, rotate=rotate)
        audit.record(connection, f"token.{done}", district=slug, vendor=name)
        shared = vendors.decided(connection, vendor.id, district.id)
    if json:
        terminal.as_json({"token": found})
        return
    terminal.say(found)
    if shared is None or not shared.terms:
        terminal.note(f"It shows nothing yet: sftpingest share set {name} {slug} --mode everything")


def _described(vendor: "Vendor") -> dict[str, Any]:
    return {"name": vendor.name, "client_id": vendor.client_id, "created_at": vendor.created_at}


def _sees(sees: dict[str, str]) -> str:
    return ", ".join(f"{slug}: {mode}" for slug, mode in sees.items()) or "nothing"


def _show_secret(vendor: "Vendor", secret: str, as_json: bool) -> None:
    if as_json:
        terminal.as_json(_described(vendor) | {"client_secret": secret})
        return
    terminal.facts((("client id", vendor.client_id), ("client secret", secret)))
    terminal.say("\nThe secret is shown this once. Give both to the vendor on a safe way.")
    terminal.say(f"Next, what it may see: sftpingest share set {vendor.name} SLUG --mode everything")
