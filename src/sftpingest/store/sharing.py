"""Changes of what a vendor sees of a district: proposed, set, held, released, ended; each a version.

In:  a Connection in the caller's transaction, a vendor, a district, who says it.
Out: Versions. A change that takes away more than the district's thresholds is held until a person releases it.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from sftpingest.roster.judge import Policy
from sftpingest.roster.kinds import Kind
from sftpingest.roster.sharing import Mode, Sharing
from sftpingest.store import StoreError
from sftpingest.store.preview import Preview, preview, too_much
from sftpingest.store.tables import District
from sftpingest.store.vendors import (
    NothingHeld,
    NothingProposed,
    Said,
    SharingMoved,
    Vendor,
    Version,
    decided,
    say,
    waiting,
)
from sftpingest.store.versions import VERSIONS, then


class NotInRoster(StoreError):
    """There is no {kind} "{id}" in the roster of {slug}. `sftpingest roster {slug} --kind {kind}` lists those there."""


@dataclass(frozen=True)
class Between:
    """A vendor and a district, and who speaks."""

    vendor: Vendor
    district: District
    by: str

    def names(self) -> dict[str, object]:
        """For messages."""
        return {"vendor": self.vendor.name, "district": self.district.slug}


def looked_at(c: Connection, two: Between, sharing: Sharing | None) -> dict[Kind, Preview]:
    """What a sharing would change of what is seen now. Raises NotInRoster."""
    if sharing:
        _must_be_there(c, two.district, sharing)
    now = decided(c, two.vendor.id, two.district.id)
    return preview(c, two.district.id, now.sharing if now else None, sharing)


def propose(c: Connection, two: Between, sharing: Sharing) -> Version:
    """What a vendor asks for. Nothing is seen by it. Raises NotInRoster."""
    _must_be_there(c, two.district, sharing)
    return _say(c, two, Said.PROPOSED, sharing)


def change(c: Connection, two: Between, sharing: Sharing, policy: Policy) -> Version:
    """Set, or held where it takes too much away. Raises NotInRoster."""
    reason = too_much(looked_at(c, two, sharing), policy)
    return _say(c, two, Said.HELD if reason else Said.SET, sharing, reason)


def accept(c: Connection, two: Between, policy: Policy) -> Version:
    """Set what the vendor proposed, or hold it. Raises NothingProposed, NotInRoster."""
    proposed = waiting(c, two.vendor.id, two.district.id, Said.PROPOSED)
    if proposed is None or proposed.sharing is None:
        raise NothingProposed(**two.names())
    return change(c, two, proposed.sharing, policy)


def release(c: Connection, two: Between) -> Version:
    """Set what is held, exactly as it was shown. Raises NothingHeld, SharingMoved."""
    held = _held(c, two)
    if held.head != two.district.head:
        raise SharingMoved(**two.names())
    return _say(c, two, Said.SET, held.sharing)


def discard(c: Connection, two: Between) -> Version:
    """Put aside what is held, else what is proposed. Raises NothingHeld."""
    for said in (Said.HELD, Said.PROPOSED):
        if found := waiting(c, two.vendor.id, two.district.id, said):
            return _say(c, two, Said.DISCARDED, found.sharing)
    raise NothingHeld(**two.names())


def end(c: Connection, two: Between) -> Version:
    """From now on nothing is seen."""
    return _say(c, two, Said.ENDED, None)


def _held(c: Connection, two: Between) -> Version:
    held = waiting(c, two.vendor.id, two.district.id, Said.HELD)
    if held is None:
        raise NothingHeld(**two.names())
    return held


def _say(c: Connection, two: Between, said: Said, sharing: Sharing | None, reason: str = "") -> Version:
    vendor_id, district = two.vendor.id, two.district
    return say(c, vendor_id, district.id, said, sharing, two.by, reason=reason, head=district.head)


def _must_be_there(c: Connection, of: District, sharing: Sharing) -> None:
    """A mistyped id would share less than was meant, and nobody would see it."""
    chosen = {Mode.SCHOOLS: (Kind.SCHOOL, sharing.schools), Mode.SECTIONS: (Kind.SECTION, sharing.sections)}
    kind, ids = chosen.get(sharing.mode, (Kind.SCHOOL, ()))
    its = VERSIONS[kind]
    there = set(c.scalars(select(its.c.id).where(*then(its, of.id, None), its.c.id.in_(ids))))
    if lacking := [one for one in ids if one not in there]:
        raise NotInRoster(kind=kind, id=lacking[0], slug=of.slug)
