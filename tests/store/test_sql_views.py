"""SQL for vendors on PostgreSQL: two roles side by side; what each reads, and all that it cannot do."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from psycopg import errors
from psycopg.rows import dict_row
from sqlalchemy import Engine, text

from sftpingest.roster.exported import exported
from sftpingest.roster.ids import district_id
from sftpingest.roster.kinds import Kind
from sftpingest.roster.sharing import Group, Mode, Sharing, plain
from sftpingest.store import accounts, vendors
from sftpingest.store.publish import publish
from sftpingest.store.sql_roles import CONNECTIONS, Access, MayNotMakeRoles, TakenRole, grant, withdraw
from sftpingest.store.tables import now
from sftpingest.store.vendors import Said, Version
from tests.doors.vendor.conftest import Web
from tests.doors.vendor.export.conftest import ALGEBRA, EVERYTHING, House

pytestmark = pytest.mark.parametrize("lasting", ["postgresql"], indirect=True, scope="module")


@pytest.fixture
def house(lasting: Engine, tmp_path: Path) -> Iterator[House]:
    made = House(Web(lasting, tmp_path / "hostkeys"), tmp_path / "exports")
    made.first = made.upload()
    yield made
    with lasting.begin() as c:
        for vendor in vendors.vendors(c):
            withdraw(c, vendor)


def opened(house: House, name: str, *, rotate: bool = False) -> Access:
    with house.web.engine.begin() as c:
        return grant(c, vendors.vendor(c, f"{name}-{house.slug}"), rotate=rotate)


def connected(house: House, access: Access) -> "psycopg.Connection[dict[str, Any]]":
    """As the vendor's program."""
    url = house.web.engine.url
    host = str(url.query["host"])
    return psycopg.connect(host=host, dbname=url.database, user=access.role, row_factory=dict_row, autocommit=True)


def rows(c: "psycopg.Connection[dict[str, Any]]", kind: str) -> list[dict[str, Any]]:
    """As they would stand in a file of lines of JSON, without the district."""
    found = c.execute(f'SELECT * FROM "{kind}" ORDER BY 2, 3, 4'.encode()).fetchall()
    plain_ = [{name: value for name, value in row.items() if name != "district"} for row in found]
    read: list[dict[str, Any]] = orjson.loads(orjson.dumps(plain_, default=float))
    return read


def test_two_vendors_read_by_sql_what_they_read_as_files(house: House) -> None:
    sharings = {"all": EVERYTHING, "some": ALGEBRA}
    for name, sharing in sharings.items():
        head = house.vendor(name, sharing)
        with connected(house, opened(house, name)) as c:
            for kind in Kind:
                seen = {one.name for one in exported(kind, sharing.groups)}
                got = rows(c, kind)
                if seen:
                    filed = sorted(
                        house.lines(head, f"{kind}.ndjson"), key=lambda row: list(map(str, row.values()))[:3]
                    )
                    assert [{one: row[one] for one in filed[0]} for row in got] == filed, (name, kind)
                hidden = [one.name for one in exported(kind, Group) if one.name not in seen]
                assert all(row[one] is None for row in got for one in hidden), (name, kind)
            (there,) = c.execute("SELECT * FROM district").fetchall()
            assert (there["district"], there["id"], there["sync"]) == (house.slug, district_id(house.slug), house.first)


def test_what_is_narrowed_ended_or_not_of_today_is_gone_at_once(house: House) -> None:
    house.vendor("all", EVERYTHING)
    with connected(house, opened(house, "all")) as c:
        assert len(rows(c, "student")) == 3
        house.share("all", ALGEBRA)
        assert len(rows(c, "student")) == 2
        house.share("all", None)
        assert rows(c, "student") == rows(c, "enrollment") == rows(c, "district") == []
        yesterday = now().date() - timedelta(days=1)
        _say(house, Sharing(Mode.EVERYTHING, ends=yesterday), yesterday)
        assert rows(c, "student") == []
        _say(house, Sharing(Mode.EVERYTHING, starts=yesterday, ends=now().date()), now().date())
        assert len(rows(c, "student")) == 3
        _say(house, Sharing(Mode.EVERYTHING), None)  # decided, but no edition of it yet
        assert rows(c, "student") == []
        _say(house, Sharing(Mode.EVERYTHING), now().date())
        assert len(rows(c, "student")) == 3
        with house.web.engine.begin() as ours:
            ours.execute(
                text("""UPDATE sharing SET terms = '{"mode": "everything", "moon": "full"}'
                WHERE id = (SELECT max(id) FROM sharing)""")
            )
        assert rows(c, "student") == []  # what a later program said is never read as more


def _say(house: House, sharing: Sharing, day: date | None) -> None:
    with house.web.engine.begin() as c:
        reads, of = vendors.vendor(c, f"all-{house.slug}").id, accounts.district(c, house.slug)
        vendors.say(c, Version(vendor_id=reads, district_id=of.id, said=Said.SET, terms=plain(sharing), by="a test"))
        if day:
            publish(c, reads, of, day)


def _first(row: dict[str, Any]) -> list[str]:
    return list(map(str, row.values()))[:3]


