"""`sftpingest disclosures`, and `audit verify` of both: who saw this student, when, which fields."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sftpingest.app.disclosing import _line
from sftpingest.app.spool import Spool
from sftpingest.roster.disclosed import Door, Read
from sftpingest.roster.ids import record_id
from sftpingest.roster.kinds import Kind
from sftpingest.store.disclosures import Told, write_all
from sftpingest.store.engine import open_store
from tests.cli.conftest import Program, without_mistakes, written

NOW = datetime.now(UTC)
READ = Read(
    NOW, "quiz-whiz", "springfield", Door.CLEVER, "GET /v3.1/users", (Kind.STUDENT,), ("demographics",), 9, 9, 1, True
)


def named(*ids: str) -> Read:
    return replace(READ, whole=False, ids=ids, request="GET /v3.1/users/{id}")


def enter(program: Program, *reads: Read) -> None:
    engine = open_store(f"sqlite:///{program.data / 'roster.db'}")
    with engine.begin() as c:
        write_all(c, [Told(one) for one in reads])
    engine.dispose()


@pytest.fixture(scope="module")
def springfield(tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, list[str]]:
    """The demo's roster, and after it the same without its first student; their ids."""
    there = tmp_path_factory.mktemp("springfield")
    program = Program(there / "data", inside=True)
    program.ok("district", "add", "springfield", "--name", "Springfield")
    files = without_mistakes()
    program.ok("ingest", "springfield", written(there / "roster", files))
    ids = [one["id"] for one in program.json("roster", "springfield", "--kind", "student")]
    gone = f",{ids[0]},".encode()
    for name in ("students.csv", "enrollments.csv"):
        files[name] = b"\r\n".join(line for line in files[name].split(b"\r\n") if gone not in line + b",")
    program("ingest", "springfield", written(there / "roster", files))
    left = {one["id"] for one in program.json("roster", "springfield", "--kind", "student")}
    assert set(ids) - left == {ids[0]}
    first, second = (record_id("springfield", Kind.STUDENT, one) for one in ids[:2])
    day = timedelta(days=1)
    enter(
        program,
        READ,
        named(first),
        replace(named(second), vendor="word-yard"),
        replace(READ, at=NOW + day, sequence=2),
        replace(READ, at=NOW + day, kinds=(Kind.SECTION,), people=0, sequence=2, door=Door.ONEROSTER),
    )
    return program, ids


def listed(program: Program, *words: str) -> list[int]:
    return [one["id"] for one in program.json("disclosures", "springfield", *words)]


def test_who_saw_a_student_is_answered_also_of_one_who_was_removed(springfield: tuple[Program, list[str]]) -> None:
    program, (gone, here, *_) = springfield
    assert listed(program) == [1, 2, 3, 4, 5]
    assert listed(program, "--student", gone) == [1, 2]
    assert listed(program, "--record", f"student:{here}") == [1, 3, 4]
    assert listed(program, "--student", here, "--vendor", "word-yard") == [3]
    assert listed(program, "--since", f"{NOW + timedelta(days=1):%Y-%m-%d}") == [4, 5]
    assert listed(program, "--until", f"{NOW:%Y-%m-%d}") == [1, 2, 3]
    assert listed(program, "--teacher", gone) == []
    told = program.json("disclosures", "springfield", "--student", gone)
    assert [one["sight"] for one in told] == ["maybe", "sure"]
    assert (told[0]["vendor"], told[0]["fields"], told[0]["whole"]) == ("quiz-whiz", ["demographics"], True)
    assert told[1]["ids"] == [record_id("springfield", Kind.STUDENT, gone)]


