"""How OneRoster spells our words, from the same file by which its CSV is read and written.

In:  formats/oneroster.toml.
Out: our word -> OneRoster's.
"""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from importlib import resources


class Release(StrEnum):
    """The releases of OneRoster that this door speaks."""

    V1_1 = "1.1"
    V1_2 = "1.2"


# not by roster.format, which reads with pandas: this process is small, and starts at once
_SOURCE = tomllib.loads((resources.files("sftpingest") / "formats" / "oneroster.toml").read_text(encoding="utf-8"))


def _spelt(name: str) -> dict[str, str]:
    return {ours: theirs[0] for ours, theirs in _SOURCE["words"][name].items() if theirs}


GRADES, YES_NO, AGENTS = _spelt("grade"), _spelt("yes_no"), _spelt("agent")
_SEXES = _spelt("sex")
#: 1.1 has no word for anything but these two.
SEXES = {Release.V1_1: _SEXES | {"X": ""}, Release.V1_2: _SEXES}
#: Property -> our word for that race.
RACES: Mapping[str, str] = {line["from"]: race for race, line in _SOURCE["files"]["demographics.csv"]["flags"].items()}
#: Roles of staff that each release knows.
_STAFF = ("aide", "proctor")
STAFF_ROLES = {
    Release.V1_1: dict.fromkeys(("administrator", *_STAFF)),
    Release.V1_2: dict.fromkeys(
        ("counselor", "districtAdministrator", "principal", "siteAdministrator", "systemAdministrator", *_STAFF)
    ),
}
#: Columns of ours for which OneRoster has no property: in `metadata`, under the names of our CSV.
BEYOND = "clever."


def beyond(file: str, kind: str) -> tuple[str, ...]:
    """Our columns that stand in a file of OneRoster under a name of our own."""
    readings = _SOURCE["files"][file]
    those = [one for one in (readings if isinstance(readings, list) else [readings]) if one["kind"] == kind]
    names = (name for one in those for name in one["columns"] if name.startswith(BEYOND))
    return tuple(name.removeprefix(BEYOND) for name in names if name not in {"clever.id", "clever.really"})
