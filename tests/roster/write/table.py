"""What each format can say of each column, found out by writing it and reading it again.

In:  one record of every kind in which everything is filled, and for each column one in which that alone is different.
Out: the table of docs/formats/round-trip.md. `python -m tests.roster.write.table` writes it there anew.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from sftpingest.roster.format import Format
from sftpingest.roster.kinds import RECORDS, REFERS, VALUES, Kind, Roster
from sftpingest.roster.parse import parse
from sftpingest.roster.validate import validate
from sftpingest.roster.write import About, Version, Written, write_clever, write_oneroster
from tests.roster.write.rosters import CLEVER, ONEROSTER, column_of, frame, joins

PAGE = Path(__file__).parents[3] / "docs" / "formats" / "round-trip.md"
BEGIN, END = "<!-- the table begins -->\n", "<!-- the table ends -->\n"
ABOUT = About("lake", "Lake", date(2026, 11, 28))

#: Ids have the number of their record in them, so that rows of two records can be compared.
_NUMBER = re.compile(r"-\d\d-")
#: Where a record is known by another one, in whose row it stands in Clever's files.
_CARRIER = {Kind.COURSE: Kind.SECTION, Kind.TERM: Kind.SECTION, Kind.CONTACT: Kind.STUDENT}
_TYPES = {"date": ("2026-09-01", "2026-10-02"), "year": ("2030", "2031"), "number": ("3.5", "4.5")}
_EXT = {
    "classType": ("", "homeroom"),
    "type": ("semester", "gradingPeriod"),
    "schoolYear": ("2027", "2028"),
    "enabledUser": ("", "false"),
    "grades": ("", "09,10"),
    "subjects": ("", "math,Logic"),
    "subjectCodes": ("", "S1"),
    "userIds": ("{LDAP:a}", "{LDAP:b}"),
    "parentSourcedId": ("term-A", "term-B"),
    "schoolYearSourcedId": ("term-A", "term-B"),
    "termSourcedIds": ("", "term-A,term-B"),
}
_VALUES = {"grade": ("9", "10"), "subject": ("math", "science"), "more_school_ids": ('["school-C"]', '["school-B"]')}
_OWN = ("7", "8")  # the district's own column `bus`


def columns(kind: Kind) -> list[str]:
    """All columns of a kind; of `ext` each that OneRoster has, and one of the district's own."""
    extra = {name for form in ONEROSTER.files if form.kind is kind for name in form.columns if name.startswith("ext.")}
    return [name for name in VALUES[kind] if name != "ext"] + sorted(extra) + ["ext"]


def values(kind: Kind, name: str) -> tuple[str, str]:
    """Two different values of a column."""
    if name == "ext":
        return _OWN
    if name.startswith("ext."):
        return _EXT.get(name.removeprefix("ext."), ("before", "after"))
    if name in REFERS.get(kind, {}):
        other = REFERS[kind][name]
        return f"{other}-A", f"{other}-B"
    if (kind, name) == (Kind.CONTACT, "first_name"):
        return "", "after"  # Clever has the whole name in one column
    column = column_of(CLEVER, kind, name) or column_of(ONEROSTER, kind, name)
    if column and column.words and name not in _VALUES:
        first, *_, last = dict.fromkeys(column.words.values())
        return first, last
    return _VALUES.get(name) or _TYPES.get((column and column.type) or "", ("before", "after"))


def record(kind: Kind, number: int, changed: str) -> dict[str, str]:
    said = {name: values(kind, name)[name == changed] for name in columns(kind)}
    ext = {name.removeprefix("ext."): word for name, word in said.items() if name.startswith("ext.") and word}
    ext = {("bus" if name == "ext" else name): word for name, word in ({"ext": said.pop("ext")} | ext).items()}
    row = {name: word for name, word in said.items() if not name.startswith("ext.")}
    row["id"] = f"{kind}-{number:02}-"
    if kind is Kind.CONTACT:
        row |= {"student_id": f"student-c-{number:02}-", "own_id": f"own-{number:02}-", "sis_id": f"own-{number:02}-"}
        row |= {"sis_id": "after"} if changed == "sis_id" else {}
        row["id"] = f"{row['student_id']}|{row['own_id']}"
    return row | {"ext": as_read(kind, ext)}


def as_read(kind: Kind, ext: dict[str, str]) -> str:
    """As reading has it: in order, and what demographics say behind the rest."""
    added = {name for form in ONEROSTER.files if form.kind is kind and form.adds for name in form.columns}
    order = sorted(ext, key=lambda name: (f"ext.{name}" in added, name))
    return json.dumps({name: ext[name] for name in order}, ensure_ascii=False)


