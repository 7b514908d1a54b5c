"""One client at work: every SFTP request, as asyncssh hands it over.

In: paths, open files and bytes from the client. Out: what `View` shows and `Writing` takes.
"""

import asyncio
import stat
from collections.abc import AsyncIterator, Callable, Sequence

from asyncssh import (
    FXF_APPEND,
    FXF_WRITE,
    SFTPAttrs,
    SFTPFailure,
    SFTPName,
    SFTPPermissionDenied,
    SFTPServer,
    SSHServerChannel,
)

from sftpingest.doors.sftp.entrance.entry import Entry
from sftpingest.doors.sftp.events import Events
from sftpingest.doors.sftp.folder.quota import Quota
from sftpingest.doors.sftp.folder.reading import OwnText, Reading, attributes
from sftpingest.doors.sftp.folder.readings import Readings
from sftpingest.doors.sftp.folder.spot import Area, Spot, existing, spot, upload_name
from sftpingest.doors.sftp.folder.staging import Staging
from sftpingest.doors.sftp.folder.upload import Upload, times_of
from sftpingest.doors.sftp.folder.view import View
from sftpingest.doors.sftp.folder.writing import Writing
from sftpingest.doors.sftp.requests.overrides import MOST_OPEN
from sftpingest.doors.sftp.uploads import Uploads

_File = Upload | Reading | OwnText


