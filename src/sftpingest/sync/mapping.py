"""A first mapping for the files of a folder or zip, whatever their headings.

In:  a path.
Out: roster.guess.Guess.
"""

import tempfile
from pathlib import Path

from sftpingest.inbox import laid_out
from sftpingest.roster.format import read_format
from sftpingest.roster.guess import Guess, guess
from sftpingest.sync.files import Files, readable


def mapped(path: Path) -> Guess:
    """Guess what the files are. Raises inbox.WrongSource, whose text says what to do."""
    name = readable(path.resolve().stem)
    with tempfile.TemporaryDirectory() as folder:
        there = laid_out(path, Path(folder))
        with Files(there) as files:
            guessed = guess(files, name)
    if guessed.told:
        read_format(name, guessed.source)  # what is written loads
    return guessed
