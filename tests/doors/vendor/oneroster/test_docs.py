"""The lines to copy in docs/vendors/oneroster.md do what is said beside them."""

import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.doors.vendor.oneroster.conftest import Lake

PAGE = Path(__file__).parents[4] / "docs" / "vendors" / "oneroster.md"
LINES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL) for line in block.splitlines()]


def run(lake: Lake, line: str) -> Any:
    """What curl would do with these options, in this process."""
    program, *words = shlex.split(line)
    assert program == "curl"
    options: dict[str, str] = {}
    address = ""
    while words:
        word = words.pop(0)
        if word in {"-u", "-d", "-H", "--data-urlencode"}:
            options[word] = words.pop(0)
        elif word not in {"-i", "-G"}:
            address = word.removeprefix("https://roster.example.org")
    if "--data-urlencode" in options:
        name, _, value = options["--data-urlencode"].partition("=")
        address += f"?{name}={quote(value)}"
    if "-d" in options:
        name, _, value = options["-d"].partition("=")
        assert options["-u"] == "CLIENT_ID:SECRET"
        return lake("POST", address, data={name: value}, auth=lake.clients["everything"])
    assert options["-H"] == "Authorization: Bearer TOKEN"
    return lake.ask(address, place="")


@pytest.mark.parametrize("line", LINES)
def test_a_line_to_copy_is_answered(lake: Lake, line: str) -> None:
    answer = run(lake, line)
    assert answer.status_code == 200, answer.text
    assert answer.json().get("access_token") or "x-total-count" in answer.headers


def test_the_page_has_lines_to_copy() -> None:
    assert len(LINES) == 6
