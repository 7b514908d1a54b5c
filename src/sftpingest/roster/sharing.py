"""Sharing: what of a district one application may see, as data. store/shared.py makes SQL of it.

In:  words: of a person at the command line, of a TOML file of rules, or as the store keeps them.
Out: Sharing, whose rules name only kinds, fields and signs that there are.

A mode says which records are seen: of sections their teachers and students come along. Groups of fields say what of
those records is seen beyond who they are. A credential is never seen.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from sftpingest.roster.kinds import VALUES, Kind


class Mode(StrEnum):
    """How the records that an application sees are chosen."""

    EVERYTHING = "everything"  #: all of the district; staff only where they are ticked
    SCHOOLS = "schools"  #: chosen schools, with their sections and people; follows each sync
    SECTIONS = "sections"  #: chosen sections; new ones do not come by themselves
    RULES = "rules"  #: what rules choose; follows each sync


class Group(StrEnum):
    """Fields that are seen only where the district grants them."""

    CONTACT_DETAILS = "contact-details"  #: telephone numbers of students, teachers and staff
    DEMOGRAPHICS = "demographics"  #: gender, date of birth, race, ethnicity, home language
    PROGRAMS = "programs"  #: IEP, FRL, ELL, Section 504, gifted, disability
    ACADEMICS = "academics"  #: graduation year, grade point averages
    ADDRESSES = "addresses"  #: where students live
    CONTACTS = "contacts"  #: the people to call about a student
    OTHER = "other"  #: the district's own columns


class Sign(StrEnum):
    """What a field is compared by. Capital and small letters differ, as in Clever's own rules."""

    IS = "is"
    IS_NOT = "is_not"
    IS_ANY_OF = "is_any_of"
    IS_NONE_OF = "is_none_of"
    CONTAINS = "contains"


#: Signs that take a list.
LISTS = (Sign.IS_ANY_OF, Sign.IS_NONE_OF)

#: What is never seen: by it a person logs in somewhere.
CREDENTIALS = frozenset({"username"})

#: The columns that are seen only by grant; all others of a record that is seen are seen too.
GRANTED: dict[Group, dict[Kind, frozenset[str]]] = {
    Group.DEMOGRAPHICS: {Kind.STUDENT: frozenset({"gender", "birth_date", "race", "hispanic", "home_language"})},
    Group.PROGRAMS: {
        Kind.STUDENT: frozenset(
            {"ell", "frl", "iep", "section_504", "gifted", "disability", "disability_type", "disability_code"}
        )
    },
    Group.ACADEMICS: {Kind.STUDENT: frozenset({"graduation_year", "unweighted_gpa", "weighted_gpa"})},
    Group.ADDRESSES: {Kind.STUDENT: frozenset({"street", "city", "state", "zip"})},
    Group.OTHER: {kind: frozenset({"ext"}) for kind, columns in VALUES.items() if "ext" in columns},
}
#: Names in `ext` that are telephone numbers: those of OneRoster's users.csv.
TELEPHONES = frozenset({"sms", "phone"})

#: What a rule may choose, and the fields of another record that it may look at.
BESIDE: dict[Kind, tuple[str, ...]] = {
    Kind.SECTION: ("teacher_id", "course.number", "course.name", "term.name"),
    Kind.STUDENT: (),
    Kind.TEACHER: (),
    Kind.STAFF: (),
}
_EXT = "ext."


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


@dataclass(frozen=True)
class Sharing:
    """What one application may see of one district."""

    mode: Mode
    schools: tuple[str, ...] = ()  #: ids, in mode SCHOOLS
    sections: tuple[str, ...] = ()  #: ids, in mode SECTIONS
    rules: tuple[Rule, ...] = ()  #: in mode RULES: a record is seen where any of them chooses it
    staff: bool = False  #: staff too: of the schools that are seen, or all of them in mode EVERYTHING
    groups: frozenset[Group] = field(default_factory=frozenset)
    purpose: str = ""  #: what the application is for, in the district's words
    agreement: str = ""  #: where the contract is found
    starts: date | None = None  #: the first day on which anything is seen
    ends: date | None = None  #: the last one

    def __post_init__(self) -> None:
        """Refuse what belongs to another mode, or is lacking. Raises WrongSharing."""
        chosen = {Mode.SCHOOLS: self.schools, Mode.SECTIONS: self.sections, Mode.RULES: self.rules}
        for mode, given in chosen.items():
            if mode is self.mode and not given:
                raise WrongSharing(f"The mode {mode} needs {_NEEDS[mode]}.")
            if mode is not self.mode and given:
                raise WrongSharing(f"{_NEEDS[mode].capitalize()} can only be given with the mode {mode}.")
        if self.starts and self.ends and self.ends < self.starts:
            raise WrongSharing(f"It would end on {self.ends}, before it starts on {self.starts}.")

    def open_on(self, day: date) -> bool:
        """Whether anything is seen on a day."""
        return (self.starts is None or self.starts <= day) and (self.ends is None or day <= self.ends)


