"""What `sftpingest doctor` looks at in the store, and how it says so.

In:  the settings.
Out: Checks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from sftpingest.cli import terminal

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from sftpingest.settings import Settings

#: How far our clock and the store's may be apart.
LEEWAY = timedelta(seconds=30)


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"  #: as it should be
    MIND = "mind"  #: works, but should be looked at
    FAILED = "failed"  #: must be mended


@dataclass(frozen=True)
class Check:
    """One thing that was looked at, and what a person should do about it."""

    name: str
    verdict: Verdict
    says: str


def store_and_clock(asked: "Settings") -> Iterator[Check]:
    """Whether the store answers, is at the newest revision, and agrees with this machine on time and secrets."""
    from sftpingest.store.engine import file_of, open_store

    file = file_of(asked.store_url)
    if file and not file.exists():  # opening it would make it
        yield Check("store", Verdict.FAILED, f"There is no store {file} yet. `sftpingest up` makes it.")
        return
    try:
        yield from _looked_into(open_store(asked.store_url), asked.host_keys)
    except Exception as wrong:  # noqa: BLE001  (whatever a database says is the finding here)
        yield Check("store", Verdict.FAILED, f"The store cannot be used: {terminal.cause(wrong)}.")


def _looked_into(engine: "Engine", host_keys: Path) -> Iterator[Check]:
    try:
        yield (store := _revision(engine))
        if store.verdict is Verdict.OK:  # else there may be no syncs to ask for their times
            yield _clock(engine)
            yield from _codes(engine, host_keys)
            yield from _tokens(engine, host_keys)
            yield from _formats(engine)
    finally:
        engine.dispose()


def _revision(engine: "Engine") -> Check:
    from sftpingest.store.engine import revision, revisions

    at, newest = revision(engine), revisions()[-1]
    if at != newest:
        return Check(
            "store", Verdict.FAILED, f"At revision {at or 'none'}, not {newest}. `sftpingest up` brings it there."
        )
    return Check("store", Verdict.OK, f"{engine.url.render_as_string()} answers, at the newest revision {newest}.")


def _codes(engine: "Engine", host_keys: Path) -> Iterator[Check]:
    """Whether the secrets of one-time codes can be read: else nobody enters by the logins that have them."""
    from sqlalchemy import select

    from sftpingest.app import codes
    from sftpingest.store.accounts import LOGIN

    with engine.connect() as connection:
        sealed = connection.scalars(select(LOGIN.c.totp).where(LOGIN.c.totp.is_not(None))).all()
    if not sealed:
        return
    try:
        _ = [codes.unseal(host_keys, secret) for secret in sealed]
    except codes.NoKey:
        says = f"{host_keys / codes.KEY} is missing or another one, so that logins with codes let nobody in"
        yield Check("codes", Verdict.FAILED, f"{says}. Bring it back, or make new secrets with `login totp`.")
    else:
        yield Check("codes", Verdict.OK, f"Their secrets can be read: {len(sealed)}.")


def _tokens(engine: "Engine", host_keys: Path) -> Iterator[Check]:
    """Whether the tokens of districts can be shown: else vendors do not find them in the list."""
    from sqlalchemy import select

    from sftpingest.app import tokens
    from sftpingest.store.vendors import TOKEN

    with engine.connect() as connection:
        sealed = connection.scalars(select(TOKEN.c.sealed).where(TOKEN.c.sealed.is_not(None))).all()
    if not sealed:
        return
    try:
        _ = [tokens.unseal(host_keys, token) for token in sealed]
    except tokens.NoKey:
        says = f"{host_keys / tokens.KEY} is missing or another one, so that tokens of vendors cannot be shown"
        yield Check("tokens", Verdict.FAILED, f"{says}. Bring it back, or make new ones: `vendor token --rotate`.")
    else:
        yield Check("tokens", Verdict.OK, f"They can be shown: {len(sealed)}.")


def _formats(engine: "Engine") -> Iterator[Check]:
    """Whether the formats that districts have set can be used: else every upload of theirs is refused."""
    from sftpingest.roster.format import WrongFormat, load
    from sftpingest.roster.recognise import AUTO
    from sftpingest.store import accounts

    with engine.connect() as connection:
        settings = {each.slug: accounts.district_settings(each) for each in accounts.districts(connection)}
    for slug, name in sorted((slug, each.format) for slug, each in settings.items() if each.format != AUTO):
        try:
            load(name)
        except WrongFormat as wrong:
            yield Check("format", Verdict.FAILED, f"Uploads of {slug} are refused: {wrong}")


def _clock(engine: "Engine") -> Check:
    """Compare our clock with the store's own, and with the newest sync: a clock that went back loses the order."""
    from sqlalchemy import func, select

    from sftpingest.store.journal import SYNC

    here = datetime.now(UTC)
    with engine.connect() as connection:
        newest = connection.scalar(select(func.max(SYNC.c.created_at)))
        there = connection.scalar(select(func.now())) if engine.dialect.name == "postgresql" else None
    if newest and newest > here + LEEWAY:
        return Check(
            "clock", Verdict.FAILED, f"It is {here:%F %T}Z here, but a sync is of {newest:%F %T}Z. Set the clock."
        )
    if there and abs(there - here) > LEEWAY:
        return Check("clock", Verdict.FAILED, f"It is {here:%F %T}Z here, {there:%F %T}Z at the store. Set the clocks.")
    return Check("clock", Verdict.OK, f"{here:%F %T}Z")
