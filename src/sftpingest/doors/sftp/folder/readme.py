"""The text at /README.txt.

In: the quiet time. Out: a few lines for the person who uploads.
"""

_TEXT = """\
How to send your roster
=======================

1. Upload your files into this folder, the top folder /: schools.csv,
   teachers.csv, students.csv, sections.csv and enrollments.csv; staff.csv if
   you like. Put them straight here: there are no folders to make. Always send
   the whole roster; a new file replaces the old one of the same name. One
   zip with all of them does as well, or each packed by gzip (.csv.gz).

2. Wait. We start {quiet} after your last file has arrived. While a file is
   still on its way we wait for it, so take your time. If your connection
   breaks, upload the file again, or let your program resume it: half a file
   is never used.

3. Read the report in /reports/latest/ (until the new one is there, that is
   still the last one).

   summary.txt       what happened, in words. Start here.
   rejections.csv    every row we could not take, where it is and how to mend
                     it. It opens in any spreadsheet.
   report.html       the same for a web browser.
   result.json       the same for programs.

   Mend mistakes in the system that the files come from, and upload the whole
   roster again. Earlier reports lie beside it in /reports/.

Files whose names begin with a dot are kept, but not read.

If a program does this for you: it must not upload the reports that it has
fetched. Let it keep them in another folder than the one it uploads.

This file and the reports can only be read.
"""


def readme(quiet_seconds: float) -> bytes:
    """Fill in the text. `quiet_seconds`: how long nothing may change before an upload counts as whole."""
    minutes, seconds = divmod(round(quiet_seconds), 60)
    words = [f"{n} {word}{'s' if n != 1 else ''}" for n, word in ((minutes, "minute"), (seconds, "second")) if n]
    return _TEXT.format(quiet=" ".join(words) or "at once").encode()
