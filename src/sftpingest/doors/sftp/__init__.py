"""The SFTP door: districts upload here and fetch their reports.

In: SSH connections, and a `Gate` that says who may enter. Out: whole files in a district's home/, and `Uploads`.
"""

from sftpingest.doors.sftp.entry import Entry, Gate, Proof
from sftpingest.doors.sftp.events import Events
from sftpingest.doors.sftp.guard import Guard
from sftpingest.doors.sftp.hostkeys import host_key, host_keys
from sftpingest.doors.sftp.listening import Listening, listen
from sftpingest.doors.sftp.profiles import Place, Profile, places
from sftpingest.doors.sftp.rules import Rules
from sftpingest.doors.sftp.server import Door, serve
from sftpingest.doors.sftp.uploads import Uploads

__all__ = [
    "Door",
    "Entry",
    "Events",
    "Gate",
    "Guard",
    "Listening",
    "Place",
    "Profile",
    "Proof",
    "Rules",
    "Uploads",
    "host_key",
    "host_keys",
    "listen",
    "places",
    "serve",
]
