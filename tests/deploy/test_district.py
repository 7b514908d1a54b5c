"""The two scripts of a district are one: what upload.sh does is tried (tests/flow), and upload.ps1 says the same."""

import re
from pathlib import Path

import pytest

DISTRICT = Path(__file__).parents[2] / "deploy" / "district"
SH, PS1 = ((DISTRICT / name).read_text("utf-8") for name in ("upload.sh", "upload.ps1"))
ASKED = ("server", "login", "key", "known_hosts", "folder", "reports")


def test_the_example_holds_every_setting_that_the_scripts_read() -> None:
    example = (DISTRICT / "upload.conf.example").read_text("utf-8")
    names = set(re.findall(r"(?m)^([a-z_]+) = \S", example))
    assert f"for name in {' '.join(ASKED)};" in SH
    assert f"foreach ($name in {', '.join(map(repr, ASKED))})" in PS1
    assert names == {*ASKED, *re.findall(r"\$\(setting ([a-z_]+) ", SH)}
    defaults = re.search(r"\$found = @\{(.*)\}", PS1)
    assert defaults
    assert names == {*ASKED, *re.findall(r"(\w+) = '", defaults[1])}


def test_what_is_not_set_is_the_same_for_both() -> None:
    defaults = re.search(r"\$found = @\{(.*)\}", PS1)
    assert defaults
    assert dict(re.findall(r"(\w+) = '(\w+)'", defaults[1])) == dict(re.findall(r"\$\(setting (\w+) (\w+)\)", SH))


def test_both_scripts_speak_to_the_server_in_the_same_way() -> None:
    ssh = re.findall(r"(?m)^    ([A-Z][A-Za-z]+ (?:yes|no|\d+))$", SH)
    assert ssh == re.findall(r"(?m)^ +'    ([A-Z][A-Za-z]+ (?:yes|no|\d+))',?$", PS1)
    assert {"StrictHostKeyChecking yes", "IdentitiesOnly yes", "BatchMode yes"} <= set(ssh)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (2, "The files could not be checked. Nothing was uploaded."),
        (2, "Copy upload.conf.example to it."),
        (2, "wait and every are whole numbers."),
        (4, "The check at home refuses these files. Nothing was uploaded."),
        (5, "The files changed while they were checked: the export still runs. Nothing was uploaded."),
        (5, "The files changed while they were uploaded: some may be old and some new. Run this once more."),
        (5, "The upload failed three times."),
        (5, "minutes. Look into /reports later, or ask whoever runs the server."),
    ],
)
def test_both_scripts_end_with_the_same_status_for_the_same_sentence(status: int, sentence: str) -> None:
    assert re.search(rf"stop {status} \".*{re.escape(sentence)}", SH)
    assert re.search(rf"Stop-Upload {status} ['\"].*{re.escape(sentence)}", PS1)


def test_the_script_for_windows_is_plain_ascii() -> None:
    """PowerShell 5.1 reads a file without a byte order mark in the letters of the machine."""
    assert PS1.isascii()
