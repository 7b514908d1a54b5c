"""A format is one TOML file: what may stand in it, and what is refused with a sentence."""

from pathlib import Path

import pytest

from sftpingest.roster.format import WrongFormat, fold, load, names
from sftpingest.roster.kinds import VALUES, Kind
from sftpingest.roster.parse import parse
from sftpingest.roster.reconcile import reconcile
from sftpingest.roster.validate import validate
from tests.roster.district import District

SOURCE = """
name = "tiny"
title = "Tiny"
[words.yes_no]
Y = ["yes"]
[files."Pupils.csv"]
kind = "student"
core = true
older_names = ["kids.csv"]
passed_over = ["Pass Word"]
[files."Pupils.csv".columns]
id = { from = ["Id", "Old id"], required = true }
ell = { from = "Ell", words = "yes_no" }
"""


def written(folder: Path, source: str) -> str:
    path = folder / "tiny.toml"
    path.write_text(source, encoding="utf-8")
    return str(path)


def test_headings_are_folded() -> None:
    assert {fold(heading) for heading in ("School_id", " school ID ", "SCHOOL  id", "School__Id")} == {"school_id"}


def test_a_format_may_lie_in_any_file(tmp_path: Path) -> None:
    form = load(written(tmp_path, SOURCE))
    pupils = form.of(Kind.STUDENT)
    assert pupils is not None
    assert form.file("KIDS.csv") is pupils
    assert pupils.by_heading["old_id"] == pupils.by_heading["id"]
    assert pupils.passed_over == ("pass_word",)
    assert pupils.columns["ell"].words == {"y": "Y", "yes": "Y"}


def test_a_format_that_was_edited_is_read_anew(tmp_path: Path) -> None:
    assert load(written(tmp_path, SOURCE)).title == "Tiny"
    assert load(written(tmp_path, SOURCE.replace('"Tiny"', '"Small"'))).title == "Small"


@pytest.mark.parametrize(
    ("good", "wrong"),
    [
        ("required = true", "requird = true"),
        ('"student"', '"pupil"'),
        ('words = "yes_no"', 'words = "maybe"'),
        ('name = "tiny"', ""),
        ("[words.yes_no]", "[words.yes_no"),
    ],
)
def test_a_format_that_cannot_be_used_is_refused_with_a_sentence(tmp_path: Path, good: str, wrong: str) -> None:
    with pytest.raises(WrongFormat) as refused:
        load(written(tmp_path, SOURCE.replace(good, wrong)))
    assert str(refused.value).endswith(".")


def test_a_format_may_have_no_sections(tmp_path: Path) -> None:
    parsed = parse({"pupils.csv": b"Id,Ell\n1,yes\n2,no\n"}, load(written(tmp_path, SOURCE)))
    changes, _ = reconcile(validate(parsed), District().held())
    created = {kind: len(of_kind.created) for kind, of_kind in changes.kinds.items() if len(of_kind.created)}
    assert created == {Kind.STUDENT: 2}


def test_a_format_that_is_not_there_is_refused_and_ours_are_named() -> None:
    with pytest.raises(WrongFormat, match="clever"):
        load("clevr")


@pytest.mark.parametrize("name", names())
def test_our_own_formats_name_only_columns_that_a_roster_has(name: str) -> None:
    for file in load(name).files:
        own = {column for column in file.columns if "." not in column} - {"leaves", "agents", "primary"}
        joins = (
            {"section_id", "person_id", "school_id"}
            if file.kind is Kind.ENROLLMENT
            else {"id", *VALUES.get(file.kind, ())}
        )
        assert own <= joins
        for part in (Kind.CONTACT, Kind.COURSE, Kind.TERM):
            assert {column.name.split(".")[1] for column in file.part(part.value)} <= set(VALUES[part])


@pytest.mark.parametrize("name", names())
def test_our_own_formats_judge_files_after_those_that_they_refer_to(name: str) -> None:
    seen: set[Kind] = set()
    for file in load(name).files:
        assert {column.refers for column in file.columns.values() if column.refers} <= seen
        seen.add(file.kind)
