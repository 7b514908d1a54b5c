"""Which files a set has, by their names: all at the top of the zip, none twice, none that is not of OneRoster.

In:  names of files as uploaded, and of the members of a zip.
Out: findings, and the names of those that are to be read.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import pandas as pd

from sftpingest.roster.conform.rules import Rules, rules, versions
from sftpingest.roster.finding import Code, Severity, found, one_line, together
from sftpingest.roster.frames import text


def judge_members(members: Sequence[str]) -> pd.DataFrame:
    """The names in a zip, as they stand there."""
    twice = [name for name, times in Counter(members).items() if times > 1]
    parts = [
        _about(Code.FILE_REPEATED, Severity.UPLOAD, name, "another one of the same name in the zip") for name in twice
    ]
    told = {name: why for name in members if (why := _misplaced(name))}
    parts += [
        _about(Code.FILE_MISPLACED, Severity.FILE, name or "a file without a name", why) for name, why in told.items()
    ]
    return together(parts)


def _misplaced(name: str) -> str:
    """Why a member is not one file at the top; '' where it is."""
    plain = name.replace("\\", "/")
    if not plain.strip():
        return ", and has no name"
    if plain.startswith("/") or plain[1:2] == ":":
        return ", but at a place on a disk"
    if ".." in plain.split("/"):
        return ", but above it"
    if plain.endswith("/"):
        return " as a file: it is a folder"
    return ", but in a folder" if "/" in plain else ""


def judge_names(names: Iterable[str], tables: Rules) -> tuple[dict[str, str], pd.DataFrame]:
    """Uploaded name -> name in OneRoster, of the files that are to be read; and findings about the others."""
    known = {name: tables.other_names.get(name, name) for name in names if name != tables.manifest}
    strange = sorted(name for name, own in known.items() if own not in tables.files)
    taken = {name: own for name, own in known.items() if own in tables.files}
    twice = [name for name, own in taken.items() if own != name and own in taken]
    parts = [_about(Code.FILE_UNKNOWN, Severity.FILE, name, _advice(name, tables)) for name in strange]
    parts += [_about(Code.FILE_REPEATED, Severity.UPLOAD, name, taken[name]) for name in twice]
    return {name: own for name, own in taken.items() if name not in twice}, together(parts)


def _advice(name: str, tables: Rules) -> str:
    """What to do about a file that is none of this version."""
    folded = {own.casefold(): own for own in (*tables.files, tables.manifest)}
    if name.casefold() in folded:
        return f"Call it {folded[name.casefold()]}: capital letters count."
    others = [version for version in versions() if name in rules(version).files]
    if others:
        return f"It is a file of OneRoster {others[0]}, and {tables.manifest} says {tables.version}."
    return "Take it out."


def _about(code: Code, severity: Severity, name: str, detail: str) -> pd.DataFrame:
    return found(code, severity, str(one_line(text([name]))[0]), detail=detail)