def test_the_answer_is_a_table_or_a_sentence(springfield: tuple[Program, list[str]]) -> None:
    program, (gone, *_) = springfield
    lines = program.ok("disclosures", "springfield", "--student", gone).splitlines()
    assert lines[0].split()[-3:] == ["was", "in", "it"]
    assert [line.endswith(end) for line, end in zip(lines[1:], ("may have been", "yes"), strict=True)] == [True, True]
    assert "GET /v3.1/users/{id}" in lines[2]
    assert program.ok("disclosures", "springfield", "--staff", "7") == "No vendor has read this.\n"
    said = program("disclosures", "springfield", "--student", "nobody")
    assert (said.returncode, "Look whether the id is right" in said.stderr) == (0, True)
    few = program("disclosures", "springfield", "--limit", "2")
    assert (len(few.stdout.splitlines()), "--limit" in few.stderr) == (3, True)


def test_reads_that_wait_are_spoken_of(springfield: tuple[Program, list[str]]) -> None:
    program, _ = springfield
    assert program("disclosures", "springfield").stderr == ""
    spool = Spool(program.data / "disclosures")
    spool.make()
    spool.append(_line(READ))
    assert "wait to be entered" in program("disclosures", "springfield").stderr
    for path in (program.data / "disclosures").iterdir():
        path.unlink()


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["nowhere"], '"nowhere"'),
        (["springfield", "--record", "pupil:7"], "KIND:ID"),
        (["springfield", "--record", "student"], "KIND:ID"),
        (["springfield", "--student", ""], "missing"),
        (["springfield", "--student", "7", "--teacher", "7"], "one person"),
        (["springfield", "--since", "yesterday"], "no date"),
    ],
)
def test_wrong_use_is_one_sentence(springfield: tuple[Program, list[str]], words: list[str], names: str) -> None:
    program, _ = springfield
    assert names in program.refused("disclosures", *words)


# -- audit verify ------------------------------------------------------------------------------------------------------


@pytest.fixture
def three(quick: Program) -> Program:
    quick.ok("district", "add", "springfield", "--name", "Springfield")
    enter(quick, READ, named("a" * 24), READ)
    return quick


def tamper(program: Program, statement: str) -> None:
    with closing(sqlite3.connect(program.data / "roster.db")) as store, store:
        for trigger in ("disclosure_unchanged", "disclosure_kept"):
            store.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        store.execute(statement)


def test_both_are_verified_with_heads_of_both(three: Program) -> None:
    trail, log = three.ok("audit", "verify").splitlines()
    assert trail.startswith("The audit trail: 1 entry, whole, from ")
    assert log.startswith("The disclosure log: 3 reads, whole, from ")
    heads = [line.split()[-1] for line in (trail, log)]
    assert heads[1].startswith("d:3:")
    shown = three.json("audit", "verify", *(word for head in heads for word in ("--head", head)))
    assert (shown["whole"], shown["head"], shown["disclosures"]["head"]) == (True, *heads)
    tamper(three, "DELETE FROM disclosure WHERE id = 3")
    assert three("audit", "verify").returncode == 0
    assert "entry 3 is missing" in three("audit", "verify", "--head", heads[1]).stdout


PUT_IN = """INSERT INTO disclosure SELECT 4, at, source, vendor, district, door, request, kinds, fields, people,
    records, sequence, first_id, last_id, ids, 'another', hash FROM disclosure WHERE id = 3"""


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("UPDATE disclosure SET vendor = 'word-yard' WHERE id = 2", 2),
        ("DELETE FROM disclosure WHERE id = 2", 2),
        (PUT_IN, 4),
    ],
)
def test_a_broken_log_is_named_with_the_first_that_does_not_fit(three: Program, statement: str, wrong: int) -> None:
    tamper(three, statement)
    done = three("audit", "verify")
    assert (done.returncode, done.stderr) == (1, "")
    assert f"The disclosure log is broken: entry {wrong} is " in done.stdout
    assert done.stdout.startswith("The audit trail: 1 entry, whole, ")
    assert "copy the store" in done.stdout
    assert f'"wrong_id": {wrong}' in three("audit", "verify", "--json").stdout
