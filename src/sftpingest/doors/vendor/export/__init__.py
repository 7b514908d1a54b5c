"""Whole kinds at once: files of what a vendor sees, and what has changed between two syncs.

In: GET /export/… with a bearer token. Out: Parquet, CSV, NDJSON, made once and kept for a while.

    routes    the addresses
    overview  what there is
    found     which district is meant, as of which sync; what a file of it is called
    written   records -> the bytes of a file
    database  all of it as a file of SQLite
    changed   two syncs -> lines of what was created, updated and removed
    noting    what is read, for the disclosure log
    kept      the folder of files that were made
"""

from sftpingest.doors.vendor.export.found import Disclosed
from sftpingest.doors.vendor.export.kept import Kept
from sftpingest.doors.vendor.export.routes import Disclose, routes

__all__ = ["Disclose", "Disclosed", "Kept", "routes"]
