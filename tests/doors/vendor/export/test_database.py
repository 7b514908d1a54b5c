"""All that a vendor sees as a file of SQLite, for those who asked for it."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sftpingest.roster.exported import exported
from sftpingest.roster.kinds import Kind
from sftpingest.store import sql_file, vendors
from sftpingest.store.tables import now
from sftpingest.sync.publishing import publish_due
from tests.doors.vendor.conftest import Web
from tests.doors.vendor.export.conftest import ALGEBRA, EVERYTHING, House


@pytest.fixture
def house(light: Web, tmp_path: Path) -> House:
    made = House(light, tmp_path / "exports")
    made.first = made.upload()
    return made


def read(path: Path, table: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as c:
        c.row_factory = sqlite3.Row
        return [dict(row) for row in c.execute(f'SELECT * FROM "{table}"')]


def number(house: House, name: str) -> int:
    return int(house.web.in_store(lambda c: vendors.vendor(c, f"{name}-{house.slug}").id))


def test_it_is_there_for_whoever_asked_and_holds_what_is_seen(house: House, tmp_path: Path) -> None:
    all_, some = house.vendor("all", EVERYTHING), house.vendor("some", ALGEBRA)
    sql_file.write(house.web.engine, number(house, "some"), now().date())
    assert house.get(all_, "/roster.db").status_code == 404
    answer = house.get(some, "/roster.db")
    file = tmp_path / "mine.db"
    file.write_bytes(answer.content)
    seen = {one.name for one in exported(Kind.STUDENT, ALGEBRA.groups)}
    rows = read(file, "student")
    assert {row["sis_id"] for row in rows} == {"ann", "bob"}
    assert not any(row[name] for row in rows for name in row.keys() - seen - {"district"})
    assert len(read(file, "enrollment")) == len(house.lines(some, "enrollment.ndjson"))
    assert b"Cob" not in answer.content
    known = house.get(some, "/roster.db", headers={"If-None-Match": answer.headers["etag"]})
    assert (known.status_code, known.headers["x-sequence"]) == (304, answer.headers["x-sequence"])
    part = house.get(some, "/roster.db", headers={"Range": "bytes=0-14"})
    assert (part.status_code, part.content) == (206, b"SQLite format 3")
    assert (house.told[0].shape, house.told[0].rows, house.told[0].part) == ("db", len_of(file), False)


def len_of(file: Path) -> int:
    return sum(len(read(file, kind)) for kind in Kind)


def test_it_follows_what_is_seen(house: House) -> None:
    head = house.vendor("some", EVERYTHING)
    path = sql_file.write(house.web.engine, number(house, "some"), now().date())
    assert path.stat().st_mode & 0o777 == 0o400
    before = house.get(head, "/roster.db")
    house.share("some", ALGEBRA)
    assert b"Cob" not in house.get(head, "/roster.db").content
    assert len(read(path, "student")) == 3
    publish_due(house.web.engine)
    assert len(read(path, "student")) == 2
    made = path.stat().st_ino
    publish_due(house.web.engine)
    assert path.stat().st_ino == made
    assert house.get(head, "/roster.db").headers["etag"] != before.headers["etag"]
    house.share("some", None)
    publish_due(house.web.engine)
    assert read(path, "student") == []
    assert sql_file.refresh(house.web.engine, now().date() + timedelta(days=1)) == []


def test_with_the_vendor_goes_its_file(house: House) -> None:
    house.vendor("some", ALGEBRA)
    path = sql_file.write(house.web.engine, number(house, "some"), now().date())
    house.web.in_store(lambda c: vendors.remove_vendor(c, f"some-{house.slug}"))
    publish_due(house.web.engine)
    assert not path.exists()
