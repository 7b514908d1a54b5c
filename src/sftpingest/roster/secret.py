"""Passwords are read past: never stored, never in a report, a log or an archive (trap 12).

In: headings and cells.
Out: which headings hold secrets, and rows without them.
"""

from collections.abc import Iterable, Sequence

from sftpingest.roster.format import FileFormat, fold
from sftpingest.roster.lines import Record

#: A heading that has one of these in it holds secrets, whatever the format says.
_WORDS = ("passw", "passcode", "pwd")


def is_secret(heading: str, form: FileFormat | None) -> bool:
    """Whether cells under this heading are never read."""
    folded = fold(heading)
    return any(word in folded for word in _WORDS) or (form is not None and folded in form.passed_over)


def secret_places(headings: Iterable[str], form: FileFormat | None) -> list[int]:
    """The positions of those headings."""
    return [at for at, heading in enumerate(headings) if is_secret(heading, form)]


def without_secrets(record: Record, secret: Sequence[int], width: int) -> list[str]:
    """The cells without those that hold, or may hold, a secret.

    Where cells are too many or too few, a secret may stand beside its place; where quotation marks are not closed,
    nobody can tell where.
    """
    if not secret:
        return record.cells
    if not record.closed:
        return [""] * len(record.cells)
    off = len(record.cells) - width
    hidden = {place for at in secret for place in range(at + min(off, 0), at + max(off, 0) + 1)}
    return ["" if at in hidden else cell for at, cell in enumerate(record.cells)]
