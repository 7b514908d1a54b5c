"""Editions: what a vendor follows by events is what it would read anew, after any uploads and changes of sharing."""

import itertools
import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from sftpingest.roster.ids import record_id
from sftpingest.roster.kinds import RECORDS, Kind
from sftpingest.roster.sharing import Group, Mode, Sharing, plain
from sftpingest.store import accounts
from sftpingest.store.due import due
from sftpingest.store.editions import EVENT, KINDS, SEEN, Edition, Happened, last_sequence
from sftpingest.store.publish import _insert, publish
from sftpingest.store.reading import count, find, page, views
from sftpingest.store.related import ROLE, further_schools
from sftpingest.store.shared import Shared
from sftpingest.store.tables import District
from sftpingest.store.vendors import VERSION, Said, Version, add_vendor, remove_vendor, say
from sftpingest.store.versions import VERSIONS, then
from tests.roster.strategies import LAW, MORE, RICH, districts
from tests.store.test_shared import sharings, take

TODAY = date(2026, 11, 28)
_numbers = itertools.count(1)


@pytest.fixture
def engine(lasting: Engine) -> Engine:
    return lasting


Copy = dict[tuple[Kind, str], Any]


@dataclass
class Follower:
    """A vendor that keeps a copy of one district by nothing but events."""

    engine: Engine
    slug: str = ""
    vendor_id: int = 0
    copy: Copy = field(default_factory=dict)
    read: int = 0

    def __post_init__(self) -> None:
        self.slug = f"followed{next(_numbers)}"
        with self.engine.begin() as c:
            accounts.add_district(c, self.slug, self.slug)
            self.vendor_id = add_vendor(c, self.slug)[0].id

    def upload(self, files: dict[str, bytes]) -> None:
        district_id, sync_id = take(self.engine, files, self.slug)
        with self.engine.begin() as c:
            its = accounts.DISTRICT
            c.execute(sa.update(its).where(its.c.id == district_id).values(head=sync_id))

    def share(self, sharing: Sharing | None) -> None:
        with self.engine.begin() as c:
            version = Version(
                vendor_id=self.vendor_id,
                district_id=accounts.district(c, self.slug).id,
                said=Said.SET if sharing else Said.ENDED,
                terms=plain(sharing) if sharing else {},
                by="test",
            )
            say(c, version)

    def publish(self) -> Edition | None:
        with self.engine.begin() as c:
            return publish(c, self.vendor_id, accounts.district(c, self.slug), TODAY)

    def follow(self, sharing: Sharing | None) -> None:
        """Take in the events that are new, in their order, none twice and none left out."""
        with self.engine.connect() as c:
            district = accounts.district(c, self.slug)
            of = (EVENT.c.vendor_id == self.vendor_id, EVENT.c.sequence > self.read)
            shown = _shown(c, district, sharing)
            for event in c.execute(sa.select(EVENT).where(*of).order_by(EVENT.c.sequence)).all():
                assert event.sequence == self.read + 1
                self.read = event.sequence
                self._take_in(event, shown)
            assert last_sequence(c, self.vendor_id) == self.read

    def check(self, sharing: Sharing | None) -> None:
        """The copy is what a full read gives, `seen` has the same, and nothing more is to be told."""
        self.follow(sharing)
        with self.engine.connect() as c:
            assert self.copy == _shown(c, accounts.district(c, self.slug), sharing)
            seen = {(KINDS[row.kind], row.id): row.schools for row in c.execute(_seen_by(self))}
        assert seen.keys() == self.copy.keys()
        assert all(schools == self.copy[key].get("further", "") for key, schools in seen.items())
        assert self.publish() is None

    def told(self) -> list[tuple[Kind, Happened]]:
        """What the events of the last edition say, in their order."""
        with self.engine.connect() as c:
            last = sa.select(sa.func.max(EVENT.c.edition_id)).where(EVENT.c.vendor_id == self.vendor_id)
            chosen = sa.select(EVENT.c.kind, EVENT.c.happened).order_by(EVENT.c.sequence)
            of = (EVENT.c.vendor_id == self.vendor_id, EVENT.c.edition_id == last.scalar_subquery())
            return [(KINDS[row.kind], Happened(row.happened)) for row in c.execute(chosen.where(*of))]

    def _take_in(self, event: Any, shown: Copy) -> None:
        key = (KINDS[event.kind], event.id)
        match Happened(event.happened):
            case Happened.DELETED:
                del self.copy[key]
            case Happened.CREATED:
                assert key not in self.copy
                self.copy[key] = shown[key]
            case Happened.UPDATED:
                assert key in self.copy
                self.copy[key] = shown[key]


