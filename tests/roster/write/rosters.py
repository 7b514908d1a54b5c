"""Made-up rosters: for every kind and column of kinds.VALUES something that the source format can say.

In:  what Hypothesis draws.
Out: rosters as kinds.Roster has them; `spread`, all that one holds, to compare it with another.
"""

import json
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from sftpingest.roster.format import Column, Format, load
from sftpingest.roster.frames import compose, text
from sftpingest.roster.kinds import RECORDS, VALUES, Kind, Roster
from sftpingest.roster.repeats import contact_keys
from tests.roster.strategies import some
from tests.roster.uploads import rows_of

CLEVER, ONEROSTER = load("clever"), load("oneroster")

#: Text that makes quoting, lists, keys and line ends work; nothing that reading would trim.
ODD = [
    "Ann",
    "Bo b",
    "Ç, é",
    'the "old"',
    "a|b",
    "back\\slash",
    "two\nlines",
    "=1+1",
    "007",
    "NULL",
    "a&b=c%",
    "x;y",
    "-",
]
WORDS = st.sampled_from(ODD) | st.text("ab1 ,.&%='\"|\\é😀\n", min_size=1, max_size=6).map(str.strip).filter(bool)
KEYS = ["1", "2", "p|3", "ü x", "a,b", "p4", "teacher.1.0123456789abcdef0123456789abcdef"]
#: The district's own columns, as they are kept: folded.
OWN = st.dictionaries(st.sampled_from(["bus", "clever.bus", "a_b", "é", "type", "sms", "x&y=%"]), WORDS, max_size=2)

Draw = st.DrawFn


def column_of(form: Format, kind: Kind, name: str) -> Column | None:
    """The column of a format that says that of a kind, in whichever file it stands."""
    for file in form.files:
        for full in (f"{kind}.{name}", name, f"clever.{name}"):
            if (file.kind is kind or full.startswith(f"{kind}.")) and full in file.columns:
                return file.columns[full]
    return None


def cell(draw: Draw, form: Format, kind: Kind, name: str) -> str:
    """A cell that the format can say; '' where it cannot say any. Clever's readers doubt line ends."""
    said = _cell(draw, form, kind, name)
    return said.replace("\n", " ").strip() or "-" if form is CLEVER and said else said


def _cell(draw: Draw, form: Format, kind: Kind, name: str) -> str:
    column = column_of(form, kind, name)
    if column is None:
        return ""
    filled = st.sampled_from(sorted(set(column.words.values()))) if column.words else WORDS
    filled = {
        "date": st.dates().map(str),
        "year": st.integers(1900, 2199).map(str),
        "number": st.sampled_from(["3.75", "4", "+1."]),
        "email": st.sampled_from(["a@example.org", "no address"]),
    }.get(column.type or "", filled)
    return draw(filled if column.required else st.just("") | filled)


def ext(draw: Draw, form: Format, kind: Kind) -> str:
    """The district's own columns as JSON, where the format keeps them for this kind."""
    file = next((file for file in form.files if file.kind is kind), None)
    said = {name: word.replace("\n", "/") for name, word in draw(OWN).items()}
    return as_json(said) if file and file.extensions else ""


def as_json(said: dict[str, str]) -> str:
    return json.dumps(dict(sorted(said.items())), ensure_ascii=False) if said else ""


def record(draw: Draw, form: Format, kind: Kind, **known: str) -> dict[str, str]:
    """One record; `known` is what is not drawn."""
    made = {name: cell(draw, form, kind, name) for name in VALUES[kind] if name not in known}
    made |= {"ext": ext(draw, form, kind)} | known
    return {name: made[name] for name in ("id", *VALUES[kind])}


def frame(kind: Kind, rows: list[dict[str, str]]) -> pd.DataFrame:
    return pd.DataFrame({name: text([row[name] for row in rows]) for name in ("id", *VALUES[kind])})


def joins(rows: list[tuple[int, int, int, int, int]]) -> pd.DataFrame:
    """Enrollments: section, person, school, role, position."""
    columns = np.array(rows or np.empty((0, 5)), np.int32).T
    types = {"section": "int32", "person": "int32", "school": "int32", "role": "int8", "position": "int8"}
    return pd.DataFrame(dict(zip(types, columns, strict=True))).astype(types)


def more_schools(draw: Draw, schools: list[str], first: str) -> str:
    further = [key for key in draw(some(schools)) if key != first]
    return json.dumps(further, ensure_ascii=False) if further else ""


# ------------------------------------------------------------------------------------------------------- out of Clever


