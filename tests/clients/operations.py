"""What every client is tried at.

In: nothing. Out: `Operation`, by the heading of its column in docs/clients.md.
"""

from enum import StrEnum

MEGABYTE = 1024 * 1024


class Operation(StrEnum):
    """The columns of the table, in their order."""

    #: log in by password
    PASSWORD = "password"
    #: log in by key
    KEY = "key"
    #: upload a file without a byte
    EMPTY = "0 bytes"
    #: upload a small file
    SMALL = "1 MB"
    #: upload a large file
    LARGE = "256 MB"
    #: overwrite by a longer file
    LONGER = "longer"
    #: overwrite by a shorter file
    SHORTER = "shorter"
    #: go on after the connection was cut
    RESUME = "resume"
    #: list the top folder
    LIST = "list"
    #: fetch the report from /reports/latest
    REPORT = "report"
    #: rename a file
    RENAME = "rename"
    #: delete a file
    DELETE = "delete"
    #: a name with an umlaut and a space
    NAME = "ü and space"
