"""Changes of what a vendor sees of a district: proposed, set, held, released, ended; each a version.

In:  a Connection in the caller's transaction, a vendor, a district, who says it.
Out: Versions. A change that takes away more than the district's thresholds is held until a person releases it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from sftpingest.roster.judge import Policy
from sftpingest.roster.kinds import Kind
from sftpingest.roster.rules import EXT
from sftpingest.roster.sharing import Mode, Sharing, plain
from sftpingest.store import StoreError, accounts
from sftpingest.store.preview import Preview, preview, too_much
from sftpingest.store.publish import publish
from sftpingest.store.tables import District, now
from sftpingest.store.vendors import (
    DECIDES,
    NothingHeld,
    NothingProposed,
    Said,
    SharingMoved,
    Vendor,
    Version,
    say,
    seen_on,
    vendor,
    waiting,
)
from sftpingest.store.versions import VERSIONS, then


class NoSuchColumn(StoreError):
    """No {kind} of {slug} has anything in a column "{name}". Own columns there: {own}."""


class NotInRoster(StoreError):
    """There is no {kind} "{id}" in the roster of {slug}. `sftpingest roster {slug} --kind {kind}` lists those there."""


@dataclass(frozen=True)
class Between:
    """A vendor and a district, and who speaks."""

    vendor: Vendor
    district: District
    by: str
    day: date  #: today

    def names(self) -> dict[str, object]:
        """For messages."""
        return {"vendor": self.vendor.name, "district": self.district.slug}


def between(c: Connection, name: str, slug: str, by: str, *, to_write: bool) -> Between:
    """A vendor and a district, today. Whoever is to write has the district for himself until he commits.

    Raises NoSuchVendor, NoSuchDistrict.
    """
    if to_write:  # else two who judge the same state both write; a sync that is applied waits too
        c.execute(select(accounts.DISTRICT.c.id).where(accounts.DISTRICT.c.slug == slug).with_for_update()).first()
    return Between(vendor(c, name), accounts.district(c, slug), by, now().date())


def looked_at(c: Connection, two: Between, sharing: Sharing | None) -> dict[Kind, Preview]:
    """What a sharing would change of what is seen today. Raises NotInRoster, NoSuchColumn, WrongSharing."""
    if sharing:
        _must_be_there(c, two.district, sharing)
    before = seen_on(c, two.vendor.id, two.district.id, two.day)
    return preview(c, two.district.id, before, sharing if sharing and sharing.open_on(two.day) else None)


def propose(c: Connection, two: Between, sharing: Sharing) -> Version:
    """What a vendor asks for. Nothing is seen by it."""
    return _say(c, two, Said.PROPOSED, sharing)


def change(
    c: Connection,
    two: Between,
    sharing: Sharing,
    seen: Mapping[Kind, Preview],
    policy: Policy,
    answers: int | None = None,
) -> Version:
    """Set, or held where it takes too much away. `seen`: what `looked_at` gave for it."""
    reason = too_much(seen, policy)
    return _say(c, two, Said.HELD if reason else Said.SET, sharing, reason=reason, answers=answers)


def proposed(c: Connection, two: Between, number: int | None = None) -> Version:
    """What the vendor proposed; `number`: the version that was looked at. Raises NothingProposed, SharingMoved."""
    return _waiting(c, two, Said.PROPOSED, number, NothingProposed)


def release(c: Connection, two: Between, number: int | None = None) -> Version:
    """Set what is held, exactly as it was shown. Raises NothingHeld, SharingMoved."""
    held = _waiting(c, two, Said.HELD, number, NothingHeld)
    if held.head != two.district.head:
        raise SharingMoved(**two.names())
    return _say(c, two, Said.SET, held.sharing, answers=held.id)


def discard(c: Connection, two: Between) -> Version:
    """Put aside what is held, else what is proposed. Raises NothingHeld."""
    for said in (Said.HELD, Said.PROPOSED):
        if found := waiting(c, two.vendor.id, two.district.id, said):
            return _say(c, two, Said.DISCARDED, found.sharing, answers=found.id)
    raise NothingHeld(**two.names())


def end(c: Connection, two: Between) -> Version:
    """From now on nothing is seen."""
    return _say(c, two, Said.ENDED, None)


def _waiting(c: Connection, two: Between, said: Said, number: int | None, none: type[StoreError]) -> Version:
    found = waiting(c, two.vendor.id, two.district.id, said)
    if found is None:
        raise none(**two.names())
    if number not in {None, found.id}:
        raise SharingMoved(**two.names())
    return found


def _say(
    c: Connection, two: Between, said: Said, sharing: Sharing | None, *, reason: str = "", answers: int | None = None
) -> Version:
    version = Version(
        vendor_id=two.vendor.id,
        district_id=two.district.id,
        said=said,
        terms=plain(sharing) if sharing else {},
        reason=reason,
        answers=answers,
        head=two.district.head,
        by=two.by,
        at=now(),
    )
    made = say(c, version)
    if said in DECIDES:  # in the same transaction: nobody reads on by what was said before
        publish(c, two.vendor.id, two.district, two.day)
    return made


def _must_be_there(c: Connection, of: District, sharing: Sharing) -> None:
    """A mistyped id would share less than was meant, a mistyped column more, and nobody would see it."""
    chosen = {Mode.SCHOOLS: (Kind.SCHOOL, sharing.schools), Mode.SECTIONS: (Kind.SECTION, sharing.sections)}
    kind, ids = chosen.get(sharing.mode, (Kind.SCHOOL, ()))
    its = VERSIONS[kind]
    there = set(c.scalars(select(its.c.id).where(*then(its, of.id, None)))) if ids else set()
    if lacking := [one for one in ids if one not in there]:
        raise NotInRoster(kind=kind, id=lacking[0], slug=of.slug)
    for kind in {rule.kind for rule in sharing.rules}:
        asked = {
            one.field for rule in sharing.rules if rule.kind is kind for one in rule.where if one.field.startswith(EXT)
        }
        if asked and (odd := sorted(asked - (own := own_columns(c, of.id, kind)))):
            said = ", ".join(sorted(own)) or "none"
            raise NoSuchColumn(kind=kind, name=odd[0], slug=of.slug, own=said)


def own_columns(c: Connection, district_id: int, kind: Kind) -> set[str]:
    """The names of a district's own columns that any record of a kind has, as rules write them."""
    its = VERSIONS[kind]
    cells = c.scalars(select(its.c.ext).distinct().where(*then(its, district_id, None), its.c.ext != ""))
    return {f"{EXT}{name}" for cell in cells for name in json.loads(cell)}