_NEEDS = {
    Mode.SCHOOLS: "at least one school: --school ID",
    Mode.SECTIONS: "at least one section: --section ID",
    Mode.RULES: "a file of rules: --rules FILE.toml",
}


# ------------------------------------------------------------------------------------------------------ what is seen


def columns(kind: Kind, groups: Iterable[Group]) -> tuple[str, ...]:
    """The columns of a kind that are seen, beside `id`, in their usual order. Of `ext` see `part_of_ext`."""
    granted = set(groups)
    if kind is Kind.CONTACT and Group.CONTACTS not in granted:
        return ()
    hidden = CREDENTIALS.union(*(by_kind.get(kind, ()) for group, by_kind in GRANTED.items() if group not in granted))
    if Group.CONTACT_DETAILS in granted and "ext" in VALUES[kind]:
        hidden -= {"ext"}
    return tuple(name for name in VALUES[kind] if name not in hidden)


def seen_in_ext(name: str, groups: Iterable[Group]) -> bool:
    """Whether the value of that name in `ext` is seen."""
    return (Group.CONTACT_DETAILS if name in TELEPHONES else Group.OTHER) in set(groups)


# -------------------------------------------------------------------------------------------------------------- rules


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
    return tuple(_rule(one, f"Rule {number}") for number, one in enumerate(given, start=1))


def _rule(given: object, place: str) -> Rule:
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
    if not isinstance(name, str) or not (name in fields(kind) or (name.startswith(_EXT) and name != _EXT)):
        allowed = ", ".join(fields(kind))
        raise WrongSharing(f'{place}: a {kind} has no field "{name}". It has: {allowed}, and ext.NAME for own columns.')
    return Condition(name, signs[said[0]], _values(given[said[0]], signs[said[0]], place))


def _values(given: object, sign: Sign, place: str) -> tuple[str, ...]:
    values = given if sign in LISTS and isinstance(given, list) else [given]
    if not values or not all(isinstance(value, str) for value in values) or (sign not in LISTS and len(values) != 1):
        shape = '["3", "4"]' if sign in LISTS else '"3"'
        raise WrongSharing(f"{place}: {sign} takes text in quotation marks, such as {shape}.")
    if sign is Sign.CONTAINS and not values[0]:
        raise WrongSharing(f"{place}: every text contains nothing at all. Say what it must contain.")
    return tuple(values)


# ------------------------------------------------------------------------------------------------ as the store keeps it


def plain(sharing: Sharing) -> dict[str, Any]:
    """As plain values for JSON; what says nothing is left out."""
    rules = [
        {"share": rule.kind.value, "where": [_plain_condition(one) for one in rule.where]} for rule in sharing.rules
    ]
    said = {
        "mode": sharing.mode.value,
        "schools": list(sharing.schools),
        "sections": list(sharing.sections),
        "rules": rules,
        "staff": sharing.staff,
        "fields": sorted(group.value for group in sharing.groups),
        "purpose": sharing.purpose,
        "agreement": sharing.agreement,
        "starts": sharing.starts and sharing.starts.isoformat(),
        "ends": sharing.ends and sharing.ends.isoformat(),
    }
    return {name: value for name, value in said.items() if value not in (None, "", [], False)}


def _plain_condition(one: Condition) -> dict[str, Any]:
    return {"field": one.field, one.sign.value: list(one.values) if one.sign in LISTS else one.values[0]}


def sharing_of(kept: Mapping[str, Any]) -> Sharing:
    """What `plain` gave, as a Sharing again. Raises WrongSharing."""
    day = {name: date.fromisoformat(kept[name]) for name in ("starts", "ends") if name in kept}
    return Sharing(
        mode=Mode(kept["mode"]),
        schools=tuple(kept.get("schools", ())),
        sections=tuple(kept.get("sections", ())),
        rules=tuple(_rule(one, f"Rule {number}") for number, one in enumerate(kept.get("rules", ()), start=1)),
        staff=kept.get("staff", False),
        groups=frozenset(map(Group, kept.get("fields", ()))),
        purpose=kept.get("purpose", ""),
        agreement=kept.get("agreement", ""),
        **day,
    )
