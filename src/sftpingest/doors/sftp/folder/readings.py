"""What one session reads: opened, told of, closed.

In: spots that a client wants to read. Out: open files, and one event for each file.
"""

from asyncssh import SFTPAttrs

from sftpingest.doors.sftp.events import Events
from sftpingest.doors.sftp.folder.reading import OwnText, Reading
from sftpingest.doors.sftp.folder.spot import Spot
from sftpingest.doors.sftp.folder.view import View


class Readings:
    """The files that one session has open for reading. `events` knows the district and the login already."""

    def __init__(self, view: View, events: Events) -> None:
        self._view = view
        self._events = events
        self._open: set[Reading | OwnText] = set()
        #: size and time of each file whose download was told
        self._told: dict[str, tuple[int | None, int | None]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def open(self, place: Spot) -> Reading | OwnText:
        """Open a file. Raises what `View.open` does."""
        reading = self._view.open(place)
        self._open.add(reading)
        self._tell(place, reading.attributes())
        return reading

    def close(self, reading: Reading | OwnText) -> None:
        """Close a file."""
        self._open.discard(reading)
        reading.close()

    def end(self) -> None:
        """Close all that are still open."""
        for reading in list(self._open):
            self.close(reading)

    def _tell(self, place: Spot, facts: SFTPAttrs) -> None:
        """Tell once of each file while it stays the same: who opens one again and again fills neither log nor trail."""
        known = facts.size, facts.mtime
        if self._told.get(place.path) != known:
            self._told[place.path] = known
            self._events.note("file.downloaded", file=place.path, bytes=facts.size)