def _shown(c: Connection, district: District, sharing: Sharing | None) -> Copy:
    """All that the sharing shows of the roster as it is held now, by the definition alone; with who is in sections."""
    if sharing is None or district.head is None:
        return {}
    shared, out = Shared(sharing, district.id), {}
    further = {kind: further_schools(c, shared, kind) for kind in ROLE}
    for kind in RECORDS:
        for row in c.execute(shared.select(kind)).mappings():
            facts = {name: value for name, value in row.items() if value not in {"", row["no"]}}
            out[kind, record_id(district.slug, kind, row["id"])] = facts | _beside(c, shared, kind, row["no"], further)
    return out


def _beside(c: Connection, shared: Shared, kind: Kind, no: int, further: dict[Kind, dict[int, str]]) -> dict[str, Any]:
    if kind in ROLE:
        return {"further": further[kind].get(no, "")}
    if kind is not Kind.SECTION:
        return {}
    its = VERSIONS[Kind.ENROLLMENT]
    chosen = sa.select(its.c.person_no, its.c.role, its.c.position)
    return {
        "people": sorted(
            map(tuple, c.execute(chosen.where(*then(its, shared.district_id, None), its.c.section_no == no)))
        )
    }


STEPS = st.lists(
    st.one_of(districts(), sharings(), st.none(), st.sampled_from([Sharing(Mode.EVERYTHING, staff=True)])),
    min_size=3,
    max_size=6,
)


@settings(LAW, max_examples=2 * MORE, suppress_health_check=list(HealthCheck))
@given(first=districts(), steps=STEPS)
def test_whoever_follows_the_events_has_what_a_full_read_gives(
    engine: Engine, first: dict[str, bytes], steps: list[dict[str, bytes] | Sharing | None]
) -> None:
    vendor, sharing = Follower(engine), None
    for step in [first, *steps]:
        if isinstance(step, dict):
            vendor.upload(step)
        else:
            sharing = step
            vendor.share(step)
        vendor.publish()
        vendor.check(sharing)


def _seen_by(vendor: Follower) -> "sa.Select[Any]":
    return sa.select(SEEN.c.kind, SEEN.c.id, SEEN.c.schools).where(SEEN.c.vendor_id == vendor.vendor_id)


# ------------------------------------------------------------------------------------------------------- single cases

FILES = {name: text.encode() for name, text in RICH.items()}


def changed(of: dict[str, bytes] | None = None, **files: tuple[str, str]) -> dict[str, bytes]:
    """The rich district, or another, with one text in each of some files replaced, which is there."""
    out = dict(of or FILES)
    for name, (old, new) in files.items():
        assert old.encode() in out[f"{name}.csv"], name
        out[f"{name}.csv"] = out[f"{name}.csv"].replace(old.encode(), new.encode())
    return out


@pytest.fixture
def rich(engine: Engine) -> Follower:
    vendor = Follower(engine)
    vendor.upload({name: text.encode() for name, text in RICH.items()})
    return vendor


def test_a_page_goes_by_id_and_begins_where_the_last_one_ended(engine: Engine, rich: Follower) -> None:
    rich.share(Sharing(Mode.EVERYTHING, staff=True, groups=frozenset({Group.CONTACTS})))
    rich.publish()
    people = (Kind.STUDENT, Kind.TEACHER, Kind.STAFF, Kind.CONTACT)
    with engine.connect() as c:
        of = views(c, rich.vendor_id, TODAY)
        whole = [key.id for key in page(c, of, people, 1000)]
        assert whole == sorted(whole)
        assert len(whole) == count(c, of, people) > 4
        paged, after = [], ""
        while part := page(c, of, people, 2, after=after):
            paged += part
            after = part[-1].id
        assert [key.id for key in paged] == whole
        assert [key.id for key in page(c, of, people, 2, before=whole[3])] == whole[1:3]
        for key in paged:
            assert find(c, of, people, key.id) == key
        assert find(c, of, [Kind.SCHOOL], whole[0]) is None


def test_what_is_no_longer_decided_is_not_read_even_before_the_next_edition(engine: Engine, rich: Follower) -> None:
    rich.share(Sharing(Mode.EVERYTHING))
    rich.publish()
    for sharing in (Sharing(Mode.SCHOOLS, schools=("north",)), None):
        rich.share(sharing)
        with engine.connect() as c:
            assert views(c, rich.vendor_id, TODAY) == []


