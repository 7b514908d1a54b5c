"""What a client is told when something goes wrong.

In: whatever was raised. Out: an SFTP refusal in our words, without any path of ours.
"""

import errno

import structlog
from asyncssh import (
    SFTPError,
    SFTPFailure,
    SFTPNoSpaceOnFilesystem,
    SFTPNoSuchFile,
    SFTPPermissionDenied,
    SFTPQuotaExceeded,
)

NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
FULL = {errno.ENOSPC, errno.EDQUOT}

log = structlog.get_logger()


class Interrupted(SFTPFailure):
    """The upload was broken off and is not used. Please send the file again, or go on with it by reput."""

    def __init__(self) -> None:
        super().__init__(str(self.__doc__))


def told(fault: Exception, operation: str) -> SFTPError:
    """Turn whatever went wrong into an answer: asyncssh would send the text of our exceptions to the client."""
    if isinstance(fault, SFTPError):
        return fault
    if isinstance(fault, OSError):
        if fault.errno not in NOT_THERE:
            log.error("door.failed", operation=operation, fault=errno.errorcode.get(fault.errno or 0))
        return in_our_words(fault)
    log.error("door.failed", operation=operation, fault=type(fault).__name__, exc_info=fault)
    return SFTPFailure("Something went wrong on the server. Please tell whoever runs it.")


def in_our_words(fault: OSError) -> SFTPError:
    """Say what the disk answered in a sentence for the client."""
    if fault.errno in NOT_THERE:
        return SFTPNoSuchFile("No such file.")
    if fault.errno in FULL:
        return disk_full()
    if fault.errno in {errno.EACCES, errno.EPERM}:
        return SFTPPermissionDenied("The server may not do that. Please tell whoever runs it.")
    return SFTPFailure("The server could not do that. Please try again, and tell whoever runs it if it stays so.")


def reason(refusal: SFTPError) -> str:
    """Name a refusal for the log and the audit trail."""
    if isinstance(refusal, SFTPQuotaExceeded):
        return "quota"
    return "disk_full" if isinstance(refusal, SFTPNoSpaceOnFilesystem) else "disk"


def disk_full() -> SFTPError:
    """What a client is told when the disk is full, or nearly."""
    return SFTPNoSpaceOnFilesystem("The disk of the server is full. Please try again later.")
