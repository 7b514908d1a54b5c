"""Files as files: types, tags, ranges, where they are kept, who is told of them. On SQLite alone."""

import csv
import io
import json
import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from pyarrow import parquet
from sqlalchemy import Engine

from sftpingest.doors.vendor.export import Kept
from sftpingest.doors.vendor.scopes import CORE, DEMOGRAPHICS, PREFIX_1_2, ROSTER
from sftpingest.roster.ids import district_id
from sftpingest.roster.kinds import Kind
from sftpingest.store import vendors
from sftpingest.store.engine import open_store
from tests.doors.vendor.conftest import Web, bearing
from tests.doors.vendor.export.conftest import ALGEBRA, EVERYTHING, House


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Engine]:
    """A store for all tests of this module."""
    file = tmp_path_factory.mktemp("here") / "roster.db"
    shutil.copyfile(migrated, file)
    opened = open_store(f"sqlite:///{file}")
    yield opened
    opened.dispose()


@pytest.fixture
def house(here: Engine, tmp_path: Path) -> House:
    return House(Web(here, tmp_path / "hostkeys", per_minute=100_000), tmp_path / "exports")


@pytest.fixture
def full(house: House) -> House:
    """Uploaded once."""
    house.first = house.upload()
    return house


def test_every_column_of_every_kind_has_its_sentence(full: House) -> None:
    head = full.vendor("all", EVERYTHING)
    for kind in Kind:
        answer = full.get(head, f"{kind}.parquet")
        schema = parquet.read_schema(io.BytesIO(answer.content))
        assert all(schema.field(name).metadata[b"comment"].endswith(b".") for name in schema.names), kind


def test_csv_has_crlf_and_keeps_what_the_district_wrote(full: House) -> None:
    head = full.vendor("all", EVERYTHING)
    content = full.get(head, "student.csv").content
    assert content.count(b"\r\n") == content.count(b"\n") == 4
    rows = {row["sis_id"]: row for row in csv.DictReader(io.StringIO(content.decode(), newline=""))}
    assert rows["cid"]["first_name"] == "Cid, jr"
    assert json.loads(rows["ann"]["ext"]) == {"team": 'Chess, "A"'}
    assert full.lines(head, "student.ndjson")[0]["ext"] in (None, {"team": 'Chess, "A"'})


def test_parquet_has_types_that_duckdb_and_pandas_read(full: House, tmp_path: Path) -> None:
    head = full.vendor("all", EVERYTHING)
    file = tmp_path / "student.parquet"
    file.write_bytes(full.get(head, "student.parquet").content)
    sql = f"SELECT sis_id, birth_date, unweighted_gpa, graduation_year, gender FROM '{file}' ORDER BY sis_id"
    ann, bob, _ = duckdb.execute(sql).fetchall()
    assert ann == ("ann", date(2010, 2, 3), 3.5, 2028, "F")
    assert bob == ("bob", None, None, None, "M")
    frame = pd.read_parquet(file)
    assert (str(frame["unweighted_gpa"].dtype), len(frame)) == ("float64", 3)


def test_a_full_read_and_the_events_after_it_join(full: House) -> None:
    head = full.vendor("all", EVERYTHING)
    answer = full.get(head, "student.csv")
    sequence = full.get(head, "/").json()["sequence"]
    assert (answer.headers["x-sync"], answer.headers["x-sequence"]) == (str(full.first), str(sequence))
    later = full.upload(students=("Cob", "Kob"))
    newer = full.get(head, "student.csv")
    assert newer.headers["x-sync"] == str(later)
    assert int(newer.headers["x-sequence"]) > sequence
    assert newer.headers["etag"] != answer.headers["etag"]


