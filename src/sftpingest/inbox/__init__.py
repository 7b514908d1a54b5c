"""A district's folders: which files lie there, when they are an upload, and the reports that go back.

In:  the data folder; files that doors put into home/, or a folder or zip of the operator's.
Out: snapshots for a sync to read, which say whether they are still what they were; report folders that appear whole.
"""

from sftpingest.inbox import boxes
from sftpingest.inbox.folders import Folders, folders
from sftpingest.inbox.home import Seen, Sight, broken_off, drop_broken_off, look, settled, settles_at, sight, signature
from sftpingest.inbox.reports import latest, newest, prune, publish
from sftpingest.inbox.snapshots import drop_snapshot, intact, snapshot, snapshot_from, snapshots
from sftpingest.inbox.source import WrongSource, bring, laid_out

__all__ = [
    "Folders",
    "Seen",
    "Sight",
    "WrongSource",
    "boxes",
    "bring",
    "broken_off",
    "drop_broken_off",
    "drop_snapshot",
    "folders",
    "intact",
    "laid_out",
    "latest",
    "look",
    "newest",
    "prune",
    "publish",
    "settled",
    "settles_at",
    "sight",
    "signature",
    "snapshot",
    "snapshot_from",
    "snapshots",
]