REFUSED = (errors.InsufficientPrivilege, errors.FeatureNotSupported, errors.ObjectNotInPrerequisiteState)
FORBIDDEN = [
    "SELECT * FROM public.student_version",
    "SELECT * FROM public.seen",
    "SELECT * FROM public.vendor",
    "SELECT * FROM public.student",
    "SELECT * FROM open_now",
    "SELECT * FROM {other}.student",
    "SELECT * FROM pg_catalog.pg_authid",
    "SELECT * FROM pg_catalog.pg_statistic",
    "SELECT pg_read_file('/etc/passwd')",
    "UPDATE student SET first_name = 'x'",
    "DELETE FROM district",
    "INSERT INTO district VALUES ('x')",
    "CREATE TABLE mine (a int)",
    "CREATE TABLE public.mine (a int)",
    "CREATE TEMP TABLE mine (a int)",
    "CREATE VIEW mine AS SELECT 1",
    "CREATE FUNCTION pg_temp.told(text) RETURNS bool LANGUAGE sql COST 0.0001 AS 'SELECT true'",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "SET ROLE postgres",
    "ALTER ROLE CURRENT_USER CONNECTION LIMIT 100",
    "COPY student TO PROGRAM 'cat'",
    "COPY student TO '/tmp/out'",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_logical_emit_message(false, 'a', 'b')",
    "TRUNCATE public.seen",
    "DROP VIEW student",
]


def test_a_role_can_do_nothing_but_read_its_own_views(house: House) -> None:
    house.vendor("some", ALGEBRA)
    house.vendor("all", EVERYTHING)
    access, other = opened(house, "some"), opened(house, "all")
    assert access.left == ()
    with connected(house, access) as c:
        with pytest.raises(errors.ReadOnlySqlTransaction):
            c.execute("CREATE TABLE mine (a int)")
        c.execute("SET default_transaction_read_only = off")
        for statement in FORBIDDEN:
            with pytest.raises(
                (errors.InsufficientPrivilege, errors.FeatureNotSupported, errors.ObjectNotInPrerequisiteState)
            ):
                c.execute(statement.format(other=other.schema).encode())


def test_what_the_page_says_to_ask_is_answered(house: House) -> None:
    house.vendor("all", EVERYTHING)
    page = (Path(__file__).parents[2] / "docs" / "vendors" / "sql.md").read_text("utf-8")
    with connected(house, opened(house, "all")) as c:
        asked = [c.execute(one.encode()).fetchall() for one in re.findall(r"(?m)^    (SELECT .+;)$", page)]
    assert [len(rows_) > 0 for rows_ in asked] == [True, True]


def test_a_role_has_so_many_connections(house: House) -> None:
    house.vendor("some", ALGEBRA)
    access = opened(house, "some")
    there = [connected(house, access) for _ in range(CONNECTIONS)]
    with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
        connected(house, access)
    for one in there:
        one.close()


def test_what_is_hidden_cannot_be_asked_for_by_errors(house: House) -> None:
    house.vendor("some", ALGEBRA)
    house.vendor("all", EVERYTHING)
    asked = [
        "SELECT count(*) FROM student WHERE 1 / (CASE WHEN last_name = 'Cob' THEN 0 ELSE 1 END) = 1",
        "SELECT count(*) FROM student WHERE CAST(CASE WHEN sis_id = 'cid' THEN 'x' ELSE '1' END AS integer) = 1",
        "SELECT count(*) FROM student WHERE 1 / (CASE WHEN gender = 'X' THEN 0 ELSE 1 END) = 1",
    ]
    with connected(house, opened(house, "some")) as some, connected(house, opened(house, "all")) as all_:
        for statement in asked:
            assert [row["count"] for row in some.execute(statement.encode())] == [2]
            with pytest.raises(errors.DataError):
                all_.execute(statement.encode())


def test_a_password_is_given_once_and_rotated_and_kept_as_a_hash_alone(house: House) -> None:
    house.vendor("some", ALGEBRA)
    first, again, rotated = (opened(house, "some", rotate=rotate) for rotate in (False, False, True))
    assert first.password
    assert again.password is None
    assert rotated.password not in {None, first.password}
    with house.web.engine.connect() as c:
        kept = c.scalar(text("SELECT rolpassword FROM pg_authid WHERE rolname = :role"), {"role": first.role})
    assert kept.startswith("SCRAM-SHA-256$")
    assert str(first.password) not in repr(first)


def test_what_was_opened_is_closed_and_another_installations_role_is_left_alone(house: House) -> None:
    house.vendor("some", ALGEBRA)
    access = opened(house, "some")
    with house.web.engine.begin() as c:
        vendor = vendors.vendor(c, f"some-{house.slug}")
        assert withdraw(c, vendor)
        assert not withdraw(c, vendor)
        there = "SELECT count(*) FROM pg_roles r FULL JOIN pg_namespace n ON false WHERE rolname = :r OR nspname = :s"
        assert c.scalar(text(there), {"r": access.role, "s": access.schema}) == 0
        c.execute(text(f"CREATE ROLE {access.role}"))
        with pytest.raises(TakenRole):
            grant(c, vendor)
        assert not withdraw(c, vendor)
        c.rollback()


def test_whoever_may_not_make_roles_is_told_what_to_grant(house: House) -> None:
    house.vendor("some", ALGEBRA)
    with house.web.engine.begin() as c:
        c.execute(text("CREATE ROLE little"))
        c.execute(text("SET LOCAL ROLE little"))
        with pytest.raises(MayNotMakeRoles, match='ALTER ROLE "little" CREATEROLE; GRANT CREATE ON DATABASE'):
            grant(c, vendors.Vendor(id=1, name="x", client_id="", secret_hash=""))
        c.rollback()
