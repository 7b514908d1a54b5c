"""What lies in a district's home, and whether it has settled.

In:  home/ and staging/, and what the door knows of open uploads.
Out: Seen, Sight, signature; settled or not.
"""

import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sftpingest.inbox.folders import Folders, upload_of

if sys.platform != "win32":  # only `check` runs there, and locks nothing
    import fcntl


@dataclass(frozen=True, slots=True, order=True)
class Seen:
    """One published file as it lies there."""

    name: str
    size: int  #: bytes
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Sight:
    """What the scans of one home have seen."""

    seen: tuple[Seen, ...]
    since: float  #: `time.monotonic()` of the scan that saw exactly this first
    scans: int  #: how many scans in a row have seen exactly this


def look(home: Path) -> tuple[Seen, ...]:
    """The regular files in a folder, by name; no links, no folders, none whose name begins with a dot.

    A dot is how other tools (rsync) name what they are still writing. A folder that is not there has no files.
    """
    found = []
    try:
        with os.scandir(home) as entries:
            for entry in entries:
                seen = None if entry.name.startswith(".") else _seen(entry)
                if seen is not None:
                    found.append(seen)
    except FileNotFoundError:
        return ()
    return tuple(sorted(found))


def _seen(entry: os.DirEntry[str]) -> Seen | None:
    try:
        facts = entry.stat(follow_symlinks=False)
    except FileNotFoundError:  # removed since the folder was read
        return None
    if not stat.S_ISREG(facts.st_mode):
        return None
    return Seen(entry.name, facts.st_size, facts.st_mtime_ns, facts.st_ino)


def signature(seen: tuple[Seen, ...]) -> str:
    """One short text that stands for exactly these files; other files, or the same uploaded anew, give another."""
    facts = [(os.fsencode(s.name).hex(), s.size, s.mtime_ns, s.inode) for s in seen]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def sight(before: Sight | None, seen: tuple[Seen, ...], at: float) -> Sight:
    """What is known after one more scan, made at `at` (`time.monotonic()` seconds). Pure."""
    if before is None or before.seen != seen:
        return Sight(seen, since=at, scans=1)
    return Sight(seen, before.since, before.scans + 1)


def settles_at(of: Sight, changed: float | None, quiet: float) -> float:
    """When this home may be settled at the earliest, if nothing happens until then (`time.monotonic()`). Pure."""
    return max(of.since, of.since if changed is None else changed) + quiet


def settled(of: Sight, *, writing: int, changed: float | None, at: float, quiet: float) -> bool:
    """Whether the files in a home are an upload now. Pure; this is the definition.

    They are one when all of this holds:

    - there is at least one file: an empty home is no upload;
    - nothing is being written (`writing`, the number of open uploads that the door knows);
    - two scans in a row at least have seen exactly the same files: names, sizes, times of change and inodes. So a file
      that did not come through the door (rsync, NFS) counts as being written while it grows;
    - `quiet` seconds have passed since the door last closed, renamed or removed a file (`changed`, None where it
      knows of nothing) and since the scan that saw exactly these files first. After a restart nothing is known of
      what came before, so the quiet time runs from the first scan.

    Times are `time.monotonic()` seconds. Whether such a set is a *new* upload is another question (work.watch).
    """
    if not of.seen or writing > 0 or of.scans < 2:  # noqa: PLR2004  (as the definition says)
        return False
    return at >= settles_at(of, changed, quiet)


def broken_off(folders: Folders) -> tuple[str, ...]:
    """Names whose upload broke off and was neither resumed nor made good by a whole one since.

    The door drops what broke off as soon as a whole file of that name is published; and it locks what is being
    written, so what lies in staging/ without a lock has broken off.
    """
    return tuple(sorted({name for path, name in _staged(folders) if not _locked(path)}))


def drop_broken_off(folders: Folders, keep_days: int, now: datetime) -> tuple[str, ...]:
    """Drop what broke off longer ago than that, if nobody writes it; returns the names. `now` is aware.

    Its age is the time of its last change on the disk: a client can set the other one.
    """
    oldest = (now - timedelta(days=keep_days)).timestamp()
    return tuple(sorted(name for path, name in _staged(folders) if _dropped(path, oldest)))


def _staged(folders: Folders) -> Iterator[tuple[Path, str]]:
    for path in folders.staging.glob("*"):
        name = upload_of(path.name)
        if name is not None:
            yield path, name


def _locked(staged: Path) -> bool:
    try:
        fd = os.open(staged, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:  # published or dropped since
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _dropped(staged: Path, oldest: float) -> bool:
    """Drop one that has not changed since `oldest` (seconds since 1970) under its lock: nobody goes on with it then."""
    try:
        fd = os.open(staged, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:  # published or dropped since
        return False
    try:
        if os.fstat(fd).st_ctime >= oldest:
            return False
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with suppress(FileNotFoundError):
            staged.unlink()
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True
