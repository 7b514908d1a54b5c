"""`sftpingest vendor sql`: a vendor reads by SQL.

In:  the name of a vendor.
Out: a role of PostgreSQL with views of its own, or a file of SQLite; the password is shown once.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from sftpingest.cli import audit, terminal
from sftpingest.cli.installation import Installation, opened

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

    from sftpingest.store.sql_roles import Access
    from sftpingest.store.vendors import Vendor


def sql(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the vendor.")],
    rotate: Annotated[bool, typer.Option("--rotate", help="Give a new password.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Take the access away again.")] = False,
    json: terminal.AsJson = False,
) -> None:
    """Let a vendor read by SQL what it sees: views on PostgreSQL, a file on SQLite.

    Said again, it makes the views anew, as after a new version of the program; the password stays.
    """
    if rotate and drop:
        raise terminal.Stopped("--rotate and --drop do not go together: say one of them.")
    with opened() as here:
        if drop:
            _drop(here, name)
        elif here.engine.dialect.name == "postgresql":
            _open_views(here, name, rotate, json)
        else:
            _open_file(here, name, json)


def shut(connection: "Connection", vendor: "Vendor") -> None:
    """Let a vendor read no more by SQL, whatever it is reading just now; `close` then takes away what it read by."""
    if connection.dialect.name == "postgresql":
        from sftpingest.store import sql_roles

        sql_roles.shut(connection, vendor)


def take_away(here: Installation, vendor: "Vendor") -> None:
    """Take away what a removed vendor read by SQL. It cannot log in any more; what it still reads may take a while."""
    from sqlalchemy.exc import OperationalError

    try:
        with here.engine.begin() as connection:
            if close(connection, vendor):
                audit.record(connection, "sql.closed", vendor=vendor.name)
    except OperationalError:
        terminal.note(
            "Its views are still being read and could not be taken away; nobody can log in to read them anew."
        )
        terminal.note("As an administrator of PostgreSQL end its sessions, and drop its schema and its role.")


def close(connection: "Connection", vendor: "Vendor") -> bool:
    """Take away whatever a vendor has to read by SQL; whether it had anything."""
    from sftpingest.store import sql_file

    if connection.dialect.name == "postgresql":
        from sftpingest.store import sql_roles

        return sql_roles.withdraw(connection, vendor)
    path = sql_file.path_of(connection.engine, vendor.id)
    if path is None or not path.exists():
        return False
    path.unlink()
    return True


def _drop(here: Installation, name: str) -> None:
    from sftpingest.store import vendors

    with here.engine.begin() as connection:
        shut(connection, vendors.vendor(connection, name))
    with here.engine.begin() as connection:
        if not close(connection, vendors.vendor(connection, name)):
            raise terminal.Stopped(f"{name} has no access by SQL: there is nothing to take away.")
        audit.record(connection, "sql.closed", vendor=name)
    terminal.say(f"{name} reads no more by SQL.")


def _open_views(here: Installation, name: str, rotate: bool, json: bool) -> None:
    from sftpingest.store import sql_roles, vendors

    with here.engine.begin() as connection:
        access = sql_roles.grant(connection, vendors.vendor(connection, name), rotate=rotate)
        if rotate:
            audit.record(connection, "sql.rotated", vendor=name)
        else:
            audit.record(connection, "sql.opened", vendor=name)
    url = _line(here.engine.url, access)
    if json:
        facts = {"role": access.role, "schema": access.schema, "database": access.database}
        terminal.as_json(facts | {"password": access.password, "url": url, "left": list(access.left)})
        return
    terminal.say(url)
    kept = "The password is as it was; --rotate gives a new one."
    terminal.say("The password is shown this once. Give it to the vendor on a safe way." if access.password else kept)
    terminal.say(f"The role {access.role} reads the views of the schema {access.schema} and nothing else.")
    if access.left:
        terminal.note("Something is open to every role here that we may not close. As an administrator of PostgreSQL:")
        for statement in access.left:
            terminal.note(f"  {statement};")


def _line(ours: "URL", access: "Access") -> str:
    """The address at which the vendor connects: our own, with its name."""
    theirs = ours.set(drivername="postgresql", username=access.role, password=access.password)
    return theirs.render_as_string(hide_password=False)


def _open_file(here: Installation, name: str, json: bool) -> None:
    from sftpingest.store import sql_file, vendors
    from sftpingest.store.tables import now

    with here.engine.begin() as connection:
        vendor = vendors.vendor(connection, name)
        audit.record(connection, "sql.opened", vendor=name)
    path = sql_file.write(here.engine, vendor.id, now().date())
    if json:
        terminal.as_json({"file": str(path), "path": "/export/roster.db"})
        return
    terminal.say(f"{path} holds what {name} sees, and is made anew when that changes.")
    terminal.say("The vendor fetches it at /export/roster.db with its token.")
