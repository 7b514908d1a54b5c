"""Rules of a sharing: which records of a kind an application sees, by what stands in their fields.

In:  a TOML file, or plain values as the store keeps them.
Out: Rules that name only kinds, fields and signs that there are.
"""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sftpingest.roster.kinds import VALUES, Kind


class Sign(StrEnum):
    """What a field is compared by. Capital and small letters differ, as in Clever's own rules."""

    IS = "is"
    IS_NOT = "is_not"
    IS_ANY_OF = "is_any_of"
    IS_NONE_OF = "is_none_of"
    CONTAINS = "contains"


#: Signs that take a list.
LISTS = (Sign.IS_ANY_OF, Sign.IS_NONE_OF)

#: What is never seen, also among a district's own columns: by it a person logs in somewhere.
CREDENTIALS = frozenset({"username", "userids", "activedirectorymatchid"})

#: So many conditions may all rules have together: SQLite takes no longer sentences.
MOST_CONDITIONS = 200

#: What a rule may choose, and the fields of another record that it may look at.
BESIDE: dict[Kind, tuple[str, ...]] = {
    Kind.SECTION: ("teacher_id", "course.number", "course.name", "term.name"),
    Kind.STUDENT: (),
    Kind.TEACHER: (),
    Kind.STAFF: (),
}
#: What stands before the name of a column of the district's own.
EXT = "ext."


class WrongSharing(Exception):
    """What was said of a sharing cannot be used; the text says what is wrong and what is allowed."""


@dataclass(frozen=True)
class Condition:
    """One field of a record, compared."""

    field: str
    sign: Sign
    values: tuple[str, ...]  #: one, but for the signs in LISTS


@dataclass(frozen=True)
class Rule:
    """The records of a kind for which all conditions hold."""

    kind: Kind
    where: tuple[Condition, ...]


def fields(kind: Kind) -> tuple[str, ...]:
    """What a rule may look at, beside `ext.NAME`."""
    return (
        "id",
        *(name for name in VALUES[kind] if name not in CREDENTIALS | {"ext", "more_school_ids"}),
        *BESIDE[kind],
    )


def read_rules(text: str) -> tuple[Rule, ...]:
    """The rules of a TOML file: `[[rule]]` with `share`, a kind, and `where`, its conditions. Raises WrongSharing."""
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongSharing(f"The file of rules is not TOML: {error}.") from None
    if other := sorted(set(read) - {"rule"}):
        raise WrongSharing(f'The file of rules says "{other[0]}", which is not known. Write [[rule]].')
    given = read.get("rule", [])
    if not isinstance(given, list) or not given:
        raise WrongSharing("The file of rules has no rule in it. Write [[rule]], then share and where.")
    rules = tuple(rule_of(one, f"Rule {number}") for number, one in enumerate(given, start=1))
    if sum(len(rule.where) for rule in rules) > MOST_CONDITIONS:
        raise WrongSharing(
            f"All rules together may have {MOST_CONDITIONS} conditions. Use is_any_of for several values."
        )
    return rules


def rule_of(given: object, place: str) -> Rule:
    """A rule from plain values; `place` is what a refusal calls it. Raises WrongSharing."""
    if not isinstance(given, dict) or set(given) - {"share", "where"}:
        raise WrongSharing(f"{place} may only say share and where.")
    kinds = {kind.value: kind for kind in BESIDE}
    kind = kinds.get(str(given.get("share", "")))
    if kind is None:
        raise WrongSharing(f'{place} shares "{given.get("share", "")}". It can share: {", ".join(kinds)}.')
    where = given.get("where", [])
    if not isinstance(where, list) or not where:
        raise WrongSharing(f'{place} has no condition. Write where = [{{ field = "grade", is = "3" }}].')
    return Rule(kind, tuple(_condition(one, kind, place) for one in where))


def _condition(given: object, kind: Kind, place: str) -> Condition:
    signs = {sign.value: sign for sign in Sign}
    said = [name for name in given if name in signs] if isinstance(given, dict) else []
    if not isinstance(given, dict) or len(said) != 1 or set(given) - {"field", *said}:
        raise WrongSharing(f"{place}: a condition has a field and one of {', '.join(signs)}.")
    name = given.get("field")
    own = str(name).removeprefix(EXT) if str(name).startswith(EXT) else ""
    if name not in fields(kind) and (not own or own.casefold() in CREDENTIALS):
        allowed = ", ".join(fields(kind))
        raise WrongSharing(f'{place}: a {kind} has no field "{name}". It has: {allowed}, and ext.NAME for own columns.')
    return Condition(str(name), signs[said[0]], _values(given[said[0]], signs[said[0]], place))


def _values(given: object, sign: Sign, place: str) -> tuple[str, ...]:
    values = given if sign in LISTS and isinstance(given, list) else [given]
    if not values or not all(isinstance(value, str) for value in values) or (sign not in LISTS and len(values) != 1):
        shape = '["3", "4"]' if sign in LISTS else '"3"'
        raise WrongSharing(f"{place}: {sign} takes text in quotation marks, such as {shape}.")
    if sign is Sign.CONTAINS and not values[0]:
        raise WrongSharing(f"{place}: every text contains nothing at all. Say what it must contain.")
    return tuple(values)


def plain_rule(rule: Rule) -> dict[str, Any]:
    """A rule as plain values, which `rule_of` reads."""
    return {"share": rule.kind.value, "where": [_plain_condition(one) for one in rule.where]}


def _plain_condition(one: Condition) -> dict[str, Any]:
    return {"field": one.field, one.sign.value: list(one.values) if one.sign in LISTS else one.values[0]}
