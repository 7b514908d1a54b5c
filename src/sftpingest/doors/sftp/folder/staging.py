"""Uploads on their way: written beside the district's files, and put among them only when whole.

In: a name, and pieces of a file in any order. Out: the whole file in home/ by one rename, or a partial in staging/.

Whoever writes a staged file holds its lock (flock), which the kernel takes back when the process dies: a staged file
without a lock is broken off and may be resumed. Those who only look whether it is (inbox.broken_off, and we ourselves)
share the lock for a moment. Sharing it with them is enough to know that nobody writes; only `resume`, which needs it
alone, waits for them, and lets the other sessions work meanwhile.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from asyncssh import SFTPFailure

from sftpingest.doors.sftp.folder import beneath
from sftpingest.doors.sftp.folder.quota import Quota
from sftpingest.doors.sftp.folder.upload import Upload
from sftpingest.inbox.folders import HOME, STAGING, staged_as, upload_of

_COPY_STEP = 8 * 1024 * 1024
#: how often and how long we wait for somebody who only looks at a partial
_LOOKS, _LOOK_SECONDS = 20, 0.005


@dataclass(frozen=True)
class Staging:
    """The staging area of one district. `root` has home/ and staging/ in it, on one file system.

    Functions are short and may run in the event loop, but for `copy`, which may take long. All may raise OSError.
    """

    root: Path
    quota: Quota

    def fresh(self, name: str) -> Upload:
        """Start an upload of `name` from nothing. What was broken off under that name is dropped."""
        partial = self.partial(name)
        self.drop_partials(name)
        upload = self._new(name)
        upload.before = 0 if partial is None else partial.st_size
        return upload

    async def resume(self, name: str) -> Upload | None:
        """Go on with the newest partial of `name`, None where there is none."""
        for _ in range(_LOOKS):
            try:
                return self._resume(name)
            except BlockingIOError:
                await asyncio.sleep(_LOOK_SECONDS)
        return None

    def _resume(self, name: str) -> Upload | None:
        """Raises BlockingIOError while somebody looks at it."""
        published = self.published(name)
        with beneath.folder(self.root, STAGING) as staging:
            for staged in _newest_first(staging, name):
                fd = _open_unwritten(staging, staged)
                if fd is not None:
                    _lock_alone(fd)
                    size = os.fstat(fd).st_size
                    return Upload(name=name, staged=staged, fd=fd, replaces=published, resumed=True, solid=size)
        return None

    def copy(self, name: str) -> Upload:
        """Start an upload of `name` from what is published. It is published again only if the client changes it."""
        with beneath.folder(self.root, HOME) as home:
            published = beneath.open_file(home, name)
        upload = self._new(name)
        try:
            size = os.fstat(published).st_size
            self.reserve(upload, size)
            _copy(published, upload.fd, size)
        except BaseException:
            self.drop(upload)
            upload.close()
            raise
        finally:
            os.close(published)
        upload.whole, upload.solid = True, size
        return upload

    def partial(self, name: str) -> os.stat_result | None:
        """Facts of the newest partial of `name`, None where there is none."""
        with beneath.folder(self.root, STAGING) as staging:
            for staged in _newest_first(staging, name):
                fd = _open_unwritten(staging, staged)
                if fd is not None:
                    found = os.fstat(fd)
                    os.close(fd)
                    return found
        return None

    def reserve(self, upload: Upload, end: int) -> None:
        """See that the upload may grow to `end` bytes. Raises SFTPQuotaExceeded, SFTPNoSpaceOnFilesystem."""
        if end > upload.granted:
            upload.granted = self.quota.see_to_size(self.root, upload, end)

    def publish(self, upload: Upload) -> None:
        """Put the staged file, whole and on the disk already, in the place of the published one.

        Never writes into the published file: snapshots are hard links to it.
        """
        with beneath.folder(self.root, STAGING) as staging, beneath.folder(self.root, HOME) as home:
            os.rename(upload.staged, upload.name, src_dir_fd=staging, dst_dir_fd=home)
        self.drop_partials(upload.name)

    def keep(self, upload: Upload) -> bool:
        """Leave a broken-off upload as the one partial of its name; False where it was not worth keeping."""
        if upload.whole or upload.refusal is not None or self.published(upload.name) != upload.replaces:
            self.drop(upload)  # nothing was written, it was refused, or a whole file came after it had begun
            return False
        os.utime(upload.fd)  # a client may have set an old time already, and the newest partial is the one to resume
        self.drop_partials(upload.name)
        return True

    def drop(self, upload: Upload) -> None:
        """Remove the staged file of an upload that is still open."""
        with beneath.folder(self.root, STAGING) as staging:
            _unlink(staging, upload.staged)

    def drop_partials(self, name: str) -> bool:
        """Remove every partial of `name` that nobody is writing; whether there was one."""
        dropped = False
        with beneath.folder(self.root, STAGING) as staging:
            for staged in _newest_first(staging, name):
                fd = _open_unwritten(staging, staged)
                if fd is not None:
                    _unlink(staging, staged)
                    os.close(fd)
                    dropped = True
        return dropped

    def published(self, name: str) -> tuple[int, int] | None:
        """Say which file is published as `name`: its (inode, mtime in ns), None where there is none."""
        with beneath.folder(self.root, HOME) as home:
            found = beneath.regular(home, name)
        return None if found is None else (found.st_ino, found.st_mtime_ns)

    def remove(self, name: str) -> None:
        """Remove the published file `name` and every partial of it. FileNotFoundError where there is neither."""
        dropped = self.drop_partials(name)
        with beneath.folder(self.root, HOME) as home:
            if beneath.regular(home, name) is not None:
                os.unlink(name, dir_fd=home)
            elif not dropped:
                raise FileNotFoundError(errno.ENOENT, "neither published nor broken off")

    def rename(self, old: str, new: str) -> None:
        """Rename a published file, replacing one that is called `new`. FileNotFoundError where there is no `old`."""
        with beneath.folder(self.root, HOME) as home:
            if beneath.regular(home, old) is None:
                raise FileNotFoundError(errno.ENOENT, "not published")
            os.rename(old, new, src_dir_fd=home, dst_dir_fd=home)
        if old != new:
            self.drop_partials(new)

    def set_times(self, name: str, times: tuple[int, int] | None) -> None:
        """Give the published file `name` an (atime, mtime). Partials keep theirs: the newest is the one to resume."""
        with beneath.folder(self.root, HOME) as home:
            if beneath.regular(home, name) is None and self.partial(name) is not None:
                return
            fd = beneath.open_file(home, name)
            try:
                if times is not None:
                    os.utime(fd, times)
            finally:
                os.close(fd)

    def sync_home(self) -> None:
        """Put the names in home/ on the disk. May take long."""
        with beneath.folder(self.root, HOME) as home:
            os.fsync(home)

    def see_that_it_can_be_published(self, name: str) -> None:
        """Refuse a name that a folder has, which somebody else has put into home/: no file can take its place."""
        with beneath.folder(self.root, HOME) as home:
            found = beneath.facts(home, name)
        if found is not None and stat.S_ISDIR(found.st_mode):
            raise SFTPFailure("There is a folder of that name. Please choose another name, or tell whoever runs this.")

    def _new(self, name: str) -> Upload:
        self.quota.see_to_name(self.root, name)
        staged, published = staged_as(name), self.published(name)
        with beneath.folder(self.root, STAGING) as staging:
            fd = beneath.new_file(staging, staged)
        fcntl.flock(fd, fcntl.LOCK_EX)
        return Upload(name=name, staged=staged, fd=fd, replaces=published)


def _newest_first(staging: int, name: str) -> list[str]:
    matches = [(found.st_mtime_ns, staged) for staged, found in beneath.entries(staging) if upload_of(staged) == name]
    return [staged for _, staged in sorted(matches, reverse=True)]


def _open_unwritten(staging: int, staged: str) -> int | None:
    """Open a staged file with a share of its lock; None where somebody writes it or it has just gone."""
    try:
        fd = beneath.open_file(staging, staged, os.O_RDWR)
    except FileNotFoundError:
        return None
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if os.fstat(fd).st_nlink == 1:  # 0: dropped between the two; more: somebody's file that a link was made to
            return fd
    os.close(fd)
    return None


def _lock_alone(fd: int) -> None:
    """Take the lock of a file of which we have a share. Where others look at it, closes it: BlockingIOError."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise


def _unlink(folder: int, name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _copy(source: int, target: int, size: int) -> None:
    done = 0
    while done < size:
        step = os.sendfile(target, source, done, min(_COPY_STEP, size - done))
        if step == 0:
            return
        done += step
