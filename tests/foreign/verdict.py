"""Where our door differs from OpenSSH, and whether it may.

In: what both were found to do wrong, and reasons.toml. Out: a table, and what nobody gave a reason for.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Findings = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Reason:
    """Why some tests cannot pass here, and what they may complain of."""

    because: str
    tests: tuple[str, ...]
    #: what every complaint must match, so that a listed test does not hide another fault
    only: str


@dataclass(frozen=True)
class Known:
    """What reasons.toml says."""

    reasons: tuple[Reason, ...]
    #: tests that OpenSSH fails too, or that run nowhere
    nowhere: frozenset[str]

    def of(self, test: str) -> Reason | None:
        """The reason of a test."""
        return next((reason for reason in self.reasons if test in reason.tests), None)


@dataclass(frozen=True)
class Line:
    """One test, on both servers."""

    test: str
    openssh: Sequence[str]
    ours: Sequence[str]
    reason: Reason | None
    #: whether OpenSSH may fail it
    nowhere: bool

    @property
    def wrong(self) -> str:
        """What must be mended, in the door or in the list of reasons; empty where nothing."""
        if self.openssh and not self.nowhere:  # else a broken measure would let everything pass
            return f"OpenSSH fails it, so there is no measure: {'; '.join(self.openssh)}"
        if self.reason is None:
            return "fails here and passes with OpenSSH" if self.ours and not self.openssh else ""
        if not self.ours:
            return "passes, and stands in the list of those that cannot"
        strange = [fault for fault in self.ours if not re.search(self.reason.only, fault)]
        return f"fails for another reason than the list says: {'; '.join(strange)}" if strange else ""

    def __str__(self) -> str:
        why = self.reason.because if self.reason else "; ".join(self.ours)
        return f"| {_cell(self.test)} | {_word(self.openssh)} | {_word(self.ours)} | {_cell(why)} |"


def read(path: Path) -> Known:
    """Read the list. Raises KeyError where a reason or its tests are missing."""
    written = tomllib.loads(path.read_text("utf-8"))
    reasons = (Reason(one["because"], tuple(one["tests"]), one["only"]) for one in written["reason"])
    return Known(tuple(reasons), frozenset(written["nowhere"]))


def compared(openssh: Findings, ours: Findings, known: Known) -> list[Line]:
    """Put both side by side. A test that did not run counts as failed."""
    missing = ("not run",)
    return [
        Line(test, openssh.get(test, missing), ours.get(test, missing), known.of(test), test in known.nowhere)
        for test in dict.fromkeys([*openssh, *ours])
    ]


def unknown(lines: Sequence[Line], known: Known) -> list[str]:
    """Tests in the list that no suite has."""
    there = {line.test for line in lines}
    return [
        test
        for test in [*(test for reason in known.reasons for test in reason.tests), *known.nowhere]
        if test not in there
    ]


def table(title: str, lines: Sequence[Line]) -> Iterator[str]:
    """A table in Markdown, under its heading."""
    good = sum(not line.ours for line in lines)
    refused = sum(line.reason is not None for line in lines)
    measure = sum(not line.openssh for line in lines)
    yield f"## {title}"
    yield ""
    yield f"{len(lines)} tests: OpenSSH passes {measure}, our door {good}; {refused} it cannot pass on purpose."
    yield ""
    yield from ("| test | OpenSSH | our door | why |", "| --- | --- | --- | --- |")
    yield from map(str, lines)
    yield ""


def _word(faults: Sequence[str]) -> str:
    if not faults:
        return "passes"
    return faults[0] if faults[0] in {"skipped", "not run"} else "fails"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
