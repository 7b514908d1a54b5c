"""What the guards of all door processes know together, by what the store says.

In:  the store, the folder of locks; news of one process.
Out: bans, counts of sessions. And the guard, made as the settings say.

A process that was killed must not count for long. On this machine its lock says whether it lives (flock: the kernel
takes it back). Of another machine there is only the sign of life that it gives every 15 seconds; it is compared with
the newest one in the store, not with a clock: while a long sync keeps everybody from writing, nobody seems dead.
"""

import fcntl
import os
import uuid
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine

from sftpingest.doors.sftp import Guard, Rules
from sftpingest.doors.sftp.guarding.watching import Ban, Inside, Known, News
from sftpingest.settings import Settings
from sftpingest.store import guarding
from sftpingest.store.tables import now
from sftpingest.store.watched import BanRow

#: Seconds for which a write waits for another writer; it is tried again.
_WAIT = 2.0
#: A process of another machine is taken for dead when its last sign of life is so much older than the newest one.
_SILENT = timedelta(seconds=60)
#: Bans that are read every second, the last to end first: somebody with very many addresses must not fill the memory.
_MOST_BANS = 20_000


def guard_and_rules(settings: Settings, engine: Engine) -> tuple[Rules, Guard]:
    """The rules of the door as the settings say, and a guard that keeps them. One guard a process."""
    rules = _rules(settings)
    return rules, Guard(rules, StoreWatchlist(engine, settings.data / "locks", rules))


def _rules(settings: Settings) -> Rules:
    return Rules(
        quiet_seconds=settings.quiet_seconds,
        login_seconds=settings.sftp_login_seconds,
        idle_seconds=settings.sftp_idle_seconds,
        allow=settings.sftp_allow,
        balancers=settings.sftp_balancers,
        most_refusals=settings.sftp_most_refusals,
        most_refusals_per_address=settings.sftp_most_refusals_per_address,
        ban_seconds=settings.sftp_ban_seconds,
        longest_ban_seconds=max(Rules.longest_ban_seconds, settings.sftp_ban_seconds),
        most_starting=settings.sftp_most_starting,
        most_starting_per_address=settings.sftp_most_starting_per_address,
        most_per_login=settings.sftp_most_per_login,
        most_per_address=settings.sftp_most_per_address,
    )


class StoreWatchlist:
    """The watchlist of one process. Called from two threads: one writes, one reads."""

    def __init__(self, engine: Engine, locks: Path, rules: Rules) -> None:
        self._engine, self._locks, self._rules = engine, locks, rules
        self.process = uuid.uuid4().hex
        #: held from our first session on
        self._lock: int | None = None
        #: what stands in the store of ours, should somebody take us for dead and remove it
        self._inside: dict[int, Inside] = {}
        #: processes that we saw to be dead; the next write removes them
        self._dead: frozenset[str] = frozenset()

    def write(self, news: News) -> Mapping[str, int]:
        """Keep news and give a sign of life, in one transaction. Gives how many refusals count of each origin."""
        at, dead = now(), self._dead
        inside = {number: one for number, one in self._inside.items() if number not in news.left}
        inside |= {one.number: one for one in news.entered if one.number not in news.left}
        with guarding.briefly(self._engine, _WAIT) as c:
            guarding.gone(c, dead)
            self._keep_inside(c, news, inside, at)
            guarding.refused(c, news.refused, at)
            for origin, ban in news.bans.items():
                guarding.ban(c, origin, ban.times, _time(ban.since), _time(ban.until))
            guarding.forget(c, at - self._refused_for, at - self._banned_for)
            totals = guarding.refusals(c, news.refused, at - self._refused_for)
        self._inside = inside
        self._tidy(dead)
        return totals

    def read(self) -> Known:
        """What all processes know, and which of our own sessions are too many."""
        with self._engine.connect() as c:
            others = self._living(guarding.processes(c))
            counted = guarding.counts(c, others)
            bans = {ban.origin: _ban(ban) for ban in guarding.bans(c, now() - self._banned_for, _MOST_BANS)}
            surplus = self._surplus(c, counted, [*others, self.process])
        return Known(bans, counted.logins, counted.origins, surplus)

    def close(self) -> None:
        """Take our sessions back, and the lock."""
        try:
            if self._inside:
                with guarding.briefly(self._engine, _WAIT) as c:
                    guarding.gone(c, [self.process])
        finally:
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None
            with suppress(OSError):
                self._file(self.process).unlink()

    def _keep_inside(self, c: Connection, news: News, inside: Mapping[int, Inside], at: datetime) -> None:
        if not inside and not self._inside and not news.left:
            return  # nobody is in, and nobody was: nothing to give a sign for
        if self._lock is None:
            self._lock = _hold(self._file(self.process))
        known = guarding.sign(c, self.process, at)
        entered = [one for one in news.entered if one.number in inside] if known else list(inside.values())
        guarding.entered(c, self.process, [asdict(one) | {"since": _time(one.since)} for one in entered])
        guarding.left(c, self.process, news.left)

    def _living(self, seen: Mapping[str, datetime]) -> list[str]:
        """The other processes, without those that are dead."""
        newest = max(seen.values(), default=now())
        others = {process: at for process, at in seen.items() if process != self.process}
        self._dead = frozenset(process for process, at in others.items() if self._is_dead(process, newest - at))
        return [process for process in others if process not in self._dead]

    def _is_dead(self, process: str, silent: timedelta) -> bool:
        locked = _is_locked(self._file(process))
        return silent > _SILENT if locked is None else not locked

    def _surplus(self, c: Connection, others: guarding.Counts, processes: Collection[str]) -> tuple[int, ...]:
        """Two processes may let in one connection too many between two looks: the last of all has to go."""
        ours: dict[tuple[str, str, int], int] = {}
        for one in list(self._inside.values()):
            for key in (
                ("username", one.username, self._rules.most_per_login),
                ("origin", one.origin, self._rules.most_per_address),
            ):
                ours[key] = ours.get(key, 0) + 1
        told = {"username": others.logins, "origin": others.origins}
        return tuple(
            number
            for (column, value, most), own in ours.items()
            if 0 < told[column].get(value, 0) > most - own
            for process, number in guarding.latest(c, column, value, most, processes)
            if process == self.process
        )

    def _tidy(self, dead: Collection[str]) -> None:
        for process in dead:
            with suppress(OSError):
                self._file(process).unlink()

    def _file(self, process: str) -> Path:
        return self._locks / f".guard-{process}.lock"

    @property
    def _refused_for(self) -> timedelta:
        return timedelta(seconds=self._rules.refusals_seconds)

    @property
    def _banned_for(self) -> timedelta:
        return timedelta(seconds=self._rules.ban_remembered_seconds)


def _hold(file: Path) -> int:
    """Make a file and lock it as long as this process lives."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return opened


def _is_locked(file: Path) -> bool | None:
    """Whether somebody holds the lock; None where the file is not there: the process is of another machine."""
    try:
        opened = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(opened)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _ban(row: BanRow) -> Ban:
    return Ban(row.times, row.since.timestamp(), row.until.timestamp())
