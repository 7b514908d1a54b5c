"""The tables of OneRoster, as rules.toml has them.

In:  a version.
Out: Rules: which files there are, which columns each has in which order, and what may stand in them.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

#: What every record has: its key, and the two columns that only a delta fills.
KEY, STATUS, MODIFIED = "sourcedId", "status", "dateLastModified"
LIFECYCLE = (STATUS, MODIFIED)
BULK, DELTA, ABSENT = "bulk", "delta", "absent"


@dataclass(frozen=True)
class Column:
    """One column of a file."""

    name: str  #: its heading
    type: str = "string"
    required: bool = False
    words: tuple[str, ...] = ()  #: where the type is an enumeration
    open: bool = False  #: words of the district's own may stand there, as `ext:word`
    refers: str = ""  #: the file in which the record named here stands
    of_type: tuple[str, ...] = ()  #: what the type of that record must be
    not_of_type: tuple[str, ...] = ()  #: what it must not be
    may_lack: bool = False  #: whether the heading may be left out


@dataclass(frozen=True)
class File:
    """One file."""

    name: str
    columns: tuple[Column, ...]  #: in their order
    needs: str = ""  #: a file that must come with it in bulk, though no cell names its records

    def column(self, name: str) -> Column | None:
        """The column of that heading."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class Rules:
    """One version of OneRoster."""

    version: str
    files: Mapping[str, File]  #: in an order in which what is referred to comes before what refers
    manifest: str
    manifest_version: str
    versions: tuple[str, ...]
    modes: tuple[str, ...]
    headings: tuple[str, ...]  #: of the manifest
    required: tuple[str, ...]  #: properties that the manifest must have
    optional: tuple[str, ...]  #: and those that it may have
    other_names: Mapping[str, str]  #: a second spelling of a file's name -> its name


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads((resources.files(__package__) / "rules.toml").read_text(encoding="utf-8"))


def versions() -> tuple[str, ...]:
    """The versions that there are tables of."""
    return tuple(_tables()["versions"])


@cache
def rules(version: str) -> Rules:
    """The tables of a version."""
    tables = _tables()
    spelt = tables["both"] | tables[version]
    files = {name: _file(name, spelt[name], version) for name in tables["order"] if name in spelt}
    modes = sorted(f"file.{name.removesuffix('.csv')}" for name in files)
    return Rules(
        version=version,
        files=files,
        manifest=tables["manifest"],
        manifest_version=tables["manifest_version"],
        versions=versions(),
        modes=tuple(tables["modes"]),
        headings=tuple(tables["headings"]),
        required=("manifest.version", "oneroster.version", *modes),
        optional=tuple(tables["optional_properties"]),
        other_names=tables["other_names"],
    )


def _file(name: str, table: dict[str, Any], version: str) -> File:
    key, *rest = (_column(line, version) for line in [*_tables()["common"], *table["columns"]])
    if "key_refers" in table:
        key = Column(key.name, key.type, key.required, refers=table["key_refers"])
    return File(name, (key, *rest), table.get("needs", ""))


def _column(line: dict[str, Any], version: str) -> Column:
    words = str(line.get("words", ""))
    lists = {name: tuple(line.get(name, ())) for name in ("of_type", "not_of_type")}
    return Column(
        name=line["name"],
        type=line.get("type", "string"),
        required=line.get("required", False),
        words=tuple(_tables()["words"][words]) if words else (),
        open=words in _tables()["open"][version],
        refers=line.get("refers", ""),
        may_lack=line.get("may_lack", False),
        **lists,
    )
