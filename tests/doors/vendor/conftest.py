"""The web door in this process: requests without a network, answers as clients get them.

In:  a store.
Out: `Web` (a door on a store, with what is needed to ask it), `web` (on each store), `light` (on SQLite alone),
     `with_vendor` (a vendor, and a district that shares everything with it).
"""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, Engine
from starlette.routing import BaseRoute

from sftpingest.app import tokens
from sftpingest.doors.vendor import Grounds, application
from sftpingest.doors.vendor.rate import Rate, Seldom
from sftpingest.roster.disclosed import Read
from sftpingest.store import accounts, vendors
from sftpingest.store.engine import open_store
from sftpingest.store.vendors import Said, Version


@dataclass
class Web:
    """A door on a store."""

    engine: Engine
    keys: Path
    parts: Sequence[BaseRoute] = ()
    per_minute: int = 1200
    clock: Callable[[], float] = lambda: 1_000_000_020.0
    url: str = ""

    def __post_init__(self) -> None:
        """What the door remembers between requests."""
        self.reads: list[Read] = []  # what the disclosure log was told
        self.rate, self.refused = Rate(self.per_minute, self.clock), Seldom(lambda: 0.0)

    @property
    def grounds(self) -> Grounds:
        return Grounds(self.engine, self._unseal, self.reads.append, self.rate, self.url, self.refused)

    def _unseal(self, sealed: str) -> str | None:
        try:
            return tokens.unseal(self.keys, sealed)
        except tokens.NoKey:
            return None

    def __call__(self, method: str, path: str, address: str = "192.0.2.7", **more: Any) -> httpx.Response:
        return asyncio.run(self._asked(method, path, address, more))

    async def _asked(self, method: str, path: str, address: str, more: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(application(self.grounds, self.parts), client=(address, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://roster.example.org") as client:
            return await client.request(method, path, **more)

    def in_store(self, do: Callable[[Connection], Any]) -> Any:
        with self.engine.begin() as c:
            return do(c)

    def token(self, vendor: str, slug: str, *, rotate: bool = False) -> str:
        """The token of a vendor for a district."""
        with self.engine.begin() as c:
            of = vendors.vendor(c, vendor).id, accounts.district(c, slug).id
            return tokens.token_of(c, self.keys, *of, rotate=rotate)[0]

    def share(self, vendor: str, slug: str, **terms: str) -> None:
        """Let a vendor see everything of a district; or nothing, where no terms are given."""
        with self.engine.begin() as c:
            reads, of = vendors.vendor(c, vendor).id, accounts.district(c, slug).id
            said = Said.SET if terms else Said.ENDED
            vendors.say(c, Version(vendor_id=reads, district_id=of, said=said, terms=terms, by="a test"))

    def access(self, client: tuple[str, str], scope: str | None = None) -> httpx.Response:
        form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope is not None else {})
        return self("POST", "/token", data=form, auth=client)


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def web(engine: Engine, tmp_path: Path) -> Web:
    return Web(engine, tmp_path / "hostkeys")


@pytest.fixture
def light(migrated: Path, tmp_path: Path) -> Iterator[Web]:
    shutil.copyfile(migrated, tmp_path / "roster.db")
    opened = open_store(f"sqlite:///{tmp_path / 'roster.db'}")
    yield Web(opened, tmp_path / "hostkeys")
    opened.dispose()


def with_vendor(web: Web) -> tuple[str, str]:
    """Add the vendor quiz-whiz, which sees all of springfield; gives its client id and secret."""
    web.in_store(lambda c: accounts.add_district(c, "springfield", "Springfield Public Schools"))
    vendor, secret = web.in_store(lambda c: vendors.add_vendor(c, "quiz-whiz"))
    web.share("quiz-whiz", "springfield", mode="everything")
    return vendor.client_id, secret
