"""`sftpingest vendor` and `sftpingest share`."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Program, cut, without_mistakes, written

EVERYTHING = ("quiz-whiz", "springfield", "--mode", "everything")


@pytest.fixture
def quiz(quick: Program) -> Program:
    """A district and a vendor that sees nothing yet."""
    quick.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    quick.ok("vendor", "add", "quiz-whiz")
    return quick


@pytest.fixture
def held(quiz: Program, tmp_path: Path) -> Program:
    """The same with the demo roster."""
    quiz.ok("ingest", "springfield", written(tmp_path / "whole", without_mistakes()))
    return quiz


def ids(program: Program, kind: str) -> list[str]:
    return [row["id"] for row in program.json("roster", "springfield", "--kind", kind)]


def ended(program: Program, *words: object, status: int = 0) -> Any:
    done = program("share", *words, "--json")
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


def test_a_vendor_gets_a_secret_that_is_shown_once(quick: Program) -> None:
    quick.ok("district", "add", "springfield", "--name", "Springfield")
    added = quick.json("vendor", "add", "quiz-whiz")
    assert re.fullmatch("[0-9a-f]{32}", added["client_id"])
    assert len(added["client_secret"]) >= 43
    (listed,) = quick.json("vendor", "list")
    assert (listed["name"], listed["client_id"], listed["sees"]) == ("quiz-whiz", added["client_id"], {})
    assert added["client_secret"] not in quick.ok("vendor", "list", "--json")
    assert added["client_secret"].encode() not in (quick.data / "roster.db").read_bytes()
    turned = quick.json("vendor", "rotate", "quiz-whiz")
    assert turned["client_id"] == added["client_id"]
    assert turned["client_secret"] != added["client_secret"]


def test_a_vendor_is_named_once_and_its_name_may_be_given_again_after_it_is_removed(quiz: Program) -> None:
    assert "already" in quiz.refused("vendor", "add", "quiz-whiz")
    assert "letters" in quiz.refused("vendor", "add", "Quiz Whiz")
    assert "--yes" in quiz.refused("vendor", "remove", "quiz-whiz")
    quiz.ok("vendor", "remove", "quiz-whiz", "--yes")
    assert quiz.json("vendor", "list") == []
    assert "vendor list" in quiz.refused("share", "show", "quiz-whiz", "springfield")
    quiz.ok("vendor", "add", "quiz-whiz")
    assert quiz.json("share", "show", "quiz-whiz", "springfield") == {"sees": None, "history": []}


def test_a_sharing_is_set_shown_and_ended_and_every_step_is_kept(held: Program) -> None:
    made = ended(held, "set", *EVERYTHING, "--staff", "--fields", "demographics", "--purpose", "Quizzes")
    assert made["said"] == "set"
    student = made["preview"]["student"]
    assert [student[name] for name in ("before", "after", "appear", "vanish")] == [0, 60, 60, 0]
    assert len(made["preview"]["student"]["appearing"]) == 10
    terms = {"mode": "everything", "staff": True, "fields": ["demographics"], "purpose": "Quizzes"}
    assert held.json("share", "show", "quiz-whiz", "springfield")["sees"] == terms
    assert held.json("vendor", "list")[0]["sees"] == {"springfield": "everything"}
    ended(held, "end", "quiz-whiz", "springfield")
    shown = held.json("share", "show", "quiz-whiz", "springfield")
    assert shown["sees"] is None
    assert [one["said"] for one in shown["history"]] == ["ended", "set"]
    assert all(one["by"] and one["at"] for one in shown["history"])
    assert "nothing" in held.ok("share", "show", "quiz-whiz", "springfield")
    events = [entry["event"] for entry in held.json("audit", "list")]
    assert {"vendor.added", "sharing.set", "sharing.ended"} <= set(events)


def test_a_preview_changes_nothing(held: Program) -> None:
    section = ids(held, "section")[0]
    seen = held.json("share", "preview", "quiz-whiz", "springfield", "--mode", "sections", "--section", section)
    assert (seen["section"]["after"], seen["section"]["appear"]) == (1, 1)
    assert 0 < seen["student"]["after"] < 60
    assert held.json("share", "show", "quiz-whiz", "springfield") == {"sees": None, "history": []}
    said = held.ok("share", "preview", "quiz-whiz", "springfield", "--mode", "sections", "--section", section)
    assert "Appearing, student:" in said
    assert "held or proposed" in held.refused("share", "preview", "quiz-whiz", "springfield")


def test_a_change_that_takes_much_away_is_held_until_it_is_released(held: Program) -> None:
    ended(held, "set", *EVERYTHING)
    one = ("quiz-whiz", "springfield", "--mode", "schools", "--school", ids(held, "school")[0])
    waits = ended(held, "set", *one, status=3)
    assert waits["said"] == "held"
    assert "would take away" in waits["reason"]
    assert held.json("share", "show", "quiz-whiz", "springfield")["sees"] == {"mode": "everything"}
    shown = held.json("share", "preview", "quiz-whiz", "springfield")
    assert {kind: shown[kind] for kind in waits["preview"]} == waits["preview"]
    assert (shown["version"], shown["terms"]["mode"]) == (waits["version"], "schools")
    assert "no longer so" in held.refused("share", "release", "quiz-whiz", "springfield", "--version", 1)
    assert ended(held, "release", "quiz-whiz", "springfield", "--version", waits["version"])["said"] == "set"
    assert held.json("share", "show", "quiz-whiz", "springfield")["sees"]["mode"] == "schools"
    assert "share show" in held.refused("share", "release", "quiz-whiz", "springfield")


def test_what_is_held_can_be_put_aside_and_is_not_released_over_a_roster_that_has_moved(
    held: Program, tmp_path: Path
) -> None:
    ended(held, "set", *EVERYTHING)
    one = ("quiz-whiz", "springfield", "--mode", "schools", "--school", ids(held, "school")[0])
    ended(held, "set", *one, status=3)
    held.ok("ingest", "springfield", written(tmp_path / "less", cut(without_mistakes(), "enrollments.csv", 120)))
    assert "no longer so" in held.refused("share", "release", "quiz-whiz", "springfield")
    assert ended(held, "discard", "quiz-whiz", "springfield")["said"] == "discarded"
    assert held.json("share", "show", "quiz-whiz", "springfield")["sees"] == {"mode": "everything"}
    assert "waits for a person" in held.refused("share", "discard", "quiz-whiz", "springfield")


def test_a_vendor_proposes_and_the_district_accepts(held: Program) -> None:
    school = ids(held, "school")[0]
    ended(held, "propose", "quiz-whiz", "springfield", "--mode", "schools", "--school", school)
    assert held.json("share", "show", "quiz-whiz", "springfield")["sees"] is None
    assert held.json("share", "preview", "quiz-whiz", "springfield")["school"]["appear"] == 1
    assert ended(held, "accept", "quiz-whiz", "springfield")["said"] == "set"
    assert held.json("share", "show", "quiz-whiz", "springfield")["sees"] == {"mode": "schools", "schools": [school]}
    assert "answered" in held.refused("share", "accept", "quiz-whiz", "springfield")


def test_an_answer_to_one_thing_leaves_the_other_waiting(held: Program) -> None:
    school = ids(held, "school")[0]
    ended(held, "set", *EVERYTHING)
    wish = ended(held, "propose", *EVERYTHING, "--fields", "demographics")
    ended(held, "set", "quiz-whiz", "springfield", "--mode", "schools", "--school", school, status=3)
    assert ended(held, "discard", "quiz-whiz", "springfield")["terms"]["mode"] == "schools"
    assert held.json("share", "preview", "quiz-whiz", "springfield")["version"] == wish["version"]
    assert ended(held, "accept", "quiz-whiz", "springfield", "--version", wish["version"])["said"] == "set"
    assert "answered" in held.refused("share", "accept", "quiz-whiz", "springfield")


def test_fields_that_are_taken_away_from_everybody_are_held_and_new_ones_are_shown(held: Program) -> None:
    made = ended(held, "set", *EVERYTHING, "--fields", "demographics")
    more = ended(held, "set", *EVERYTHING, "--fields", "demographics", "--fields", "programs")
    assert "iep" in more["preview"]["student"]["fields_appear"]
    assert made["preview"]["student"]["fields_appear"] == []
    waits = ended(held, "set", *EVERYTHING, status=3)
    assert "empty gender, birth_date" in waits["reason"]
    assert "Fields, student: -gender" in held("share", "preview", *EVERYTHING).stdout


def test_what_ended_yesterday_or_starts_tomorrow_is_not_seen_today(held: Program) -> None:
    ended(held, "set", *EVERYTHING)
    for day in ("--ends", "2020-01-01"), ("--starts", "2999-01-01"):
        assert "take away 60 of 60 student records" in ended(held, "set", *EVERYTHING, *day, status=3)["reason"]
    ended(held, "release", "quiz-whiz", "springfield")
    assert ended(held, "set", *EVERYTHING)["preview"]["student"]["appear"] == 60
    said = held.ok("share", "set", *EVERYTHING, "--ends", "2999-01-01")
    assert "No more said" not in said
    assert "No more said than before: ends (was 2999-01-01)" in held.ok("share", "set", *EVERYTHING)


def test_no_id_and_no_rule_stands_in_the_audit_trail(held: Program) -> None:
    school = ids(held, "school")[0]
    ended(held, "set", "quiz-whiz", "springfield", "--mode", "schools", "--school", school, "--fields", "programs")
    (entry,) = [one for one in held.json("audit", "list") if one["event"] == "sharing.set"]
    facts = {name: entry["facts"][name] for name in ("vendor", "version", "mode", "fields")}
    assert facts == {"vendor": "quiz-whiz", "version": 1, "mode": "schools", "fields": ["programs"]}
    assert f'"{school}"' not in json.dumps(entry)


def test_a_column_that_nobody_has_chooses_nobody_by_mistake(held: Program, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text('\ufeff[[rule]]\nshare = "student"\nwhere = [{ field = "ext.OptOut", is_not = "Y" }]\n', "utf-8")
    refused = held.refused("share", "set", "quiz-whiz", "springfield", "--mode", "rules", "--rules", file)
    assert 'in a column "ext.OptOut". Own columns there: none' in refused


def test_rules_are_read_from_a_file_and_a_wrong_one_says_what_is_wrong(held: Program, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    name = held.json("roster", "springfield", "--kind", "student")[0]["last_name"]
    file.write_text(f'[[rule]]\nshare = "student"\nwhere = [{{ field = "last_name", is = "{name}" }}]\n')
    rules = ("quiz-whiz", "springfield", "--mode", "rules", "--rules", file)
    seen = ended(held, "set", *rules)["preview"]
    assert 0 < seen["student"]["after"] < 60
    assert seen["section"]["after"] == 0
    file.write_text('[[rule]]\nshare = "student"\nwhere = [{ field = "lastname", is = "x" }]\n')
    assert 'no field "lastname"' in held.refused("share", "set", *rules)
    file.write_bytes(b"\xff\xfe[[rule]]")
    assert "UTF-8" in held.refused("share", "set", *rules)
    assert "rules.toml" in held.refused("share", "set", *rules[:-1], tmp_path / "none" / "rules.toml")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--mode everything, schools, sections, rules"),
        (("--mode", "schools"), "--school ID"),
        (("--mode", "schools", "--school", "nowhere"), 'no school "nowhere" in the roster of springfield'),
        (("--mode", "sections", "--section", "none"), 'no section "none"'),
        (("--mode", "everything", "--school", "a"), "--school ID goes only with the mode schools"),
        (("--mode", "schools", "--school", "\udcff"), "letters in it that are none"),
        (("--mode", "everything", "--starts", "2027-02-01", "--ends", "2027-01-01"), "before it starts"),
        (("--mode", "everything", "--fields", "passwords"), "passwords"),
        (("--mode", "all"), "everything"),
    ],
)
def test_what_cannot_be_shared_is_refused_with_what_can(quiz: Program, words: tuple[str, ...], said: str) -> None:
    assert said in quiz.refused("share", "set", "quiz-whiz", "springfield", *words)


def test_who_is_not_there_shares_nothing(quiz: Program) -> None:
    assert "vendor list" in quiz.refused("share", "set", "nobody", "springfield", "--mode", "everything")
    assert "district list" in quiz.refused("share", "set", "quiz-whiz", "shelbyville", "--mode", "everything")
