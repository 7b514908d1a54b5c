"""The table in docs/clients.md, between its two marks.

In: what result.json holds. Out: the page with a new table.
"""

from collections.abc import Mapping
from typing import Any

from tests.clients.client import ROOT, Client
from tests.clients.operations import Operation
from tests.clients.roll import CLIENTS

PAGE = ROOT / "docs" / "clients.md"
BEGIN = "<!-- the table: made by `make test-clients ARGS=--write` -->"
END = "<!-- the end of the table -->"
_WORDS = {"passed": "yes", "failed": "**no**"}


def write(result: Mapping[str, Any]) -> str:
    """Write the table, if every client was tried at everything; gives what to tell whoever asked."""
    if untried := lacking(result):
        return f"The table was not written. Not tried in this run: {', '.join(untried)}."
    text = PAGE.read_text("utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{made(result)}{END}{after}", "utf-8")
    return f"The table in {PAGE.relative_to(ROOT)} was written."


def lacking(result: Mapping[str, Any]) -> list[str]:
    """What a whole run would have tried and this one did not."""
    tried = {(title, word) for title, one in result["clients"].items() for word in one["cells"]}
    return [
        f"{client.title} {operation}"
        for client in CLIENTS
        for operation in Operation
        if operation not in client.lacks and (client.title, operation.value) not in tried
    ]


def made(result: Mapping[str, Any]) -> str:
    """The table and its notes, as Markdown."""
    notes: list[str] = []
    head = ["client", "version", *Operation]
    lines = [_line(head), _line(["---"] * len(head))]
    lines += [_row(client, result["clients"][client.title], notes) for client in CLIENTS]
    told = [f"{number}. {note}\n" for number, note in enumerate(notes, 1)]
    when = f"Tried on {result['date']} on {result['system']}.\n"
    return "".join(["\n", *lines, "\n", when, "–: not in this client. A number: see below.\n\n", *told, "\n"])


def _row(client: Client, tried: Mapping[str, Any], notes: list[str]) -> str:
    cells = [_cell(client, operation, tried["cells"].get(operation.value, ""), notes) for operation in Operation]
    return _line([client.title, tried["version"] or "", *cells])


def _cell(client: Client, operation: Operation, outcome: str, notes: list[str]) -> str:
    if operation in client.lacks:
        return f"– {_note(client.lacks[operation], notes)}"
    if outcome not in _WORDS:  # skipped, and why
        return f"not here {_note(outcome.removeprefix('skipped: '), notes)}"
    differs = client.differs.get(operation)
    return f"{_WORDS[outcome]} {_note(differs, notes) if differs else ''}".rstrip()


def _note(text: str, notes: list[str]) -> str:
    """The number of a note; notes that say the same are one."""
    if text not in notes:
        notes.append(text)
    return f"[{notes.index(text) + 1}]"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
