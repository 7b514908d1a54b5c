"""Made-up districts and broken uploads for the laws.

In:  what Hypothesis draws.
Out: whole good uploads, and uploads with a few things done to their text.
"""

import os
from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.roster.uploads import CONTACTS, ENROLLMENT, SCHOOL, SECTION, SMALLEST, STAFF, TEACHER, lines

#: So many times as many examples, for a longer search: SFTPINGEST_LAWS=50 pytest tests/roster/test_laws.py
MORE = int(os.environ.get("SFTPINGEST_LAWS", "1"))

#: The everyday run tries the same examples every time; a longer search tries others each time.
LAW = settings(
    deadline=None, derandomize=MORE == 1, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)

#: Cells that make quoting, trimming and keys work: commas, marks, line ends, the joints of composed keys.
WORDS = st.sampled_from(["Ann", "Bo b", "Ç, é", 'the "old"', "a|b", "back\\slash", "two\nlines", "=1+1", "007", "NULL"])


def quoted(*cells: str) -> str:
    """One CSV row."""
    return ",".join('"' + cell.replace('"', '""') + '"' if set(cell) & set('",\n\r') else cell for cell in cells)


def some(values: list[str], *, least: int = 0) -> st.SearchStrategy[list[str]]:
    """Some of those values, each once, in any order."""
    return st.lists(st.sampled_from(values), min_size=min(least, len(values)), unique=True)


@st.composite
def districts(draw: st.DrawFn) -> dict[str, bytes]:
    """A whole good upload of a few records, in which every reference is good."""

    def word() -> str:
        return draw(WORDS)

    def one(values: list[str]) -> str:
        return draw(st.sampled_from(values))

    schools = draw(some(["s1", "s2", "s3"], least=1))
    teachers = draw(some(["1", "t|2", "t3", "ü"], least=1))
    students = draw(some(["1", "2", "p3", "p|4", "ü"], least=1))
    sections = draw(some(["c1", "c2", "c3"], least=1))
    taught = [(one(teachers), one(["", *teachers])) for _ in sections]
    pairs = draw(some([f"{section}\0{student}" for section in sections for student in students], least=1))
    files = {
        "schools.csv": lines(SCHOOL, *(quoted(school, word()) for school in schools)),
        "teachers.csv": lines(TEACHER, *(quoted(one(schools), key, word(), word()) for key in teachers)),
        "students.csv": lines(CONTACTS, *(row for key in students for row in _student(draw, key, schools))),
        "sections.csv": lines(
            SECTION,
            *(
                quoted(one(schools), key, *teach, one(["", "Algebra", "a|b"]), one(["", "Fall"]))
                for key, teach in zip(sections, taught, strict=True)
            ),
        ),
        "enrollments.csv": lines(ENROLLMENT, *(quoted(one(schools), *pair.split("\0")) for pair in pairs)),
        "staff.csv": lines(STAFF, *(quoted(one(schools), key, "u@example.org", word(), word()) for key in ("1", "y"))),
    }
    return {name: text.encode() for name, text in files.items()}


def _student(draw: st.DrawFn, key: str, schools: list[str]) -> list[str]:
    """The rows of one student: one, or one for each contact or each school."""
    name = draw(WORDS), draw(WORDS)
    mine = draw(some(schools, least=1))
    contacts = [(sis_id, draw(WORDS)) for sis_id in draw(some(["k1", "k2", "k3"]))] or [("", "")]
    first = [quoted(mine[0], key, *name, *contact) for contact in contacts]
    return first + [quoted(school, key, *name, *contacts[0]) for school in mine[1:]]


# ----------------------------------------------------------------------------------------------------- broken uploads

Spoil = Callable[[str, int, str], str]

#: What can go wrong with a text at one place.
SPOILS: dict[str, Spoil] = {
    "a piece put in": lambda text, at, piece: text[:at] + piece + text[at:],
    "a letter lost": lambda text, at, _: text[:at] + text[at + 1 :],
    "a letter changed": lambda text, at, piece: text[:at] + piece + text[at + 1 :],
    "cut off": lambda text, at, _: text[:at],
    "a line lost": lambda text, at, _: "".join(_lines_but(text, at)),
    "a line twice": lambda text, at, _: text + text.splitlines(keepends=True)[_line(text, at)],
    "the header alone": lambda text, _at, _piece: text.splitlines(keepends=True)[0],
}


def _line(text: str, at: int) -> int:
    return at % len(text.splitlines())


def _lines_but(text: str, at: int) -> list[str]:
    kept = text.splitlines(keepends=True)
    del kept[_line(text, at)]
    return kept


PIECES = st.sampled_from([",", '"', "\n", "\r", ",,", '""', " ", "x", "\ufeff", "é", "\uffff", "north", "ann", "\x1f"])

#: A district with everything that can hang on something: contacts, further schools, co-teachers, own columns, staff.
RICH: dict[str, str] = SMALLEST | {
    "schools.csv": lines(
        f"{SCHOOL},ext.bus",
        "north,North School,",
        'south,"South, School",7',
        "west,West School,8",
        "east,East School,9",
    ),
    "students.csv": lines(
        CONTACTS,
        "north,ann,Ann,Ash,k1,Val Ash",
        "north,ann,Ann,Ash,k2,Wim Ash",
        "west,ann,Ann,Ash,k1,Val Ash",
        "north,bob,Bob,Bay,,Xia Bay",
        'south,cid,"Cid, jr",Cob,,',
    ),
    "sections.csv": lines(
        SECTION,
        "north,alg,oak,elm,Algebra,Fall",
        "south,bio,elm,oak,Biology,Fall",
        "north,art,oak,,Art,Spring",
    ),
    "staff.csv": lines(STAFF, "north,yew,una@example.org,Una,Yew", "west,yew,una@example.org,Una,Yew"),
    # east is named by one enrollment alone
    "enrollments.csv": lines(ENROLLMENT, "north,alg,ann", "east,alg,bob", "south,bio,cid"),
}


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, bytes]:
    """The rich upload, in which up to three things went wrong."""
    files = dict(RICH)
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(files)))
        text = files[name]
        if text:
            spoil = SPOILS[draw(st.sampled_from(sorted(SPOILS)))]
            files[name] = spoil(text, draw(st.integers(0, len(text) - 1)), draw(PIECES))
    codec = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16"]))
    return {name: text.encode(codec) for name, text in files.items()}
