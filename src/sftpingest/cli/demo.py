"""`sftpingest demo`: the whole way once, with real parts, on a data folder that goes away afterwards.

In:  nothing.
Out: a server, an upload with planted mistakes through SFTP, its report, what the store holds, how to log in.
"""

import csv
import io
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from sftpingest.cli import terminal

if TYPE_CHECKING:
    from sftpingest.cli.demo_server import Server

SLUG = "demo"
USERNAME = "demo-district"


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(epilog=terminal.example("sftpingest demo", "sftpingest demo --once"))(demo)


def demo(
    once: Annotated[bool, typer.Option("--once", help="Stop by itself; exit 0 only if everything arrived.")] = False,
) -> None:
    """Show it at work, on a data folder that is removed after.

    Starts the real server, uploads a roster with planted mistakes through SFTP, prints its report and what the store
    then holds, and stays up until Ctrl-C.
    """
    from sftpingest.cli.demo_server import Server

    signal.signal(signal.SIGTERM, _leave)
    folder = Path(tempfile.mkdtemp(prefix="sftpingest-demo-"))
    missed: list[str] = []
    try:
        with Server(folder) as server:
            missed = _run(server, once=once)
            if not once:
                terminal.say("\nThe server stays up until Ctrl-C.")
                server.wait()
    except KeyboardInterrupt:
        terminal.say("\nThe demo ends; its data folder is removed.")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if missed:
        raise terminal.Stopped(f"Not everything arrived: {'; '.join(missed)}.", 1)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(server: "Server", *, once: bool) -> list[str]:
    """Upload, wait, print; gives what did not arrive as it should."""
    from sftpingest.cli import demo_roster

    password = server.add_district(SLUG, "Demo District", USERNAME)
    files, planted = demo_roster.made()
    _title(f"A server is up on port {server.port}. Through SFTP, the district {SLUG} uploads its roster")
    terminal.table(("file", "records"), [(name, content.count(b"\n") - 1) for name, content in files.items()])
    report = server.upload_and_wait(files, USERNAME, password)
    _title("What the district finds in its folder: /reports/latest/summary.txt")
    terminal.say(report["summary.txt"].decode("utf-8-sig").rstrip())
    findings = list(csv.DictReader(io.StringIO(report["rejections.csv"].decode("utf-8-sig"), newline="")))
    _title("and /reports/latest/rejections.csv")
    _print_findings(findings)
    _title("What the store now holds")
    counts = server.counts(SLUG)
    terminal.table(("kind", "records"), counts)
    _print_login(server, password, once=once)
    places = {_place(finding) for finding in findings}
    missed = [f"the report lacks {mistake}" for mistake in planted if mistake.place not in places]
    return [*missed, *_not_stored(json.loads(report["result.json"])["outcome"], dict(counts))]


def _not_stored(outcome: str, counts: dict[str, int]) -> list[str]:
    """What the store should hold of the roster and does not."""
    from sftpingest.cli import demo_roster

    missed = [] if outcome == "applied" else [f"the upload is {outcome}, not applied"]
    held = {kind: (counts.get(kind, 0), due) for kind, due in demo_roster.ARRIVE.items()}
    return [
        *missed,
        *(f"{due} {kind} records are due, {there} are there" for kind, (there, due) in held.items() if there != due),
    ]


def _title(text: str) -> None:
    terminal.say(f"\n--- {text} ---\n")


def _place(finding: dict[str, str]) -> tuple[str, int | None, str, str]:
    row = int(finding["row"]) if finding["row"] else None
    return finding["file"], row, finding["column"], finding["code"]


def _print_findings(findings: list[dict[str, str]]) -> None:
    names = ("file", "row", "column", "record", "code", "severity", "value", "message")
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    lines = terminal.aligned(names, [[finding[name] for name in names] for finding in findings]).splitlines()
    terminal.say("\n".join(line[:width] for line in lines))  # at a terminal one line each; the sentences stand above


def _print_login(server: "Server", password: str, *, once: bool) -> None:
    _title("How to log in" + (": not now, for with --once the server stops here" if once else ""))
    terminal.say(f"sftp -P {server.port} {USERNAME}@127.0.0.1")
    terminal.say(f"password: {password}")
    terminal.say(f"web address: {server.web} (for vendors' programs; there is no page for people yet)")
    terminal.say(f"data folder: {server.folder} (removed when the demo ends)")
