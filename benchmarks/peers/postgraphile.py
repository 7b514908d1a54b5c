"""PostGraphile: a table of PostgreSQL by GraphQL, pages by cursor or by offset.

In:  the users, and the store they came from: the same server, a table of its own.
Out: the server as its own command starts it, in production.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

import orjson
import psycopg

from benchmarks.asking import Client
from benchmarks.peers.roster import Users
from benchmarks.peers.server import INSTALLED, Ask, free_port, running, version_of

_PROGRAMS: Final = INSTALLED / "node_modules" / ".bin"
_NODE, _POSTGRAPHILE = _PROGRAMS / "node", _PROGRAMS / "postgraphile"
_SCHEMA: Final = "peers"


class PostGraphile:
    """The peer on PostgreSQL."""

    name = "PostGraphile"
    by_offset = True

    def version(self) -> str:
        """Its version; '' where it is not installed."""
        return version_of(_NODE, _POSTGRAPHILE)

    @contextmanager
    def serving(self, users: Users, store: str) -> Iterator[Ask]:
        """The server with these users."""
        port = free_port()
        where = ["--connection", _address(store), "--schema", _SCHEMA, "--host", "127.0.0.1", "--port", str(port)]
        with _filled(users, store):
            words = [str(_NODE), str(_POSTGRAPHILE), "--preset", "postgraphile/presets/amber", *where]
            with running(words, users.path.with_name("postgraphile.log"), port):
                yield _asking(Client(port))

    def ids(self, body: bytes) -> list[str]:
        """The users of an answer."""
        return [node["rowId"] for node in orjson.loads(body)["data"]["allUsers"]["nodes"]]


def _address(store: str) -> str:
    """The store as Node's driver names it: the folder of the socket in the place of a host."""
    found = re.fullmatch(r"postgresql://(\w+)@/(\w+)\?host=(.+)", store)
    return f"postgres://{found[1]}@{quote(found[3], safe='')}/{found[2]}" if found else store


@contextmanager
def _filled(users: Users, store: str) -> Iterator[None]:
    """A table of the users, sorted and vacuumed, so that none can be read faster."""
    columns = ", ".join(f'{name} text COLLATE "C"' for name in users.columns)
    with psycopg.connect(store, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {_SCHEMA}")
        connection.execute(f"CREATE TABLE {_SCHEMA}.users ({columns}, PRIMARY KEY (id))")
        with connection.cursor().copy(f"COPY {_SCHEMA}.users FROM STDIN") as copy:
            for row in users.rows():
                copy.write_row(row)
        connection.execute(f"VACUUM (ANALYZE, FREEZE) {_SCHEMA}.users")
        connection.execute("CHECKPOINT")
        try:
            yield
        finally:
            connection.execute(f"DROP SCHEMA {_SCHEMA} CASCADE")


def _asking(client: Client) -> Ask:
    def ask(query: str, **variables: Any) -> bytes:  # noqa: ANN401  (as GraphQL has it)
        return client.post("/graphql", orjson.dumps({"query": query, "variables": variables}))

    named = orjson.loads(ask('{ __type(name: "User") { fields { name } } }'))["data"]["__type"]["fields"]
    # `id` is one that GraphQL makes of the table and the key; the key itself is `rowId`
    fields = " ".join(one["name"] for one in named if one["name"] != "id")
    query = (
        "query ($first: Int!, $after: Cursor, $offset: Int) { allUsers(first: $first, after: $after, offset: $offset) "
        f"{{ nodes {{ {fields} }} pageInfo {{ endCursor hasNextPage }} }} }}"
    )
    cursor = _cursor(orjson.loads(ask(query, first=1)))
    return lambda page: ask(query, first=page.limit, after=cursor(page.after), offset=page.offset or None)


def _cursor(answer: Any) -> Any:  # noqa: ANN401  (JSON)
    """What makes a cursor of an id: that of the first user, with the id in its place."""
    order, _ = orjson.loads(b64decode(answer["data"]["allUsers"]["pageInfo"]["endCursor"]))
    return lambda id_: b64encode(orjson.dumps([order, id_])).decode() if id_ else None
