"""The users as a plain table, which is what a server of tables can give: a row a user, a column a value.

In:  the pages of our own door.
Out: Users: a file of SQLite, from which the peers are filled.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from benchmarks.program import ProgramFailed


@dataclass(frozen=True)
class Users:
    """All users that the vendor sees."""

    path: Path
    columns: list[str]
    #: the id at which the pages in the middle begin, and how many users come before
    middle: str
    before: int

    def rows(self) -> Iterator[tuple[str | None, ...]]:
        """All of them, by id."""
        with closing(sqlite3.connect(self.path)) as store:
            yield from store.execute(f"SELECT {', '.join(self.columns)} FROM users ORDER BY id")


def kept(path: Path, pages: Iterable[bytes], middle: str) -> Users:
    """The users of all pages, in a new file. Its order on disk is that of the ids: none can be read faster."""
    path.unlink(missing_ok=True)
    columns: list[str] = []
    with closing(sqlite3.connect(path)) as store, store:
        for page in pages:
            rows = [flat(one["data"]) for one in orjson.loads(page)["data"]]
            if not columns:
                columns = list(dict.fromkeys(column for row in rows for column in row))
                store.execute(f"CREATE TABLE users ({', '.join(columns)}, PRIMARY KEY (id)) WITHOUT ROWID")
            values = [_values(row, columns) for row in rows]
            store.executemany(f"INSERT INTO users VALUES ({', '.join('?' * len(columns))})", values)
        (before,) = store.execute("SELECT count(*) FROM users WHERE id <= ?", [middle]).fetchone()
    return Users(path, columns, middle, before)


def flat(user: dict[str, Any]) -> dict[str, str | None]:
    """One row: a nested value under its path, a list as its JSON, the role in a column of its own."""
    ((role, its),) = user["roles"].items()
    own = {name: value for name, value in user.items() if name != "roles"}
    return dict(_leaves(own)) | {"role": role} | dict(_leaves(its))


def _leaves(told: dict[str, Any], before: str = "") -> Iterator[tuple[str, str | None]]:
    for name, value in told.items():
        if isinstance(value, dict) and name != "ext":
            yield from _leaves(value, f"{before}{name}_")
        else:
            yield before + name, value if isinstance(value, str | None) else orjson.dumps(value).decode()


def _values(row: dict[str, str | None], columns: list[str]) -> list[str | None]:
    if new := row.keys() - set(columns):
        raise ProgramFailed(f"No user of the first page has {', '.join(sorted(new))}, which a later one has.")
    return [row.get(column) for column in columns]
