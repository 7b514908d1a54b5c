"""Uploads on their way: written beside the district's files, and put among them only when whole.

In: a name, and pieces of a file in any order. Out: the whole file in home/ by one rename, or a partial in staging/.

Whoever writes a staged file holds its lock (flock), which the kernel takes back when the process dies: a staged file
without a lock is broken off and may be resumed. Those who only look whether it is (inbox.broken_off, and we ourselves)
share the lock for a moment. Sharing it with them is enough to know that nobody writes; only `resume`, which needs it
alone, waits for them, and lets the other sessions work meanwhile.
"""

import asyncio
import errno
import fcntl
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from asyncssh import SFTPFailure

from sftpingest.doors.sftp.folder import beneath
from sftpingest.doors.sftp.folder.quota import Quota
from sftpingest.doors.sftp.folder.staged import lock_alone, newest_first, open_unwritten, unlink
from sftpingest.doors.sftp.folder.upload import Upload
from sftpingest.inbox.folders import HOME, STAGING, staged_as

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
        """Go on with the newest partial of `name`, None where there is none.

        Never None because somebody looks at it for long: the client goes on where it ended, and a fresh one would have
        a hole instead of it. Raises SFTPFailure then.
        """
        for _ in range(_LOOKS):
            try:
                return self._resume(name)
            except BlockingIOError:
                await asyncio.sleep(_LOOK_SECONDS)
        raise SFTPFailure("What has come of this file before is being looked at. Please try again in a minute.")

    def _resume(self, name: str) -> Upload | None:
        """Raises BlockingIOError while somebody looks at it."""
        published = self.published(name)
        with beneath.folder(self.root, STAGING) as staging:
            for staged in newest_first(staging, name):
                fd = open_unwritten(staging, staged)
                if fd is not None:
                    lock_alone(fd)
                    if not os.fstat(fd).st_nlink:  # dropped while we waited for its lock
                        os.close(fd)
                        continue
                    size = os.fstat(fd).st_size
                    return Upload(name=name, staged=staged, fd=fd, replaces=published, resumed=True, solid=size)
        return None

    def copy(self, name: str) -> Upload:
        """Start an upload of `name` from what is published. It is published again only if the client changes it."""
        with beneath.folder(self.root, HOME) as home:
            published = beneath.open_file(home, name)
        try:
            return self._copied(name, published)
        finally:
            os.close(published)

    def _copied(self, name: str, published: int) -> Upload:
        upload = self._new(name)
        try:
            size = os.fstat(published).st_size
            self.reserve(upload, size)
            _copy(published, upload.fd, size)
        except BaseException:
            self.drop(upload)
            upload.close()
            raise
        upload.whole, upload.solid = True, size
        return upload

    def partial(self, name: str) -> os.stat_result | None:
        """Facts of the newest partial of `name`, None where there is none."""
        with beneath.folder(self.root, STAGING) as staging:
            for staged in newest_first(staging, name):
                fd = open_unwritten(staging, staged)
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

        Never writes into the published file: snapshots are hard links to it. Where this fails nothing has changed.
        """
        with beneath.folder(self.root, STAGING) as staging, beneath.folder(self.root, HOME) as home:
            os.rename(upload.staged, upload.name, src_dir_fd=staging, dst_dir_fd=home)

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
            unlink(staging, upload.staged)

    def drop_partials(self, name: str) -> bool:
        """Remove every partial of `name` that nobody is writing; whether there was one."""
        dropped = False
        with beneath.folder(self.root, STAGING) as staging:
            for staged in newest_first(staging, name):
                fd = open_unwritten(staging, staged)
                if fd is not None:
                    unlink(staging, staged)
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
        published = self.published(name)
        with beneath.folder(self.root, STAGING) as staging:
            for _ in range(_LOOKS):
                staged = staged_as(name)
                fd = beneath.new_file(staging, staged)
                fcntl.flock(fd, fcntl.LOCK_EX)
                if os.fstat(fd).st_nlink:  # else another process took it for broken off before we had its lock
                    return Upload(name=name, staged=staged, fd=fd, replaces=published)
                os.close(fd)
        raise BlockingIOError(errno.EAGAIN, "other processes drop whatever is begun under that name")


def _copy(source: int, target: int, size: int) -> None:
    done = 0
    while done < size:
        step = os.sendfile(target, source, done, min(_COPY_STEP, size - done))
        if step == 0:
            return
        done += step
