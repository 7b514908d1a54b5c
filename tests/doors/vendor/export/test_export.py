"""Whole kinds as files: two vendors of different rights side by side, formats, tags and ranges."""

import csv
import io
import json
from pathlib import Path

import pytest
from pyarrow import parquet
from sqlalchemy import Engine

from sftpingest.roster.ids import record_id
from sftpingest.roster.kinds import Kind
from sftpingest.roster.sharing import GRANTED
from tests.doors.vendor.conftest import Web
from tests.doors.vendor.export.conftest import ALGEBRA, EVERYTHING, House, own


@pytest.fixture
def house(lasting: Engine, tmp_path: Path) -> House:
    return House(Web(lasting, tmp_path / "hostkeys", per_minute=100_000), tmp_path / "exports")


@pytest.fixture
def full(house: House) -> House:
    """Uploaded once."""
    house.first = house.upload()
    return house


def test_two_vendors_get_different_rows_and_columns(full: House) -> None:
    all_, some = full.vendor("all", EVERYTHING), full.vendor("some", ALGEBRA)
    assert own(full.lines(all_, "student.ndjson")) == {"ann", "bob", "cid"}
    assert own(full.lines(some, "student.ndjson")) == {"ann", "bob"}
    assert own(full.lines(all_, "school.ndjson")) == {"north", "south", "west", "east"}
    assert own(full.lines(some, "school.ndjson")) == {"north"}
    assert len(full.lines(all_, "enrollment.ndjson")) == 8
    assert {row["section_sis_id"] for row in full.lines(some, "enrollment.ndjson")} == {"alg"}
    wide, narrow = (set(full.lines(head, "student.ndjson")[0]) for head in (all_, some))
    hidden = {name for by_kind in GRANTED.values() for name in by_kind.get(Kind.STUDENT, ())}
    assert wide - narrow == hidden
    assert "username" not in wide
    listed = full.get(some, "/").json()["districts"]
    assert [one["slug"] for one in listed] == [full.slug]
    assert listed[0]["kinds"]["student"]["records"] == 2
    assert "contact" not in listed[0]["kinds"]


@pytest.mark.parametrize("lasting", ["sqlite"], indirect=True, scope="module")
def test_ids_refer_to_what_is_seen_and_to_nothing_else(full: House) -> None:
    some = full.vendor("some", ALGEBRA)
    section, *_ = full.lines(some, "section.ndjson")
    assert section["id"] == record_id(full.slug, Kind.SECTION, "alg")
    assert section["school_id"] == record_id(full.slug, Kind.SCHOOL, "north")
    joins = full.lines(some, "enrollment.ndjson")
    people = {row["id"] for kind in ("student", "teacher") for row in full.lines(some, f"{kind}.ndjson")}
    assert {row["person_id"] for row in joins} == people
    of_bob = next(row for row in joins if row["person_sis_id"] == "bob")
    assert (of_bob["school_id"], of_bob["school_sis_id"], of_bob["role"]) == (None, None, "student")  # east: not seen
    teaches = {row["person_sis_id"]: row["position"] for row in joins if row["role"] == "teacher"}
    assert teaches == {"oak": 1, "elm": 2}


@pytest.mark.parametrize("lasting", ["postgresql"], indirect=True, scope="module")
def test_records_go_by_id_and_the_three_formats_say_the_same(full: House) -> None:
    head = full.vendor("all", EVERYTHING)
    for kind in Kind:
        texts = list(csv.reader(io.StringIO(full.get(head, f"{kind}.csv").content.decode(), newline="")))
        objects = full.lines(head, f"{kind}.ndjson")
        table = parquet.read_table(io.BytesIO(full.get(head, f"{kind}.parquet").content)).to_pylist()
        assert texts[0] == list(objects[0]) == list(table[0])
        assert len(texts) - 1 == len(objects) == len(table)
        assert objects == sorted(objects, key=lambda row: [row[name] for name in list(row)[:1]])
        assert [row[0] for row in texts[1:]] == [next(iter(row.values())) for row in objects]


