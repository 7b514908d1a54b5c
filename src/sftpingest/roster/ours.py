"""Our own words of a column, where it has such: a grade, a gender, a yes or no.

In: the tables of clever.toml, whose words they are.
Out: what the values of a district's own format may say.
"""

from collections.abc import Mapping
from typing import TypeAlias

from sftpingest.roster.kinds import Kind
from sftpingest.roster.layout import FileFormat
from sftpingest.roster.tables import Tables
from sftpingest.roster.usable import PARTS, Unusable

#: Kind and column -> our words.
Ours: TypeAlias = Mapping[tuple[str, str], tuple[str, ...]]
_YES_NO = ("Y", "N")


def our_words(clever: Tables) -> Ours:
    """The words of every column that has some."""
    out = {(Kind.ENROLLMENT.value, "primary"): _YES_NO}
    tables = [table for each in clever["files"].values() for table in (each if isinstance(each, list) else [each])]
    for table in tables:
        for part in ("columns", *PARTS):
            for name, line in table.get(part, {}).items():
                if "words" in line:
                    words = tuple(clever["words"][line["words"]])
                    kind, full = (table["kind"], name) if part == "columns" else (table["kind"], f"{part}.{name}")
                    out[kind, full] = out[Kind.CONTACT.value if part == "contact" else kind, name] = words
    return out


def refuse_foreign_words(file: FileFormat, valued: Mapping[str, str], ours: Ours) -> None:
    """`valued`: columns that have `values`, and their places."""
    for name, place in valued.items():
        column, own = file.columns[name], name.removeprefix("clever.")
        words = _YES_NO if own.startswith("flags.") else ours.get((file.kind.value, own), ())
        strange = [word for word in dict.fromkeys((column.words or {}).values()) if words and word not in words]
        if strange:
            raise Unusable(place, f'values: "{strange[0]}" is none of our words. Use one of: {", ".join(words)}.')
