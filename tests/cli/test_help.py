"""Help, wrong use, and what is loaded for it."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from sftpingest.cli import app
from tests.cli.conftest import Program, commands, environment


@pytest.mark.parametrize("words", commands(get_command(app)), ids=" ".join)
def test_every_command_has_help_with_an_example(words: tuple[str, ...], quick: Program) -> None:
    said = quick.ok(*words, "--help")
    assert "Usage: sftpingest" in said
    assert f"  Example:\n    {' '.join(['sftpingest', *words])}" in said


def test_help_comes_at_once_for_nothing_heavy_is_read() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "sftpingest", "--help"]
    done = subprocess.run(command, env=environment({}), capture_output=True, text=True, check=True)
    read = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "typer" in read
    assert not read & {"pandas", "pyarrow", "pandera", "sqlalchemy", "asyncssh", "alembic"}


def loaded_by(*words: str) -> set[str]:
    """The modules that are there when a command has ended."""
    code = f"import sys\nfrom sftpingest.cli import run\nrun({words!r})\nprint('\\n' + ' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], env=environment({}), capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_help_loads_nothing_heavy() -> None:
    assert not {"asyncssh", "pandas", "pyarrow", "pydantic", "sqlalchemy"} & loaded_by("--help")


#: What the server stands on, and check does not: ours, and other people's.
SERVER = {"sftpingest.app", "sftpingest.doors", "sftpingest.settings", "sftpingest.store", "sftpingest.sync.flow"}
SERVER |= {"sftpingest.log", "sftpingest.work", "alembic", "argon2", "asyncssh", "cryptography", "psycopg", "pyotp"}
SERVER |= {"pydantic_settings", "segno", "sqlalchemy", "sqlmodel", "structlog", "uvicorn"}


def test_check_never_loads_the_server(roster: Path) -> None:
    loaded = loaded_by("check", str(roster))
    assert "sftpingest.roster.validate" in loaded  # it has done its work
    assert not SERVER & loaded


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["nonsense"], "nonsense"),
        (["district", "ad"], "Did you mean 'add'"),
        (["district", "add", "springfield"], "--name"),
        (["district", "add"], "SLUG"),
        (["sync", "show", "seventeen"], "ID"),
        (["sync", "show", "0"], "ID"),
        (["roster", "springfield", "--kind", "pupil"], "pupil"),
        (
            ["login", "add", "springfield", "sis", "--expires", "2026-13-01"],
            ": '2026-13-01' is no date written as",
        ),
        (["district", "list", "--config"], "--config needs a value"),
        (["check", "nowhere"], "nowhere"),
        (["check", ".", "--loudly"], "--loudly"),
        (["ingest", "springfield", "nowhere"], "nowhere"),
        (["district", "show", "nobody"], "SFTPINGEST_DATA"),
        (["sync", "release", "17"], "SFTPINGEST_DATA"),
        (["roster", "springfield", "--as-of", "0"], "--as-of"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_one_sentence_that_names_it(words: list[str], names: str, quick: Program) -> None:
    assert names in quick.refused(*words)


def test_what_is_not_there_is_named_with_the_store_that_was_looked_at(quick: Program) -> None:
    quick.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    said = quick.refused("district", "show", "nobody")
    assert '"nobody"' in said
    assert f"{quick.data / 'roster.db'} (SFTPINGEST_DATA)" in said
    assert "17" in quick.refused("sync", "release", "17")


def test_wrong_use_of_the_real_command_is_no_traceback(program: Program) -> None:
    program.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    assert "nobody" in program.refused("district", "show", "nobody")
    assert "nonsense" in program.refused("nonsense")


def test_a_group_alone_shows_its_help_and_is_wrong_use(program: Program) -> None:
    done = program("district")
    assert done.returncode == 2
    assert "Usage: sftpingest district" in done.stderr


def test_the_version_is_that_of_the_package(program: Program) -> None:
    from sftpingest import __version__

    assert program.ok("--version") == f"sftpingest {__version__}\n"


@pytest.mark.parametrize(
    "words",
    [
        ["district", "list"],
        ["district", "show", "springfield"],
        ["login", "list", "springfield"],
        ["syncs", "springfield"],
        ["sync", "show", "1"],
        ["roster", "springfield"],
        ["roster", "springfield", "--kind", "student"],
        ["ingest", "springfield", "."],
    ],
    ids=" ".join,
)
def test_only_what_adds_makes_a_store(words: list[str], quick: Program) -> None:
    said = quick.refused(*words)
    assert f"There is no store in the data folder {quick.data}." in said
    assert "SFTPINGEST_DATA" in said
    assert not quick.data.exists()


def test_an_empty_database_is_left_empty(program: Program, postgres_url: str) -> None:
    program.settings["SFTPINGEST_DATABASE_URL"] = postgres_url
    assert "SFTPINGEST_DATABASE_URL" in program.refused("district", "list")
    assert not program.data.exists()


def test_the_settings_file_may_be_named_anywhere_in_the_line(quick: Program) -> None:
    file = quick.data.parent / "other.toml"
    file.write_text("quiet_secnds = 3\n")
    for words in (["--config", file, "district", "list"], ["district", "list", f"--config={file}"]):
        assert "quiet_secnds" in quick.refused(*words)


def test_an_error_of_ours_is_a_sentence_and_shows_its_place_only_when_asked(program: Program) -> None:
    program.settings["SFTPINGEST_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    done = program("district", "list")
    assert done.returncode == 5
    assert done.stderr.startswith("sftpingest: The store cannot be used")
    assert done.stderr.count("\n") == 1
    assert "Traceback" in program("district", "list", "--debug").stderr