class Session(SFTPServer):
    """What one login does in its district. `accepting` says whether the door still takes new uploads."""

    def __init__(
        self,
        channel: SSHServerChannel[bytes],
        entry: Entry,
        uploads: Uploads,
        readme: OwnText,
        accepting: Callable[[], bool],
        events: Events,
    ) -> None:
        super().__init__(channel)
        self._entry = entry
        self._uploads = uploads
        self._accepting = accepting
        self._events = self.events = events
        self._view = View(entry.root, readme)
        self._staging = Staging(entry.root, Quota(entry.quota_bytes, entry.quota_files, entry.quota_file_bytes))
        self._writing = Writing(self._staging, entry.slug, uploads, events)
        self._readings = Readings(self._view, events)

    # -- files ---------------------------------------------------------------------------------------------------

    async def open(self, path: bytes, pflags: int, attrs: SFTPAttrs) -> _File:  # noqa: ARG002 - permissions are ours
        """Open a file. Neither FXF_WRITE nor FXF_APPEND means reading."""
        if len(self._writing) + len(self._readings) >= MOST_OPEN:
            raise SFTPFailure("Too many files are open at once. Please close some first.")
        if not pflags & (FXF_WRITE | FXF_APPEND):
            return self._readings.open(existing(path))
        name = upload_name(path)
        if not self._accepting():
            raise SFTPFailure("The server is about to stop. Please upload again in some minutes.")
        return await self._writing.open(name, pflags)

    async def close(self, file_obj: object) -> None:
        """Close a file that the client asked to close; an upload is published by this, and by nothing else."""
        if isinstance(file_obj, Upload):
            await self._writing.close(file_obj)
        elif isinstance(file_obj, Reading | OwnText):
            self._readings.close(file_obj)

    def exit(self) -> None:
        """End the session, however it came to an end. May be called again."""
        self._writing.break_off()
        self._readings.end()

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """Read a piece; an upload may read what it has written itself."""
        return _file(file_obj).read(offset, size)

    def told(self, piece: int) -> None:
        """OpenSSH's client was told to put so many bytes into each piece."""
        self._writing.told(piece)

    @property
    def slow(self) -> bool:
        """Whether the disk was so slow of late that a thread should write."""
        return self._writing.slow

    def put(self, upload: Upload, offset: int, pieces: Sequence[memoryview]) -> None:
        """Write pieces one after the other from `offset`. Takes `SFTPServer.write`'s place, which has one piece."""
        self._writing.write(upload, offset, pieces)

    async def put_aside(self, upload: Upload, offset: int, content: bytes) -> None:
        """Write in a thread."""
        await self._writing.write_aside(upload, offset, content)

    def fstat(self, file_obj: object) -> SFTPAttrs:
        """Facts of an open file."""
        return _file(file_obj).attributes()

    def fsetstat(self, file_obj: object, attrs: SFTPAttrs) -> None:
        """Keep the times for the published file, and set the size; owner and permissions are ours."""
        if isinstance(file_obj, Upload):
            file_obj.times = times_of(attrs) or file_obj.times
            if attrs.size is not None:
                self._writing.resize(file_obj, attrs.size)
        elif attrs.size is not None:
            raise SFTPPermissionDenied("This file is open for reading.")

    async def fsync(self, file_obj: object) -> None:
        """Put an upload on the disk."""
        if isinstance(file_obj, Upload):
            await asyncio.to_thread(file_obj.flush)

    # -- names ---------------------------------------------------------------------------------------------------

    def realpath(self, path: bytes) -> bytes:
        """Give the one spelling of a path. There are no links, so nothing needs to be there."""
        return spot(path).path.encode()

    def stat(self, path: bytes) -> SFTPAttrs:
        """Facts by name: of an upload on its way or broken off (so that a client can resume it), else as listed."""
        place = existing(path)
        if place.area is not Area.UPLOAD:
            return self._view.attributes(place)
        upload = self._writing.own(place.names[0])
        if upload is not None:
            return upload.attributes()
        partial = self._staging.partial(place.names[0])
        return self._view.attributes(place) if partial is None else attributes(partial, writable=True)

    def lstat(self, path: bytes) -> SFTPAttrs:
        """Facts by name; there are no links."""
        return self.stat(path)

    def scandir(self, path: bytes) -> AsyncIterator[SFTPName]:
        """List a folder. What it is is settled now, so that opening a missing folder fails at once."""
        place = self._view.settle(existing(path))
        if not stat.S_ISDIR(self._view.attributes(place).permissions or 0):
            raise SFTPFailure("This is a file, not a folder.")
        return self._listing(place)

    def format_user(self, uid: int | None) -> str:  # noqa: ARG002 - users of this machine are nobody's business
        """Name the login as the owner of everything."""
        return "_".join(self._entry.username.split()) or "district"

    def format_group(self, gid: int | None) -> str:
        """Name the login here too."""
        return self.format_user(gid)

    async def setstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        """Take times and size by name; owner and permissions are ours, and asking for them is no error."""
        if spot(path).area is Area.TOP:
            return
        name = upload_name(path)
        upload = self._writing.own(name)
        if upload is not None:
            self.fsetstat(upload, attrs)
            return
        if attrs.size is not None and attrs.size != self.stat(path).size:
            await self._resize(name, attrs.size)
        self._staging.set_times(name, times_of(attrs))

    async def lsetstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        """As `setstat`; there are no links."""
        await self.setstat(path, attrs)

    async def remove(self, path: bytes) -> None:
        """Remove a published file and what was broken off under its name."""
        name = upload_name(path)
        self._staging.remove(name)
        self._events.note("file.removed", file=name)
        await asyncio.to_thread(self._staging.sync_home)
        self._uploads.touched(self._entry.slug)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename a published file, over another one too: clients that upload under a temporary name need that."""
        old, new = upload_name(oldpath), upload_name(newpath)
        self._staging.rename(old, new)
        self._events.note("file.renamed", file=new, before=old)
        await asyncio.to_thread(self._staging.sync_home)
        self._uploads.touched(self._entry.slug)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """As `rename`."""
        await self.rename(oldpath, newpath)

    def mkdir(self, path: bytes, attrs: SFTPAttrs) -> None:  # noqa: ARG002 - refused whatever they are
        """Refuse."""
        raise SFTPPermissionDenied("Folders cannot be made here. Please put your files into the top folder, /.")

    def rmdir(self, path: bytes) -> None:  # noqa: ARG002 - refused whatever it is
        """Refuse."""
        raise SFTPPermissionDenied("Folders cannot be removed here.")

    def readlink(self, path: bytes) -> bytes:  # noqa: ARG002 - refused whatever it is
        """Refuse."""
        raise SFTPFailure("There are no links here.")

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:  # noqa: ARG002 - refused whatever they are
        """Refuse: a link renamed upward would point outside (trap 5)."""
        raise SFTPPermissionDenied("Links cannot be made here.")

    def link(self, oldpath: bytes, newpath: bytes) -> None:
        """Refuse."""
        self.symlink(oldpath, newpath)

    async def _listing(self, place: Spot) -> AsyncIterator[SFTPName]:
        for name in await asyncio.to_thread(self._view.names, place):
            yield name

    async def _resize(self, name: str, size: int) -> None:
        """Give a file another size by name: a partial stays one, a published file is replaced by a resized copy."""
        partial = await self._staging.resume(name)
        if partial is not None:
            try:
                self._staging.reserve(partial, size)
                partial.truncate(size)
            finally:
                partial.close()
            return
        upload = await self._writing.open(name, FXF_WRITE)
        try:
            self._writing.resize(upload, size)
        finally:
            await self._writing.close(upload)


def _file(file_obj: object) -> _File:
    if not isinstance(file_obj, Upload | Reading | OwnText):
        raise TypeError(f"{type(file_obj).__name__} is no open file of this door")
    return file_obj
