"""A role of PostgreSQL for each vendor that wants SQL, with a schema of views and no right to anything else.

In:  a Connection in the caller's transaction, a vendor.
Out: the role, its schema, its password once; what an administrator of PostgreSQL has yet to close.
"""

import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from psycopg import sql
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from sftpingest.store import StoreError
from sftpingest.store.drivers import postgresql
from sftpingest.store.sql_views import OPEN, views
from sftpingest.store.vendors import Vendor

#: How many connections a vendor may have at once.
CONNECTIONS = 4
#: For comfort: a role may set these otherwise for itself. What keeps it in are the GRANTs that it has not.
_COMFORT = {
    "default_transaction_read_only": "on",
    "statement_timeout": "5min",
    "idle_in_transaction_session_timeout": "10min",
}
#: Functions that everybody may call as PostgreSQL comes: they write large objects and the log of changes, and take the
#: locks by which our workers wait for each other.
_CLOSED = (
    "^(lo_(creat|create|from_bytea|put|import|open|unlink)|lowrite|pg_(try_)?advisory_.*|pg_logical_emit_message)$"
)


class MayNotMakeRoles(StoreError):
    """The PostgreSQL user "{user}" may not make roles and schemas. Let an administrator of it run `{remedy}`."""


class TakenRole(StoreError):
    """PostgreSQL has a role "{role}" that is not of this installation. Remove it, or use a server of its own."""


@dataclass(frozen=True)
class Access:
    """How a vendor reads by SQL."""

    role: str
    schema: str
    database: str
    password: str | None = field(default=None, repr=False)  #: None: as it was given before
    left: tuple[str, ...] = ()  #: statements that an administrator should run


def grant(c: Connection, vendor: Vendor, *, rotate: bool = False) -> Access:
    """Make the role and its views, or make the views anew; with `rotate` a new password. Raises MayNotMakeRoles."""
    _must_be_able(c)
    role, schema = role_of(vendor), schema_of(c, vendor)
    known = _is_there(c, role)
    if known and _said_of_role(c, role) != _mark(c, vendor):
        raise TakenRole(role=role)
    password = None if known and not rotate else secrets.token_urlsafe(24)
    _make_role(c, role, _mark(c, vendor), known=known, password=password)
    _make_views(c, role, schema, vendor)
    database = str(c.scalar(text("SELECT current_database()")))
    return Access(role, schema, database, password, tuple(_close(c, role, database)))


def withdraw(c: Connection, vendor: Vendor) -> bool:
    """Take role and views away, if they are there; whether they were."""
    role, schema = role_of(vendor), schema_of(c, vendor)
    if not _is_there(c, role) or _said_of_role(c, role) != _mark(c, vendor):
        return False
    c.execute(text("SET LOCAL lock_timeout = '10s'"))  # whoever reads a view holds it
    _run(c, "DROP SCHEMA IF EXISTS {} CASCADE", schema)
    _run(c, "REVOKE ALL ON DATABASE {} FROM {}", str(c.scalar(text("SELECT current_database()"))), role)
    _run(c, "DROP ROLE {}", role)
    return True


def shut(c: Connection, vendor: Vendor) -> bool:
    """Let nobody in by its role any more, and end who is in; whether there is a role. Waits for nobody."""
    role = role_of(vendor)
    if not _is_there(c, role) or _said_of_role(c, role) != _mark(c, vendor):
        return False
    _run(c, "ALTER ROLE {} NOLOGIN", role)
    with suppress(ProgrammingError), c.begin_nested():  # not every user may end the sessions of others
        c.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = :role"), {"role": role})
    return True


def holders(c: Connection, vendors: Iterable[Vendor]) -> list[str]:
    """The names of those vendors that have a role."""
    return [one.name for one in vendors if _said_of_role(c, role_of(one)) == _mark(c, one)]


def role_of(vendor: Vendor) -> str:
    """The name of its role."""
    return f"sftpingest_v_{vendor.id}"


def schema_of(c: Connection, vendor: Vendor) -> str:
    """The name of its schema; with its number where another vendor's is called so."""
    name = "vendor_" + re.sub(r"[^a-z0-9]", "_", vendor.name.lower())[:40]
    asked = text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :name")
    taken = c.execute(asked, {"name": name}).first()
    return name if taken is None or taken[0] == _mark(c, vendor) else f"{name}_{vendor.id}"


def _must_be_able(c: Connection) -> None:
    asked = """SELECT current_user, current_database(), rolsuper OR rolcreaterole,
        has_database_privilege(current_database(), 'CREATE') FROM pg_roles WHERE rolname = current_user"""
    user, database, roles, schemas = c.execute(text(asked)).one()
    remedy = [] if roles else [f'ALTER ROLE "{user}" CREATEROLE;']
    remedy += [] if schemas else [f'GRANT CREATE ON DATABASE "{database}" TO "{user}";']
    if remedy:
        raise MayNotMakeRoles(user=user, remedy=" ".join(remedy))


