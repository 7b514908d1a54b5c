"""The format that a district's files are read in: the one it has set, or the one that they look like.

In:  the district's setting, the files.
Out: Chosen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from sftpingest.roster.finding import nothing
from sftpingest.roster.format import Format, load
from sftpingest.roster.recognise import AUTO, recognise


@dataclass(frozen=True)
class Chosen:
    """A format for one upload."""

    name: str  #: as `load` takes it
    form: Format
    findings: pd.DataFrame = field(default_factory=nothing)  #: where the files are in two formats


def choose(name: str, files: Mapping[str, bytes]) -> Chosen:
    """Raises WrongFormat where a district has set one that cannot be used."""
    if name != AUTO:
        return Chosen(name, load(name))
    seen = recognise(files)
    return Chosen(seen.format, load(seen.format), seen.findings)
