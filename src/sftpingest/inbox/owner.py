"""Whom the files belong to that root makes for the service.

In: something just made in a folder of the service. Out: it belongs to whom that folder belongs to.
"""

import os
from pathlib import Path


def give_to_owner_of_folder(path: Path) -> None:
    """Where root runs a command the service, which is somebody else, must be able to use what that has made."""
    if os.geteuid() == 0:
        found = path.parent.stat()
        os.chown(path, found.st_uid, found.st_gid, follow_symlinks=False)