def _is_there(c: Connection, role: str) -> bool:
    return c.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).first() is not None


def _said_of_role(c: Connection, role: str) -> str | None:
    asked = text("SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = :role")
    said: str | None = c.scalar(asked, {"role": role})
    return said


def _mark(c: Connection, vendor: Vendor) -> str:
    """By it a role and a schema are known as ours: other databases of the server may have roles called so.

    A role outlives its database. So the client id is in it: a vendor of a store that was made anew is another one.
    """
    return f"sftpingest: vendor {vendor.id} {vendor.client_id} in {c.scalar(text('SELECT current_database()'))}"


# ---------------------------------------------------------------------------------------------------------------- make


def _make_role(c: Connection, role: str, mark: str, *, known: bool, password: str | None) -> None:
    rights = f"LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT {CONNECTIONS}"
    _run(c, f"{'ALTER' if known else 'CREATE'} ROLE {{}} {rights}", role)
    if password is not None:
        # only what it is checked by goes to the server: statements end in its log
        coded = postgresql(c).pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(coded.decode()))
        postgresql(c).execute(statement)
    postgresql(c).execute(sql.SQL("COMMENT ON ROLE {} IS {}").format(sql.Identifier(role), sql.Literal(mark)))
    for name, value in _COMFORT.items():
        postgresql(c).execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(sql.Identifier(role), sql.Identifier(name), sql.Literal(value))
        )


def _make_views(c: Connection, role: str, schema: str, vendor: Vendor) -> None:
    _run(c, "DROP SCHEMA IF EXISTS {} CASCADE", schema)
    _run(c, "CREATE SCHEMA {}", schema)
    postgresql(c).execute(
        sql.SQL("COMMENT ON SCHEMA {} IS {}").format(sql.Identifier(schema), sql.Literal(_mark(c, vendor)))
    )
    _run(c, "REVOKE ALL ON SCHEMA {} FROM PUBLIC", schema)
    for name, statement in views(schema, vendor.id):
        postgresql(c).execute(statement.encode())
        if name != OPEN:
            _run(c, "GRANT SELECT ON {}.{} TO {}", schema, name, role)
    _run(c, "GRANT USAGE ON SCHEMA {} TO {}", schema, role)
    _run(c, "ALTER ROLE {} SET search_path = {}", role, schema)


def _run(c: Connection, statement: str, *names: str) -> None:
    """One statement with names in it."""
    postgresql(c).execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


# --------------------------------------------------------------------------------------------------------------- close


def _close(c: Connection, role: str, database: str) -> list[str]:
    """Take from everybody what PostgreSQL gives everybody; gives the statements that we may not run."""
    user, is_super = c.execute(text("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")).one()
    _run(c, "GRANT CONNECT ON DATABASE {} TO {}", database, role)
    left = []
    for open_, statement in _doors(c, database, str(user)):
        if not c.scalar(text(open_), {"role": role}):
            continue
        if is_super or "FUNCTION" not in statement:
            postgresql(c).execute(statement.encode())  # of what is not ours it only warns
        if c.scalar(text(open_), {"role": role}):
            left.append(statement)
    return left


def _doors(c: Connection, database: str, user: str) -> list[tuple[str, str]]:
    """What is asked to see whether something is open, and the statement that closes it."""
    temp = "SELECT has_database_privilege(:role, current_database(), 'TEMP')"
    public = "SELECT has_schema_privilege(:role, oid, 'CREATE') FROM pg_namespace WHERE nspname = 'public'"
    out = [
        (temp, f'REVOKE TEMPORARY ON DATABASE "{database}" FROM PUBLIC'),
        (public, "REVOKE CREATE ON SCHEMA public FROM PUBLIC"),
    ]
    asked = text("""SELECT CAST(CAST(oid AS regprocedure) AS text) FROM pg_proc
        WHERE pronamespace = CAST('pg_catalog' AS regnamespace) AND proname ~ :closed""")
    functions = sorted(map(str, c.scalars(asked, {"closed": _CLOSED})))
    any_ = " OR ".join(f"has_function_privilege(:role, '{one}', 'EXECUTE')" for one in functions)
    all_ = ", ".join(functions)
    close = f'GRANT EXECUTE ON FUNCTION {all_} TO "{user}"; REVOKE EXECUTE ON FUNCTION {all_} FROM PUBLIC'
    return [*out, (f"SELECT {any_}", close)]