@st.composite
def clever_rosters(draw: Draw) -> Roster:
    """A roster as Clever's files make one."""
    form = CLEVER
    schools = draw(some(KEYS, least=1))
    people = {kind: draw(some(KEYS, least=1)) for kind in (Kind.TEACHER, Kind.STUDENT)}
    people[Kind.STAFF] = draw(some(KEYS))
    out: Roster = {Kind.SCHOOL: frame(Kind.SCHOOL, [record(draw, form, Kind.SCHOOL, id=key) for key in schools])}
    for kind, ids in people.items():
        out[kind] = frame(kind, [_person(draw, kind, key, schools) for key in ids])
    contacts = [each for key in people[Kind.STUDENT] for each in _contacts(draw, key)]
    out[Kind.CONTACT] = frame(Kind.CONTACT, contacts).drop_duplicates("id").reset_index(drop=True)
    out |= _sections(draw, out, schools)
    return out


def _person(draw: Draw, kind: Kind, key: str, schools: list[str]) -> dict[str, str]:
    first = draw(st.sampled_from(schools))
    known = {"id": key, "school_id": first}
    if "more_school_ids" in VALUES[kind]:
        known["more_school_ids"] = more_schools(draw, schools, first)
    return record(draw, CLEVER, kind, **known)


def _contacts(draw: Draw, student: str) -> list[dict[str, str]]:
    drawn = [
        record(
            draw, CLEVER, Kind.CONTACT, id="", own_id="", student_id=student, last_name=draw(WORDS).replace("\n", "/")
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    if not drawn:
        return []
    own = contact_keys(frame(Kind.CONTACT, drawn).add_prefix("contact."))
    keys = compose([text([student] * len(drawn)), own])
    return [one | {"own_id": str(mine), "id": str(key)} for one, mine, key in zip(drawn, own, keys, strict=True)]


def _derived(draw: Draw, kind: Kind, columns: list[str]) -> dict[str, str]:
    said = {name: cell(draw, CLEVER, kind, name) for name in columns}
    (key,) = compose([text([said[name]]) for name in columns])
    return record(draw, CLEVER, kind, id=str(key), **said)


def _sections(draw: Draw, out: Roster, schools: list[str]) -> Roster:
    sections, taught, courses, terms = [], [], {}, {}
    for at, key in enumerate(draw(some(KEYS))):
        course = _derived(draw, Kind.COURSE, ["number", "name"])
        term = _derived(draw, Kind.TERM, ["name", "start_date", "end_date"])
        courses[course["id"]], terms[term["id"]] = course, term
        school = draw(st.integers(0, len(schools) - 1))
        team = draw(some([str(place) for place in range(len(out[Kind.TEACHER]))], least=1))[:3]
        places = [1, *sorted(int(place) for place in draw(some(["2", "3", "4", "10"], least=2)))]
        taught += [(at, int(who), school, 1, place) for who, place in zip(team, places, strict=False)]
        lead = out[Kind.TEACHER]["last_name"][int(team[0])]
        row = record(
            draw,
            CLEVER,
            Kind.SECTION,
            id=key,
            school_id=schools[school],
            course_id=course["id"],
            name="",
            term_id=term["id"],
        )
        joined = " - ".join(part for part in (course["name"], lead, row["period"]) if part)
        sections.append(row | {"name": joined if course["name"] else row["given_name"]})
    learners = [
        (at, who, draw(st.integers(0, len(schools) - 1)), 0, 0)
        for at in range(len(sections))
        for who in range(len(out[Kind.STUDENT]))
        if draw(st.booleans())
    ]
    return {
        Kind.COURSE: frame(Kind.COURSE, [course for key, course in courses.items() if key]),
        Kind.TERM: frame(Kind.TERM, [term for key, term in terms.items() if key]),
        Kind.SECTION: frame(Kind.SECTION, sections),
        Kind.ENROLLMENT: joins(taught + learners),
    }


# ---------------------------------------------------------------------------------------------------- out of OneRoster


@st.composite
def oneroster_rosters(draw: Draw) -> Roster:
    """A roster with more in it than OneRoster's own files say: ids, lists and places of any kind."""
    ids = {
        kind: draw(some([*KEYS, "two\nlines"], least=kind in {Kind.SCHOOL, Kind.STUDENT, Kind.TEACHER}))
        for kind in RECORDS
    }
    out: Roster = {}
    for kind in (Kind.SCHOOL, Kind.TERM, Kind.COURSE, Kind.SECTION, Kind.STUDENT, Kind.TEACHER, Kind.STAFF):
        out[kind] = frame(kind, [_any(draw, kind, key, ids) for key in ids[kind]])
    out[Kind.CONTACT] = frame(Kind.CONTACT, _guardians(draw, ids))
    out[Kind.ENROLLMENT] = joins(_enrolled(draw, ids))
    return out


def _any(draw: Draw, kind: Kind, key: str, ids: dict[Kind, list[str]]) -> dict[str, str]:
    known = {"id": key, "ext": _ext(draw, kind, ids)}
    if "school_id" in VALUES[kind]:
        known["school_id"] = draw(st.sampled_from([*ids[Kind.SCHOOL], *([""] if kind is Kind.STAFF else [])]))
    if "more_school_ids" in VALUES[kind]:
        known["more_school_ids"] = (
            more_schools(draw, ids[Kind.SCHOOL], known["school_id"]) if known["school_id"] else ""
        )
    if kind is Kind.SECTION:
        known["course_id"] = draw(st.sampled_from(["", *ids[Kind.COURSE]]))
        known["term_id"] = draw(st.sampled_from(["", *ids[Kind.TERM]]))
    return record(draw, ONEROSTER, kind, **known)


def _ext(draw: Draw, kind: Kind, ids: dict[Kind, list[str]]) -> str:
    """Own columns, those of OneRoster that we have no word for, and those of demographics behind them."""
    terms = st.sampled_from([*ids[Kind.TERM], "nowhere", "a,b"])
    lists = {"grades": "09,10", "subjects": "Math,Logic", "classType": "homeroom", "type": "semester"}
    names = {
        name: [form for form in ONEROSTER.files if form.kind is kind and name in form.columns]
        for name in {column for form in ONEROSTER.files for column in form.columns if column.startswith("ext.")}
    }
    said, added = draw(OWN | st.just({"A B": "kept as it is"})), dict[str, str]()
    for name, forms in sorted(names.items()):
        if forms and draw(st.integers(0, 3)) == 0:
            short = name.removeprefix("ext.")
            value = draw(
                terms if short.endswith(("SourcedId", "SourcedIds")) else st.just(lists.get(short, "")) | WORDS
            )
            (added if forms[0].adds else said)[short] = value
    said = {name: word for name, word in said.items() if word and word.lower() not in {"term", "true", "scheduled"}}
    parts = [as_json(said), as_json({name: word for name, word in added.items() if word})]
    return ", ".join(part[1:-1] for part in parts if part).join("{}") if any(parts) else ""


def _guardians(draw: Draw, ids: dict[Kind, list[str]]) -> list[dict[str, str]]:
    out = []
    for key in ids[Kind.CONTACT]:
        own = record(
            draw,
            ONEROSTER,
            Kind.CONTACT,
            id="",
            own_id=key,
            student_id="",
            sis_id=draw(st.sampled_from([key, "", "k"])),
            ext=_ext(draw, Kind.CONTACT, ids),
        )
        for student in draw(some(ids[Kind.STUDENT], least=1)):
            mine = own if draw(st.booleans()) else own | {"phone": draw(WORDS)}
            (whole,) = compose([text([student]), text([key])])
            out.append(mine | {"student_id": student, "id": str(whole)})
    return out


def _enrolled(draw: Draw, ids: dict[Kind, list[str]]) -> list[tuple[int, int, int, int, int]]:
    school = st.integers(0, len(ids[Kind.SCHOOL]) - 1)
    rows = []
    for at in range(len(ids[Kind.SECTION])):
        places = iter(draw(st.permutations([1, 2, 3, 4, 5, 9, 50, 100])))
        rows += [
            (at, who, draw(school), 1, next(places)) for who in range(len(ids[Kind.TEACHER])) if draw(st.booleans())
        ]
        rows += [(at, who, draw(school), 0, 0) for who in range(len(ids[Kind.STUDENT])) if draw(st.booleans())]
    return rows


# -------------------------------------------------------------------------------------------------------- what is held


def spread(roster: Roster) -> dict[str, list[tuple[Any, ...]]]:
    """All that a roster holds, in an order that does not matter."""
    rows: dict[str, list[tuple[Any, ...]]] = {
        kind.value: sorted(rows_of(roster[kind], "id", *VALUES[kind])) for kind in RECORDS
    }
    names = {kind: roster[kind]["id"].tolist() for kind in RECORDS}
    enrolled = []
    for section, person, school, role, position in roster[Kind.ENROLLMENT][
        ["section", "person", "school", "role", "position"]
    ].itertuples(index=False):
        who = names[Kind.TEACHER if role else Kind.STUDENT][person]
        enrolled.append((names[Kind.SECTION][section], who, int(role), names[Kind.SCHOOL][school], int(position)))
    return rows | {"enrollment": sorted(enrolled)}
