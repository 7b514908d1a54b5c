"""What became of each operation, kept for the table.

In: pytest's reports of a run. Out: build/clients/result.json, and the table in docs/clients.md.
"""

import json
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.clients import table
from tests.clients.client import INSTALLED

RESULT = INSTALLED / "result.json"


@dataclass
class Results:
    """The cells of one run, by client and operation."""

    versions: dict[str, str] = field(default_factory=dict)
    cells: dict[str, dict[str, str]] = field(default_factory=dict)

    def note(self, report: pytest.TestReport) -> None:
        """Keep what one test says of its operation: the worst of its three phases."""
        facts: dict[str, Any] = dict(report.user_properties)
        if "operation" not in facts or (report.when != "call" and report.passed):
            return
        cells = self.cells.setdefault(facts["client"], {})
        if cells.get(facts["operation"], "passed") == "passed":
            cells[facts["operation"]] = report.outcome if not report.skipped else _reason(report)
        if "version" in facts:
            self.versions[facts["client"]] = facts["version"]

    def keep(self) -> None:
        """Write result.json, where anything was tried."""
        if not self.cells:
            return
        clients = {title: {"version": self.versions.get(title), "cells": cells} for title, cells in self.cells.items()}
        result = {"date": datetime.now(UTC).date().isoformat(), "system": _system(), "clients": clients}
        RESULT.parent.mkdir(parents=True, exist_ok=True)
        RESULT.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", "utf-8")

    def write(self) -> str:
        """Write the table anew; gives what to tell whoever asked for it."""
        return table.write(json.loads(RESULT.read_text("utf-8")) if RESULT.exists() else {"clients": {}})


def _reason(report: pytest.TestReport) -> str:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
    return f"skipped: {reason.partition(': ')[2].partition(': ')[2]}"


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()
