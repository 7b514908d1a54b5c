"""How a sync ended, for people and for programs: shared by ingest and sync.

In:  a sync's id.
Out: its report as text or JSON, and the exit status that says the same.
"""

import json
import time
from typing import TYPE_CHECKING, Any

from sftpingest.cli import terminal

if TYPE_CHECKING:
    from sftpingest.cli.installation import Installation
    from sftpingest.store.tables import Sync

#: Between two looks while another process does the work, in seconds.
PAUSE = 0.2

STATUS = {"applied": 0, "held": 3, "refused": 4, "failed": 5, "discarded": 3}


def wait(here: "Installation", slug: str, sync_id: int) -> "Sync":
    """Work, or let a running worker work, until the sync has ended and its report lies there."""
    from sftpingest import work
    from sftpingest.sync.flow import run
    from sftpingest.sync.reports import rereport

    engine, folder = here.engine, here.settings.data
    while True:
        found = _sync(here, sync_id)
        ended = str(found.state) in STATUS
        if ended and found.report:
            return found
        if ended:  # its worker is about to write the report, and holds the lock; or it died before it did
            work.report_unwritten(engine, folder, rereport)
        elif work.work_once(engine, folder, run, rereport=rereport, only=slug):
            continue
        time.sleep(PAUSE)


def show(here: "Installation", slug: str, found: "Sync", as_json: bool) -> int:
    """Print how a sync ended; gives the exit status."""
    result = result_of(here, slug, found)
    if as_json:
        terminal.as_json(result)
    else:
        show_result(result, str(here.folders(slug).reports / str(found.report)))
    return status(result)


def result_of(here: "Installation", slug: str, found: "Sync") -> dict[str, Any]:
    """The result.json of a sync's report; from the journal where the report has been pruned."""
    path = here.folders(slug).reports / str(found.report) / "result.json"
    try:
        result: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        counts = {"files": found.files, "kinds": found.kinds, "findings": found.findings}
        result = {"sync": found.id, "outcome": str(found.state), **counts, "reason": found.reason}
    return result


def status(result: dict[str, Any]) -> int:
    """0 applied, 1 applied with rejected rows, 3 held (or given up), 4 refused, 5 failed."""
    rejected = any(counts.get("rejected") for counts in (result.get("files") or {}).values())
    return 1 if result["outcome"] == "applied" and rejected else STATUS[result["outcome"]]


def show_result(result: dict[str, Any], report: str | None) -> None:
    """Print the counts of a result.json as tables."""
    if result.get("sync") is not None:
        terminal.say(f"Sync {result['sync']}: {result['outcome']}")
    if result.get("reason"):
        terminal.say(terminal.plain(result["reason"]))
    _counted("file", result.get("files"), ("rows", "accepted", "rejected"))
    _counted("kind", result.get("kinds"), ("created", "updated", "removed", "unchanged"))
    if result.get("findings"):
        terminal.say()
        terminal.table(("finding", "times"), sorted(result["findings"].items()))
    if report:
        terminal.say(f"\nReport: {report}")


def _counted(name: str, counts: dict[str, dict[str, int]] | None, columns: tuple[str, ...]) -> None:
    if counts:
        terminal.say()
        terminal.table((name, *columns), [(key, *(row.get(c, 0) for c in columns)) for key, row in counts.items()])


def _sync(here: "Installation", sync_id: int) -> "Sync":
    from sftpingest.store import journal

    with here.engine.connect() as connection:
        return journal.sync(connection, sync_id)
