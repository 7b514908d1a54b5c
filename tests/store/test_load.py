"""Changes into the store."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import Engine

from sftpingest.roster.kinds import Kind
from sftpingest.roster.reconcile import reconcile
from sftpingest.store import accounts, journal, rosters
from sftpingest.store.load import load
from tests.roster.uploads import STUDENT, judged, lines

PUPILS = 2000


def test_two_districts_may_load_for_the_first_time_at_once(engine: Engine) -> None:
    """On PostgreSQL the first one builds the indexes last, and must not lock itself and the other one up."""
    students = lines(STUDENT, *(f"north,s{n},Ann,Ash" for n in range(PUPILS)), "south,cid,Cid,Cob")
    together = Barrier(2)

    def first_load(slug: str) -> int:
        with engine.begin() as c:
            district = accounts.add_district(c, slug, slug)
            sync_id = journal.queue(c, district.id, slug, "sftp", None)
        with engine.connect() as c:
            changes, _ = reconcile(judged(students=students, enrollments=ENROLLED), rosters.held(c, district.id))
        together.wait(30)
        with engine.begin() as c:
            load(c, district.id, sync_id, changes)
        with engine.connect() as c:
            return rosters.counts(c, district.id)[Kind.STUDENT]

    with ThreadPoolExecutor(2) as both:
        assert list(both.map(first_load, ["one", "two"])) == [PUPILS + 1] * 2


ENROLLED = lines("School_id,Section_id,Student_id", "north,alg,s1", "north,alg,s2", "south,bio,cid")
