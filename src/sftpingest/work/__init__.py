"""What runs when: settled uploads become rows in the queue, and workers take them one at a time a district.

In:  the store, the data folder; what the door knows of open uploads; the function that does one sync.
Out: durable syncs, each done once.
"""

from sftpingest.work.claims import claim, lock
from sftpingest.work.snapshots import tidy
from sftpingest.work.watcher import Uploads, watch
from sftpingest.work.worker import Run, report_unwritten, work_forever, work_once

__all__ = ["Run", "Uploads", "claim", "lock", "report_unwritten", "tidy", "watch", "work_forever", "work_once"]
