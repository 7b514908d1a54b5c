"""Of each district the last edition that a vendor has of it, with the sharing that it shows.

In:  a Connection, a vendor.
Out: districts, editions and terms of the sharing, in one statement: every request of a vendor begins with it.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, select

from sftpingest.store.accounts import DISTRICT
from sftpingest.store.editions import EDITION, Edition
from sftpingest.store.tables import District
from sftpingest.store.vendors import DECIDES, VERSION


def latest(
    c: Connection, vendor_id: int, only: int | None = None
) -> Iterator[tuple[District, Edition, dict[str, Any]]]:
    """Those whose last edition is of the sharing that decides, by number of the district; `only` of that one.

    Of the sharing its terms, {} where it is ended.
    """
    given = {"vendor": vendor_id} | ({} if only is None else {"district": only})
    for row in c.execute(_statement(one=only is not None), given).all():
        facts = iter(row)
        district, edition = ({column.name: next(facts) for column in its.columns} for its in (DISTRICT, EDITION))
        yield District(**district), Edition(**edition), next(facts)


@lru_cache  # a statement that is there already is quicker to run: SQLAlchemy remembers what it said of it
def _statement(*, one: bool) -> "sa.Select[Any]":
    edition, version = EDITION.alias("later_edition"), VERSION.alias("later_version")
    decides = version.c.state.in_([said.value for said in DECIDES])
    shows = sa.and_(VERSION.c.id == EDITION.c.sharing_id, VERSION.c.id == _newest(version, decides))
    joined = sa.join(DISTRICT, EDITION, EDITION.c.id == _newest(edition)).join(VERSION, shows)
    said = VERSION.alias("said")  # of the others nothing need be looked for
    anything = DISTRICT.c.id.in_(select(said.c.district_id).where(said.c.vendor_id == sa.bindparam("vendor")))
    chosen = select(DISTRICT, EDITION, VERSION.c.terms).select_from(joined).where(anything).order_by(DISTRICT.c.id)
    return chosen.where(DISTRICT.c.id == sa.bindparam("district")) if one else chosen


def _newest(its: sa.FromClause, *where: "sa.ColumnElement[bool]") -> "sa.ScalarSelect[int]":
    """The last number that the vendor has there of a district: found in the index, however many there are."""
    of = (its.c.vendor_id == sa.bindparam("vendor"), its.c.district_id == DISTRICT.c.id)
    return select(sa.func.max(its.c.id)).where(*of, *where).correlate(DISTRICT).scalar_subquery()
