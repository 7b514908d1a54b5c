"""What came, changed and went for a vendor between two editions of a district.

In:  a Connection; what was seen, and what is seen now; the table `seen`, which still has what was.
Out: Difference: numbers and ids of records by kind.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from sftpingest.roster.ids import record_id
from sftpingest.roster.kinds import RECORDS, Kind
from sftpingest.store.editions import NUMBER, SEEN
from sftpingest.store.related import ROLE, chunks, further_schools
from sftpingest.store.shared import Shared
from sftpingest.store.tables import District
from sftpingest.store.touched import Between
from sftpingest.store.versions import VERSIONS
from sftpingest.store.wording import among

#: Kinds in the order in which a vendor can take them in: people after schools, sections after people.
ORDER = (*(kind for kind in RECORDS if kind is not Kind.SECTION), Kind.SECTION)
#: So many people are looked up one by one; for more, all enrollments are read.
_WORTH_A_LOOK = 50_000
#: By number the id of a record.
Records = dict[int, str]
#: Conditions on a table of versions: which of them began or ended.
Moved = Callable[[sa.FromClause], list[sa.ColumnElement[bool]]]


@dataclass
class Difference:
    """By kind what came, changed and went; and what is kept of people beside their numbers."""

    came: dict[Kind, Records] = field(default_factory=dict)
    changed: dict[Kind, Records] = field(default_factory=dict)
    gone: dict[Kind, Records] = field(default_factory=dict)
    renumbered: dict[Kind, dict[int, int]] = field(default_factory=dict)  #: new number: old one, of what returned
    schools: dict[Kind, dict[int, str]] = field(default_factory=dict)  #: as further_schools gives, of came and changed


@dataclass(frozen=True)
class Comparing:
    """One vendor and one district, and what is seen before and after; None: nothing."""

    c: sa.Connection
    vendor_id: int
    district: District
    before: Shared | None
    after: Shared | None

    def difference(self) -> Difference:
        """All of it."""
        found = Difference()
        between = Between(self.c, self.before, self.after) if self.before and self.after else None
        for kind in ORDER:
            self._come_and_gone(kind, found, between)
        if between:
            self._changed(between, found)
        for kind in ROLE:
            self._schools_of_came(kind, found)
        return found

    # ------------------------------------------------------------------------------------------------ came and gone

    def _come_and_gone(self, kind: Kind, found: Difference, between: Between | None) -> None:
        # where only versions that moved can come or go, the others are not looked at
        moved = between.moved if between and between.follows else None
        came, gone = self._came(kind, moved), self._gone(kind, moved)
        there = {id_: no for no, id_ in gone.items()}
        returned = {no: there[id_] for no, id_ in came.items() if id_ in there}  # under a new number
        found.renumbered[kind] = returned
        found.changed[kind] = {no: came.pop(no) for no in returned}
        for no in returned.values():
            del gone[no]
        found.came[kind], found.gone[kind] = came, gone

    def _came(self, kind: Kind, moved: Moved | None) -> Records:
        if self.after is None:
            return {}
        its = VERSIONS[kind]
        known = sa.exists(sa.select(1).where(*self._seen(kind), SEEN.c.no == its.c.no)).correlate(its)
        chosen = sa.select(its.c.no, its.c.id).where(self.after.seen(kind, its), ~known).order_by(its.c.no)
        if moved is not None:
            chosen = chosen.where(*moved(its))
        slug = self.district.slug
        return {no: record_id(slug, kind, key) for no, key in self.c.execute(chosen)}

    def _gone(self, kind: Kind, moved: Moved | None) -> Records:
        chosen = sa.select(SEEN.c.no, SEEN.c.id).where(*self._seen(kind)).order_by(SEEN.c.no)
        if moved is not None:
            its = VERSIONS[kind].alias()
            chosen = chosen.where(SEEN.c.no.in_(sa.select(its.c.no).where(*moved(its))))
        if self.after is not None:
            its = VERSIONS[kind]
            still = sa.exists(sa.select(1).select_from(its).where(its.c.no == SEEN.c.no, self.after.seen(kind, its)))
            chosen = chosen.where(~still.correlate(SEEN))
        return {no: id_ for no, id_ in self.c.execute(chosen)}  # noqa: C416  (rows, which dict() does not take)

    def _seen(self, kind: Kind) -> list[sa.ColumnElement[bool]]:
        of = (SEEN.c.vendor_id == self.vendor_id, SEEN.c.district_id == self.district.id)
        return [*of, SEEN.c.kind == NUMBER[kind]]

    # ------------------------------------------------------------------------------------------------------- changed

    def _changed(self, between: Between, found: Difference) -> None:
        moved = {
            *found.came[Kind.SECTION],
            *found.gone[Kind.SECTION],
            *between.sections_of_another_school(),
        }
        for kind in ORDER:
            people = between.people_of(kind, moved) if kind in ROLE else set()
            certain = between.sections_with_other_people() if kind is Kind.SECTION else set()
            worth = set(self._all(kind)) if between.fields_differ(kind) else between.own(kind)
            # who came back is told as changed already, under the new number
            told = {*found.came[kind], *found.gone[kind], *found.renumbered[kind].values()}
            still = {*worth, *people, *certain} - told
            of_them = self._known(still, kind)
            schools = further_schools(self.c, between.after, kind, of_them) if kind in ROLE else {}
            changed = self._otherwise(kind, between, of_them, certain, schools)
            found.changed[kind] |= changed
            found.schools[kind] = {no: schools.get(no, "") for no in changed}

    def _all(self, kind: Kind) -> "sa.ScalarResult[int]":
        return self.c.scalars(sa.select(SEEN.c.no).where(*self._seen(kind)))

    def _known(self, nos: Collection[int], kind: Kind) -> dict[int, tuple[str, str]]:
        """Of those that were seen already: id, and further schools as they were."""
        chosen = sa.select(SEEN.c.no, SEEN.c.id, SEEN.c.schools).where(*self._seen(kind))
        return {
            no: (id_, schools)
            for those in chunks(nos)
            for no, id_, schools in self.c.execute(chosen.where(among(SEEN.c.no, those)))
        }

    def _otherwise(
        self,
        kind: Kind,
        between: Between,
        known: Mapping[int, tuple[str, str]],
        certain: Collection[int],
        schools: Mapping[int, str],
    ) -> Records:
        """Those that do look otherwise."""
        out = {no: id_ for no, (id_, was) in known.items() if no in certain or was != schools.get(no, "")}
        for those in chunks(known.keys() - out.keys()):
            was, is_now = (self._rows(kind, shared, those) for shared in (between.before, between.after))
            out |= {no: known[no][0] for no in is_now.keys() & was.keys() if was[no] != is_now[no]}
        return out

    def _rows(self, kind: Kind, shared: Shared, nos: Collection[int]) -> dict[int, dict[str, Any]]:
        """What is seen of records, without what is empty: a column that is not granted is as an empty one."""
        chosen = shared.select(kind).where(among(VERSIONS[kind].c.no, nos))
        return {
            row["no"]: {name: value for name, value in row.items() if value != ""}
            for row in self.c.execute(chosen).mappings()
        }

    def _schools_of_came(self, kind: Kind, found: Difference) -> None:
        came = {*found.came[kind], *found.renumbered[kind]}
        if self.after is None or not came:
            return
        # nearly all: one look at the whole is quicker than one at each
        whole = len(came) > _WORTH_A_LOOK
        schools = further_schools(self.c, self.after, kind, None if whole else came)
        kept = found.schools.setdefault(kind, {})
        kept |= {no: schools[no] for no in came & schools.keys()}
