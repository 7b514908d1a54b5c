"""The files of an upload of a district, with all that its settings allow.

In:  the mark of a snapshot, the settings of its district.
Out: Files, until the end of a block.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sftpingest.inbox import Folders, intact
from sftpingest.inbox.boxes import USUAL, Bounds, Opening
from sftpingest.store.accounts import DistrictSettings
from sftpingest.sync.files import Files, known


@contextmanager
def files_of(folders: Folders, mark: str, settings: DistrictSettings) -> Iterator[Files]:
    """The files of a snapshot as they were judged; none where they are gone, or were written to since."""
    snapshot = folders.uploads / mark
    there = snapshot if snapshot.is_dir() and intact(snapshot) else None
    with Files(there, opening(settings, folders.pgp), folders.uploads) as files:
        yield files


def opening(settings: DistrictSettings, keys: Path) -> Opening:
    """What may be opened in an upload of a district. Its quotas hold for what is in boxes too."""
    most = USUAL
    bounds = Bounds(
        members=min(most.members, settings.quota_files),
        bytes=min(most.bytes, settings.quota_bytes or most.bytes),
        file_bytes=settings.quota_file_bytes,
    )
    return Opening(bounds, workbooks=settings.xlsx, keys=keys, known=known(settings.format))
