"""Refusals, bans and open sessions in the store."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from sftpingest.store import guarding
from sftpingest.store.engine import migrate, open_store

AT = datetime(2026, 11, 24, 3, 15, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def session(number: int, username: str = "sis", origin: str = "192.0.2.1", at: datetime = AT) -> dict[str, Any]:
    return {"number": number, "username": username, "origin": origin, "since": at}


def test_refusals_add_up_over_processes_and_time_out(engine: Engine) -> None:
    with engine.begin() as c:
        guarding.refused(c, {"192.0.2.1": 3, "2001:db8::/64": 1}, AT)
        guarding.refused(c, {"192.0.2.1": 2}, AT + MINUTE)
        guarding.refused(c, {}, AT)
        asked = ["192.0.2.1", "2001:db8::/64", "192.0.2.9"]
        assert guarding.refusals(c, asked, AT - MINUTE) == {"192.0.2.1": 5, "2001:db8::/64": 1}
        assert guarding.refusals(c, asked, AT) == {"192.0.2.1": 2}
        guarding.forget(c, AT + MINUTE, AT)
        assert guarding.refusals(c, asked, AT - MINUTE) == {"192.0.2.1": 2}


def test_more_addresses_than_a_statement_takes_are_counted(engine: Engine) -> None:
    many = {f"10.0.{n // 256}.{n % 256}": 1 for n in range(1201)}
    with engine.begin() as c:
        guarding.refused(c, many, AT)
        assert guarding.refusals(c, list(many), AT - MINUTE) == many


def test_a_ban_takes_the_refusals_along_and_the_longer_one_holds(engine: Engine) -> None:
    with engine.begin() as c:
        guarding.refused(c, {"192.0.2.1": 20}, AT)
        guarding.ban(c, "192.0.2.1", 2, AT, AT + 10 * MINUTE)
        guarding.ban(c, "192.0.2.1", 1, AT, AT + 5 * MINUTE)  # by another process, at the same moment
        assert guarding.refusals(c, ["192.0.2.1"], AT - MINUTE) == {}
        (held,) = guarding.bans(c, AT)
        assert (held.origin, held.times, held.until) == ("192.0.2.1", 2, AT + 10 * MINUTE)
        guarding.ban(c, "192.0.2.1", 3, AT + 20 * MINUTE, AT + 60 * MINUTE)
        assert [ban.times for ban in guarding.bans(c, AT)] == [3]
        assert guarding.bans(c, AT + 60 * MINUTE) == []
        guarding.forget(c, AT, AT + 61 * MINUTE)
        assert guarding.bans(c, AT) == []


def test_a_lifted_ban_is_as_if_it_had_not_been(engine: Engine) -> None:
    with engine.begin() as c:
        guarding.ban(c, "192.0.2.1", 2, AT, AT + MINUTE)
        guarding.refused(c, {"192.0.2.1": 7}, AT)
        assert guarding.lift(c, "192.0.2.1")
        assert not guarding.lift(c, "192.0.2.1")
        assert guarding.bans(c, AT) == []
        assert guarding.refusals(c, ["192.0.2.1"], AT - MINUTE) == {}


def test_sessions_count_with_the_processes_that_live(engine: Engine) -> None:
    with engine.begin() as c:
        assert not guarding.sign(c, "a", AT)
        assert guarding.sign(c, "a", AT + MINUTE)
        guarding.sign(c, "b", AT)
        guarding.entered(c, "a", [session(1), session(2, "night"), session(3, origin="192.0.2.2")])
        guarding.entered(c, "a", [session(1)])  # told again
        guarding.entered(c, "b", [session(1)])
        assert guarding.processes(c) == {"a": AT + MINUTE, "b": AT}
        assert guarding.counts(c, ["a", "b"]).logins == {"sis": 3, "night": 1}
        assert guarding.counts(c, ["a"]).origins == {"192.0.2.1": 2, "192.0.2.2": 1}
        assert guarding.counts(c, []).logins == {}
        guarding.left(c, "a", [1, 4711])
        guarding.gone(c, ["b"])
        assert guarding.counts(c, ["a", "b"]).logins == {"sis": 1, "night": 1}
        assert guarding.processes(c) == {"a": AT + MINUTE}


def test_the_latest_sessions_beyond_a_number_are_known(engine: Engine) -> None:
    with engine.begin() as c:
        for process in ("a", "b"):
            guarding.sign(c, process, AT)
        guarding.entered(c, "a", [session(1), session(2, at=AT + 3 * MINUTE)])
        guarding.entered(c, "b", [session(1, at=AT + MINUTE), session(2, at=AT + 2 * MINUTE)])
        assert guarding.latest(c, "username", "sis", 2, ["a", "b"]) == [("b", 2), ("a", 2)]
        assert guarding.latest(c, "origin", "192.0.2.1", 1, ["a"]) == [("a", 2)]


def test_a_writer_that_has_no_time_does_not_wait_for_another_for_long(sqlite_url: str) -> None:
    engine = open_store(sqlite_url)
    migrate(engine)
    busy, done = threading.Event(), threading.Event()

    def sync() -> None:
        with engine.begin():
            busy.set()
            done.wait(60)

    writer = threading.Thread(target=sync)
    writer.start()
    busy.wait(20)
    began = time.monotonic()
    with pytest.raises(sa.exc.OperationalError, match="locked"), guarding.briefly(engine, 0.2) as c:
        guarding.refused(c, {"192.0.2.1": 1}, AT)
    assert time.monotonic() - began < 20  # half a minute is what others wait
    done.set()
    writer.join()
    with guarding.briefly(engine, 20) as c:
        guarding.refused(c, {"192.0.2.1": 1}, AT)
        assert c.connection.driver_connection is not None
    with engine.connect() as c:
        assert guarding.refusals(c, ["192.0.2.1"], AT - MINUTE) == {"192.0.2.1": 1}
        assert c.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000
    engine.dispose()
