"""Snapshots: the files of one upload, as they were when it had settled.

In:  home/, or a folder or zip of the operator's.
Out: uploads/<mark>/, which nobody writes to any more.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sftpingest.inbox.folders import Folders, sync_folder
from sftpingest.inbox.home import look
from sftpingest.inbox.source import bring, copy_file

_NEW = ".new-"


def snapshot(folders: Folders, mark: str) -> Path:
    """Snapshot what lies in home/ now. Published files are never written in place, so hard links do."""
    with _appearing(folders, mark) as new:
        for seen in look(folders.home):
            _link(folders.home / seen.name, new / seen.name)
    return folders.uploads / mark


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except FileNotFoundError:
        return  # removed since we looked; the watcher looks again after this and sees it
    except OSError:
        # Not ours (rsync by another user, where the kernel protects hard links), or a file system without them.
        copy_file(source, target)


def snapshot_from(path: Path, folders: Folders, mark: str) -> Path:
    """Snapshot the files of any folder, or of a zip, as if they had been uploaded. Raises WrongSource."""
    with _appearing(folders, mark) as new:
        bring(path, new)
    return folders.uploads / mark


@contextmanager
def _appearing(folders: Folders, mark: str) -> Iterator[Path]:
    """A folder that gets its name only when it is whole and on the disk."""
    new = folders.uploads / f"{_NEW}{mark}"
    new.mkdir(mode=0o700)
    try:
        yield new
        sync_folder(new)
        new.rename(folders.uploads / mark)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    sync_folder(folders.uploads)


def drop_snapshot(folders: Folders, mark: str) -> None:
    """Remove a snapshot, if it is there. `mark` may be any name that `snapshots` gives."""
    old = folders.uploads / mark
    if old.is_dir():
        shutil.rmtree(old)


def snapshots(folders: Folders) -> dict[str, float]:
    """The marks of the snapshots there are, with the time of their last change (seconds since 1970).

    Those that are still being made, or that a crash left half made, are called `.new-<mark>`.
    """
    return {path.name: _touched(path) for path in folders.uploads.glob("*") if path.is_dir()}


def _touched(folder: Path) -> float:
    """A folder changes when a file is added, a file when it grows: while a zip is unpacked, one of them does."""
    touched = [0.0]
    paths = [folder, *folder.iterdir()] if folder.name.startswith(_NEW) else [folder]
    for path in paths:
        try:
            touched.append(path.stat().st_ctime)
        except FileNotFoundError:  # finished or dropped meanwhile
            continue
    return max(touched)