def test_before_it_starts_and_after_it_ended_nothing_is_read(engine: Engine, rich: Follower) -> None:
    rich.share(Sharing(Mode.EVERYTHING, starts=TODAY, ends=TODAY))
    rich.publish()
    with engine.connect() as c:
        assert [len(views(c, rich.vendor_id, day)) for day in (TODAY, date(2026, 11, 29), date(2026, 11, 27))] == [
            1,
            0,
            0,
        ]


def test_a_district_that_is_removed_is_told_as_deleted(engine: Engine, rich: Follower) -> None:
    rich.share(Sharing(Mode.EVERYTHING))
    rich.publish()
    with engine.begin() as c:
        accounts.remove_district(c, rich.slug)
        told = c.execute(sa.select(EVENT.c.id, EVENT.c.happened).where(EVENT.c.vendor_id == rich.vendor_id)).all()
        assert c.execute(_seen_by(rich)).all() == []
    created = {row.id for row in told if row.happened == Happened.CREATED}
    assert created == {row.id for row in told if row.happened == Happened.DELETED} != set()


def test_a_vendor_that_was_removed_is_told_nothing_more(engine: Engine, rich: Follower) -> None:
    rich.share(Sharing(Mode.EVERYTHING))
    rich.publish()
    with engine.begin() as c:
        remove_vendor(c, rich.slug)
    assert rich.publish() is None
    with engine.connect() as c:
        assert c.execute(_seen_by(rich)).all() == []
        assert last_sequence(c, rich.vendor_id) == 0


def test_a_sharing_of_a_later_program_stops_nobody_else(engine: Engine, rich: Follower) -> None:
    rich.share(Sharing(Mode.EVERYTHING))
    rich.publish()
    with engine.begin() as c:
        c.execute(sa.update(VERSION).where(VERSION.c.vendor_id == rich.vendor_id).values(terms={"mode": "dreams"}))
        assert (rich.vendor_id, accounts.district(c, rich.slug).id) in due(c, TODAY)
        assert views(c, rich.vendor_id, TODAY) == []
    rich.share(None)  # and it can be taken away
    rich.publish()
    with engine.connect() as c:
        assert c.execute(_seen_by(rich)).all() == []


def test_two_vendors_have_numbers_of_their_own(engine: Engine, rich: Follower) -> None:
    other = Follower(engine)
    with engine.begin() as c:
        district = accounts.district(c, rich.slug)
        for vendor_id in (rich.vendor_id, other.vendor_id):
            version = Version(
                vendor_id=vendor_id,
                district_id=district.id,
                said=Said.SET,
                terms=plain(Sharing(Mode.EVERYTHING)),
                by="test",
            )
            say(c, version)
            made = publish(c, vendor_id, district, TODAY)
            assert made is not None
            assert made.first_event == 1
            assert made.last_event == last_sequence(c, vendor_id) > 5


#: One change after the other, each on top of those before it, and what vendors are told.
CHANGES: list[tuple[dict[str, tuple[str, str]], set[tuple[Kind, int]]]] = [
    ({"teachers": ("Tia,Oak", "Tia,Eich")}, {(Kind.TEACHER, 1), (Kind.SECTION, 1)}),
    ({"enrollments": ("south,bio,cid", "south,bio,cid\nsouth,bio,bob")}, {(Kind.STUDENT, 1), (Kind.SECTION, 1)}),
    ({"sections": ("north,art", "west,art")}, {(Kind.SECTION, 1), (Kind.TEACHER, 1)}),
    ({"sections": ("alg,oak,elm", "alg,elm,oak")}, {(Kind.SECTION, 1)}),
    ({"students": ("Cob", "Kob"), "schools": ("West School", "Western")}, {(Kind.STUDENT, 1), (Kind.SCHOOL, 1)}),
    (
        {
            "students": ("north,bob,Bob,Bay,,Xia Bay\n", ""),
            "enrollments": ("east,alg,bob\nsouth,bio,cid\nsouth,bio,bob", ""),
        },
        {(Kind.STUDENT, 2), (Kind.CONTACT, 2), (Kind.SECTION, 1)},
    ),
]


def test_a_change_is_told_with_all_that_it_is_seen_in(engine: Engine, rich: Follower) -> None:
    sharing, files = Sharing(Mode.EVERYTHING, staff=True, groups=frozenset({Group.CONTACTS})), changed()
    rich.share(sharing)
    rich.publish()
    rich.check(sharing)
    for change, told in CHANGES:
        files = changed(files, **change)
        rich.upload(files)
        rich.publish()
        rich.check(sharing)
        assert set(rich.told()) == told, change


