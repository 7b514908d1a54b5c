"""What a vendor sees of a district: the SQL of every mode and rule, held against a plain reading."""

import itertools
import json
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from sftpingest.roster.kinds import Kind
from sftpingest.roster.parse import parse
from sftpingest.roster.reconcile import reconcile
from sftpingest.roster.rules import Condition, Rule, Sign, fields
from sftpingest.roster.sharing import Group, Mode, Sharing
from sftpingest.roster.validate import validate
from sftpingest.store import accounts, journal, rosters
from sftpingest.store.load import load
from sftpingest.store.shared import Shared
from sftpingest.store.versions import VERSIONS, then
from tests.roster.strategies import LAW, MORE, RICH, WORDS, districts
from tests.roster.uploads import FORM, SECTION, SMALLEST, STAFF, STUDENT, lines
from tests.store.plainly import Rows, rows_of, seen

_numbers = itertools.count(1)
CONTACTS = frozenset({Group.CONTACTS})


def take(engine: Engine, files: dict[str, bytes], slug: str | None = None) -> tuple[int, int]:
    """Apply an upload to a district, a new one where none is named; its id and the sync's."""
    with engine.begin() as c:
        if slug is None:
            slug = f"d{next(_numbers)}"
            accounts.add_district(c, slug, slug)
        district_id = accounts.district(c, slug).id
        sync_id = journal.queue(c, district_id, f"{slug}-{next(_numbers)}", "sftp", None)
    with engine.connect() as c:
        changes, _ = reconcile(validate(parse(files, FORM)), rosters.held(c, district_id))
    with engine.begin() as c:
        load(c, district_id, sync_id, changes)
    return district_id, sync_id


def plain(engine: Engine, district_id: int, as_of: int | None = None) -> Rows:
    with engine.connect() as c:
        return rows_of({kind: rosters.roster(c, district_id, kind, as_of) for kind in Kind})


def by_sql(engine: Engine, sharing: Sharing, district_id: int, as_of: int | None = None) -> dict[Kind, set[object]]:
    """By kind the keys of what the selects give; each record once."""
    shared = Shared(sharing, district_id, as_of)
    out: dict[Kind, set[object]] = {}
    with engine.connect() as c:
        for kind in Kind:
            rows = c.execute(shared.select(kind)).mappings().all()
            keys: list[object]
            if kind is Kind.ENROLLMENT:
                keys = [_enrolled(c, district_id, dict(row), as_of) for row in rows]
            elif kind is Kind.CONTACT:
                keys = [(row["student_id"], row["own_id"]) for row in rows]
            else:
                keys = [row["id"] for row in rows]
            assert len(set(keys)) == len(keys), kind
            out[kind] = set(keys)
    return out


def _enrolled(c: sa.Connection, district_id: int, row: dict[str, int], as_of: int | None) -> tuple[str, str, str]:
    role = ("student", "teacher")[row["role"]]
    ids = []
    for kind, number in ((Kind.SECTION, row["section_no"]), (Kind(role), row["person_no"])):
        its = VERSIONS[kind]
        ids.append(
            c.execute(sa.select(its.c.id).where(*then(its, district_id, as_of), its.c.no == number)).scalar_one()
        )
    return ids[0], ids[1], role


# ------------------------------------------------------------------------------------------------------------- the law

_SIGNS = st.sampled_from(Sign)
_VALUES = st.one_of(
    WORDS, st.sampled_from(["", "s1", "c1", "1", "t|2", "ü", "Algebra", "a|b", "Fall", "A", "7", "north"])
)


@st.composite
def conditions(draw: st.DrawFn, kind: Kind) -> Condition:
    sign = draw(_SIGNS)
    many = sign in {Sign.IS_ANY_OF, Sign.IS_NONE_OF}
    values = draw(
        st.lists(_VALUES.filter(bool) if sign is Sign.CONTAINS else _VALUES, min_size=1, max_size=3 if many else 1)
    )
    return Condition(draw(st.sampled_from([*fields(kind), "ext.bus", 'ext.a "b"'])), sign, tuple(values))


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    kind = draw(st.sampled_from([Kind.SECTION, Kind.SECTION, Kind.STUDENT, Kind.TEACHER, Kind.STAFF]))
    return Rule(kind, tuple(draw(st.lists(conditions(kind), min_size=1, max_size=2))))


