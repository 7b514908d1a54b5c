"""The whole guess: what each file is, what each column is, and the format that says so.

In: the files by name.
Out: Guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sftpingest.roster.guess.drafts import Key, Reading, in_words
from sftpingest.roster.guess.joined import cells_of
from sftpingest.roster.guess.kinds import readings
from sftpingest.roster.guess.look import SeenColumn, SeenFile, look
from sftpingest.roster.guess.match import Named, matched
from sftpingest.roster.guess.shipped import fitting
from sftpingest.roster.guess.toml import source_of
from sftpingest.roster.kinds import Kind


@dataclass(frozen=True)
class Guess:
    """What files may be."""

    source: str  #: a format, with its guesses as comments
    facts: dict[str, Any]  #: the same for machines

    @property
    def told(self) -> bool:
        """Whether there is a file that can be read; without one there is no format."""
        return any(not file["problem"] for file in self.facts["files"])


def guess(files: Mapping[str, bytes], name: str) -> Guess:
    """A first mapping for these files; `name` is what the format is called. Never raises on any bytes."""
    seen = [look(each, files[each]) for each in sorted(files) if each.lower().endswith((".csv", ".txt"))]
    told, left = readings([file for file in seen if not file.problem])
    taught = any(one.kind is Kind.ENROLLMENT and one.who is Kind.TEACHER for one in told)
    keys: dict[Kind, Key] = {}
    done: list[Reading] = []
    for reading in told:
        one = matched(reading, keys, _named(reading, seen), taught=taught)
        done.append(one)
        if not one.problem and (key := _key(one)):
            keys[one.kind] = key
    left += [file for file in seen if file.problem]
    formats = fitting(files)
    return Guess(source_of(name, done, left, formats), _facts(done, left) | {"formats": formats})


def _named(reading: Reading, seen: list[SeenFile]) -> Named:
    """How much of what other files name is in a column of this one."""
    kind = reading.kind.value
    others = [
        column for file in seen if file.name != reading.file.name for column in file.columns if kind in column.words
    ]

    def within(column: SeenColumn) -> float:
        return max((each.within(column.different) for each in others), default=0.0)

    return within


def _key(reading: Reading) -> Key | None:
    line = next((line for line in reading.lines if line.column == "id"), None)
    if line is None:
        return None
    columns = [reading.file.column(heading) for heading in line.headings]
    return Key(cells_of(columns), tuple(column.words for column in columns))


def _facts(done: list[Reading], left: list[SeenFile]) -> dict[str, Any]:
    files = [_facts_of(reading) for reading in done]
    return {"files": files, "unknown_files": [{"file": file.name, "problem": file.problem} for file in left]}


def _facts_of(reading: Reading) -> dict[str, Any]:
    heading, words = reading.only
    return {
        "file": reading.file.name,
        "kind": reading.kind.value,
        "sure": in_words(reading.sure),
        "rows": reading.file.rows,
        "only": {heading: list(words)} if heading else {},
        "columns": [
            {
                "column": line.column,
                "headings": list(line.headings),
                "sure": in_words(line.sure),
                "shapes": reading.file.column(line.headings[0]).shapes,
            }
            for line in reading.lines
        ],
        "unknown": list(reading.unknown),
        "problem": reading.problem,
    }
