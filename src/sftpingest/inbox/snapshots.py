"""Snapshots: the files of one upload, as they were when it had settled.

In:  home/, or a folder or zip of the operator's.
Out: uploads/<mark>/, with a seal that says what its files looked like.

The door puts every file in the place of the one before, and never writes into it: hard links cost nothing and keep
what was. Whoever writes a file in home/ in place (rsync --inplace, NFS) writes into the snapshot too, and nothing says
beforehand of a file that it will not be. So a snapshot is not believed but looked at, before and after it is read. A
copy of each file would be safe as well, but costs every upload its size in time and room for what hardly ever happens.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sftpingest.inbox.folders import Folders, sync_folder
from sftpingest.inbox.home import look
from sftpingest.inbox.source import bring, copy_file

_NEW = ".new-"
#: Lies in every snapshot. Names with a dot in front are no files of an upload.
_SEAL = ".seal"


def snapshot(folders: Folders, mark: str) -> Path:
    """Snapshot what lies in home/ now, by hard links."""
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
        _write(new / _SEAL, _looks(new))
        sync_folder(new)
        new.rename(folders.uploads / mark)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    sync_folder(folders.uploads)


def _write(path: Path, text: str) -> None:
    with path.open("x") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _looks(folder: Path) -> str:
    """What the files look like, as one short text. No inodes: a backup that is put back has others."""
    facts = [(os.fsencode(seen.name).hex(), seen.size, seen.mtime_ns) for seen in look(folder)]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def intact(snapshot: Path) -> bool:
    """Whether the files of a snapshot still look as they did when it was taken. Costs a stat of each, and no reading.

    Raises FileNotFoundError where there is no snapshot.
    """
    return (snapshot / _SEAL).read_text() == _looks(snapshot)


def drop_snapshot(folders: Folders, mark: str) -> None:
    """Remove a snapshot, if it is there. `mark` may be any name that `snapshots` gives."""
    old = folders.uploads / mark
    while old.is_dir():
        with suppress(FileNotFoundError):  # worker and watcher remove it at once: go on with what is left
            shutil.rmtree(old)


def snapshots(folders: Folders) -> dict[str, float]:
    """The marks of the snapshots there are, with the time of their last change (seconds since 1970).

    Those that are still being made, or that a crash left half made, are called `.new-<mark>`.
    """
    return {path.name: _touched(path) for path in folders.uploads.glob("*") if path.is_dir()}


def _touched(folder: Path) -> float:
    """A folder changes when a file is added, a file when it grows: while a zip is unpacked, one of them does."""
    touched = [0.0]
    with suppress(FileNotFoundError):  # finished or dropped meanwhile
        touched.append(folder.stat().st_ctime)
        if folder.name.startswith(_NEW):
            touched += [path.stat().st_ctime for path in folder.iterdir()]
    return max(touched)
