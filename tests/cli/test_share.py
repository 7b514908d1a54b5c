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
    assert made["preview"]["student"] | {"appearing": 0} == {
        "before": 0,
        "after": 60,
        "appear": 60,
        "vanish": 0,
        "appearing": 0,
        "vanishing": [],
    }
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
    assert held.json("share", "preview", "quiz-whiz", "springfield") == waits["preview"]
    assert ended(held, "release", "quiz-whiz", "springfield")["said"] == "set"
    assert held.json("share", "show", "quiz-whiz", "springfield")["sees"]["mode"] == "schools"
    assert "share show" in held.refused("share", "release", "quiz-whiz", "springfield")


def test_what_is_held_can_be_put_aside_and_is_not_released_over_a_roster_that_has_moved(
    held: Program, tmp_path: Path
) -> None:
    ended(held, "set", *EVERYTHING)
    one = ("quiz-whiz", "springfield", "--mode", "schools", "--school", ids(held, "school")[0])
    ended(held, "set", *one, status=3)
    held.ok("ingest", "springfield", written(tmp_path / "less", cut(without_mistakes(), "enrollments.csv", 120)))
    assert "has changed" in held.refused("share", "release", "quiz-whiz", "springfield")
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
        (("--mode", "everything", "--school", "a"), "mode schools"),
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
