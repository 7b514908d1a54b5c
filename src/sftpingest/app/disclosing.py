"""The disclosure log of one process that serves vendors: a read is kept before it is answered, and entered soon.

In:  reads, from threads that answer vendors.
Out: entries in the store (store/disclosures.py), each once, whatever dies on the way.

Kept is a read in a file of the folder disclosures/ (app/entering.py). What cannot be kept is not answered.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import structlog
from sqlalchemy import Engine

from sftpingest.app.entering import Book, Entering
from sftpingest.roster.disclosed import Door, Read
from sftpingest.roster.kinds import Kind
from sftpingest.store import disclosures
from sftpingest.store.chain import source
from sftpingest.store.disclosures import Told
from sftpingest.store.tables import now

#: The folder of reads that are not entered yet, in the data folder.
FOLDER = "disclosures"
#: Entries of one transaction: some of them name ten thousand ids.
BATCH = 200
#: Room that there must be again before vendors are answered: the longest lines have about three times as much.
_ROOM = 1 << 16

log = structlog.get_logger()


class Disclosing(Entering[Told]):
    """Keeps the reads of this process. Made by `disclosing`."""

    def __init__(self, engine: Engine, data: Path) -> None:
        super().__init__(Book("disclosure", FOLDER, _told, disclosures.write_all, BATCH), engine, data)
        self._sound = True

    def keep(self, read: Read) -> None:
        """Keep a read, on the disk. Call it when the answer is ready, and before any of it leaves the machine.

        Raises OSError where the read cannot be kept: then THE DOOR MUST NOT ANSWER (status 503), for nobody could say
        later who saw what. It waits for the disk, some milliseconds, and never for the store.
        """
        try:
            self._spool.append_for_good(_line(read))
        except OSError as fault:
            self._say(sound=False, fault=fault)
            raise
        self._say(sound=True)
        self._news.set()

    def is_sound(self) -> bool:
        """Whether reads can be kept. While they cannot, a door may refuse vendors before it works on an answer."""
        if not self._sound and self._spool.try_out(_ROOM):
            self._say(sound=True)
        return self._sound

    def _say(self, *, sound: bool, fault: OSError | None = None) -> None:
        """Note how it stands; the log hears of it when it changes."""
        if sound != self._sound:
            self._sound = sound
            if sound:
                log.warning("disclosure.sound")
            else:
                why = os.strerror(fault.errno) if fault and fault.errno else "disk full"
                log.error("disclosure.unsound", fault=why)


@contextmanager
def disclosing(engine: Engine, data: Path) -> Iterator[Disclosing]:
    """Keep the disclosure log of this process for as long as the block lasts.

        with disclosing(engine, data) as log:
            answer = ...            # worked out, not yet sent
            log.keep(Read(...))     # OSError: send 503 in its place
            return answer

    In each process that serves vendors, after any fork, around the whole life of its doors. Doors are told `keep` and
    `is_sound` as arguments. `keep` may be called from any thread, but not from an event loop: it waits for the disk.
    Leaving the block waits up to ten seconds for a busy store; what it did not take waits in its file for the next
    start. Raises OSError where the data folder cannot be written.
    """
    kept = Disclosing(engine, data)
    kept.start()
    try:
        yield kept
    finally:
        kept.stop()


def _line(read: Read) -> bytes:
    return orjson.dumps({"source": source(), **vars(read)}, option=orjson.OPT_APPEND_NEWLINE)


def _told(mark: str, line: bytes) -> Told:
    """Read a line back. One that cannot be read leaves an entry that says so: it may have been anybody's."""
    try:
        told = orjson.loads(line)
        return Told(_read(told), str(told["source"]), mark)
    except (ValueError, KeyError, TypeError, AttributeError):
        log.error("disclosure.unreadable", spool=mark)  # noqa: TRY400  (a line holds no place in the program)
        return Told(disclosures.unreadable(now(), mark), mark=mark)


def _read(told: dict[str, Any]) -> Read:
    facts = {name: value for name, value in told.items() if name != "source"}
    lists = {name: tuple(value) for name, value in facts.items() if isinstance(value, list)}
    own: dict[str, Any] = {
        "at": datetime.fromisoformat(str(facts["at"])),
        "door": Door(str(facts["door"])),
        "kinds": tuple(Kind(one) for one in lists["kinds"]),
    }
    return Read(**{**facts, **lists, **own})