@pytest.mark.parametrize("lasting", ["sqlite"], indirect=True, scope="module")
def test_an_earlier_sync_is_seen_under_todays_sharing(full: House) -> None:
    head = full.vendor("all", EVERYTHING)
    later = full.upload(students=("Ann,Ash,2010-02-03", "Anna,Ash,2010-02-03"), enrollments=("east,alg,bob\n", ""))
    then = full.get(head, f"student.ndjson?as_of={full.first}")
    assert {json.loads(line)["first_name"] for line in then.text.splitlines()} >= {"Ann"}
    assert (then.headers["x-sync"], "x-sequence" in then.headers) == (str(full.first), False)
    assert "Anna" in full.get(head, f"student.ndjson?as_of={later}").text
    assert len(full.lines(head, f"enrollment.ndjson?as_of={full.first}")) == 8
    assert full.get(head, f"teacher.csv?as_of={later}").content == full.get(head, "teacher.csv").content
    full.share("all", ALGEBRA)
    narrowed = full.lines(head, f"student.ndjson?as_of={later}")
    assert own(narrowed) == {"ann"}
    assert "birth_date" not in narrowed[0]
    # a roster from before this sharing is read no more: nobody is in it whom the vendor has not seen under it
    assert full.get(head, f"student.ndjson?as_of={full.first}").status_code == 404
    assert full.get(head, f"changes.ndjson?from={full.first}&to={later}").status_code == 404


@pytest.mark.parametrize("lasting", ["sqlite"], indirect=True, scope="module")
def test_who_left_before_the_vendor_came_is_not_in_an_earlier_sync(full: House) -> None:
    left = full.upload(students=('south,cid,"Cid, jr",Cob,2011-12-31,X,2.25,2029,cid7,,,\n', ""),
                       enrollments=("south,bio,cid\n", ""))  # fmt: skip
    head = full.vendor("late", EVERYTHING)
    assert own(full.lines(head, "student.ndjson")) == {"ann", "bob"}
    assert full.get(head, f"student.csv?as_of={full.first}").status_code == 404
    assert full.get(head, f"changes.ndjson?from={full.first}&to={left}").status_code == 404


def test_changes_lead_from_one_sync_to_the_other(full: House) -> None:
    all_, some = full.vendor("all", EVERYTHING), full.vendor("some", ALGEBRA)
    later = full.upload(
        students=("F,3.5", "F,3.75"),
        enrollments=("east,alg,bob\n", ""),
        staff=("west,yew,", "west,fir,"),
        sections=("north,art,oak,,Art,Spring", "north,art,elm,,Art,Spring"),
    )
    address = f"changes.ndjson?from={full.first}&to={later}"
    told = full.lines(all_, address)
    for kind in Kind:
        copy = {_known_by(row): row for row in full.lines(all_, f"{kind}.ndjson?as_of={full.first}")}
        for line in (one for one in told if one["kind"] == kind):
            if line["change"] == "removed":
                assert copy.pop(_known_by(line["object"])) == line["object"]
            else:
                copy[_known_by(line["object"])] = line["object"]
        assert copy == {_known_by(row): row for row in full.lines(all_, f"{kind}.ndjson")}, kind
    gpa = next(line for line in told if line["kind"] == "student")
    assert (gpa["change"], gpa["previous"], gpa["object"]["unweighted_gpa"]) == (
        "updated",
        {"unweighted_gpa": 3.5},
        3.75,
    )
    # whoever sees algebra alone hears that bob left, and nothing of grades or of art
    heard = full.lines(some, address)
    assert {(line["change"], line["kind"]) for line in heard} == {("removed", "enrollment"), ("removed", "student")}
    assert [line["object"]["sis_id"] for line in heard if line["kind"] == "student"] == ["bob"]
    of_kind = full.lines(all_, f"staff.ndjson?changes={full.first}..{later}")
    assert of_kind == [line for line in told if line["kind"] == "staff"] != []
    assert full.get(all_, f"changes.ndjson?from={later}&to={full.first}").status_code == 400


def _known_by(row: dict[str, str]) -> tuple[str, ...]:
    return (row["id"],) if "id" in row else (row["section_id"], row["person_id"], row["role"])
