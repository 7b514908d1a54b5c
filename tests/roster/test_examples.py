"""What the example formats make of the exports that they are for, and that nobody takes other files for theirs.

In:  the good cases of tests/formats.
Out: nothing.
"""

from pathlib import Path

import pytest

from sftpingest.roster.format import load, names
from sftpingest.roster.kinds import Kind
from sftpingest.roster.recognise import recognise
from tests.formats.test_cases import HERE, files_in
from tests.roster.district import District, Enrolled

EXAMPLES = ("infinite_campus", "microsoft_sds_v1", "microsoft_sds_v2_1", "powerschool", "skyward")


def taken(name: str, case: str) -> District:
    district = District(form=load(name))
    district.take_files(files_in(HERE / name / "good" / case))
    return district


def test_the_examples_are_ours() -> None:
    assert set(names()) == {"anyschool", "clever", "oneroster", *EXAMPLES}


@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_is_taken_for_an_example_without_being_told_so(name: str) -> None:
    assert not load(name).auto
    for case in sorted((HERE / name / "good").iterdir()):
        assert recognise(files_in(case)).format not in EXAMPLES


@pytest.mark.parametrize("folder", sorted((HERE / "oneroster" / "good").iterdir()), ids=lambda path: path.name)
def test_a_set_of_oneroster_is_read_as_such(folder: Path) -> None:
    seen = recognise(files_in(folder))
    assert seen.format == "oneroster"
    assert not len(seen.findings)


def test_sds_v1_brings_courses_and_terms_with_its_sections_and_who_teaches_in_a_file(tmp_path: Path) -> None:
    district = taken("microsoft_sds_v1", "six_files")
    assert district.ids(Kind.COURSE) == ["ALG|Algebra", "BIO|Biology"]
    assert district.ids(Kind.TERM) == ["Fall|2026-08-31|2026-12-18"]
    section = district.record(Kind.SECTION, "alg")
    assert (section["name"], section["course_id"], section["period"]) == ("Algebra 1", "ALG|Algebra", "2")
    assert district.teachers("bio") == [(1, "elm"), (2, "oak")]
    assert district.learners("alg") == ["ann", "bob"]
    student = district.record(Kind.STUDENT, "cid")
    assert (student["grade"], student["birth_date"]) == ("6", "2014-08-01")


def test_sds_v2_1_tells_people_by_their_roles_with_schools_and_grade() -> None:
    district = taken("microsoft_sds_v2_1", "all_files")
    assert district.ids(Kind.STUDENT) == ["ann", "bob", "cid"]
    assert district.ids(Kind.TEACHER) == ["elm", "oak"]
    assert district.record(Kind.STAFF, "fir")["role"] == "principal"
    bob = district.record(Kind.STUDENT, "bob")
    assert (bob["grade"], bob["school_id"], bob["more_school_ids"]) == ("Kindergarten", "north", '["south"]')
    assert district.ids(Kind.SCHOOL) == ["north", "south"]
    assert district.record(Kind.SECTION, "bio")["term_id"] == "fall"
    assert district.teachers("bio") == [(1, "elm")]


def test_powerschool_joins_the_keys_of_terms_and_leaves_out_who_is_gone() -> None:
    district = taken("powerschool", "seven_files")
    assert district.ids(Kind.TERM) == ["11-3600", "12-3600", "12-3601"]
    section = district.record(Kind.SECTION, "502")
    assert (section["term_id"], section["course_id"], section["name"]) == ("12-3601", "BIO", "BIO.1")
    assert district.ids(Kind.STUDENT) == ["1001", "1002", "1003"]
    assert district.ids(Kind.TEACHER) == ["T1", "T2"]
    assert district.record(Kind.STUDENT, "1002")["grade"] == "PreKindergarten"
    assert Enrolled("502", "T2", "teacher", "12", 1) in district.enrolled()


def test_infinite_campus_reads_its_codes() -> None:
    district = taken("infinite_campus", "five_files")
    ann = district.record(Kind.STUDENT, "1001")
    assert (ann["grade"], ann["race"], ann["birth_date"]) == ("Kindergarten", "Caucasian", "2020-01-02")
    assert district.record(Kind.SECTION, "501")["name"] == "Algebra - Oak"
    assert district.teachers("501") == [(1, "7001")]


def test_skyward_joins_the_key_of_a_section_and_splits_the_name_of_a_teacher() -> None:
    district = taken("skyward", "five_files")
    assert district.ids(Kind.SECTION) == ["400-ALG-1", "500-BIO-1"]
    oak = district.record(Kind.TEACHER, "OAKTIA000")
    assert (oak["first_name"], oak["last_name"]) == ("Tia", "Oak")
    assert district.learners("400-ALG-1") == ["1001", "1002"]
    assert district.ids(Kind.STUDENT) == ["1001", "1002", "1003"]
