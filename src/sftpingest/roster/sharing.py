"""Sharing: what of a district one application may see, as data. store/shared.py makes SQL of it.

In:  words: of a person at the command line, of a TOML file of rules, or as the store keeps them.
Out: Sharing, whose rules name only kinds, fields and signs that there are.

A mode says which records are seen: of sections their teachers and students come along. Groups of fields say what of
those records is seen beyond who they are. A credential is never seen.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from sftpingest.roster.kinds import PEOPLE, VALUES, Kind
from sftpingest.roster.rules import CREDENTIALS, Rule, WrongSharing, plain_rule, rule_of


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
#: Names in `ext` that are no columns of the district's own, and the grant they need: OneRoster's users.csv and
#: demographics.csv have them. In small letters, as all names in `ext` are compared here.
OF_EXT: dict[str, Group] = dict.fromkeys(("sms", "phone"), Group.CONTACT_DETAILS) | dict.fromkeys(
    ("countryofbirthcode", "stateofbirthabbreviation", "cityofbirth", "publicschoolresidencestatus"), Group.DEMOGRAPHICS
)


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
        """Refuse what belongs to another mode, is lacking, or cannot be kept. Raises WrongSharing."""
        chosen = {Mode.SCHOOLS: self.schools, Mode.SECTIONS: self.sections, Mode.RULES: self.rules}
        for mode, given in chosen.items():
            if mode is self.mode and not given:
                raise WrongSharing(f"The mode {mode} needs {_NEEDS[mode]}.")
            if mode is not self.mode and given:
                raise WrongSharing(f"{_NEEDS[mode].rpartition(': ')[2]} goes only with the mode {mode}.")
        if self.starts and self.ends and self.ends < self.starts:
            raise WrongSharing(f"It would end on {self.ends}, before it starts on {self.starts}.")
        for text in (*self.schools, *self.sections, *_texts(self.rules), self.purpose, self.agreement):
            if _UNKEPT.search(text):
                raise WrongSharing(f"{text!r} has letters in it that are none. Write it anew.")

    def open_on(self, day: date) -> bool:
        """Whether anything is seen on a day."""
        return (self.starts is None or self.starts <= day) and (self.ends is None or day <= self.ends)


#: What no database keeps: NUL, and halves of letters, which stand for bytes that are no text.
_UNKEPT = re.compile("[\x00\ud800-\udfff]")
_NEEDS = {
    Mode.SCHOOLS: "at least one school: --school ID",
    Mode.SECTIONS: "at least one section: --section ID",
    Mode.RULES: "a file of rules: --rules FILE.toml",
}


def _texts(rules: Iterable[Rule]) -> Iterator[str]:
    for rule in rules:
        for one in rule.where:
            yield from (one.field, *one.values)


# ------------------------------------------------------------------------------------------------------ what is seen


def columns(kind: Kind, groups: Iterable[Group]) -> tuple[str, ...]:
    """The columns of a kind that are seen, beside `id`, in their usual order. Of `ext` see `seen_in_ext`."""
    granted = set(groups)
    if kind is Kind.CONTACT and Group.CONTACTS not in granted:
        return ()
    hidden = CREDENTIALS.union(*(by_kind.get(kind, ()) for group, by_kind in GRANTED.items() if group not in granted))
    if granted & {*OF_EXT.values()} and kind in {*PEOPLE, Kind.CONTACT}:
        hidden -= {"ext"}
    return tuple(name for name in VALUES[kind] if name not in hidden)


def seen_in_ext(groups: Iterable[Group]) -> tuple[bool, frozenset[str]]:
    """Of the names in `ext`, in small letters: (True, those that are hidden) or (False, the only ones seen)."""
    granted = set(groups)
    seen = frozenset(name for name, group in OF_EXT.items() if group in granted)
    return (True, CREDENTIALS | (OF_EXT.keys() - seen)) if Group.OTHER in granted else (False, seen)


# ------------------------------------------------------------------------------------------------ as the store keeps it


def plain(sharing: Sharing) -> dict[str, Any]:
    """As plain values for JSON; what says nothing is left out."""
    said = {
        "mode": sharing.mode.value,
        "schools": list(sharing.schools),
        "sections": list(sharing.sections),
        "rules": [plain_rule(rule) for rule in sharing.rules],
        "staff": sharing.staff,
        "fields": sorted(group.value for group in sharing.groups),
        "purpose": sharing.purpose,
        "agreement": sharing.agreement,
        "starts": sharing.starts and sharing.starts.isoformat(),
        "ends": sharing.ends and sharing.ends.isoformat(),
    }
    return {name: value for name, value in said.items() if value not in (None, "", [], False)}


def sharing_of(kept: Mapping[str, Any]) -> Sharing:
    """What `plain` gave, as a Sharing again. Raises WrongSharing, also for what a later version of the program says."""
    if unknown := sorted(set(kept) - _PLAIN):
        raise WrongSharing(
            f'A sharing says "{unknown[0]}", which this version of the program does not know. Install a newer one.'
        )
    try:
        return _sharing_of(kept)
    except (KeyError, TypeError, ValueError):
        raise WrongSharing("A sharing in the store cannot be read by this version of the program.") from None


_PLAIN = {"mode", "schools", "sections", "rules", "staff", "fields", "purpose", "agreement", "starts", "ends"}
#: What a sharing may say: of one that says more nothing is seen, for a later version of the program wrote it.
KNOWN = frozenset(_PLAIN)


def _sharing_of(kept: Mapping[str, Any]) -> Sharing:
    day = {name: date.fromisoformat(kept[name]) for name in ("starts", "ends") if name in kept}
    return Sharing(
        mode=Mode(kept["mode"]),
        schools=tuple(kept.get("schools", ())),
        sections=tuple(kept.get("sections", ())),
        rules=tuple(rule_of(one, f"Rule {number}") for number, one in enumerate(kept.get("rules", ()), start=1)),
        staff=kept.get("staff", False),
        groups=frozenset(map(Group, kept.get("fields", ()))),
        purpose=kept.get("purpose", ""),
        agreement=kept.get("agreement", ""),
        **day,
    )
