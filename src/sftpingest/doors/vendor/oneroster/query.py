"""What a request asks for beside its path: page, order, filter, fields.

In:  the parameters as they came; what there is to ask for.
Out: Query; Refused with 400 where it cannot be answered.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sftpingest.doors.vendor.oneroster.words import Release
from sftpingest.doors.vendor.refused import Refused
from sftpingest.store import asking
from sftpingest.store.asked import Condition, Sign

#: Records in a page, and the most of them.
USUAL, MOST = 100, 10_000
#: The largest offset; letters of a filter, and of a value in it.
_LARGEST, _LONGEST, _LONGEST_VALUE = 2**31 - 1, 2_000, 250
CHANGED = "dateLastModified"
#: Codes of a refusal.
INVALID, FILTER, SELECTION, BLANK, SORT = (
    "invaliddata",
    "invalid_filter_field",
    "invalid_selection_field",
    "invalid_blank_selection_field",
    "invalid_sort_field",
)
_CLAUSE = r"\s*([A-Za-z][A-Za-z0-9_.]*)\s*(!=|>=|<=|=|>|<|~)\s*'((?:[^']|'')*)'\s*"
_FILTER = re.compile(rf"{_CLAUSE}(?:(AND|OR)\s{_CLAUSE})?")
_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}.*)?", re.ASCII)
#: What no store takes: NUL, and halves of letters.
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Query:
    """What is asked for."""

    limit: int = USUAL
    offset: int = 0
    sort: str = ""
    descending: bool = False
    where: tuple[Condition, ...] = ()
    any_of: bool = False
    fields: tuple[str, ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()  #: of 1.1: a code and what it means
    asked: str = field(default="", compare=False)  #: filter and order as they came


@dataclass(frozen=True)
class Names:
    """What there is to ask for: names of properties, and of values to filter and sort by."""

    properties: frozenset[str]
    values: frozenset[str]


def query_of(given: Iterable[tuple[str, str]], names: Names, release: Release, *, single: bool = False) -> Query:
    """What is asked for. Raises Refused."""
    said = _once(given)
    warnings: list[tuple[str, str]] = []
    fields = _fields(said.get("fields"), names, release, warnings)
    if single:
        return Query(fields=fields, warnings=tuple(warnings))
    where, any_of = _where(said["filter"], names) if "filter" in said else ((), False)
    sort, descending = _order(said, names, release, warnings)
    return Query(
        limit=min(_number(said, "limit", USUAL, 1), MOST),
        offset=_number(said, "offset", 0, 0),
        sort=sort,
        descending=descending,
        where=where,
        any_of=any_of,
        fields=fields,
        warnings=tuple(warnings),
        asked="\n".join((said.get("filter", ""), sort, str(descending))),
    )


def _once(given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Each parameter once; `fields` may come several times, as the OpenAPI file of OneRoster has it."""
    said: dict[str, str] = {}
    for name, text in given:
        if name in said and name != "fields":
            raise Refused(400, f"Say {name[:40]} once.", INVALID)
        said[name] = f"{said[name]},{text}" if name in said else text
    return said


def _number(said: dict[str, str], name: str, usual: int, least: int) -> int:
    if name not in said:
        return usual
    number = int(said[name]) if _NUMBER.fullmatch(said[name]) else -1
    if not least <= number <= _LARGEST:
        raise Refused(400, f"{name} is a whole number from {least} on.", INVALID)
    return number


def _fields(text: str | None, names: Names, release: Release, warnings: list[tuple[str, str]]) -> tuple[str, ...]:
    if text is None:
        return ()
    asked = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if not any(asked):
        raise Refused(400, "fields names no property.", BLANK if release is Release.V1_1 else SELECTION)
    unknown = [name for name in asked if name not in names.properties]
    if not unknown:
        return asked
    why = f"There is no property {_shown(unknown[0])} here. There are: {', '.join(sorted(names.properties))}."
    if release is Release.V1_2:
        raise Refused(400, why, SELECTION)
    warnings.append((SELECTION, why))
    return ()  # all of them, as if none were named


def _order(said: dict[str, str], names: Names, release: Release, warnings: list[tuple[str, str]]) -> tuple[str, bool]:
    way = said.get("orderBy", "asc")
    if way not in {"asc", "desc"}:
        raise Refused(400, "orderBy is asc or desc.", INVALID)
    sort = said.get("sort", "sourcedId")
    if sort == "sourcedId":
        return "", way == "desc"
    if sort in names.values or sort == CHANGED:
        return asking.CHANGED if sort == CHANGED else sort, way == "desc"
    why = f"There is nothing to sort by {_shown(sort)} here. There is: {_listed(names)}."
    if release is Release.V1_2:
        raise Refused(400, why, SELECTION)
    warnings.append((SORT, why))
    return "", False


def _where(text: str, names: Names) -> tuple[tuple[Condition, ...], bool]:
    found = _FILTER.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None or _NO_TEXT.search(text):
        why = "A filter is one condition such as familyName='Jones', or two of them with AND or OR between."
        raise Refused(400, why, FILTER)
    parts = found.groups()
    clauses = [parts[:3], *([parts[4:]] if parts[3] else [])]
    return tuple(_condition(*clause, names=names) for clause in clauses), parts[3] == "OR"


def _condition(name: str, sign: str, quoted: str, *, names: Names) -> Condition:
    value = quoted.replace("''", "'")
    if len(value) > _LONGEST_VALUE:
        raise Refused(400, f"A value in a filter has at most {_LONGEST_VALUE} letters.", FILTER)
    if name == CHANGED:
        return Condition(asking.CHANGED, Sign(sign), _time(sign, value))
    if name not in names.values:
        raise Refused(400, f"There is no filter by {_shown(name)} here. There is: {_listed(names)}.", FILTER)
    return Condition(name, Sign(sign), value)


def _time(sign: str, value: str) -> datetime:
    """A day, which is its first moment, or a time; UTC where it says no zone."""
    why = "dateLastModified is compared with a day or a time, such as '2026-11-28' or '2026-11-28T03:15:02.511Z'."
    try:
        # a plus that was not written as %2B has become a space
        at = datetime.fromisoformat(value.replace(" ", "+")) if _TIME.fullmatch(value) else None
        at = at and (at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        at = None
    if at is None or sign == Sign.CONTAINS or not 1 < at.year < 9999:  # noqa: PLR2004  (the last of datetime's)
        raise Refused(400, why, FILTER)
    return at


def _shown(name: str) -> str:
    return repr(name[:40])


def _listed(names: Names) -> str:
    return ", ".join(sorted({*names.values, CHANGED}))
