"""What came, changed and went for a vendor between two editions of a district.

In:  a Connection; what was seen, and what is seen now; the table `seen`, which still has what was.
Out: Difference: numbers and ids of records by kind.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from sftpingest.roster.ids import record_ids
from sftpingest.roster.kinds import RECORDS, Kind
from sftpingest.store.editions import NUMBER, SEEN
from sftpingest.store.related import CHUNK, ROLE, chunks, further_schools
from sftpingest.store.shared import Shared
from sftpingest.store.tables import District
from sftpingest.store.touched import Between
from sftpingest.store.versions import VERSIONS
from sftpingest.store.wording import among

#: Kinds in the order in which a vendor can take them in: people after schools, sections after people.
ORDER = (*(kind for kind in RECORDS if kind is not Kind.SECTION), Kind.SECTION)
#: By number the id of a record.
Records = dict[int, str]


@dataclass
class Difference:
    """By kind what came, changed and went; and what is kept of people beside their numbers."""

    came: dict[Kind, Records] = field(default_factory=dict)
    changed: dict[Kind, Records] = field(default_factory=dict)
    gone: dict[Kind, Records] = field(default_factory=dict)
    renumbered: dict[Kind, dict[int, int]] = field(default_factory=dict)  #: new number: old one, of what returned
    #: as further_schools gives, of those who came, and of those who have others than before ('' for none)
    schools: dict[Kind, dict[int, str]] = field(default_factory=dict)


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
        moved = between.own[kind] if between and between.follows else None
        came, gone = self._came(kind, moved), self._gone(kind, moved)
        there = {id_: no for no, id_ in gone.items()}
        returned = {no: there[id_] for no, id_ in came.items() if id_ in there}  # under a new number
        found.renumbered[kind] = returned
        found.changed[kind] = {no: came.pop(no) for no in returned}
        for no in returned.values():
            del gone[no]
        found.came[kind], found.gone[kind] = came, gone

    def _came(self, kind: Kind, moved: Collection[int] | None) -> Records:
        if self.after is None:
            return {}
        its = VERSIONS[kind]
        known = sa.exists(sa.select(1).where(*self._seen(kind), SEEN.c.no == its.c.no)).correlate(its)
        chosen = sa.select(its.c.no, its.c.id).where(self.after.seen(kind, its), ~known).order_by(its.c.no)
        rows = list(self._of(chosen, its.c.no, moved))
        ids = record_ids(self.district.slug, kind, (key for _, key in rows))
        return {no: id_ for (no, _), id_ in zip(rows, ids, strict=True)}

    def _gone(self, kind: Kind, moved: Collection[int] | None) -> Records:
        chosen = sa.select(SEEN.c.no, SEEN.c.id).where(*self._seen(kind)).order_by(SEEN.c.no)
        if self.after is not None:
            its = VERSIONS[kind]
            still = sa.exists(sa.select(1).select_from(its).where(its.c.no == SEEN.c.no, self.after.seen(kind, its)))
            chosen = chosen.where(~still.correlate(SEEN))
        return dict(map(tuple, self._of(chosen, SEEN.c.no, moved)))

    def _of(
        self, chosen: "sa.Select[Any]", number: "sa.ColumnElement[int]", nos: Collection[int] | None = None
    ) -> Iterator[Any]:
        """The rows of a select, all or those of some numbers."""
        parts = [chosen] if nos is None else (chosen.where(among(number, those)) for those in chunks(nos))
        for part in parts:
            yield from self.c.execute(part).all()  # not row by row, which takes three times as long

    def _seen(self, kind: Kind) -> list[sa.ColumnElement[bool]]:
        of = (SEEN.c.vendor_id == self.vendor_id, SEEN.c.district_id == self.district.id)
        return [*of, SEEN.c.kind == NUMBER[kind]]

    # ------------------------------------------------------------------------------------------------------- changed

    def _changed(self, between: Between, found: Difference) -> None:
        moved = between.of_another_school(Kind.SECTION)
        if not between.follows:  # else who is in a section that came or went came or went with it
            moved |= {*found.came[Kind.SECTION], *found.gone[Kind.SECTION]}
        for kind in ORDER:
            related = between.people_of(kind, moved) if kind in ROLE else set()
            certain = between.sections_with_other_people() if kind is Kind.SECTION else set()
            worth = set(self._all(kind)) if between.fields_differ(kind) else between.own[kind]
            # who came back is told as changed already, under the new number
            told = {*found.came[kind], *found.gone[kind], *found.renumbered[kind].values()}
            known = self._known({*worth, *related, *certain} - told, kind)
            schools = self._schools(kind, between, known, related)
            changed = {no for no, (_, was) in known.items() if no in certain or was != schools.get(no, "")}
            changed |= self._otherwise(kind, between, (worth & known.keys()) - changed)
            found.changed[kind] |= {no: known[no][0] for no in sorted(changed)}
            found.schools[kind] = {
                no: schools.get(no, "") for no in changed & related if schools.get(no, "") != known[no][1]
            }

    def _schools(
        self, kind: Kind, between: Between, known: Mapping[int, tuple[str, str]], related: Collection[int]
    ) -> dict[int, str]:
        """Further schools as they are now: of those who may have others looked up, of all others as they were."""
        out = {no: was for no, (_, was) in known.items() if was and no not in related}
        return out | further_schools(self.c, between.after, kind, known.keys() & related) if kind in ROLE else out

    def _all(self, kind: Kind) -> "sa.ScalarResult[int]":
        return self.c.scalars(sa.select(SEEN.c.no).where(*self._seen(kind)))

    def _known(self, nos: Collection[int], kind: Kind) -> dict[int, tuple[str, str]]:
        """Of those that were seen already: id, and further schools as they were."""
        chosen = sa.select(SEEN.c.no, SEEN.c.id, SEEN.c.schools).where(*self._seen(kind))
        return {no: (id_, schools) for no, id_, schools in self._of(chosen, SEEN.c.no, nos)}

    def _otherwise(self, kind: Kind, between: Between, nos: Collection[int]) -> set[int]:
        """Those of which other values are seen."""
        out: set[int] = set()
        for those in chunks(nos):
            was, is_now = (self._rows(kind, shared, those) for shared in (between.before, between.after))
            out |= {no for no in is_now.keys() & was.keys() if was[no] != is_now[no]}
        return out

    def _rows(self, kind: Kind, shared: Shared, nos: Collection[int]) -> dict[int, dict[str, Any]]:
        """What is seen of records, without what is empty: a column that is not granted is as an empty one."""
        found = self.c.execute(shared.select(kind).where(among(VERSIONS[kind].c.no, nos)))
        names = tuple(found.keys())  # and `no` is the first of them
        return {
            row[0]: {name: value for name, value in zip(names, row, strict=True) if value != ""} for row in found.all()
        }

    def _schools_of_came(self, kind: Kind, found: Difference) -> None:
        came = {*found.came[kind], *found.renumbered[kind]}
        if self.after is None or not came:
            return
        whole = len(came) > CHUNK  # one look at all enrollments is quicker than several at those of many people
        schools = further_schools(self.c, self.after, kind, None if whole else came)
        kept = found.schools.setdefault(kind, {})
        kept |= {no: schools[no] for no in came & schools.keys()}
