"""The uploads of one session: opened, written, published, or broken off.

In: what the client asks of a file it writes. Out: published files, partials, the counts in `Uploads`, log lines.
"""

import asyncio
import contextlib
import errno
import time
from collections.abc import Iterator, Sequence

from asyncssh import (
    FXF_APPEND,
    FXF_CREAT,
    FXF_EXCL,
    FXF_TRUNC,
    SFTPError,
    SFTPFileAlreadyExists,
    SFTPNoSuchFile,
)

from sftpingest.doors.sftp.events import Events
from sftpingest.doors.sftp.folder.answers import Interrupted, in_our_words, reason
from sftpingest.doors.sftp.folder.staging import Staging
from sftpingest.doors.sftp.folder.upload import Upload
from sftpingest.doors.sftp.uploads import Uploads

#: a write that takes longer keeps too many others waiting; for so long a thread writes then
_SLOW_SECONDS, _STAYS_SLOW_SECONDS = 0.05, 10.0


class Writing:
    """What one session writes. `events` knows the district and the login already."""

    def __init__(self, staging: Staging, slug: str, uploads: Uploads, events: Events) -> None:
        self._staging = staging
        self._slug = slug
        self._uploads = uploads
        self._events = events
        self._open: set[Upload] = set()
        self._slow_until = 0.0
        self._piece: int | None = None

    def __len__(self) -> int:
        return len(self._open)

    def own(self, name: str) -> Upload | None:
        """Find the upload of `name` that this session has open."""
        return next((upload for upload in self._open if upload.name == name), None)

    async def open(self, name: str, flags: int) -> Upload:
        """Open `name` for writing. `flags`: FXF_… of SFTP version 3."""
        self._uploads.started(self._slug)
        try:
            upload = await self._begin(name, flags)
        except BaseException:
            self._uploads.withdrawn(self._slug)
            raise
        upload.append = bool(flags & FXF_APPEND)
        self._open.add(upload)
        self._events.note("upload.started", file=name, bytes=upload.size())
        return upload

    def told(self, piece: int) -> None:
        """The client was told to put so many bytes into each WRITE, and fills all but the last.

        Ctrl-C in OpenSSH's sftp closes the file as if all of it had come: no packet tells the two apart. But what came
        ends with a full piece then, and of whole files only one in 261,119 does. That one is taken when it comes again.
        """
        self._piece = piece

    @property
    def slow(self) -> bool:
        """Whether a write of late took so long that a thread should do it, and other sessions need not wait."""
        return time.monotonic() < self._slow_until

    def write(self, upload: Upload, offset: int, pieces: Sequence[memoryview]) -> None:
        """Write `pieces` from `offset`; past the quota or on a full disk the upload is given up."""
        with self._watched(upload):
            upload.write(self._start(upload, offset, sum(map(len, pieces))), pieces)

    async def write_aside(self, upload: Upload, offset: int, content: bytes) -> None:
        """The same in a thread."""
        with self._watched(upload):
            start = self._start(upload, offset, len(content))
            await asyncio.to_thread(upload.write, start, [memoryview(content)])

    def resize(self, upload: Upload, size: int) -> None:
        """Cut or lengthen an open upload."""
        if size == upload.size():
            return
        self._fit(upload, size)
        with self._watched(upload):
            upload.truncate(size)

    async def close(self, upload: Upload) -> None:
        """Publish what the client has closed, before the close is answered."""
        try:
            if upload.refusal is not None:
                raise upload.refusal
            if upload.whole:
                self._staging.drop(upload)
                if upload.times is not None:
                    self._staging.set_times(upload.name, upload.times)
                self._events.note("upload.unchanged", file=upload.name)
            elif upload.resumed and upload.end is None:  # looked at, and as broken off as before
                self._staging.keep(upload)
                self._events.note("upload.unchanged", file=upload.name)
            elif self._looks_interrupted(upload):
                self._keep(upload)
                raise Interrupted
            else:
                upload.cut()
                await self._publish(upload)
        finally:
            self._end(upload)

    def break_off(self) -> None:
        """End all open uploads of a client that went away without closing them. Publishes nothing."""
        for upload in list(self._open):
            try:
                self._keep(upload)
            finally:
                self._end(upload)

    def _end(self, upload: Upload) -> None:
        self._open.discard(upload)
        with contextlib.suppress(OSError):  # what a disk has to say of its bytes it has said to the flush
            upload.close()
        self._uploads.ended(self._slug)

    @contextlib.contextmanager
    def _watched(self, upload: Upload) -> Iterator[None]:
        begun = time.monotonic()
        try:
            yield
        except OSError as fault:  # whatever it is: bytes are missing, and a close must not publish it
            refusal = in_our_words(fault)
            self._drop(upload, refusal, fault)
            raise refusal from fault
        finally:
            ended = time.monotonic()
            if ended - begun > _SLOW_SECONDS:
                self._slow_until = ended + _STAYS_SLOW_SECONDS

    def _start(self, upload: Upload, offset: int, size: int) -> int:
        """Where the bytes go; see that there is room for them."""
        start = upload.size() if upload.append else offset
        self._fit(upload, start + size)
        return start

    def _keep(self, upload: Upload) -> None:
        """Leave what has come to whoever resumes it. What cannot be brought in order is not left."""
        kept, why = False, {}
        try:
            upload.cut()
            upload.cut_holes()
            kept = self._staging.keep(upload)
        except OSError as fault:
            why = _named(fault)
            with contextlib.suppress(OSError):
                self._staging.drop(upload)
        self._events.warn("upload.broken_off", file=upload.name, bytes=upload.size(), kept=kept, **why)

    def _looks_interrupted(self, upload: Upload) -> bool:
        """See `told`."""
        if self._piece is None or upload.first is None or upload.end is None:
            return False
        came = upload.end - upload.first
        return came > 0 and came % self._piece == 0 and upload.size() != upload.before

    async def _begin(self, name: str, flags: int) -> Upload:
        self._staging.see_that_it_can_be_published(name)
        there = self._staging.published(name) is not None
        if flags & FXF_EXCL and there:
            raise SFTPFileAlreadyExists("There is a file of that name already.")
        if not flags & (FXF_TRUNC | FXF_EXCL):
            resumed = await self._staging.resume(name)
            if resumed is not None:
                return resumed
            if there:
                return await asyncio.to_thread(self._staging.copy, name)
        if not there and not flags & FXF_CREAT and self._staging.partial(name) is None:
            raise SFTPNoSuchFile("No such file.")
        return self._staging.fresh(name)

    def _fit(self, upload: Upload, end: int) -> None:
        if upload.refusal is not None:
            raise upload.refusal
        try:
            self._staging.reserve(upload, end)
        except SFTPError as refusal:
            self._drop(upload, refusal)
            raise

    def _drop(self, upload: Upload, refusal: SFTPError, fault: OSError | None = None) -> None:
        """Give up an upload: what follows is answered with the same refusal, and its bytes are freed at once."""
        upload.refusal = refusal
        with contextlib.suppress(OSError):  # a disk that fails may fail here too
            self._staging.drop(upload)
            upload.truncate(0)
        why = {} if fault is None else _named(fault)
        self._events.warn("upload.refused", file=upload.name, reason=reason(refusal), **why)

    async def _publish(self, upload: Upload) -> None:
        try:
            await asyncio.to_thread(upload.flush)
            self._staging.publish(upload)
        except OSError as fault:
            refusal = in_our_words(fault)
            self._drop(upload, refusal, fault)
            raise refusal from fault
        self._events.note("upload.published", file=upload.name, bytes=upload.size())
        await asyncio.to_thread(self._staging.sync_home)
        with contextlib.suppress(OSError):  # it is published: a partial that stays goes with the next upload
            self._staging.drop_partials(upload.name)


def _named(fault: OSError) -> dict[str, str | None]:
    return {"fault": errno.errorcode.get(fault.errno or 0)}
