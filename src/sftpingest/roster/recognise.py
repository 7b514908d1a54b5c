"""Which format an upload is in, and which file of it one of another name is: by headings, not by names.

In: the uploaded files.
Out: the name of one of our formats, or why none can be chosen; what each file of another name is read as.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import pandas as pd

from sftpingest.roster.encoding import Unreadable, to_utf8
from sftpingest.roster.finding import Code, Severity, found, nothing, one_line
from sftpingest.roster.format import FileFormat, Format, fold, load, names
from sftpingest.roster.frames import text
from sftpingest.roster.secret import is_secret
from sftpingest.roster.separators import COMMA, parted
from sftpingest.roster.table import header

#: What a district says whose files we are to look at.
AUTO = "auto"
#: What a district says of a file that is not to be read.
NOTHING = "nothing"
#: A name with one of these words in it is never read for its headings alone: old people would come back.
_COPIES = {"old", "backup", "bak", "copy", "archive", "archived", "previous", "outdated"}
_BY_NAME, _MEANT = "but only files of the roster are read under other names. Name it", "if it is meant to be read."
#: Where nothing at all is recognised: what is missing is then said in its words.
_USUAL = "clever"
_HEAD = 1 << 16


@dataclass(frozen=True)
class Recognised:
    """What an upload looks like."""

    format: str  #: the name of a format
    findings: pd.DataFrame = field(default_factory=nothing)  #: where the files are in two formats


def recognise(files: Mapping[str, bytes]) -> Recognised:
    """The format of most of the files. One that only another format knows refuses the upload."""
    heads = {name: head for name in sorted(files) if (head := headings(files[name]))}
    others = [name for name in names() if name != _USUAL and load(name).auto]
    fits = {name: _fitting(heads, load(name)) for name in [_USUAL, *others]}
    best = max(fits, key=lambda name: len(fits[name]))
    if not fits[best]:
        return Recognised(_USUAL)
    for name, theirs in fits.items():
        if foreign := theirs - fits[best]:
            return Recognised(best, _mixed(min(foreign), load(name), load(best)))
    return Recognised(best)


def _mixed(file: str, theirs: Format, ours: Format) -> pd.DataFrame:
    detail = f"{theirs.title}, and the other files are {ours.title}"
    return found(Code.FILE_FOREIGN, Severity.UPLOAD, one_line(text([file]))[0], detail=detail)


def headings(raw: bytes) -> frozenset[str]:
    """The folded headings of a file; none where it cannot be read."""
    head = raw[:_HEAD]
    if len(raw) > _HEAD:  # not in the middle of a letter
        head = head[: max(head.rfind(b"\n"), head.rfind(b"\r")) + 1]
    try:
        body, sign = parted(to_utf8(head)[0])
    except Unreadable:
        return frozenset()
    # which sign parts them is only certain where the format is known: both readings count
    cells = [cell for each in {COMMA, sign} for cell in header(body, each).cells]
    return frozenset(fold(cell) for cell in cells if cell.strip())


def _fitting(heads: Mapping[str, frozenset[str]], form: Format) -> set[str]:
    """The files that look like one of this format."""
    fitting = {name for name, head in heads.items() if any(_fits(head, file) for file in (*form.files, *form.checked))}
    return fitting | {name for name in heads if form.manifest and name.casefold() == form.manifest.casefold()}


def _fits(head: frozenset[str], file: FileFormat) -> bool:
    """Whether every heading is there that the file needs."""
    needed = [column for column in file.columns.values() if column.sought and column.name not in file.elsewhere]
    return all(any(fold(heading) in head for heading in column.headings) for column in needed)


@dataclass(frozen=True)
class Picked:
    """Files of other names, told by their headings or named by hand."""

    names: Mapping[str, str] = field(default_factory=dict)  #: uploaded name -> name in the format
    left_out: Mapping[str, str] = field(default_factory=dict)  #: uploaded name -> why it is not read after all


_NOTHING_SET = Picked()


def by_hand(files: Iterable[str], form: Format, named: Mapping[str, str]) -> Picked:
    """What a district has set of its files. A whole name counts before a pattern (`*`), a longer pattern first."""
    names: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for name in files:
        if (pattern := _pattern(name.casefold(), named)) is None:
            continue
        file = form.file(named[pattern])
        if file:
            names[name] = file.name
        elif named[pattern].casefold() == NOTHING:
            left_out[name] = f"The setting file.{pattern} of the district says so."
        else:
            said = f"The setting file.{pattern} of the district calls it {named[pattern]}, which is no file of"
            left_out[name] = f"{said} {form.title}."
    return Picked(names, left_out)


def _pattern(name: str, named: Mapping[str, str]) -> str | None:
    fitting = [pattern for pattern in named if fnmatchcase(name, pattern.casefold())]
    return min(fitting, key=lambda pattern: (pattern.casefold() != name, -len(pattern), pattern), default=None)


def by_content(files: Mapping[str, bytes], form: Format, hand: Picked = _NOTHING_SET) -> Picked:
    """Files that only their headings tell. `hand`: what is set of them, which is not asked again.

    Only where exactly one file looks like one of the format that is not there. Any other is left out, and why is said.
    """
    own = {name: file.name for name in files if name not in hand.left_out and (file := form.file(name))}
    there = set((own | dict(hand.names)).values())
    if form.rostered <= there:
        return Picked()  # nobody is looked for: no file of another name is read
    settled = {*own, *hand.names, *hand.left_out}
    strange = [name for name in files if name not in settled and _may_be_roster(name, form)]
    looks = {name: best for name in strange if (best := _best(headings(files[name]), form))}
    alike = {own: [name for name in looks if looks[name] == own] for own in looks.values()}
    why = {
        name: _doubt(name, own, there, alike[own]) if own in form.rostered else f"{_BY_NAME} {own} {_MEANT}"
        for name, own in looks.items()
    }
    return Picked(
        {name: own for name, own in looks.items() if not why[name]},
        {name: f"It has the headings of {looks[name]}, {said}" for name, said in why.items() if said},
    )


def _may_be_roster(name: str, form: Format) -> bool:
    elsewhere = {form.manifest.casefold(), *map(str.casefold, (*form.not_rostered, *form.unread))}
    return name.lower().endswith((".csv", ".txt")) and name.casefold() not in elsewhere


def _doubt(name: str, own: str, there: Collection[str], alike: Collection[str]) -> str:
    """Why a file is not read though its headings tell what it is; '' where nothing speaks against it."""
    if own in there:
        return "which is there too. Delete the one that is out of date."
    if len(alike) > 1:
        rivals = " and ".join(sorted({*alike} - {name}))
        return f"and so has {rivals}. Keep the one that is right and name it {own}."
    if _COPIES & set(re.split(r"[^a-z]+", name.casefold())):
        return f"but its name says that it is a copy. Name it {own} {_MEANT}"
    return ""


def _best(head: frozenset[str], form: Format) -> str:
    """The file that knows most of these headings, of those that fit; '' where two know as many, or none knows half.

    A file that is there is asked too: an old copy of it is not to pass for another one. Headings that all files have
    (OneRoster's sourcedId) tell nothing.
    """
    telling = [heading for heading in head if not all(_knows(heading, file) for file in form.all_files)]
    known: dict[str, int] = {}
    for file in form.all_files:
        if _fits(head, file) and 0 < len(telling) <= 2 * sum(_knows(heading, file) for heading in telling):
            known[file.name] = max(known.get(file.name, 0), len(head & set(file.by_heading)))
    most = [name for name, count in known.items() if count == max(known.values())]
    return most[0] if len(most) == 1 else ""


def _knows(heading: str, file: FileFormat) -> bool:
    """Whether a file expects that heading, read or not."""
    extension = bool(file.extensions) and heading.startswith(file.extensions)
    return heading in file.by_heading or heading in file.known or extension or is_secret(heading, file)
