"""The way back: a roster as the files of a format.

In: a roster, as kinds.Roster has it.
Out: files, piece by piece, that say it, and that read again give the same roster (docs/formats/round-trip.md).
"""

from sftpingest.roster.write.book import About
from sftpingest.roster.write.clever import write_clever
from sftpingest.roster.write.lines import Written
from sftpingest.roster.write.oneroster import write_oneroster
from sftpingest.roster.write.spec import Version
from sftpingest.roster.write.unsaid import unsaid

__all__ = ["About", "Version", "Written", "unsaid", "write_clever", "write_oneroster"]
