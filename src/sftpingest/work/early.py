"""Whether an upload is whole by itself, so that nothing more is to be waited for.

In:  what lies in a home.
Out: yes, where that is one zip with all that one of our formats needs.
"""

from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sftpingest.inbox import Seen
from sftpingest.inbox.boxes import USUAL, Unpackable, zips

if TYPE_CHECKING:
    from sftpingest.roster.format import Format

#: Seconds by which the clock of the disk may be behind ours.
_BEHIND = 2.0


def is_whole(home: Path, seen: tuple[Seen, ...], came: float) -> bool:
    """Whether a home holds one zip of a whole roster, which came at `came` (seconds since 1970), and nothing else.

    An older one is what was left when the files beside it were removed: what is to take its place may be on its way.
    """
    if len(seen) != 1 or not seen[0].name.lower().endswith(".zip"):
        return False
    try:
        if (home / seen[0].name).stat().st_ctime < came - _BEHIND:
            return False
        with (home / seen[0].name).open("rb") as packed, zips.opened(packed) as archive:
            inside = {name.casefold() for name in zips.members(archive, USUAL).files}
    except (Unpackable, OSError):  # what is to be said of it is said when the quiet time is over
        return False
    return any(_has_all(inside, form) for form in _formats())


@cache
def _formats() -> "tuple[Format, ...]":
    from sftpingest.roster.format import load, names  # noqa: PLC0415  (the watcher does without until a zip comes)

    return tuple(map(load, names()))


def _has_all(inside: AbstractSet[str], form: "Format") -> bool:
    """Whether all files are there without which a roster is refused; a manifest says itself what belongs to it."""
    if form.manifest and form.manifest.casefold() in inside:
        return True
    core = {file.name for file in form.files if file.core}
    return bool(core) and core <= {file.name for name in inside if (file := form.file(name))}
