"""Report folders: written whole, then shown; removed when their time is over.

In:  the files of one report.
Out: reports/<stamp>-<sync>/, such as 2026-11-24T031502Z-000017.
"""

import os
import re
import shutil
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from sftpingest.inbox.folders import Folders, sync_folder

_NAME = re.compile(r"(?P<stamp>\d{4}-\d\d-\d\dT\d{6}Z)-(?P<sync>\d{6,})", re.ASCII)
_NEW, _OLD = ".new-", ".old-"
#: What a crash left half written or half removed is cleared away after this.
_LEFT = timedelta(hours=1)


def publish(folders: Folders, name: str, files: Mapping[str, bytes]) -> Path:
    """Write a report, at once and for good: a reader sees all of it or nothing. File names may have a folder.

    An older report of the same sync is removed, so a sync that is reported anew has one report.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} is no name of a report")
    new, final = folders.reports / f"{_NEW}{name}-{uuid.uuid4().hex}", folders.reports / name
    try:
        _write(new, files)
        if final.exists():
            _remove(final)
        new.rename(final)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    sync_folder(folders.reports)
    for other in _names(folders):
        if other != name and _number(other) == int(match["sync"]):
            _remove(folders.reports / other)
    return final


def _write(new: Path, files: Mapping[str, bytes]) -> None:
    new.mkdir(mode=0o700)
    written = {new}
    for name, content in files.items():
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts:
            raise ValueError(f"{name!r} is no name inside a report")
        file = new / place
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        written.add(file.parent)
        with file.open("xb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
    for folder in written:
        sync_folder(folder)


def _remove(report: Path) -> None:
    """Out of sight at once, so that nobody reads half a report; then off the disk."""
    old = report.with_name(f"{_OLD}{report.name}-{uuid.uuid4().hex}")
    try:
        report.rename(old)
    except FileNotFoundError:  # another has removed it
        return
    shutil.rmtree(old, ignore_errors=True)


def latest(folders: Folders) -> str | None:
    """The name of the newest report; None where there is none."""
    return newest(_names(folders))


def newest(names: Iterable[str]) -> str | None:
    """The newest report among the names of what lies in reports/; None where there is none."""
    return max(filter(_NAME.fullmatch, names), key=_age, default=None)


def prune(folders: Folders, keep_days: int, now: datetime) -> tuple[str, ...]:
    """Remove reports older than that, never the newest; returns the names of those removed. `now` is aware."""
    oldest = now - timedelta(days=keep_days)
    kept = latest(folders)
    gone = tuple(name for name in _names(folders) if name != kept and _stamp(name) < oldest)
    for name in gone:
        _remove(folders.reports / name)
    _clear(folders, now)
    return gone


def _clear(folders: Folders, now: datetime) -> None:
    for left in (*folders.reports.glob(f"{_NEW}*"), *folders.reports.glob(f"{_OLD}*")):
        try:
            touched = datetime.fromtimestamp(left.stat().st_ctime, UTC)
        except FileNotFoundError:
            continue
        if touched < now - _LEFT:
            shutil.rmtree(left, ignore_errors=True)


def _names(folders: Folders) -> list[str]:
    try:
        return sorted(path.name for path in folders.reports.iterdir() if _NAME.fullmatch(path.name))
    except FileNotFoundError:
        return []


def _age(name: str) -> tuple[str, int]:
    return name[: name.rindex("-")], _number(name)


def _number(name: str) -> int:
    return int(name[name.rindex("-") + 1 :])


def _stamp(name: str) -> datetime:
    return datetime.strptime(name[: name.rindex("-")], "%Y-%m-%dT%H%M%SZ").replace(tzinfo=UTC)
