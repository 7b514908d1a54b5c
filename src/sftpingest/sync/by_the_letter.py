"""A check by the letter of OneRoster: what it looks at beside the files, and how its findings go before the others.

In:  a path, the names in its zip, findings of both kinds.
Out: whether it can be judged, and one frame of findings.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from sftpingest.roster.conform import Conformed
from sftpingest.roster.conform.package import judge_members
from sftpingest.roster.conform.rules import rules
from sftpingest.roster.expected import expect
from sftpingest.roster.finding import Code, together
from sftpingest.roster.frames import Mask
from sftpingest.sync.chosen import Chosen

#: The format whose specification we know whole.
FORMAT = "oneroster"


def members(path: Path) -> tuple[str, ...]:
    """The names in a zip, folders and all; none where it is a folder, or no zip that can be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(archive.namelist())
    except (OSError, zipfile.BadZipFile, ValueError):
        return ()


def judged(path: Path, names: tuple[str, ...]) -> bool:
    """Whether what no files can be taken from is to be judged all the same: it is empty, or its names say why."""
    return path.is_dir() or (zipfile.is_zipfile(path) and (not names or len(judge_members(names)) > 0))


def nothing_known(files: Mapping[str, bytes], chosen: Chosen) -> bool:
    """Whether no file says of which format it is."""
    return chosen.name != FORMAT and not expect(files, chosen.form).names


def counted_in_order(findings: pd.DataFrame) -> dict[str, int]:
    """How many findings of each code, in the order in which the codes were found."""
    return {str(code): int(size) for code, size in findings.groupby("code", sort=False).size().items()}


def before(conformed: Conformed, findings: pd.DataFrame) -> pd.DataFrame:
    """What the specification says, then what an upload would get beside it.

    Nothing is said twice of one place, and no column is missed that this version of OneRoster does not have.
    """
    letter = conformed.findings
    said, said_so = _places(letter), _places(letter, "code")
    about_file = (findings["row"].isna() & (findings["column"] == "")).to_numpy(bool)
    again = _places(findings).isin(said) & ~about_file
    beside = findings[~again & ~_places(findings, "code").isin(said_so) & ~_of_other_versions(conformed, findings)]
    return together([letter, beside])


def _places(findings: pd.DataFrame, *more: str) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(findings[["file", "row", "column", *more]].astype(object).fillna(0))


def _of_other_versions(conformed: Conformed, findings: pd.DataFrame) -> Mask:
    """Which findings miss a column that is none of this version."""
    files = rules(conformed.version).files
    other = np.zeros(len(findings), bool)
    for at in np.flatnonzero((findings["code"] == Code.COLUMN_MISSING.value).to_numpy(bool)):
        file = files.get(str(findings["file"].iloc[at]))
        other[at] = file is not None and file.column(str(findings["column"].iloc[at])) is None
    return other
