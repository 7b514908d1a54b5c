"""Datasette: a file of SQLite as JSON, pages by key.

In:  the users.
Out: the server, as plain as it can be: no counts, no suggestions, pages as large as ours.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import orjson

from benchmarks.asking import Client
from benchmarks.peers.roster import Users
from benchmarks.peers.server import INSTALLED, Ask, Page, free_port, running, version_of

_PROGRAM: Final = INSTALLED / "bin" / "datasette"
#: the largest page has to be smaller than what it may return: it reads one row more to see whether there is a next page
_SETTINGS: Final = {"max_returned_rows": "10001", "suggest_facets": "off", "sql_time_limit_ms": "60000"}


class Datasette:
    """The peer on SQLite."""

    name = "Datasette"
    by_offset = False

    def version(self) -> str:
        """Its version; '' where it is not installed."""
        return version_of(_PROGRAM)

    @contextmanager
    def serving(self, users: Users, store: str) -> Iterator[Ask]:  # noqa: ARG002  (it has a store of its own)
        """The server with these users."""
        port = free_port()
        settings = [word for name, value in _SETTINGS.items() for word in ("--setting", name, value)]
        words = [str(_PROGRAM), "serve", str(users.path), "--port", str(port), *settings]
        with running(words, users.path.with_name("datasette.log"), port):
            client = Client(port)
            yield lambda page: client.get(_path(users, page))

    def ids(self, body: bytes) -> list[str]:
        """The users of an answer."""
        return [row["id"] for row in orjson.loads(body)["rows"]]


def _path(users: Users, page: Page) -> str:
    following = f"&_next={page.after}" if page.after else ""
    return f"/{users.path.stem}/users.json?_shape=objects&_nocount=1&_nofacet=1&_size={page.limit}{following}"
