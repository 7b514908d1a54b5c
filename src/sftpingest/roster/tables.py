"""What stands in one table of a format's file, asked for by key.

In: a table of TOML, the place where it stands.
Out: the value; or Unusable, which says what it must be.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, TypeVar

from sftpingest.roster.usable import Unusable

Tables: TypeAlias = dict[str, Any]

#: What a setting must be, in words.
_SHAPES = {
    str: 'a text: "..."',
    int: "a whole number",
    bool: "true or false",
    list: 'a list of texts: ["...", "..."]',
    dict: "a table",
}
_Shape = TypeVar("_Shape", str, int, bool, list[str], dict[str, Any])


def get(
    table: Mapping[str, Any], key: str, place: str, default: _Shape | None = None, *, shape: type[_Shape]
) -> _Shape:
    """What stands under a key; a missing one without a default is refused too."""
    value: object = table.get(key, default)
    texts = value if isinstance(value, list) else []
    if type(value) is not shape or not all(isinstance(text, str) for text in texts):
        raise Unusable(place, f"{key} must be {_SHAPES[shape]}.")
    return value


def one_of(table: Mapping[str, Any], key: str, known: Iterable[str], place: str) -> str:
    """One of the words that are known."""
    word = get(table, key, place, shape=str)
    if word not in known:
        raise Unusable(place, f'there is no {key} "{word}". Use one of: {", ".join(known)}.')
    return word


def refuse_unknown(table: Mapping[str, Any], known: Iterable[str], place: str) -> None:
    """Refuse a table with a key that nothing would read."""
    for key in table:
        if key not in known:
            raise Unusable(place, f"{key} is no setting here. Use one of: {', '.join(known)}.")
