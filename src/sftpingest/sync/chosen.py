"""The format that a district's files are read in: the one it has set, or the one that they look like.

In:  the district's setting, the files.
Out: Chosen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from sftpingest.roster.finding import nothing
from sftpingest.roster.format import Format, read_format, source_of
from sftpingest.roster.recognise import AUTO, Recognised, recognise


@dataclass(frozen=True)
class Chosen:
    """A format for one upload."""

    name: str  #: as `load` takes it
    form: Format
    source: str  #: the text that `form` was read from: a district's own file may be edited at any time
    findings: pd.DataFrame = field(default_factory=nothing)  #: where the files are in two formats


def choose(name: str, files: Mapping[str, bytes]) -> Chosen:
    """Raises WrongFormat where a district has set one that cannot be used."""
    seen = Recognised(name) if name != AUTO else recognise(files)
    source = source_of(seen.format)
    return Chosen(seen.format, read_format(seen.format, source), source, seen.findings)
