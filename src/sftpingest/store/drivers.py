"""The drivers' own connections, for what SQLAlchemy has no words for.

In:  a Connection.
Out: psycopg's or sqlite3's connection, in the same transaction.
"""

import sqlite3
from typing import TYPE_CHECKING, cast

from sqlalchemy import Connection

if TYPE_CHECKING:
    import psycopg


def postgresql(c: Connection) -> "psycopg.Connection[tuple[object, ...]]":
    """Psycopg's own connection."""
    return cast("psycopg.Connection[tuple[object, ...]]", c.connection.driver_connection)


def sqlite(c: Connection) -> sqlite3.Connection:
    """sqlite3's own connection."""
    raw = c.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)  # noqa: S101  (tells mypy what the dialect is)
    return raw
