"""The documentation keeps up with the program."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from typer.main import get_command

from sftpingest.cli import app
from sftpingest.settings import names
from sftpingest.store.setting import DistrictSettings
from tests.cli.conftest import commands

PROJECT = Path(__file__).parents[1]
PAGES = sorted(
    {
        PROJECT / "README.md",
        PROJECT / "CHANGELOG.md",
        *PROJECT.glob("*/README.md"),
        PROJECT / "deploy" / "district" / "README.md",
        *PROJECT.glob("docs/**/*.md"),
    }
)


def page(name: str) -> str:
    return (PROJECT / name).read_text("utf-8")


def test_the_reference_is_fresh() -> None:
    script = PROJECT / "docs" / "reference" / "generate.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_command_is_in_the_reference() -> None:
    text = page("docs/reference/commands.md")
    groups = {words[:-1] for words in commands(get_command(app)) if len(words) > 1}
    for words in commands(get_command(app)):
        assert not words or words in groups or f"## sftpingest {' '.join(words)}\n" in text, words


def test_every_setting_is_in_the_reference() -> None:
    text = page("docs/reference/settings.md")
    of_kinds = {"files", "max_removed_of", "max_updated_of"}  # written `file.NAME`, `max_removed.student`
    missing = [name for name in names() if f"`{name}`" not in text]
    missing += [f.name for f in fields(DistrictSettings) if f.name not in of_kinds and f"`{f.name}`" not in text]
    assert not missing


def test_the_readme_opens_with_the_two_commands() -> None:
    text = page("README.md")
    first = text.index("make demo"), text.index("make test")
    assert first == tuple(sorted(first))
    assert first[1] < 300


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
        assert target.startswith("https://") or (path.parent / target).exists(), target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_command_and_target_that_a_page_names_is_there(path: Path) -> None:
    text = path.read_text("utf-8")
    known = {words for words in commands(get_command(app)) if words}
    for line in re.findall(r"(?m)(?:^|`)sftpingest ((?:[a-z]+ ?)+)", text):
        words = tuple(line.split())
        assert words[:2] in known or words[:1] in known, line
    targets = set(re.findall(r"(?m)^([a-z]+):", page("Makefile")))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", text)) <= targets
