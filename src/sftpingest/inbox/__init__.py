"""A district's folders: which files lie there, when they are an upload, and the reports that go back.

In:  the data folder; files that doors put into home/, or a folder or zip of the operator's.
Out: snapshots that never change, for a sync to read; report folders that appear whole.
"""

from sftpingest.inbox.folders import Folders, folders
from sftpingest.inbox.home import Seen, Sight, broken_off, look, settled, settles_at, sight, signature
from sftpingest.inbox.reports import latest, prune, publish
from sftpingest.inbox.snapshots import drop_snapshot, snapshot, snapshot_from, snapshots
from sftpingest.inbox.source import WrongSource, bring

__all__ = [
    "Folders",
    "Seen",
    "Sight",
    "WrongSource",
    "bring",
    "broken_off",
    "drop_snapshot",
    "folders",
    "latest",
    "look",
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
