"""A guess, written as a format that loads.

In: readings.
Out: the text of a TOML file: guesses marked as comments, unknown headings listed and commented out.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from sftpingest.roster.guess.drafts import Line, Reading, in_words
from sftpingest.roster.guess.look import SeenFile
from sftpingest.roster.kinds import Kind
from sftpingest.roster.layout import fold

_CORE = {Kind.SCHOOL, Kind.TEACHER, Kind.STUDENT, Kind.SECTION, Kind.ENROLLMENT}
_HEAD = """\
# A first mapping, guessed from headings and from what cells look like. Look through every line marked `guess`:
# sure, likely or perhaps. The words of this file are explained in docs/mapping.md.
# Try it:  sftpingest check FOLDER --format THIS-FILE.toml
# Use it:  sftpingest district set SLUG format THIS-FILE.toml
"""


def source_of(name: str, readings: list[Reading], left: list[SeenFile], formats: list[str]) -> str:
    """The text of the format; `formats` are those of ours that fit the files as they are."""
    ours = "".join(f"# These files fit our format {each}: try that first, with --format {each}.\n" for each in formats)
    parts = [_HEAD + ours, f'name = {_text(name)}\ntitle = {_text(name)}\nwords_of = "clever"\n']
    if not any(not reading.problem for reading in readings):
        parts.append("# Nothing here looks like a roster: write its files in.\n")
    several = {one.file.name for one in readings if sum(each.file.name == one.file.name for each in readings) > 1}
    parts += [_reading(reading, listed=reading.file.name in several) for reading in readings]
    parts += [_left(file) for file in left]
    return "\n".join(parts)


def _reading(reading: Reading, *, listed: bool) -> str:
    place = f"files.{_text(reading.file.name)}"
    head = f"[[{place}]]" if listed else f"[{place}]"
    what = f"{reading.who.value}s in sections" if reading.kind is Kind.ENROLLMENT else f"{reading.kind.value} records"
    lines = [f"# guess: {in_words(reading.sure)}, {what}; {reading.file.rows:,} rows", head]
    lines += [f'kind = "{reading.kind.value}"', *(["core = true"] if reading.kind in _CORE else [])]
    lines += _choosing(reading)
    if reading.file.secret:
        lines.append(f"passed_over = {_value(list(reading.file.secret))}  # never read")
    tables: dict[str, list[Line]] = {"columns": []}
    for line in reading.lines:
        part, dot, _ = line.column.partition(".")
        tables.setdefault(part if dot else "columns", []).append(line)
    for table, inside in tables.items():
        lines += ["", f"[{place}.{table}]", *(text for line in inside for text in _line(line, reading.file))]
        lines += _unknown(reading) if table == "columns" else []
    if reading.problem:
        return "\n".join([f"# Not read: {reading.problem}", *(f"# {line}".rstrip() for line in lines), ""])
    return "\n".join([*lines, ""])


def _choosing(reading: Reading) -> list[str]:
    heading, words = reading.only
    lines = [f"only = {{ {_text(heading)} = {_value(list(words))} }}"] if heading else []
    if reading.passed:
        lines.append(f"passed = {{ {_text(heading)} = {_value(list(reading.passed))} }}  # known, and not read")
    return lines


def _line(line: Line, file: SeenFile) -> list[str]:
    """The guess, and the line itself."""
    shapes = ", ".join(file.column(line.headings[0]).shapes)
    why = f"; {line.why}" if line.why else ""
    said = f"# guess: {in_words(line.sure)}{why}{f'; such as {shapes}' if shapes else ''}"
    source = {"from": line.headings[0]} if len(line.headings) == 1 else {"join": list(line.headings)}
    name = line.column.rpartition(".")[2] if not line.column.startswith("ext.") else line.column
    return [said, f"{_key(name)} = {_value(source | dict(line.settings))}"]


def _unknown(reading: Reading) -> list[str]:
    """Headings that nothing is read from: to be kept beside our columns, if somebody takes the sign away."""
    known = {fold(heading) for line in reading.lines for heading in line.headings}
    lines, taken = [], set()
    for heading in reading.unknown:
        if fold(heading) in known or reading.kind is Kind.ENROLLMENT:
            continue
        name = re.sub(r"[^a-z0-9]+", "_", heading.casefold()).strip("_") or "column"
        if name not in taken:
            shapes = ", ".join(reading.file.column(heading).shapes)
            lines.append(
                f"# {_key(f'ext.{name}')} = {_value({'from': heading})}{f'  # such as {shapes}' if shapes else ''}"
            )
        taken.add(name)
    listed = ["", "# Not told. To keep such a column beside ours, take the sign before its line away:", *lines]
    quiet = [_text(heading) for heading in reading.unknown] if reading.kind is Kind.ENROLLMENT else []
    return (listed if lines else []) + ([f"# Not told: {', '.join(quiet)}"] if quiet else [])


def _left(file: SeenFile) -> str:
    headings = f" Its headings: {', '.join(_text(column.heading) for column in file.columns)}" if file.columns else ""
    return f"# {_text(file.name)} was not told. {file.problem}{headings}".rstrip() + "\n"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(words: str) -> str:
    """A text of TOML: that of JSON, and DEL is written as a number too."""
    return json.dumps(words, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:  # noqa: ANN401
    """A value of TOML on one line."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {_value(each)}' for key, each in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else _text(value)
