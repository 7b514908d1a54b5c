"""A first mapping for files of any headings: what they may be, column by column, and how sure that is.

In: the files by name.
Out: Guess: the text of a format that loads, and the same for machines. It never shows a cell, only shapes such as Aaaa.
"""

from sftpingest.roster.guess.guessed import Guess, guess

__all__ = ["Guess", "guess"]
