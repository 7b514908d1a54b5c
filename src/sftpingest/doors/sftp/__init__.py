"""The SFTP door: districts upload here and fetch their reports.

In: SSH connections, and a `Gate` that says who may enter. Out: whole files in a district's home/, and `Uploads`.
"""

from sftpingest.doors.sftp.entry import Entry, Gate
from sftpingest.doors.sftp.hostkey import host_key
from sftpingest.doors.sftp.server import Door, serve
from sftpingest.doors.sftp.uploads import Uploads

__all__ = ["Door", "Entry", "Gate", "Uploads", "host_key", "serve"]
