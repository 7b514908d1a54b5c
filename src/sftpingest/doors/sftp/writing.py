"""The uploads of one session: opened, written, published, or broken off.

In: what the client asks of a file it writes. Out: published files, partials, the counts in `Uploads`, log lines.
"""

import asyncio

from asyncssh import (
    FXF_APPEND,
    FXF_CREAT,
    FXF_EXCL,
    FXF_TRUNC,
    SFTPError,
    SFTPFileAlreadyExists,
    SFTPNoSuchFile,
)

from sftpingest.doors.sftp.answers import FULL, in_our_words
from sftpingest.doors.sftp.events import Events
from sftpingest.doors.sftp.staging import Staging
from sftpingest.doors.sftp.upload import Upload
from sftpingest.doors.sftp.uploads import Uploads


class Writing:
    """What one session writes. `events` knows the district and the login already."""

    def __init__(self, staging: Staging, slug: str, uploads: Uploads, events: Events) -> None:
        self._staging = staging
        self._slug = slug
        self._uploads = uploads
        self._events = events
        self._open: set[Upload] = set()

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

    def write(self, upload: Upload, offset: int, chunk: bytes) -> int:
        """Write `chunk` at `offset`; past the quota or on a full disk the upload is given up."""
        start = upload.size() if upload.append else offset
        self._fit(upload, start + len(chunk))
        try:
            return upload.write(start, chunk)
        except OSError as fault:
            if fault.errno not in FULL:
                raise
            refusal = in_our_words(fault)
            self._drop(upload, refusal)
            raise refusal from fault

    def resize(self, upload: Upload, size: int) -> None:
        """Cut or lengthen an open upload."""
        if size == upload.size():
            return
        self._fit(upload, size)
        upload.truncate(size)

    async def close(self, upload: Upload) -> None:
        """Publish what the client has closed, before the close is answered."""
        try:
            if upload.refusal is not None:
                raise upload.refusal
            if upload.whole:
                self._staging.drop(upload)
            elif upload.resumed and upload.end is None:  # looked at, and as broken off as before
                self._staging.keep(upload)
            else:
                upload.cut()
                await self._publish(upload)
        finally:
            self._open.discard(upload)
            upload.close()
            self._uploads.ended(self._slug)

    def break_off(self) -> None:
        """End all open uploads of a client that went away without closing them. Publishes nothing."""
        for upload in list(self._open):
            self._open.discard(upload)
            try:
                upload.cut()
                kept = self._staging.keep(upload)
                self._events.warn("upload.broken_off", file=upload.name, bytes=upload.size(), kept=kept)
            except OSError as fault:
                self._events.warn("upload.broken_off", file=upload.name, kept=True, fault=type(fault).__name__)
            finally:
                upload.close()
                self._uploads.ended(self._slug)

    async def _begin(self, name: str, flags: int) -> Upload:
        there = self._staging.published(name) is not None
        if flags & FXF_EXCL and there:
            raise SFTPFileAlreadyExists("There is a file of that name already.")
        if not flags & (FXF_TRUNC | FXF_EXCL):
            resumed = await self._staging.resume(name)
            if resumed is not None:
                return resumed
            if there:
                return await asyncio.to_thread(self._staging.copy, name)
        if not there and not flags & FXF_CREAT:
            raise SFTPNoSuchFile("There is no such file.")
        return self._staging.fresh(name)

    def _fit(self, upload: Upload, end: int) -> None:
        if upload.refusal is not None:
            raise upload.refusal
        try:
            self._staging.reserve(upload, end)
        except SFTPError as refusal:
            self._drop(upload, refusal)
            raise

    def _drop(self, upload: Upload, refusal: SFTPError) -> None:
        """Give up an upload: what follows is answered with the same refusal, and its bytes are freed at once."""
        self._staging.drop(upload)
        upload.truncate(0)
        upload.refusal = refusal
        self._events.warn("upload.refused", file=upload.name, reason=type(refusal).__name__)

    async def _publish(self, upload: Upload) -> None:
        try:
            await asyncio.to_thread(upload.flush)
            self._staging.publish(upload)
        except OSError as fault:
            refusal = in_our_words(fault)
            self._drop(upload, refusal)
            raise refusal from fault
        await asyncio.to_thread(self._staging.sync_home)
        self._events.note("upload.published", file=upload.name, bytes=upload.size())
