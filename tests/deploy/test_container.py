"""The container file and the locks. Its steps are run by .ci/run, with deploy/try-container-steps."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "deploy/requirements.lock")


def locked(name: str) -> set[str]:
    return set(re.findall(r"(?m)^(\S+==\S+)", (PROJECT / name).read_text("utf-8")))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_hashes_and_no_address(name: str) -> None:
    text = (PROJECT / name).read_text("utf-8")
    assert "://" not in text
    assert "index" not in text.replace("pyproject", "")
    assert len(re.findall(r"(?m)^\S+==", text)) == len(re.findall(r"(?m)^\S+==.*\\\n    --hash=sha256:", text))


def test_what_runs_is_what_was_tested() -> None:
    assert locked("deploy/requirements.lock") < locked("requirements.lock")
    assert not any(line.startswith(("pytest", "mypy==", "ruff")) for line in locked("deploy/requirements.lock"))


def test_the_image_runs_as_a_user_of_its_own_and_copies_what_is_there() -> None:
    text = (PROJECT / "deploy" / "Containerfile").read_text("utf-8")
    assert re.search(r"(?m)^USER sftpingest$", text)
    for names in re.findall(r"(?m)^COPY (?!--from)(.*) \S+$", text):
        assert all((PROJECT / name).exists() for name in names.split())
