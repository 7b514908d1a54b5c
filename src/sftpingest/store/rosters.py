"""Rosters out of the store: as held, as shown, as they were.

In: a Connection and a district.
Out: Held for reconcile; frames as `sftpingest roster` shows them; the changes that lead back to an earlier roster.
"""

import numpy as np
import pandas as pd
import sqlalchemy as sa

from sftpingest.roster.changes import Held
from sftpingest.roster.frames import Numbers, Positions, text
from sftpingest.roster.kinds import PERSON, RECORDS, REFERS, ROLES, VALUES, Kind, Roster
from sftpingest.store.fetch import fetch
from sftpingest.store.tables import District, table
from sftpingest.store.versions import OPEN, VERSIONS, name_of, then

_DISTRICT = table(District)


def held(c: sa.Connection, district_id: int) -> Held:
    """What the store holds of a district, as reconcile needs it."""
    head = c.execute(sa.select(_DISTRICT.c.head).where(_DISTRICT.c.id == district_id)).scalar_one()
    records = {kind: _held_records(c, district_id, kind) for kind in RECORDS}
    next_no = {kind: _next_no(c, district_id, kind) for kind in RECORDS}
    return Held(head is None, records, _held_enrollments(c, district_id), next_no)


def whole(c: sa.Connection, district_id: int, as_of: int | None = None) -> Roster:
    """All that the store holds of a district, now or as it was after the sync `as_of`, as kinds.Roster says."""
    texts = {kind: ["id", *VALUES[kind]] for kind in RECORDS}
    frames = {
        kind: fetch(c, _current(kind, district_id, as_of), "no", 20_000, numbers={"no": "no"}, texts=texts[kind])
        for kind in RECORDS
    }
    joins = fetch(
        c,
        _current(Kind.ENROLLMENT, district_id, as_of),
        "section_no",
        1000,
        numbers={name: name for name in ("section_no", "person_no", "school_no", "role", "position")},
    )
    roster: Roster = {kind: frame.drop(columns="no") for kind, frame in frames.items()}
    roster[Kind.ENROLLMENT] = _placed(joins, {kind: frame["no"].to_numpy() for kind, frame in frames.items()})
    return roster


def _placed(joins: pd.DataFrame, numbers: dict[Kind, Numbers]) -> pd.DataFrame:
    """Enrollments by the positions of what they join, -1 for a school that is there no more."""
    person = np.empty(len(joins), np.int32)
    for role, name in enumerate(ROLES):
        those = (joins["role"] == role).to_numpy()
        person[those] = _positions(joins["person_no"].to_numpy()[those], numbers[PERSON[name]])
    return pd.DataFrame(
        {
            "section": _positions(joins["section_no"].to_numpy(), numbers[Kind.SECTION]),
            "person": person,
            "school": _positions(joins["school_no"].to_numpy(), numbers[Kind.SCHOOL]),
            "role": joins["role"].to_numpy(np.int8),
            "position": joins["position"].to_numpy(np.int8),
        }
    )


def _positions(wanted: Numbers, there: Numbers) -> Positions:
    at = np.full(int(max(there.max(initial=0), wanted.max(initial=0))) + 1, -1, np.int32)
    at[there] = np.arange(len(there), dtype=np.int32)
    found: Positions = at[wanted]
    return found


def _held_records(c: sa.Connection, district_id: int, kind: Kind) -> pd.DataFrame:
    more = ["more_school_ids"] if "more_school_ids" in VALUES[kind] else []
    texts = ["id", *REFERS.get(kind, {}), *more]
    return fetch(c, _current(kind, district_id), "no", 50_000, numbers={"no": "no", "hash": "hash"}, texts=texts)


