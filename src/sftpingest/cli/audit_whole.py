"""Whether what must not be changed is whole, as `sftpingest audit verify` says it.

In:  heads that were noted elsewhere.
Out: a verdict on the audit trail and one on the disclosure log, as text and as JSON.
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import typer

from sftpingest.cli import terminal
from sftpingest.cli.installation import opened

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from sftpingest.store.chain import Chain, Head
    from sftpingest.store.whole import Verdict

_HEAD = re.compile(r"(d:)?(\d{1,18}):([0-9a-f]{64})")
#: Entries from which on a person is told how far the look has come.
_LONG = 50_000
_REMEDY = (
    "Change nothing: copy the store as it is now, and compare it with a backup. "
    "docs/audit.md says what this means and what to do."
)


@dataclass(frozen=True)
class Words:
    """How one of the two is spoken of."""

    name: str
    one: str
    many: str
    #: what stands before its heads
    mark: str = ""


TRAIL = Words("audit trail", "entry", "entries")
DISCLOSURES = Words("disclosure log", "read", "reads", "d:")


def verified(heads: Sequence[str]) -> "tuple[Verdict, Verdict]":
    """Look at every entry of both. Raises Stopped for what is no head."""
    noted = [_head(text) for text in heads]
    from sftpingest.store.audit import TRAIL as TRAIL_CHAIN
    from sftpingest.store.disclosures import LOG

    with opened() as here:
        trail = _look(here.engine, TRAIL_CHAIN, [head for mark, head in noted if not mark])
        return trail, _look(here.engine, LOG, [head for mark, head in noted if mark])


def _head(text: str) -> "tuple[str, Head]":
    from sftpingest.store.chain import Head

    found = _HEAD.fullmatch(text.strip().lower())
    if found is None:
        form = "ID:HASH, 64 hex digits, with d: before it where it is of the disclosure log"
        raise terminal.Stopped(f"{text} is no head. Give the id and the hash of an entry as {form}.")
    return found[1] or "", Head(int(found[2]), found[3])


def _look(engine: "Engine", chain: "Chain", heads: "list[Head]") -> "Verdict":
    from sftpingest.store import whole

    if not sys.stderr.isatty():
        return whole.verify(engine, chain, heads)
    total = whole.total(engine, chain)
    try:
        return whole.verify(engine, chain, heads, lambda count: _show_progress(count, total))
    finally:
        _show_progress(0, total)


def _show_progress(count: int, total: int) -> None:
    """One line that is written over; with 0 it goes."""
    if total >= _LONG:
        typer.echo(f"\r{count:,} of {total:,} entries" if count else f"\r{'':60}\r", nl=False, err=True)


def said(of: Words, verdict: "Verdict") -> str:
    """A verdict for people."""
    if verdict.wrong:
        before = "There is none before it."
        if verdict.head:
            before = f"Whole before it: {_count(of, verdict.entries)}, up to {verdict.head.id} of {verdict.last}."
        return f"The {of.name} is broken: {verdict.wrong}.\n{before}\n{_REMEDY}"
    if verdict.head is None:
        return f"The {of.name} has no entries yet."
    span = f"from {verdict.first} to {verdict.last}"
    return f"The {of.name}: {_count(of, verdict.entries)}, whole, {span}, head {_shown(of, verdict)}"


def _count(of: Words, entries: int) -> str:
    return f"1 {of.one}" if entries == 1 else f"{entries} {of.many}"


def _shown(of: Words, verdict: "Verdict") -> str | None:
    return None if verdict.head is None else f"{of.mark}{verdict.head.id}:{verdict.head.hash}"


def as_shown(trail: "Verdict", disclosures: "Verdict") -> dict[str, Any]:
    """Both verdicts for machines. What is said of the audit trail stands at the top, where it always stood."""
    both = {"whole": not trail.wrong and not disclosures.wrong, **_facts(TRAIL, trail)}
    return both | {"disclosures": {"whole": not disclosures.wrong, **_facts(DISCLOSURES, disclosures)}}


def _facts(of: Words, verdict: "Verdict") -> dict[str, Any]:
    return asdict(verdict) | {"head": _shown(of, verdict)}
