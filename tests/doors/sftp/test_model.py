"""Any valid sequence of requests does to a district's folder what it does to a model of it.

In: operations drawn by hypothesis, over one SFTP channel of a real connection that may be cut. Out: nothing.

The model is a dozen lines of Python for what contract section 3 promises: a file is published by the client's own
close and by nothing else, a cut leaves a part that may be resumed, names can be replaced and removed.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import asyncssh
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sftpingest.inbox.folders import upload_of
from tests.doors.sftp import raw
from tests.doors.sftp.conftest import USER, Knock
from tests.doors.sftp.raw import Answer, Raw

NAMES = ["students.csv", "Schüler 2.csv"]
names = st.sampled_from(NAMES)
chunks = st.binary(max_size=40)
offsets = st.integers(0, 60)
STEPS = 40
#: How many sequences; SFTPINGEST_LAWS asks for more.
SEQUENCES = int(os.environ.get("SFTPINGEST_LAWS", "20"))


@dataclass
class Writer:
    """What is known of a file open for writing."""

    name: str
    handle: bytes
    content: bytearray
    #: which published file it would replace
    replaces: object
    append: bool
    whole: bool = False
    resumed: bool = False
    end: int | None = None
    from_start: bool = False
    #: places at which something was written
    covered: set[int] = field(default_factory=set)

    def write(self, offset: int, chunk: bytes) -> None:
        start = len(self.content) if self.append else offset
        self.whole = False
        self.from_start |= start == 0
        self.end = max(self.end or 0, start + len(chunk))
        if chunk:
            self.content.extend(bytes(max(0, start - len(self.content))))
            self.content[start : start + len(chunk)] = chunk
            self.covered |= set(range(start, start + len(chunk)))

    def resize(self, size: int) -> None:
        if size != len(self.content):
            self.whole = False
            self.end = max(self.end or 0, size)
            self.content = self.content[:size].ljust(size, b"\0")
            self.covered &= set(range(size))

    def cut(self) -> None:
        if self.resumed and self.from_start and self.end is not None:
            self.content = self.content[: self.end].ljust(self.end, b"\0")
            self.covered &= set(range(self.end))

    def before_the_first_hole(self) -> bytes:
        holes = [place for place in range(len(self.content)) if place not in self.covered]
        return bytes(self.content[: holes[0]] if holes else self.content)


@dataclass
class Published:
    """A published file; each one is another object."""

    content: bytes


class Folder(RuleBasedStateMachine):
    """The model beside the door. `knock` is set by the test."""

    knock: Knock

    def __init__(self) -> None:
        super().__init__()
        self.published: dict[str, Published] = {}
        self.partial: dict[str, bytes] = {}
        self.writers: dict[str, Writer] = {}

    @initialize()
    def enter(self) -> None:
        for place in (self.knock.home, self.knock.staging):
            for path in place.iterdir():
                path.unlink()
        self.connection, self.sftp = self.knock.in_door(self._enter())

    async def _enter(self) -> tuple[asyncssh.SSHClientConnection, Raw]:
        connection = await asyncssh.connect(
            "127.0.0.1",
            self.knock.port,
            username=USER,
            client_keys=[str(self.knock.key)],
            known_hosts=None,
            config=None,
        )
        return connection, await Raw.on(connection)

    def teardown(self) -> None:
        if hasattr(self, "connection"):
            self._left()

    def _left(self) -> None:
        """Break the connection, and wait until the door has noticed."""
        self.knock.in_door(self._leave())
        self.knock.eventually(lambda: self.knock.uploads.writing("oak-valley") == 0)

    async def _leave(self) -> None:
        self.connection.abort()
        await self.connection.wait_closed()

    def ask(self, kind: int, *parts: bytes) -> Answer:
        return self.knock.in_door(self.sftp.ask(kind, *parts))

    def path(self, name: str) -> bytes:
        return raw.string(b"/" + name.encode())

    # -- writing -------------------------------------------------------------------------------------------------

    @rule(name=names, flags=st.sets(st.sampled_from([raw.CREAT, raw.TRUNC, raw.EXCL, raw.APPEND, raw.FOR_READ])))
    def open(self, name: str, flags: set[int]) -> None:
        if name in self.writers:
            return
        asked = raw.FOR_WRITE | sum(flags)
        answer = self.ask(raw.OPEN, self.path(name), raw.u32(asked), raw.u32(0))
        there = self.published.get(name)
        if (there and raw.EXCL in flags) or (not there and raw.CREAT not in flags and name not in self.partial):
            assert answer.status in {raw.FAILURE, raw.NO_SUCH_FILE}
            return
        assert answer.kind == raw.HANDLE, answer
        writer = Writer(name, answer.text, bytearray(), there, raw.APPEND in flags)
        if not flags & {raw.TRUNC, raw.EXCL} and name in self.partial:
            writer.content, writer.resumed = bytearray(self.partial.pop(name)), True
        elif not flags & {raw.TRUNC, raw.EXCL} and there:
            writer.content, writer.whole = bytearray(there.content), True
        else:
            self.partial.pop(name, None)
        writer.covered = set(range(len(writer.content)))
        self.writers[name] = writer

    @precondition(lambda self: self.writers)
    @rule(data=st.data(), offset=offsets, chunk=chunks)
    def write(self, data: st.DataObject, offset: int, chunk: bytes) -> None:
        self._write(self._one(data), offset, chunk)

    def _write(self, writer: Writer, offset: int, chunk: bytes) -> None:
        assert self.ask(raw.WRITE, raw.string(writer.handle), raw.u64(offset), raw.string(chunk)).status == raw.OK
        writer.write(offset, chunk)

    @precondition(lambda self: self.writers)
    @rule(data=st.data(), pieces=st.lists(st.tuples(offsets, chunks), min_size=2, max_size=6))
    def write_without_waiting(self, data: st.DataObject, pieces: list[tuple[int, bytes]]) -> None:
        writer = self._one(data)
        numbers = [
            self.sftp.request(raw.WRITE, raw.string(writer.handle), raw.u64(offset), raw.string(chunk))
            for offset, chunk in pieces
        ]
        for number in numbers:
            assert self.knock.in_door(self.sftp.answer(number)).status == raw.OK
        for offset, chunk in pieces:
            writer.write(offset, chunk)

    @precondition(lambda self: self.writers)
    @rule(data=st.data(), size=offsets)
    def resize(self, data: st.DataObject, size: int) -> None:
        writer = self._one(data)
        assert self.ask(raw.FSETSTAT, raw.string(writer.handle), raw.with_size(size)).status == raw.OK
        writer.resize(size)

    @precondition(lambda self: self.writers)
    @rule(data=st.data(), offset=offsets, size=offsets)
    def read_back(self, data: st.DataObject, offset: int, size: int) -> None:
        writer = self._one(data)
        answer = self.ask(raw.READ, raw.string(writer.handle), raw.u64(offset), raw.u32(size))
        expected = bytes(writer.content[offset : offset + size])
        assert (answer.text if answer.kind == raw.DATA else b"") == expected

    @precondition(lambda self: self.writers)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        self._close(self._one(data))

    def _close(self, writer: Writer) -> None:
        assert self.ask(raw.CLOSE, raw.string(writer.handle)).status == raw.OK
        del self.writers[writer.name]
        if writer.whole:
            return
        if writer.resumed and writer.end is None:
            self._keep(writer)
            return
        writer.cut()
        self.published[writer.name] = Published(bytes(writer.content))
        self.partial.pop(writer.name, None)

    @rule()
    def cut(self) -> None:
        """The connection breaks; the client comes back."""
        self._left()
        for writer in self.writers.values():
            writer.cut()
            self._keep(writer)
        self.writers.clear()
        self.connection, self.sftp = self.knock.in_door(self._enter())

    # What clients do most: without these, a sequence of forty single steps seldom gets anywhere.

    @rule(name=names, flags=st.sampled_from([{raw.CREAT, raw.TRUNC}, {raw.CREAT}]), content=chunks)
    def upload(self, name: str, flags: set[int], content: bytes) -> None:
        self._begin(name, flags, content)
        self._close(self.writers[name])

    @rule(name=names, content=chunks)
    def upload_and_break_off(self, name: str, content: bytes) -> None:
        self._begin(name, {raw.CREAT, raw.TRUNC}, content)
        self.cut()

    @rule(name=names, pieces=st.lists(st.tuples(offsets, chunks), min_size=1, max_size=4))
    def upload_pieces_and_break_off(self, name: str, pieces: list[tuple[int, bytes]]) -> None:
        self._begin(name, {raw.CREAT, raw.TRUNC}, b"")
        for offset, chunk in pieces:
            self._write(self.writers[name], offset, chunk)
        self.cut()

    # -- names ---------------------------------------------------------------------------------------------------

    @rule(name=names)
    def remove(self, name: str) -> None:
        answer = self.ask(raw.REMOVE, self.path(name))
        there = self.published.pop(name, None) is not None
        there |= self.partial.pop(name, None) is not None
        assert answer.status == (raw.OK if there else raw.NO_SUCH_FILE)

    @rule(old=names, new=names)
    def rename(self, old: str, new: str) -> None:
        answer = self.ask(raw.RENAME, self.path(old), self.path(new))
        if old not in self.published:
            assert answer.status == raw.NO_SUCH_FILE
            return
        assert answer.status == raw.OK
        if old != new:
            self.published[new] = self.published.pop(old)
            self.partial.pop(new, None)

    @rule(name=names)
    def stat(self, name: str) -> None:
        answer = self.ask(raw.STAT, self.path(name))
        if name in self.writers:
            assert answer.size == len(self.writers[name].content)
        elif name in self.partial:
            assert answer.size == len(self.partial[name])
        elif name in self.published:
            assert answer.size == len(self.published[name].content)
        else:
            assert answer.status == raw.NO_SUCH_FILE

    @rule(name=names)
    def read(self, name: str) -> None:
        answer = self.ask(raw.OPEN, self.path(name), raw.u32(raw.FOR_READ), raw.u32(0))
        if name not in self.published:
            assert answer.status == raw.NO_SUCH_FILE
            return
        found = self.ask(raw.READ, raw.string(answer.text), raw.u64(0), raw.u32(1000))
        assert (found.text if found.kind == raw.DATA else b"") == self.published[name].content
        assert self.ask(raw.CLOSE, raw.string(answer.text)).status == raw.OK

    @invariant()
    def what_is_published_is_what_the_model_says(self) -> None:
        assert self.knock.published() == {name: file.content for name, file in self.published.items()}

    @invariant()
    def what_is_broken_off_is_what_the_model_says(self) -> None:
        if not self.writers:
            found = {upload_of(path.name): path.read_bytes() for path in self.knock.staging.iterdir()}
            assert found == self.partial

    @invariant()
    def the_watcher_is_told_of_every_open_upload(self) -> None:
        assert self.knock.uploads.writing("oak-valley") == len(self.writers)

    # -- inside --------------------------------------------------------------------------------------------------

    def _begin(self, name: str, flags: set[int], content: bytes) -> None:
        if name in self.writers:
            self._close(self.writers[name])
        self.open(name, flags)
        self._write(self.writers[name], 0, content)

    def _one(self, data: st.DataObject) -> Writer:
        return self.writers[data.draw(st.sampled_from(sorted(self.writers)))]

    def _keep(self, writer: Writer) -> None:
        """What is left of an upload that was not closed, or not changed."""
        if not writer.whole and self.published.get(writer.name) is writer.replaces:
            self.partial[writer.name] = writer.before_the_first_hole()


@pytest.fixture
def folder(door: Knock) -> Iterator[type[Folder]]:
    Folder.knock = door
    yield Folder
    del Folder.knock


def test_any_sequence_of_requests_does_what_it_does_to_a_model(folder: type[Folder]) -> None:
    how = settings(
        max_examples=SEQUENCES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(folder, settings=how)
