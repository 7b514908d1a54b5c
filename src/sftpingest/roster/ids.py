"""The ids under which vendors know districts and records: 24 hexadecimal digits, the same in every door.

In:  a district's short name, the kind of a record and its own key.
Out: an id that anybody who knows these three can work out again, so that a record that returns is the same record.

The first six digits are the district's, so that what is in the order of ids lies together by district; Clever's ids
have the same 24 digits (docs/decisions/0013-editions.md).
"""

import hashlib
from collections.abc import Iterable
from functools import lru_cache

from sftpingest.roster.kinds import Kind

_OF_DISTRICT, _LENGTH = 6, 24


@lru_cache(maxsize=1_000)
def prefix(slug: str) -> str:
    """The first six digits of every id of a district."""
    return _digest(f"district\0{slug}", _OF_DISTRICT)


def district_id(slug: str) -> str:
    """The id of the district itself."""
    return prefix(slug).ljust(_LENGTH, "0")


def record_id(slug: str, kind: Kind, key: str) -> str:
    """The id of a record; `key` is its own id in the district, of a contact the student's with it."""
    # the value of the kind: to write an enum into a text takes as long as to hash it, and this is done a million times
    return prefix(slug) + _digest(f"{slug}\0{kind.value}\0{key}", _LENGTH - _OF_DISTRICT)


def record_ids(slug: str, kind: Kind, keys: Iterable[str]) -> list[str]:
    """The ids of many records: the same, in half the time."""
    begin, stem, digits = prefix(slug), f"{slug}\0{kind.value}\0", _LENGTH - _OF_DISTRICT
    return [begin + hashlib.sha256((stem + key).encode()).hexdigest()[:digits] for key in keys]


def _digest(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:digits]