def roster() -> Roster:
    """For each kind the record in which nothing is different, and one for each column."""
    rows = {kind: [record(kind, at, name) for at, name in enumerate(["", *columns(kind)])] for kind in RECORDS}
    for kind in (Kind.SCHOOL, Kind.TERM, Kind.COURSE):
        rows[kind] += [record(kind, 0, "") | {"id": f"{kind}-{letter}"} for letter in "ABC"]
    for row in rows[Kind.TERM][-3:]:
        row["ext"] = '{"schoolYear": "2027", "type": "schoolYear"}'
    rows[Kind.STUDENT] += [record(Kind.STUDENT, 0, "") | {"id": row["student_id"]} for row in rows[Kind.CONTACT]]
    for kind in (Kind.COURSE, Kind.TERM):
        rows[Kind.SECTION] += [
            record(Kind.SECTION, 0, "") | {"id": f"section-{kind}-{at:02}-", f"{kind}_id": row["id"]}
            for at, row in enumerate(rows[kind][:-3])
        ]
    out: Roster = {kind: frame(kind, rows[kind]) for kind in RECORDS}
    out[Kind.ENROLLMENT] = joins([(at, 0, 0, 1, 1) for at in range(len(rows[Kind.SECTION]))] + [(0, 0, 0, 0, 0)])
    return out


# ------------------------------------------------------------------------------------------------------------ findings


def written(files: Iterator[Written]) -> dict[str, bytes]:
    return {file.name: b"".join(file.pieces) for file in files}


def rows_of(files: dict[str, bytes], kind: Kind, number: int) -> dict[str, str]:
    """The cells in which a record stands, by heading, without the numbers of records."""
    key = f"{kind}-{number:02}-"
    keys = {key, f"own-{number:02}-"} if kind is Kind.CONTACT else {key}
    if "schools.csv" in files and kind in _CARRIER:
        keys = {f"student-c-{number:02}-" if kind is Kind.CONTACT else f"section-{kind}-{number:02}-"}
    out: dict[str, str] = {}
    for name in sorted(files):
        for row in csv.DictReader(io.StringIO(files[name].decode(), newline="")):
            owner = {row.get(heading, "") for heading in ("sourcedId", "userSourcedId", *_IDS.get(name, ()))}
            if owner & keys and name != "enrollments.csv":
                for heading, cell in row.items():
                    out[heading] = out.get(heading, "") + _NUMBER.sub("-", cell)
    return {heading: cell for heading, cell in out.items() if heading != "sourcedId"}


_IDS = {
    "schools.csv": ("School_id",),
    "teachers.csv": ("Teacher_id",),
    "staff.csv": ("Staff_id",),
    "students.csv": ("Student_id",),
    "sections.csv": ("Section_id",),
}


def came_back(roster: Roster, kind: Kind, number: int, name: str) -> bool:
    """Whether the value of that column is there again, wherever the record is now."""
    want, shown = values(kind, name)[1], f"-{number:02}-"
    rows = roster[kind].to_dict("records")
    if kind in {Kind.COURSE, Kind.TERM} and not any(row["id"].startswith(f"{kind}{shown}") for row in rows):
        (at,) = (row for row in roster[Kind.SECTION].to_dict("records") if row["id"] == f"section-{kind}{shown}")
        rows = [row for row in rows if row["id"] == at[f"{kind}_id"]]
    elif kind is Kind.CONTACT:
        rows = [row for row in rows if row["student_id"] == f"student-c{shown}"]
    else:
        rows = [row for row in rows if row["id"] == f"{kind}{shown}"]
    if name in {"own_id", "student_id"}:
        return [row[name] for row in rows] == [f"{'own' if name == 'own_id' else 'student-c'}{shown}"]
    if name.startswith("ext"):
        key = "bus" if name == "ext" else name.removeprefix("ext.")
        return bool(rows) and all(_ext(str(row["ext"])).get(key, "") == want for row in rows)
    return bool(rows) and all(row[name] == want for row in rows)


def _ext(cell: str) -> dict[str, str]:
    said: dict[str, str] = json.loads(cell or "{}")
    return said


def table() -> Iterator[str]:
    """The table, line by line."""
    from_ = roster()
    sets: list[tuple[dict[str, bytes], Format]] = [(written(write_clever(from_)), CLEVER)]
    sets += [(written(write_oneroster(from_, ABOUT, version)), ONEROSTER) for version in Version]
    back = [validate(parse(files, form), None).roster for files, form in sets]
    for kind in RECORDS:
        yield f"\n### {kind}\n\n| column | Clever | OneRoster 1.1 | OneRoster 1.2 |\n| --- | --- | --- | --- |\n"
        for at, name in enumerate(columns(kind), 1):
            cells = [
                said(files, kind, at, came_back(now, kind, at, name))
                for (files, _), now in zip(sets, back, strict=True)
            ]
            yield f"| {name} | {' | '.join(cells)} |\n"


def said(files: dict[str, bytes], kind: Kind, number: int, back: bool) -> str:
    """The headings that say a column; a dash where it does not come back as it was."""
    first, other = rows_of(files, kind, 0), rows_of(files, kind, number)
    headings = [f"`{heading}`" for heading in other if first.get(heading) != other[heading]]
    how = ", ".join(headings)
    if back:
        return how or "by the ids"
    return f"not as it was: {how}" if how else "–"


def fresh(page: str) -> str:
    """The page with the table as it is now."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}{''.join(table())}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    PAGE.write_text(fresh(PAGE.read_text("utf-8")), "utf-8")
