"""A district whose format is a file of its own: edited between two uploads, broken, gone, and mended.

In:  a small mapping, and files that it fits.
Out: nothing.
"""

from pathlib import Path

import pytest

from sftpingest.store.tables import State
from tests.flow.conftest import District, house_of_one_store

MAPPING = """\
name = "lake"
title = "Lake District"
words_of = "clever"

[files."Sites.csv"]
kind = "school"
core = true

[files."Sites.csv".columns]
id = { from = "Site", required = true }
name = { from = "Title", required = true }

[files."Pupils.csv"]
kind = "student"
core = true
passed_over = ["Pin"]

[files."Pupils.csv".columns]
id = { from = "No", required = true }
school_id = { from = "Site", required = true, refers = "school" }
first_name = { from = "Name", split = ",", part = 2, required = true }
last_name = { from = "Name", split = ",", part = 1, required = true }
grade = { from = "Year", words = "grade" }
"""
FILES = {
    "Sites.csv": b"Site,Title\n1,Lake School\n",
    "Pupils.csv": b'No,Site,Name,Year,Pin\n10,1,"Ash, Ann",1,9876\n11,1,"Bay, Bob",R,9876\n12,1,Cid,2,9876\n',
}


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "lake.toml"
    path.write_text(MAPPING, "utf-8")
    return path


@pytest.fixture
def lake(springfield: District, mapping: Path) -> District:
    springfield.place.program.ok("district", "set", springfield.slug, "format", mapping)
    return springfield


@house_of_one_store
def test_a_mapping_that_was_edited_counts_from_the_next_upload_on(lake: District, mapping: Path) -> None:
    first = lake.uploaded(FILES)
    assert (first.state, first.findings) == (State.APPLIED, {"value.missing": 1, "value.unknown": 1})
    assert lake.shown("student")["grade"].tolist() == ["1", ""]
    assert b"9876" not in b"".join(lake.latest().files.values())

    mapping.write_text(MAPPING.replace('words = "grade"', 'words = "grade", values = { R = "Kindergarten" }'), "utf-8")
    second = lake.uploaded(FILES)
    assert second.findings == {"value.missing": 1}
    assert second.kinds["student"] == {"created": 0, "updated": 1, "removed": 0, "unchanged": 1}
    assert lake.shown("student")["grade"].tolist() == ["1", "Kindergarten"]


BROKEN: list[tuple[str | bytes | None, str]] = [
    (MAPPING.replace('refers = "school"', 'refers = "sckool"'), "line 20"),
    (MAPPING.replace('"Lake District"', '"Lake District'), "line 2"),
    (MAPPING.replace("Lake District", "Sj\u00f6stad").encode("latin-1"), "line 2"),
    (None, "No such file"),
]


@house_of_one_store
def test_a_broken_mapping_refuses_the_upload_with_its_line_and_changes_nothing(lake: District, mapping: Path) -> None:
    applied, before = lake.uploaded(FILES), lake.counts()
    for broken, line in BROKEN:
        mapping.unlink()
        if broken is not None:
            mapping.write_bytes(broken if isinstance(broken, bytes) else broken.encode())
        refused = lake.uploaded(FILES)
        assert refused.state is State.REFUSED
        assert str(mapping) in refused.reason
        assert line in refused.reason
        assert line in lake.latest().summary
        assert lake.counts() == before

    mapping.write_text(MAPPING, "utf-8")
    assert lake.uploaded(FILES).files == applied.files


@house_of_one_store
def test_a_mapping_that_cannot_be_used_is_not_set(springfield: District, mapping: Path) -> None:
    program, slug = springfield.place.program, springfield.slug
    mapping.write_text(MAPPING.replace('kind = "student"', 'kind = "pupil"'), "utf-8")
    assert "(line 13)" in program.refused("district", "set", slug, "format", mapping)
    assert program.json("district", "show", slug)["settings"]["format"] == "auto"