def _held_enrollments(c: sa.Connection, district_id: int) -> pd.DataFrame:
    """Packed as roster.enrollments packs them."""
    numbers = {
        "pair": "(CAST(section_no AS BIGINT) << 32) | (CAST(person_no AS BIGINT) << 1) | role",
        "rest": "(CAST(school_no AS BIGINT) << 8) | position",
    }
    return fetch(c, _current(Kind.ENROLLMENT, district_id), "section_no", 1000, numbers=numbers)


def _current(kind: Kind, district_id: int, as_of: int | None = None) -> str:
    """The versions that hold now, or held then."""
    then = f"end_sync = {OPEN}" if as_of is None else f"first_sync <= {int(as_of)} AND end_sync > {int(as_of)}"
    return f"{name_of(kind)} WHERE district_id = {int(district_id)} AND {then}"


def _next_no(c: sa.Connection, district_id: int, kind: Kind) -> int:
    numbers = VERSIONS[kind].c
    last = c.execute(sa.select(sa.func.max(numbers.no)).where(numbers.district_id == district_id)).scalar_one()
    return 1 if last is None else int(last) + 1


# ------------------------------------------------------------------------------------------------------------- shown


def roster(c: sa.Connection, district_id: int, kind: Kind, as_of: int | None = None) -> pd.DataFrame:
    """One kind of a district's roster, now or as it was when the sync `as_of` had been applied; all columns TEXT.

    First columns the record's own key: `id`; for enrollments `section_id`, `person_id`, `role`. In the order of the
    key.
    """
    select = _enrollments(district_id, as_of) if kind is Kind.ENROLLMENT else _records(kind, district_id, as_of)
    rows = c.execute(select).all()
    names = [column.name for column in select.selected_columns]
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pd.DataFrame({name: text([str(cell) for cell in column]) for name, column in zip(names, cells, strict=True)})


def _records(kind: Kind, district_id: int, as_of: int | None) -> "sa.Select[tuple[str, ...]]":
    versions = VERSIONS[kind]
    key: sa.ColumnElement[str] = versions.c.id
    values = list(VALUES[kind])
    if kind is Kind.CONTACT:  # the key holds the student's too; what the district wrote is own_id
        values.remove("own_id")
        key = versions.c.own_id.label("id")
    columns = (key, *(versions.c[name] for name in values))
    return sa.select(*columns).where(*then(versions, district_id, as_of)).order_by(versions.c.id)


def _enrollments(district_id: int, as_of: int | None) -> "sa.Select[tuple[str, ...]]":
    enrollment = VERSIONS[Kind.ENROLLMENT]
    section, school, student, teacher = (
        sa.select(VERSIONS[kind]).where(*then(VERSIONS[kind], district_id, as_of)).subquery(kind.value)
        for kind in (Kind.SECTION, Kind.SCHOOL, Kind.STUDENT, Kind.TEACHER)
    )
    learns = enrollment.c.role == 0
    joined = (
        enrollment.join(section, section.c.no == enrollment.c.section_no)
        .outerjoin(school, school.c.no == enrollment.c.school_no)
        .outerjoin(student, learns & (student.c.no == enrollment.c.person_no))
        .outerjoin(teacher, ~learns & (teacher.c.no == enrollment.c.person_no))
    )
    person = sa.func.coalesce(student.c.id, teacher.c.id).label("person_id")
    role = sa.case((learns, "student"), else_="teacher").label("role")
    columns = (section.c.id.label("section_id"), person, role, school.c.id.label("school_id"), enrollment.c.position)
    chosen = sa.select(*columns).select_from(joined).where(*then(enrollment, district_id, as_of))
    return chosen.order_by(section.c.id, role, person)


def counts(c: sa.Connection, district_id: int, as_of: int | None = None) -> dict[Kind, int]:
    """How many records of each kind a district has now, or had when the sync `as_of` had been applied."""
    out = {}
    for kind, versions in VERSIONS.items():
        chosen = sa.select(sa.func.count()).select_from(versions).where(*then(versions, district_id, as_of))
        out[kind] = int(c.execute(chosen).scalar_one())
    return out
