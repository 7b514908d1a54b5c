"""Stage 4: findings, changes and policy -> applied, held or refused.

In: what was found and what would change.
Out: a Verdict with the reason in one sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from sftpingest.roster.changes import Changes, KindChanges, Outcome
from sftpingest.roster.finding import Severity, worst
from sftpingest.roster.kinds import Kind

#: 0.29 * 100 is a little less than 29: exactly the share allowed is never too much.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Policy:
    """How big a change may be. Shares of the records held of one kind, 0 to 1.

    The defaults are those of Clever's safety thresholds (clever.md 2.3); `few` and `small` are ours: a share says
    nothing where there are fewer than 20 records, so there more than five must change.
    """

    removed: float = 0.10
    updated: float = 0.75
    by_kind: Mapping[tuple[str, Kind], float] = field(default_factory=dict)  #: ("removed" or "updated", kind) -> share
    small: int = 20
    few: int = 5

    def most(self, what: str, kind: Kind, held: int) -> float:
        """Up to how many records may change so before the upload is held."""
        share = self.by_kind.get((what, kind), self.removed if what == "removed" else self.updated)
        most = share * held + _ROUNDING
        return max(most, self.few) if held < self.small else most


@dataclass(frozen=True)
class Verdict:
    """The outcome, and why in one sentence; '' where it is applied."""

    outcome: Outcome
    reason: str = ""


def refuse(findings: pd.DataFrame) -> Verdict | None:
    """Refused where a finding says so; None where the upload may be worked out further."""
    if worst(findings) is not Severity.UPLOAD:
        return None
    about = findings[(findings["severity"] == Severity.UPLOAD.value).to_numpy(bool)].iloc[0]
    more = f", {about['column']}" if about["column"] else ""
    sentence = f"{about['file']}{more}: {_SAID.get(about['code'], about['code'])}"
    return Verdict(Outcome.REFUSED, f"{sentence}.")


_SAID = {
    "file.missing": "the file is not there",
    "file.unreadable": "the file cannot be read",
    "file.empty": "the file has no records",
    "file.repeated": "the file is there twice",
    "value.unknown": "what stands there is not one of its words",
    "file.foreign": "the file is in another format than the others",
    "file.encoding": "the file is not in UTF-8",
    "column.unknown": "the column is not known",
    "column.order": "the column is not in its place",
    "property.missing": "a line that it must have is not there",
    "row.malformed": "a line is no CSV",
    "value.missing": "nothing stands there",
    "id.repeated": "the same stands there twice",
    "column.missing": "the column is not there",
    "column.repeated": "the column stands twice",
}


def judge(changes: Changes, policy: Policy, *, first: bool, released: bool) -> Verdict:
    """Applied or held. The first sync of a district is free, and so is one that a person released."""
    if first or released:
        return Verdict(Outcome.APPLIED)
    reasons = [_too_much(kind, changed, policy) for kind, changed in changes.kinds.items()]
    said = [reason for reason in reasons if reason]
    sentences = [*changes.doubts, *([f"This upload would {'; '.join(said)}."] if said else [])]
    return Verdict(Outcome.HELD if sentences else Outcome.APPLIED, " ".join(sentences))


def _too_much(kind: Kind, changed: KindChanges, policy: Policy) -> str:
    """In words what is more than the policy allows; '' where nothing is."""
    for what, verb, count in (
        ("removed", "remove", len(changed.removed)),
        ("updated", "change", len(changed.updated)),
    ):
        if count > policy.most(what, kind, changed.held):
            share = 100 * count / changed.held
            return f"{verb} {count:,} of {changed.held:,} {kind} records ({share:.1f} %)"
    return ""