def test_what_is_known_is_not_sent_again_and_ranges_are_of_the_same_bytes(full: House) -> None:
    head = full.vendor("all", EVERYTHING)
    whole = full.get(head, "student.parquet")
    tag = whole.headers["etag"]
    for known in (tag, f'"x", W/{tag}', "*"):
        answer = full.get(head, "student.parquet", headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    part = full.get(head, "student.parquet", headers={"Range": "bytes=4-11", "If-Range": tag})
    assert (part.status_code, part.content) == (206, whole.content[4:12])
    assert part.headers["content-range"] == f"bytes 4-11/{len(whole.content)}"
    other = full.get(head, "student.parquet", headers={"Range": "bytes=4-11", "If-Range": '"older"'})
    assert (other.status_code, other.content) == (200, whole.content)
    assert full.get(head, "student.parquet", headers={"Range": "bytes=99999999-"}).status_code == 416
    asked = full.web("HEAD", f"/export/{full.slug}/student.parquet", headers=head)
    assert (asked.content, asked.headers["content-length"]) == (b"", str(len(whole.content)))
    full.kept.empty()
    assert full.get(head, "student.parquet").content == whole.content


def test_what_is_unknown_and_what_is_not_shared_get_the_same_bytes(full: House) -> None:
    all_, some = full.vendor("all", EVERYTHING), full.vendor("some", ALGEBRA)
    other = House(full.web, full.folder)
    other.vendor("mine", EVERYTHING)
    foreign = other.upload()
    full.upload()  # so that the other district's sync is not the newest one
    paths = [
        f"/{other.slug}/student.csv",
        "/nowhere/student.csv",
        f"/{district_id(other.slug)}/student.csv",
        f"/{full.slug}/pupil.csv",
        f"/{full.slug}/student.xlsx",
        f"/{full.slug}/contact.csv",
        f"/{full.slug}/student.csv?as_of={foreign}",
        f"/{full.slug}/student.csv?as_of=999999",
        f"/{full.slug}/changes.ndjson?from={full.first}&to={foreign}",
        f"/{other.slug}/changes.ndjson?from=1&to=2",
    ]
    answers = {(one.status_code, one.content) for one in (full.get(some, path) for path in paths)}
    assert answers == {(404, b'{"message":"There is nothing at this address."}')}
    assert full.get(all_, f"/{district_id(full.slug)}/student.csv").status_code == 200
    assert full.get({}, "student.csv").status_code == 401
    assert full.get(some, "student.csv?as_of=last").status_code == 400


def test_what_is_no_longer_shared_is_gone_at_once_and_from_the_disk_soon(full: House) -> None:
    head = full.vendor("all", EVERYTHING)
    now = [1_000_000_000.0]
    full.kept.clock = lambda: now[0]
    assert full.get(head, "student.csv").status_code == 200
    (file,) = (path for path in full.folder.iterdir() if path.suffix == ".csv")
    assert (file.stat().st_mode & 0o777, full.folder.stat().st_mode & 0o777) == (0o600, 0o700)
    full.share("all", ALGEBRA)
    assert b"Cob" not in full.get(head, "student.csv").content
    full.share("all", None)
    assert full.get(head, "student.csv").status_code == 404
    now[0] += 61
    full.get(head, "student.csv")
    full.get(full.vendor("some", ALGEBRA), "student.csv")
    assert not file.exists()


def test_a_token_reads_what_its_scope_says(full: House) -> None:
    full.vendor("all", EVERYTHING)
    vendor, secret = full.web.in_store(lambda c: vendors.rotate(c, f"all-{full.slug}"))

    def head(*scopes: str) -> dict[str, str]:
        asked = " ".join(PREFIX_1_2 + scope for scope in scopes)
        return bearing(full.web.access((vendor.client_id, secret), asked).json()["access_token"])

    assert full.get(head(CORE), "student.csv").status_code == 403
    assert "birth_date" not in full.lines(head(ROSTER), "student.ndjson")[0]
    assert "birth_date" in full.lines(head(ROSTER, DEMOGRAPHICS), "student.ndjson")[0]


def test_what_a_vendor_gets_is_told_before_it_gets_it(full: House) -> None:
    head = full.vendor("all", EVERYTHING)
    full.get(head, "enrollment.csv")
    full.get(head, "student.csv", headers={"Range": "bytes=0-3"})
    joins, students = full.told
    assert (joins.vendor, joins.district, joins.kinds) == (f"all-{full.slug}", full.slug, ("enrollment",))
    assert (joins.rows, joins.people, joins.whole, joins.part) == (8, 5, True, False)
    assert (students.people, students.part, "birth_date" in students.fields) == (3, True, True)
    full.get(head, "student.csv", headers={"If-None-Match": "*"})
    full.web("HEAD", f"/export/{full.slug}/student.csv", headers=head)
    assert len(full.told) == 2


def test_the_longest_unused_file_goes_first(tmp_path: Path) -> None:
    now = [10_000.0]
    kept = Kept(tmp_path / "exports", most=3, clock=lambda: now[0])
    for name in "abc":
        kept.make(name, lambda out: {"rows": out.write(b"12")})
        os.utime(tmp_path / "exports" / name, (now[0], now[0]))
        now[0] += 1000
    kept.make("d", lambda out: {"rows": out.write(b"12")})
    there = [name for name in "abcd" if kept.find(name)]
    assert there == ["d"]


def test_a_district_without_anything_is_a_file_without_rows(house: House) -> None:
    head = house.vendor("all", EVERYTHING)
    answer = house.get(head, "student.csv")
    assert (answer.status_code, answer.text.count("\r\n")) == (200, 1)
    assert house.get(head, "enrollment.parquet").status_code == 200
