"""What a client is told when the disk says no.

In: an OSError. Out: an SFTP refusal in our words, without any path of ours.
"""

import errno

from asyncssh import SFTPError, SFTPFailure, SFTPNoSpaceOnFilesystem, SFTPNoSuchFile, SFTPPermissionDenied

NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
FULL = {errno.ENOSPC, errno.EDQUOT}


def in_our_words(fault: OSError) -> SFTPError:
    """Say what the disk answered in a sentence for the client."""
    if fault.errno in NOT_THERE:
        return SFTPNoSuchFile("There is no such file.")
    if fault.errno in FULL:
        return SFTPNoSpaceOnFilesystem("The disk of the server is full. Please try again later.")
    if fault.errno in {errno.EACCES, errno.EPERM}:
        return SFTPPermissionDenied("The server may not do that. Please tell whoever runs it.")
    return SFTPFailure("The server could not do that. Please try again, and tell whoever runs it if it stays so.")