@st.composite
def sharings(draw: st.DrawFn) -> Sharing:
    mode = draw(st.sampled_from([Mode.EVERYTHING, Mode.SCHOOLS, Mode.SECTIONS, Mode.RULES, Mode.RULES]))
    more: dict[str, Any] = {}
    if mode is Mode.SCHOOLS:
        more = {"schools": tuple(draw(st.lists(st.sampled_from(["s1", "s2", "s3", "x"]), min_size=1)))}
    elif mode is Mode.SECTIONS:
        more = {"sections": tuple(draw(st.lists(st.sampled_from(["c1", "c2", "c3", "x"]), min_size=1)))}
    elif mode is Mode.RULES:
        more = {"rules": tuple(draw(st.lists(rules(), min_size=1, max_size=3)))}
    groups = draw(st.sampled_from([frozenset(), CONTACTS]))
    return Sharing(mode=mode, staff=draw(st.booleans()), groups=groups, **more)


@settings(LAW, max_examples=12 * MORE, suppress_health_check=list(HealthCheck))
@given(files=districts(), chosen=st.lists(sharings(), min_size=6, max_size=6))
def test_the_sql_of_a_sharing_says_what_a_plain_reading_says(
    engine: Engine, files: dict[str, bytes], chosen: list[Sharing]
) -> None:
    district_id, _ = take(engine, files)
    roster = plain(engine, district_id)
    for sharing in chosen:
        assert by_sql(engine, sharing, district_id) == seen(roster, sharing), sharing


# ------------------------------------------------------------------------------------------------------- single cases


@pytest.fixture
def rich(engine: Engine) -> int:
    district_id, _ = take(engine, {name: text.encode() for name, text in RICH.items()})
    return district_id


def ruled(kind: Kind, field: str, sign: Sign, *values: str) -> Sharing:
    return Sharing(Mode.RULES, rules=(Rule(kind, (Condition(field, sign, values),)),), groups=CONTACTS)


CASES = [
    Sharing(Mode.EVERYTHING),
    Sharing(Mode.EVERYTHING, staff=True, groups=CONTACTS),
    Sharing(Mode.SCHOOLS, schools=("west",), staff=True, groups=CONTACTS),
    Sharing(Mode.SECTIONS, sections=("alg",), staff=True),
    ruled(Kind.SECTION, "teacher_id", Sign.IS, "oak"),
    ruled(Kind.SECTION, "teacher_id", Sign.IS_NOT, "oak"),
    ruled(Kind.SECTION, "teacher_id", Sign.CONTAINS, "l"),
    ruled(Kind.SECTION, "course.name", Sign.IS, "Algebra"),
    ruled(Kind.SECTION, "course.name", Sign.IS_NOT, "Algebra"),
    ruled(Kind.SECTION, "term.name", Sign.IS_NONE_OF, "Spring"),
    ruled(Kind.SECTION, "name", Sign.CONTAINS, "algebra"),
    ruled(Kind.SECTION, "name", Sign.CONTAINS, "Algebra"),
    ruled(Kind.SECTION, "name", Sign.CONTAINS, "%"),
    ruled(Kind.STUDENT, "last_name", Sign.IS_ANY_OF, "Ash", "Bay"),
    ruled(Kind.TEACHER, "id", Sign.IS, "elm"),
    ruled(Kind.STAFF, "school_id", Sign.IS_NOT, "north"),
]


def test_each_mode_and_sign_on_a_district_with_everything(engine: Engine, rich: int, subtests: pytest.Subtests) -> None:
    roster = plain(engine, rich)
    for sharing in CASES:
        with subtests.test(str(sharing)):
            assert by_sql(engine, sharing, rich) == seen(roster, sharing)


def test_what_was_seen_after_an_earlier_sync_can_still_be_told(engine: Engine) -> None:
    files = {name: text.encode() for name, text in RICH.items()}
    district_id, first = take(engine, files)
    slug = f"d{district_id}"
    with engine.connect() as c:
        slug = accounts.district_of(c, district_id).slug
    lost = files | {"enrollments.csv": b"\n".join(files["enrollments.csv"].splitlines()[:2]) + b"\n"}
    _, second = take(engine, lost, slug)
    sharing = Sharing(Mode.SECTIONS, sections=("alg", "bio"))
    then_seen, now_seen = (by_sql(engine, sharing, district_id, sync) for sync in (first, second))
    assert then_seen == seen(plain(engine, district_id, first), sharing)
    assert now_seen == by_sql(engine, sharing, district_id) == seen(plain(engine, district_id), sharing)
    assert len(now_seen[Kind.STUDENT]) < len(then_seen[Kind.STUDENT])


def test_another_district_is_never_seen(engine: Engine, rich: int) -> None:
    take(engine, {name: text.encode() for name, text in RICH.items()})
    sharing = Sharing(Mode.EVERYTHING, staff=True, groups=CONTACTS)
    assert by_sql(engine, sharing, rich) == seen(plain(engine, rich), sharing)
    assert by_sql(engine, sharing, rich + 1000) == {kind: set() for kind in Kind}


