"""What a change of a sharing would do, before anybody agrees to it.

In:  a Connection, a district, what is seen now and what would be.
Out: for each kind how many appear and how many vanish, and some of them by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import sqlalchemy as sa

from sftpingest.roster.judge import Policy
from sftpingest.roster.kinds import PEOPLE, RECORDS, VALUES, Kind
from sftpingest.roster.sharing import OF_EXT, Sharing, columns, seen_in_ext
from sftpingest.store.shared import Shared
from sftpingest.store.versions import VERSIONS, then

#: So many records are named of those that appear, and of those that vanish.
EXAMPLES = 10
_KEYS = {Kind.ENROLLMENT: ("section_no", "person_no", "role")}


@dataclass(frozen=True)
class Preview:
    """What would become of one kind."""

    before: int  #: how many are seen now
    after: int  #: how many would be
    appear: int = 0
    vanish: int = 0
    appearing: tuple[str, ...] = field(default=())  #: id and name of the first of them, by id
    vanishing: tuple[str, ...] = field(default=())
    fields_appear: tuple[str, ...] = field(default=())  #: columns that would newly be seen of those seen already
    fields_vanish: tuple[str, ...] = field(default=())  #: and those that would be empty


def preview(c: sa.Connection, district_id: int, before: Sharing | None, after: Sharing | None) -> dict[Kind, Preview]:
    """Compare two sharings on the roster as it is held now; None: nothing is seen."""
    return {
        kind: replace(
            _preview(c, district_id, kind, _seen(before, district_id, kind), _seen(after, district_id, kind)),
            fields_appear=_fields(kind, after, before),
            fields_vanish=_fields(kind, before, after),
        )
        for kind in Kind
    }


def too_much(previews: Mapping[Kind, Preview], policy: Policy) -> str:
    """Why a person must agree, in one sentence; '' where no more is taken away than the thresholds allow."""
    said = [
        f"take away {each.vanish:,} of {each.before:,} {kind} records ({100 * each.vanish / each.before:.1f} %)"
        for kind, each in previews.items()
        if each.vanish > policy.most("removed", kind, each.before)
    ]
    said += [
        f"empty {', '.join(each.fields_vanish)} of {each.before - each.vanish:,} {kind} records"
        for kind, each in previews.items()
        if each.fields_vanish and each.before - each.vanish > policy.most("updated", kind, each.before)
    ]
    return f"This change would {'; '.join(said)}." if said else ""


#: A select of keys; None: nothing is seen.
_Keys: TypeAlias = "sa.Select[Any] | None"
#: The same, and a difference of two.
_Some: TypeAlias = "sa.Select[Any] | sa.CompoundSelect[Any] | None"


def _seen(sharing: Sharing | None, district_id: int, kind: Kind) -> _Keys:
    if sharing is None:
        return None
    its = VERSIONS[kind]
    keys = sa.select(*(its.c[name] for name in _KEYS.get(kind, ("no",))))
    return keys.where(Shared(sharing, district_id).seen(kind, its))


def _fields(kind: Kind, of: Sharing | None, but: Sharing | None) -> tuple[str, ...]:
    """What one of two sharings shows of a kind, and the other does not."""
    if of is None or but is None or kind not in RECORDS:
        return ()
    there = set(_shown(kind, but))
    return tuple(name for name in _shown(kind, of) if name not in there)


def _shown(kind: Kind, sharing: Sharing) -> list[str]:
    """The columns that are seen; of `ext` those that have a grant of their own, and `ext` for all others."""
    names = columns(kind, sharing.groups)
    if "ext" not in names or kind not in {*PEOPLE, Kind.CONTACT}:
        return list(names)
    all_but, listed = seen_in_ext(sharing.groups)
    told = [f"ext.{name}" for name in OF_EXT if (name in listed) != all_but]
    return [*(name for name in names if name != "ext" or all_but), *told]


def _preview(c: sa.Connection, district_id: int, kind: Kind, before: _Keys, after: _Keys) -> Preview:
    seen, then_seen = _count(c, before), _count(c, after)
    appear = _count(c, _but(after, before)) if before is not None else then_seen
    vanish = seen - (then_seen - appear)  # what stays is seen then, and did not appear
    appearing = _named(c, district_id, kind, _but(after, before)) if appear else ()
    vanishing = _named(c, district_id, kind, _but(before, after)) if vanish else ()
    return Preview(seen, then_seen, appear, vanish, appearing, vanishing)


def _but(keys: _Keys, others: _Keys) -> _Some:
    return keys if keys is None or others is None else keys.except_(others)


def _count(c: sa.Connection, keys: _Some) -> int:
    if keys is None:
        return 0
    return int(c.execute(sa.select(sa.func.count()).select_from(keys.subquery())).scalar_one())


def _named(c: sa.Connection, district_id: int, kind: Kind, keys: _Some) -> tuple[str, ...]:
    """Id and name of the first records."""
    if kind not in RECORDS or keys is None:
        return ()
    its = VERSIONS[kind]
    names = [its.c[name] for name in ("first_name", "last_name", "name") if name in VALUES[kind]]
    held = sa.select(its.c.id, *names).where(
        its.c.no.in_(sa.select(keys.subquery().c.no)), *then(its, district_id, None)
    )
    return tuple(" ".join(filter(None, row)) for row in c.execute(held.order_by(its.c.id).limit(EXAMPLES)))
