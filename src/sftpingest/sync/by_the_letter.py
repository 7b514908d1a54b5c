"""A check by the letter of OneRoster: what it looks at beside the files, and how its findings go before the others.

In:  a path, the names in its zip, findings of both kinds.
Out: whether it can be judged, and one frame of findings.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from sftpingest.roster.conform.package import judge_members
from sftpingest.roster.expected import expect
from sftpingest.roster.finding import together
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


def before(letter: pd.DataFrame, findings: pd.DataFrame) -> pd.DataFrame:
    """What the specification says, then what an upload would get beside it: nothing is said twice of one place."""
    place = ["file", "row", "column"]
    about_file = findings["row"].isna() & (findings["column"] == "")
    said = pd.MultiIndex.from_frame(letter[place].astype(object).fillna(0))
    with_code = pd.MultiIndex.from_frame(letter[[*place, "code"]].astype(object).fillna(0))
    again = pd.MultiIndex.from_frame(findings[place].astype(object).fillna(0)).isin(said)
    same = pd.MultiIndex.from_frame(findings[[*place, "code"]].astype(object).fillna(0)).isin(with_code)
    return together([letter, findings[~(again & ~about_file.to_numpy(bool)) & ~same]])