#: Own columns of every kind that rules choose, a login and a telephone number among them.
OWN = {
    "sections.csv": lines(
        f'{SECTION},ext.bus,"ext.a ""b"""', "north,alg,oak,elm,Algebra,Fall,7,é", "south,bio,elm,,Biology,,,"
    ),
    "students.csv": lines(
        f"{STUDENT},Gender,Iep_status,Student_street,ext.bus,ext.phone,ext.username",
        "north,ann,Ann,Ash,F,Y,1 Elm St,7,555-0101,ann.ash",
        "north,bob,Bob,Bay,M,N,2 Elm St,Red Bus,,",
        "south,cid,Cid,Cob,M,,,,555-0103,cid",
    ),
    "staff.csv": lines(f"{STAFF},ext.bus", "north,yew,y@example.org,Una,Yew,7"),
}


@pytest.fixture
def own(engine: Engine) -> int:
    texts = SMALLEST | OWN
    return take(engine, {name: text.encode() for name, text in texts.items()})[0]


def test_rules_look_into_the_own_columns(engine: Engine, own: int, subtests: pytest.Subtests) -> None:
    roster = plain(engine, own)
    signs = [(Sign.IS, "7"), (Sign.IS_NOT, "7"), (Sign.CONTAINS, "Bus"), (Sign.IS, "")]
    for kind, (sign, value) in itertools.product([Kind.SECTION, Kind.STUDENT, Kind.STAFF], signs):
        with subtests.test(kind=kind, sign=sign, value=value):
            sharing = ruled(kind, "ext.bus", sign, value)
            assert by_sql(engine, sharing, own) == seen(roster, sharing)


def test_an_own_column_may_have_any_name(engine: Engine, own: int) -> None:
    name = next(
        name for row in plain(engine, own)[Kind.SECTION] for name in json.loads(row["ext"] or "{}") if '"' in name
    )
    assert by_sql(engine, ruled(Kind.SECTION, f"ext.{name}", Sign.IS, "é"), own)[Kind.SECTION] == {"alg"}


def students(engine: Engine, district_id: int, *groups: Group) -> dict[str, dict[str, str]]:
    shared = Shared(Sharing(Mode.EVERYTHING, groups=frozenset(groups)), district_id)
    with engine.connect() as c:
        rows = c.execute(shared.select(Kind.STUDENT)).mappings().all()
    return {row["id"]: {str(name): str(value) for name, value in row.items()} for row in rows}


ALWAYS = ["no", "id", "school_id", "more_school_ids", "number", "state_id", "first_name", "middle_name", "last_name"]


def test_only_what_is_granted_is_read(engine: Engine, own: int) -> None:
    ann = students(engine, own)["ann"]
    assert list(ann) == [*ALWAYS, "grade", "email"]
    assert students(engine, own, Group.PROGRAMS)["ann"]["iep"] == "Y"
    for group, cells in {
        Group.DEMOGRAPHICS: ["F"],
        Group.PROGRAMS: ["Y"],
        Group.ADDRESSES: ["1 Elm St"],
        Group.CONTACT_DETAILS: ["555-0101"],
        Group.OTHER: ["7"],
    }.items():
        shown = " ".join(students(engine, own, group)["ann"].values())
        hidden = " ".join(students(engine, own, *(set(Group) - {group}))["ann"].values())
        for cell in cells:
            assert cell in shown, group
            assert f'"{cell}"' not in hidden, group
            assert "ann.ash" not in shown + hidden


def test_own_columns_come_without_what_has_a_grant_of_its_own(engine: Engine, own: int) -> None:
    def ext(*groups: Group) -> dict[str, object]:
        return {key: json.loads(row["ext"] or "{}") for key, row in students(engine, own, *groups).items()}

    assert ext(Group.OTHER) == {"ann": {"bus": "7"}, "bob": {"bus": "Red Bus"}, "cid": {}}
    assert ext(Group.CONTACT_DETAILS) == {"ann": {"phone": "555-0101"}, "bob": {}, "cid": {"phone": "555-0103"}}
    assert ext(*Group)["ann"] == {"bus": "7", "phone": "555-0101"}


def test_thousands_of_sections_may_be_chosen_by_hand(engine: Engine, own: int) -> None:
    chosen = Sharing(Mode.SECTIONS, sections=("alg", *(f"none-{n}" for n in range(70_000))))
    assert by_sql(engine, chosen, own)[Kind.SECTION] == {"alg"}
