"""Which format an upload is in, and which file of it one of another name is: by headings, not by names.

In: the uploaded files.
Out: the name of one of our formats, or why none can be chosen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from sftpingest.roster.encoding import Unreadable, to_utf8
from sftpingest.roster.finding import Code, Severity, found, nothing, one_line
from sftpingest.roster.format import FileFormat, Format, fold, load, names
from sftpingest.roster.frames import text
from sftpingest.roster.separators import parted
from sftpingest.roster.table import header

#: What a district says whose files we are to look at.
AUTO = "auto"
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
        cells = header(*parted(to_utf8(head)[0])).cells
    except Unreadable:
        return frozenset()
    return frozenset(fold(cell) for cell in cells if cell.strip())


def _fitting(heads: Mapping[str, frozenset[str]], form: Format) -> set[str]:
    """The files that look like one of this format."""
    fitting = {name for name, head in heads.items() if any(_fits(head, file) for file in (*form.files, *form.checked))}
    return fitting | {name for name in heads if form.manifest and name.casefold() == form.manifest.casefold()}


def _fits(head: frozenset[str], file: FileFormat) -> bool:
    """Whether every heading is there that the file needs."""
    needed = [column for column in file.columns.values() if column.sought and column.name not in file.elsewhere]
    return all(any(fold(heading) in head for heading in column.headings) for column in needed)


def by_content(files: Mapping[str, bytes], form: Format) -> dict[str, str]:
    """Uploaded name -> name in the format, of files that only their headings tell.

    Only where exactly one file fits that is not there under its own name, and no second one looks like it.
    """
    named = {file.name for name in files if (file := form.file(name))}
    missing = [name for name in form.names if name not in named]
    strange = [name for name in files if form.file(name) is None and name.lower().endswith((".csv", ".txt"))]
    told = {name: _best(headings(files[name]), form, missing) for name in strange} if missing else {}
    chosen = [own for own in told.values() if own]
    return {name: own for name, own in told.items() if own and chosen.count(own) == 1}


def _best(head: frozenset[str], form: Format, missing: list[str]) -> str:
    """The missing file that knows most of these headings, of those that fit; '' where two know as many."""
    fitting = {file.name: file for file in form.files if file.name in missing and _fits(head, file)}
    known = {name: len(head & set(file.by_heading)) for name, file in fitting.items()}
    most = [name for name, count in known.items() if count == max(known.values())]
    return most[0] if len(most) == 1 else ""
