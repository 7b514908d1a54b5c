"""The words in which a guess is put down before it is written as a format.

In: nothing.
Out: Line, Key, Reading.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from sftpingest.roster.guess.look import SeenFile
from sftpingest.roster.kinds import Kind

#: How sure a guess is, from which number on.
SURE = ((0.9, "sure"), (0.75, "likely"), (0.0, "perhaps"))


def in_words(sure: float) -> str:
    """How sure, in a word."""
    return next(word for least, word in SURE if sure >= least)


@dataclass(frozen=True)
class Line:
    """One column of ours, and what it is read from."""

    column: str
    headings: tuple[str, ...]  #: several are joined
    sure: float
    settings: Mapping[str, Any] = field(
        default_factory=dict
    )  #: what stands beside the headings, in the words of formats
    why: str = ""  #: what a person should look at


@dataclass(frozen=True)
class Key:
    """What records of a kind are named by."""

    cells: pa.Array
    parts: tuple[frozenset[str], ...]  #: the words of its headings; several are joined


#: What stands between the parts of a joined key.
BETWEEN = "-"


@dataclass(frozen=True)
class Reading:
    """What a file may be."""

    file: SeenFile
    kind: Kind
    sure: float
    who: Kind = Kind.STUDENT  #: of enrollments: whose
    only: tuple[str, tuple[str, ...]] = ("", ())  #: heading and words of the rows that are meant
    passed: tuple[str, ...] = ()  #: words under that heading that are known and not read
    lines: tuple[Line, ...] = ()
    unknown: tuple[str, ...] = ()  #: headings that nothing is read from
    problem: str = ""  #: why the file cannot be read as it is
