"""How a format spells what we hold, from the same TOML by which it is read.

In: a format, and records.
Out: for each column of a reading, our word -> its spelling; records as columns of text by our names.
"""

import json
import tomllib
from collections.abc import Callable, Mapping

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.format import FileFormat, Format, source_of
from sftpingest.roster.frames import arrow
from sftpingest.roster.kinds import VALUES, Kind

#: Column -> our word -> how it is written.
Spelling = Mapping[str, Mapping[str, str]]

EXT = "ext."


def spelling(form: Format, file: FileFormat) -> Spelling:
    """How the words of that reading of a file are written.

    As the format spells them first, where its words are further spellings of those of another format; else as ours.
    """
    source = tomllib.loads(source_of(form.name))
    if "words_of" not in source:
        return {}
    readings = source["files"][file.name]
    reading = readings[form.readings(file.name).index(file)] if isinstance(readings, list) else readings
    words = {word: _first(spellings) for word, spellings in source["words"].items()}
    return {name: words[line["words"]] for name, line in reading["columns"].items() if line.get("words") in words}


def _first(spellings: Mapping[str, list[str]]) -> dict[str, str]:
    return {word: written[0] for word, written in spellings.items() if written}


def spelt(cells: pa.Array, words: Mapping[str, str]) -> pa.Array:
    """Every cell as the format spells it."""
    return each(cells, {word: written for word, written in words.items() if word}.get)


def each(cells: pa.Array, of: Callable[[str], str | None]) -> pa.Array:
    """Every cell through a function, once for each different cell; None leaves it as it is."""
    encoded = pc.dictionary_encode(cells)
    out = [cell if (said := of(cell)) is None else said for cell in encoded.dictionary.to_pylist()]
    return pc.take(pa.array(out, pa.string()), encoded.indices)


def columns_of(frame: pd.DataFrame, kind: Kind) -> dict[str, pa.Array]:
    """Records by our names of columns; what stands in `ext` as `ext.NAME`, in the order in which it stands there."""
    own = {name: arrow(frame[name]) for name in ("id", *VALUES[kind]) if name != "ext"}
    return own | _apart(arrow(frame["ext"]))


def _apart(ext: pa.Array) -> dict[str, pa.Array]:
    """The objects of a column of JSON, a column for each name."""
    encoded = pc.dictionary_encode(ext)
    said = [json.loads(cell or "{}") for cell in encoded.dictionary.to_pylist()]
    names = dict.fromkeys(name for one in said for name in one)
    return {
        f"{EXT}{name}": pc.take(pa.array([one.get(name, "") for one in said], pa.string()), encoded.indices)
        for name in names
    }
