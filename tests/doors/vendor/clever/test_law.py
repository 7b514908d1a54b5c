"""Whoever follows the events has what a full read gives: after any syncs, holds, restores and changes of sharing."""

import itertools
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
from sqlalchemy import Engine

from sftpingest import inbox
from sftpingest.app.web import parts
from sftpingest.roster.sharing import Group, Mode, Sharing
from sftpingest.store import accounts, journal, vendors
from sftpingest.store.tables import State, Sync
from sftpingest.sync import flow
from sftpingest.sync.reports import rereport
from sftpingest.sync.restore import restore
from sftpingest.work import work_once
from tests.doors.vendor.clever.conftest import COLLECTIONS, EVERYTHING, FILES, SOUTH, Door, told
from tests.roster.strategies import LAW, MORE

Copy = dict[str, dict[str, Any]]


@dataclass
class Follower:
    """A vendor's program that read everything once, and then only events."""

    vendor: str
    copy: Copy = field(default_factory=dict)
    last: str = ""

    def follow(self, door: Door) -> None:
        for event in told(door, self.vendor, self.last):
            kind, _, what = event["type"].partition(".")
            one = event["data"]["object"]
            if what == "deleted":
                del self.copy[f"{kind}/{one['id']}"]
            else:
                assert (f"{kind}/{one['id']}" in self.copy) == (what == "updated")
                self.copy[f"{kind}/{one['id']}"] = one
            self.last = event["id"]


def full(door: Door, vendor: str) -> Copy:
    """All that a vendor reads; nothing where the district shares nothing with it."""
    if door.get("/v3.1/districts", vendor).status_code == 404:
        return {}
    return {f"{name}/{one['id']}": one for name in COLLECTIONS for one in door.read(f"/{name}", vendor)}


#: So many students that an upload without them is too big a change.
CROWD = "".join(f"s1,c{n},C-{n},Cleo,Crowd{n},6\n" for n in range(7))
CROWDED = FILES | {"students.csv": FILES["students.csv"] + CROWD.replace(",6\n", f",6{',' * 11}\n")}
LINES = [(name, line) for name, text in FILES.items() for line in text.splitlines()[1:]]
SHARINGS = [
    None,
    EVERYTHING,
    SOUTH,
    Sharing(Mode.EVERYTHING),
    Sharing(Mode.SECTIONS, sections=("nc1",), groups=frozenset({Group.DEMOGRAPHICS, Group.CONTACTS})),
    Sharing(Mode.SCHOOLS, schools=("n1",), staff=True, groups=frozenset({Group.OTHER, Group.ADDRESSES})),
]
_numbers = itertools.count(1)


@dataclass
class Inbox:
    """A district's folder, and a worker that takes in what lies there."""

    engine: Engine
    data: Path
    slug: str

    def upload(self, files: dict[str, str]) -> Sync:
        folders, mark = inbox.folders(self.data, self.slug), uuid.uuid4().hex
        folders.make()
        for name, text in files.items():
            (folders.home / name).write_text(text)
        seen = inbox.look(folders.home)
        inbox.snapshot(folders, mark)
        with self.engine.begin() as c:
            number = journal.queue(c, accounts.district(c, self.slug).id, mark, "sftp", inbox.signature(seen))
        return self.work(number)

    def work(self, number: int) -> Sync:
        assert work_once(self.engine, self.data, flow.run, rereport=rereport, only=self.slug)
        with self.engine.connect() as c:
            return journal.sync(c, number)


def following(engine: Engine, data: Path) -> type[RuleBasedStateMachine]:  # noqa: C901  (a method for each thing that happens)
    """Syncs, holds, restores and changes of sharing, in any order; two vendors that follow."""

    class Following(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            self.slug = f"f{next(_numbers)}"
            self.door = Door(engine, data, parts(data))
            self.door.slug = self.slug
            self.followers = [Follower(f"{self.slug}-a"), Follower(f"{self.slug}-b")]
            with engine.begin() as c:
                accounts.add_district(c, self.slug, self.slug)
                for one in self.followers:
                    vendors.add_vendor(c, one.vendor)
            self.inbox = Inbox(engine, data, self.slug)
            self.applied, self.held = [self.inbox.upload(CROWDED).id], 0
            self.door.let(self.followers[0].vendor, EVERYTHING, self.slug)

        @rule(
            chosen=st.lists(st.sampled_from(LINES[2:]), max_size=3), word=st.sampled_from(["Nash", "Nanotech", "Sol"])
        )
        def sync(self, chosen: list[tuple[str, str]], word: str) -> None:
            """An upload without some lines, and with one word changed."""
            gone = {line for _, line in chosen}
            files = {
                name: "".join(line for line in text.splitlines(keepends=True) if line.rstrip() not in gone)
                for name, text in CROWDED.items()
            }
            self._took(self.inbox.upload({name: text.replace(word, f"{word}x") for name, text in files.items()}))

        @rule()
        def too_much(self) -> None:
            """An upload that has lost the crowd."""
            self._took(self.inbox.upload(FILES))

        def _took(self, sync: Sync) -> None:
            assert sync.state in {State.APPLIED, State.HELD, State.REFUSED}, sync
            if sync.state is not State.REFUSED:  # as a file without rows is
                self.held = sync.id if sync.state is State.HELD else 0
            self.applied += [sync.id] if sync.state is State.APPLIED else []

        @precondition(lambda self: self.held)
        @rule(wanted=st.booleans())
        def decide(self, wanted: bool) -> None:
            """A person looks at what is held."""
            with engine.begin() as c:
                (journal.release if wanted else journal.discard)(c, self.held)
            if wanted:
                self._took(self.inbox.work(self.held))
            self.held = 0

        @rule(which=st.integers(0, 5))
        def go_back(self, which: int) -> None:
            """To the roster as an earlier sync left it."""
            then = self.applied[which % len(self.applied)]
            self._took(self.inbox.work(restore(engine, inbox.folders(data, self.slug), self.slug, then)))

        @rule(sharing=st.sampled_from(SHARINGS), whose=st.sampled_from([0, 1]))
        def share(self, sharing: Sharing | None, whose: int) -> None:
            self.door.let(self.followers[whose].vendor, sharing, self.slug)

        @invariant()
        def the_copies_are_what_a_full_read_gives(self) -> None:
            for one in self.followers:
                one.follow(self.door)
                assert one.copy == full(self.door, one.vendor)

    return Following


def test_whoever_follows_the_events_has_what_a_full_read_gives(lasting: Engine, tmp_path: Path) -> None:
    how = settings(LAW, max_examples=2 * MORE, stateful_step_count=8, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(following(lasting, tmp_path), settings=how)


def test_holds_and_restores_are_followed_too(lasting: Engine, tmp_path: Path) -> None:
    """One run of all that may happen, for the short form of the law draws few."""
    state: Any = following(lasting, tmp_path)()
    state.begin()
    steps: list[tuple[str, dict[str, Any]]] = [
        ("too_much", {}),
        ("decide", {"wanted": True}),
        ("sync", {"chosen": [LINES[-1]], "word": "Nash"}),
        ("share", {"sharing": SOUTH, "whose": 1}),
        ("go_back", {"which": 0}),
        ("too_much", {}),
        ("share", {"sharing": SHARINGS[4], "whose": 0}),
        ("decide", {"wanted": False}),
        ("go_back", {"which": 1}),
        ("share", {"sharing": None, "whose": 1}),
    ]
    for name, how in steps:
        getattr(state, name)(**how)
        state.the_copies_are_what_a_full_read_gives()
    assert len(state.applied) == 5
