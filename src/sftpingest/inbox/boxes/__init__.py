"""Uploads that come packed: zips, gzips, workbooks, files encrypted with PGP.

In:  the files of an upload as they lie there, and what may be opened in it.
Out: the files in them, on a file without a name that goes with the process; and what is to be said about each box.

    unpack    opens box after box, until only files are left
    zips      which members of a zip count, by which names
    workbook  the sheets of a workbook as CSV, read by a process of its own (sheets)
    pgp       what is encrypted for a district
    keys      the keys of a district
    gpg       GnuPG, and the end of it
    bounds    how far all of it may grow
    spool     where it lies meanwhile
"""

from sftpingest.inbox.boxes.bounds import USUAL, Bounds, Unpackable
from sftpingest.inbox.boxes.spool import Lying, Place, Spool
from sftpingest.inbox.boxes.unpack import Opening, Said, Told, Unpacked, is_box, unpack

__all__ = [
    "USUAL",
    "Bounds",
    "Lying",
    "Opening",
    "Place",
    "Said",
    "Spool",
    "Told",
    "Unpackable",
    "Unpacked",
    "is_box",
    "unpack",
]
