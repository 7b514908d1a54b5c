"""What a format must have so that an upload in it can be judged at all.

In: the files of a format, in their order.
Out: Unusable, which names the place in the TOML and says what to write there.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sftpingest.roster.kinds import RECORDS, VALUES, Kind

if TYPE_CHECKING:
    from sftpingest.roster.layout import Column, FileFormat

#: Tables of a file that are not columns of its own kind but of another that is read from the same rows, and the kind
#: of the file in which they may stand.
PARTS = {
    "contact": Kind.STUDENT,
    "course": Kind.SECTION,
    "term": Kind.SECTION,
    "teaches": Kind.SECTION,
    "learns": Kind.SECTION,
    "flags": Kind.STUDENT,
}
#: Tables of a file out of whose cells other kinds of record are made.
_MADE = {"contact": Kind.CONTACT, "course": Kind.COURSE, "term": Kind.TERM}
#: What a file of each kind needs: required columns, and the kind whose key stands there.
NEEDS: dict[Kind, dict[str, Kind | None]] = {
    **{kind: {"id": None} for kind in RECORDS},
    Kind.SECTION: {"id": None, "school_id": Kind.SCHOOL},
    Kind.ENROLLMENT: {"section_id": Kind.SECTION, "person_id": Kind.STUDENT},
}
#: Columns that we work out ourselves, or keep under another name.
OURS = {"ext", "more_school_ids", "own_id"}
#: What an enrollment may have: `role` of a teacher `primary` is true for the one in the first place.
_ENROLLMENT = ("school_id", "section_id", "person_id", "primary")
#: How many teachers a section may have.
MOST_TEACHERS = 100


class Unusable(Exception):
    """The format cannot work. Correct the line that is named."""

    def __init__(self, place: str, sentences: str) -> None:
        super().__init__(f"{place}: {sentences}")
        self.place = place


def brings(file: "FileFormat") -> tuple[Kind, ...]:
    """The kinds of which the rows of a file are records, or have one in them."""
    if file.adds:
        return ()
    made = (kind for part, kind in _MADE.items() if file.part(part))
    return (file.kind, *made)


def refuse_unusable(file: "FileFormat", before: "tuple[FileFormat, ...]", *, manifest: bool = False) -> None:
    """Refuse what later stages would fall over; `before` are the files judged before this one.

    In a format with a manifest no file is needed: what is not there is as it is held.
    """
    brought = {kind: earlier for earlier in before for kind in brings(earlier)}
    for kind in brings(file):
        if kind in brought and kind is not Kind.ENROLLMENT and not file.derived:
            raise Unusable(_file(file), f"{brought[kind].name} brings {kind} records already. Keep one of them.")
    for name, refers in NEEDS[file.kind].items():
        _refuse_without(file, name, refers)
    if file.part("teaches") or file.part("learns"):
        _refuse_without(file, "teaches.1", Kind.TEACHER)
    if file.part("learns"):
        _refuse_without(file, "learns.1", Kind.STUDENT)
    for column in file.columns.values():
        _refuse_column(file, column, brought, manifest=manifest)
    _refuse_further(file)
    if file.adds and (file.kind not in brought or file.kind is Kind.ENROLLMENT):
        raise Unusable(_file(file), f"adds needs an earlier file of {file.kind} records. Put it after one.")


def _refuse_further(file: "FileFormat") -> None:
    """What a repeated id cannot add."""
    for word in file.further:
        missing = word == "contact" and "contact.last_name" not in file.columns
        if word not in {"school", "contact", "enrollment"} or missing:
            raise Unusable(_file(file), f"further cannot name {word} here. Take it out.")
        if word == "school":
            _refuse_without(file, "school_id", Kind.SCHOOL)
        if word == "school" and "more_school_ids" not in VALUES.get(file.kind, ()):
            raise Unusable(_file(file), f"further names school, but a {file.kind} has one school. Take it out.")


def refuse_readings(files: "tuple[FileFormat, ...]", roles: "FileFormat | None") -> None:
    """Refuse files that would be read twice, or whose rows nobody could tell apart."""
    names: dict[str, str] = {}
    for file in files:
        if names.setdefault(file.name.casefold(), file.name) != file.name:
            raise Unusable(_file(file), f"it is the same file as {names[file.name.casefold()]}. Spell it alike.")
        readings = [each for each in files if each.name == file.name and not each.derived]
        _refuse_twice(file, files)
        _refuse_reading(file, readings, roles)
        for key in ("lists", "if_known", "usual"):
            if strange := sorted(set(getattr(file, key)) - set(file.columns)):
                raise Unusable(_file(file), f"{key} names {strange[0]}, which is no column here. Take it out.")


def _refuse_twice(file: "FileFormat", files: "tuple[FileFormat, ...]") -> None:
    """Refuse what would be said in two places: who learns, who teaches, a course, a term."""
    for part in ("course", "term"):
        if file.part(part) and f"{part}_id" in file.columns:
            raise Unusable(_place(file, f"{part}_id"), f"{part} has a table of its own here. Keep one of them.")
    if file.kind is not Kind.ENROLLMENT:
        return
    who = file.columns["person_id"].refers
    same = [each for each in files if each.kind is Kind.ENROLLMENT and each.columns["person_id"].refers is who]
    taught = who is Kind.TEACHER and [each for each in files if each.part("teaches")]
    if same[0] is not file or taught:
        other = same[0].name if same[0] is not file else f"teaches of {taught[0].name}" if taught else ""
        raise Unusable(_place(file, "person_id"), f"{other} says already which {who}s a section has. Keep one of them.")


def _refuse_reading(file: "FileFormat", readings: "list[FileFormat]", roles: "FileFormat | None") -> None:
    heading = next(iter(file.only), "")
    if len(file.only) > 1 or any(not words for words in file.only.values()):
        raise Unusable(f"{_file(file)}.only", 'it must be one heading with its words: { Role = ["student"] }.')
    if set(file.passed) - set(file.only):
        raise Unusable(f"{_file(file)}.passed", "it must have the heading that only has. Correct it.")
    if len(readings) > 1 and not file.derived and any(list(each.only) != [heading] for each in readings):
        raise Unusable(_file(file), "it is read as several kinds, so each needs only, with one and the same heading.")
    if file.roles and not (heading and roles):
        raise Unusable(_file(file), "roles needs [roles], and only with its words. Add them, or take roles out.")
    if bool(file.leaving) != ("leaves" in file.columns):
        raise Unusable(_file(file), "leaving and the column leaves go together. Add the other, or take both out.")


def _file(file: "FileFormat") -> str:
    return f'files."{file.name}"'


def refuse_uncheckable(file: "FileFormat", files: "tuple[FileFormat, ...]") -> None:
    """Refuse a file beside the roster that has no ids, or names what no file of the roster brings."""
    place, own = f'checked."{file.name}".columns', file.columns.get("id")
    if own is None or not own.required:
        raise Unusable(f"{place}.id", 'its rows cannot do without it. Write: { from = "...", required = true }.')
    brought = {kind for each in files for kind in brings(each)}
    for column in file.columns.values():
        if column.refers and column.refers not in brought:
            raise Unusable(f"{place}.{column.name}", f"no file brings {column.refers} records. Take refers out.")


def _refuse_without(file: "FileFormat", name: str, refers: Kind | None) -> None:
    """A column that rows of this kind cannot do without."""
    column = file.columns.get(name)
    wrong = column and refers and column.refers is not refers
    if wrong and name == "person_id" and column and column.refers is Kind.TEACHER:
        wrong = False
    if column is None or not column.required or wrong:
        too = f', refers = "{refers}"' if refers else ""
        line = f'{{ from = "...", required = true{too} }}'
        raise Unusable(_place(file, name), f"rows of kind {file.kind} cannot do without it. Write: {line}.")


def _refuse_column(
    file: "FileFormat", column: "Column", brought: "Mapping[Kind, FileFormat]", *, manifest: bool
) -> None:
    """A column that nothing would read, or that names what is not there yet."""
    if column.name.startswith(("only.", "join.", "ext.", "flags.", "clever.")) or column.name in {"leaves", "agents"}:
        return
    place, known = _place(file, column.name), _known(file, column.name.rpartition(".")[0])
    if column.name not in known:
        raise Unusable(place, f"there is no such column. Known here: {', '.join(known) or 'none'}.")
    if column.name.startswith("teaches.") and column.refers is not Kind.TEACHER:
        raise Unusable(place, 'it must name a teacher. Add: refers = "teacher".')
    if column.refers and file.derived:
        raise Unusable(place, "records that are derived name no others. Take refers out.")
    if column.refers and column.refers not in brought:
        raise Unusable(place, f"no file before this one brings {column.refers} records. Put that file before this one.")
    if column.refers and column.required and not manifest and not (needed := brought[column.refers]).core:
        raise Unusable(place, f'it cannot do without {needed.name}. Add to files."{needed.name}": core = true.')


def _place(file: "FileFormat", name: str) -> str:
    return f"{_file(file)}.{name if '.' in name else f'columns.{name}'}"


def _known(file: "FileFormat", part: str) -> tuple[str, ...]:
    """The columns that this part of a file may have."""
    if part and PARTS.get(part) is not file.kind:
        return ()
    if part == "learns":
        return ("learns.1",)
    if part == "teaches":
        return tuple(f"teaches.{place}" for place in range(1, MOST_TEACHERS + 1))
    if part:
        return tuple(f"{part}.{name}" for name in VALUES[Kind(part)])
    own = _ENROLLMENT if file.kind is Kind.ENROLLMENT else ("id", *VALUES[file.kind])
    return tuple(name for name in own if name not in OURS)