def test_who_left_and_came_back_before_anybody_was_told_is_the_same_person(engine: Engine, rich: Follower) -> None:
    sharing = Sharing(Mode.EVERYTHING)
    rich.share(sharing)
    rich.publish()
    rich.check(sharing)
    rich.upload(changed(students=('south,cid,"Cid, jr",Cob,,\n', ""), enrollments=("south,bio,cid\n", "")))
    rich.upload(changed(students=("Cob", "Kob")))
    rich.publish()
    rich.check(sharing)
    assert rich.told() == [(Kind.STUDENT, Happened.UPDATED), (Kind.SECTION, Happened.UPDATED)]


def test_a_section_and_who_is_at_a_further_school_may_leave_and_come_back(engine: Engine, rich: Follower) -> None:
    sharing = Sharing(Mode.EVERYTHING)
    rich.share(sharing)
    rich.publish()
    rich.check(sharing)
    there = changed(enrollments=("south,bio,cid", "south,bio,cid\nsouth,bio,bob"))
    rich.upload(there)
    rich.publish()
    rich.check(sharing)
    section, student = "south,bio,elm,oak,Biology,Fall\n", "north,bob,Bob,Bay,,Xia Bay\n"
    enrollments = "east,alg,bob\nsouth,bio,cid\nsouth,bio,bob\n"
    rich.upload(changed(there, students=(student, ""), sections=(section, ""), enrollments=(enrollments, "")))
    rich.upload(there)
    rich.publish()
    rich.check(sharing)
    assert {happened for _, happened in rich.told()} == {Happened.UPDATED}


#: One after the other: what becomes of the further schools of bob, who is of north and in a section of south.
FURTHER: list[tuple[dict[str, tuple[str, str]], str]] = [
    ({"students": ("north,bob,Bob", "north,bob,Rob")}, '["south"]'),  # of himself something else, and they stay
    ({"students": ("north,bob,Rob", "south,bob,Rob")}, '["north"]'),
    ({"sections": ("south,bio", "west,bio")}, '["north", "west"]'),
    (
        {
            "sections": ("north,art", "east,gym,oak,,Gym,Fall\nnorth,art"),
            "enrollments": ("south,bio", "east,gym,bob\nsouth,bio"),
        },
        '["east", "north", "west"]',
    ),
    ({"sections": ("east,gym,oak,,Gym,Fall\n", ""), "enrollments": ("east,gym,bob\n", "")}, '["north", "west"]'),
    ({"enrollments": ("east,alg,bob\n", "")}, '["west"]'),
]


def test_further_schools_follow_a_person_his_sections_and_who_is_in_them(engine: Engine, rich: Follower) -> None:
    sharing, files = Sharing(Mode.EVERYTHING), changed(enrollments=("south,bio,cid", "south,bio,bob\nsouth,bio,cid"))
    bob = record_id(rich.slug, Kind.STUDENT, "bob")
    rich.upload(files)
    rich.share(sharing)
    rich.publish()
    for change, schools in FURTHER:
        rich.check(sharing)
        files = changed(files, **change)
        rich.upload(files)
        rich.publish()
        with engine.connect() as c:
            assert c.scalar(sa.select(SEEN.c.schools).where(SEEN.c.id == bob)) == schools, change
    rich.check(sharing)


def test_fields_that_are_granted_or_taken_away_are_told(engine: Engine, rich: Follower) -> None:
    for groups in (frozenset[Group](), frozenset({Group.OTHER})) * 2:
        sharing = Sharing(Mode.EVERYTHING, groups=groups)
        rich.share(sharing)
        rich.publish()
        rich.check(sharing)
    assert set(rich.told()) == {(Kind.SCHOOL, Happened.UPDATED)}
    assert len(rich.told()) == 3  # those that have a bus


def test_what_is_seen_is_kept_whatever_stands_in_the_key_of_a_school(engine: Engine) -> None:
    schools = json.dumps(["a\tb\\n\r\n", "\\N", 'é"\\'], ensure_ascii=False)
    row = (9_999, 1, 4, 7, "a" * 24, 1, 1, schools)
    its = SEEN.c.vendor_id == 9_999
    with engine.begin() as c:
        _insert(c, SEEN, [row])
        assert tuple(c.execute(sa.select(SEEN).where(its)).one()) == row
        c.execute(sa.delete(SEEN).where(its))
