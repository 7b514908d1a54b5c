"""The container file and the locks. Its steps are run by .ci/run, with deploy/try-container-steps."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "deploy/requirements.lock")


def locked(name: str) -> set[str]:
    return set(re.findall(r"(?m)^(\S+==\S+)", (PROJECT / name).read_text("utf-8")))


def not_locked(text: str) -> list[str]:
    """The lines of a lock that are neither a package of one version, with its hashes below, nor such a hash."""
    package = r"\S+==\S+( ; [^\\]+)? \\\n(    --hash=sha256:[0-9a-f]+( \\)?\n)+"
    return re.sub(rf"(?m)^{package}", "", text).splitlines()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_hashes_and_no_address(name: str) -> None:
    assert not_locked((PROJECT / name).read_text("utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://example.org/simple",
        "-i https://example.org",
        "--find-links wheels",
        "pytest>=9",
        "pytest==9",
    ],
)
def test_a_lock_that_names_a_registry_or_leaves_something_open_would_be_seen(line: str) -> None:
    locked = "ruff==0.17 \\\n    --hash=sha256:00ff\n"
    assert not_locked(locked) == []
    assert not_locked(f"{line}\n{locked}") == [line]
    assert not_locked(f"{locked}{line}\n") == [line]


def test_what_runs_is_what_was_tested() -> None:
    assert locked("deploy/requirements.lock") < locked("requirements.lock")
    assert not any(line.startswith(("pytest", "mypy==", "ruff")) for line in locked("deploy/requirements.lock"))


def test_the_image_runs_as_a_user_of_its_own_and_copies_what_is_there() -> None:
    text = (PROJECT / "deploy" / "Containerfile").read_text("utf-8")
    assert re.search(r"(?m)^USER sftpingest$", text)
    for names in re.findall(r"(?m)^COPY (?!--from)(.*) \S+$", text):
        assert all((PROJECT / name).exists() for name in names.split())
