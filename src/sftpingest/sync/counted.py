"""Counts of an upload by file.

In:  how many records each file has, the findings, the verdict.
Out: rows, accepted, rejected.
"""

import pandas as pd

from sftpingest.roster.changes import Outcome
from sftpingest.roster.finding import Severity
from sftpingest.roster.judge import Verdict


def counted(records: dict[str, int], findings: pd.DataFrame, verdict: Verdict) -> dict[str, dict[str, int]]:
    """By file: rows = accepted + rejected. Of a refused upload, and of a refused file, nothing is accepted."""
    by_row = findings[(findings["severity"] == Severity.ROW.value).to_numpy(bool)]
    rejected = by_row.groupby("file")["row"].nunique()
    refused = set(findings["file"][(findings["severity"] == Severity.FILE.value).to_numpy(bool)])
    out = {}
    for name, rows in records.items():
        bad = rows if verdict.outcome is Outcome.REFUSED or name in refused else int(rejected.get(name, 0))
        out[name] = {"rows": rows, "accepted": rows - bad, "rejected": bad}
    return out
