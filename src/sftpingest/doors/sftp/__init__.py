"""The SFTP door: districts upload here and fetch their reports.

In: SSH connections, and a `Gate` that says who may enter. Out: whole files in a district's home/, and `Uploads`.

    server        opened, drained, closed; takes connections
    guarding/     who may come as far as the door, and stay
    entrance/     who gets in, and where to
    ssh/          keys, algorithms, and the short way that the bytes of an upload take
    requests/     bytes cut into requests, and each answered
    folder/       what a client sees and does in its district's folder
    rules, events, uploads    what an operator decides; what is told to log and audit trail; what to the watcher
"""

from sftpingest.doors.sftp.entrance.entry import Entry, Gate, Proof
from sftpingest.doors.sftp.events import Events
from sftpingest.doors.sftp.guarding.guard import Guard
from sftpingest.doors.sftp.rules import Rules
from sftpingest.doors.sftp.server import Door, serve
from sftpingest.doors.sftp.ssh.hostkeys import host_key, host_keys
from sftpingest.doors.sftp.ssh.listening import Listening, listen
from sftpingest.doors.sftp.ssh.profiles import Place, Profile, places
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
