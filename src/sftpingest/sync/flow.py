"""One upload through every stage. Reads like the drawing in the package's docstring.

In:  a sync that a worker has begun, with its snapshot; the district's settings; the roster held.
Out: roster rows, journal and findings in one transaction; then the report.
"""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace

import pandas as pd
import structlog
from sqlalchemy import Engine

from sftpingest import __version__, inbox
from sftpingest.inbox import Folders
from sftpingest.roster.changes import Changes, Held, Outcome
from sftpingest.roster.finding import Code, Severity, found, in_order, nothing, together
from sftpingest.roster.format import WrongFormat
from sftpingest.roster.judge import Policy, Verdict, judge, refuse
from sftpingest.roster.kinds import Kind, Roster
from sftpingest.roster.parse import parse
from sftpingest.roster.reconcile import reconcile
from sftpingest.roster.report import counts
from sftpingest.roster.sheet import Parsed
from sftpingest.roster.validate import validate
from sftpingest.store import accounts, journal, rosters
from sftpingest.store.accounts import DistrictSettings
from sftpingest.store.findings import keep_findings, kept_findings
from sftpingest.store.load import load as load_changes
from sftpingest.store.tables import SFTP, District, State, Sync
from sftpingest.sync.chosen import Chosen, choose
from sftpingest.sync.clock import Stages
from sftpingest.sync.counted import counted
from sftpingest.sync.files import Files
from sftpingest.sync.memory import lean
from sftpingest.sync.publishing import publish_due
from sftpingest.sync.reports import rereport, write_report
from sftpingest.sync.restore import is_restore, run_restore
from sftpingest.sync.uploaded import files_of

log = structlog.get_logger()

WRITTEN = (
    "The files were written to while they were being read. They are taken again by themselves once nobody writes to "
    "them any more."
)
MOVED = "The roster has changed since this upload was held. Upload again."


@dataclass(frozen=True)
class Upload:
    """What an outcome depends on, beside the roster held."""

    sync: Sync
    district: District
    settings: DistrictSettings
    chosen: Chosen
    files: Files
    broken_off: tuple[str, ...]  #: names whose upload ended early

    def fingerprint(self) -> str:
        """All of it, and the version of the program, as one hash."""
        set_so = json.dumps(asdict(self.settings), default=str, sort_keys=True)
        return self.files.fingerprint(__version__, set_so, self.chosen.source, *self.broken_off)


@dataclass(frozen=True)
class Judged:
    """What became of an upload, before it is written down."""

    verdict: Verdict
    findings: pd.DataFrame = field(default_factory=nothing)
    files: dict[str, dict[str, int]] = field(default_factory=dict)
    changes: Changes = field(default_factory=Changes)
    kinds: dict[str, dict[str, int]] = field(default_factory=dict)
    fingerprint: str | None = None


def run(engine: Engine, folders: Folders, sync: Sync) -> None:
    """Do one upload to its end and report it. Raises on our own fault, and journal.Overtaken."""
    lean()
    stages = Stages()
    with engine.connect() as c:
        district = accounts.district_of(c, sync.district_id)
    with ExitStack() as unpacked:
        with stages.of("unpack"):
            files = unpacked.enter_context(files_of(folders, sync.mark, accounts.district_settings(district)))
        findings = _worked_out(engine, folders, sync, district, files, stages)
        with stages.of("publish"):
            publish_due(engine, district.id)
        with stages.of("report"):
            write_report(engine, folders, sync, findings, files)
            for replaced in _replaced(engine, district):
                rereport(engine, folders, replaced)
    _say(engine, sync, stages)


def _worked_out(
    engine: Engine, folders: Folders, sync: Sync, district: District, files: Files, stages: Stages
) -> pd.DataFrame:
    """Bring the sync to its end; gives its findings, and lets go of all else before the report needs memory."""
    if is_restore(sync):
        run_restore(engine, sync)
        return nothing()
    judged = _judge(engine, folders, sync, district, files, stages)
    with stages.of("store"):
        _write_down(engine, sync, district, judged)
    return judged.findings


def _judge(engine: Engine, folders: Folders, sync: Sync, district: District, files: Files, stages: Stages) -> Judged:
    """What becomes of the upload; the shortcut where nothing at all is different from the last one."""
    settings = accounts.district_settings(district)
    snapshot = folders.uploads / sync.mark
    if not inbox.intact(snapshot):
        return Judged(Verdict(Outcome.REFUSED, WRITTEN))
    if refused := refuse(files.findings):  # what is in a box that cannot be opened is not missing
        return Judged(refused, files.findings)
    try:
        chosen = choose(settings.format, files)
    except WrongFormat as wrong:
        return Judged(Verdict(Outcome.REFUSED, str(wrong)))
    broken_off = inbox.broken_off(folders) if sync.door == SFTP else ()
    upload = Upload(sync, district, settings, chosen, files, broken_off)
    with stages.of("fingerprint"):
        fingerprint = upload.fingerprint()
        judged = _as_before(engine, upload, fingerprint)
    judged = replace(judged or _stages(engine, upload, stages), fingerprint=fingerprint)
    return judged if inbox.intact(snapshot) else Judged(Verdict(Outcome.REFUSED, WRITTEN))


def _stages(engine: Engine, upload: Upload, stages: Stages) -> Judged:
    """Parse, validate, reconcile, judge."""
    # The roster held is fetched meanwhile. It cannot move: this worker has the district's lock.
    with ThreadPoolExecutor(1) as beside:
        fetching = beside.submit(_held, engine, upload.district)
        with stages.of("parse"):
            sheets = [_parsed(upload)]
            records = dict(sheets[0].records)
        if refused := refuse(about := sheets[0].findings):
            return Judged(refused, about, counted(records, about, refused))
        with stages.of("validate"):
            goes_on = _held_whole(engine, upload.district) if sheets[0].partial else None
            # validate lets go of each file once it is judged: nobody else may hold it
            validated = validate(sheets.pop(), goes_on)
        with stages.of("held"):
            held = fetching.result()
    with stages.of("reconcile"):
        changes, kept = reconcile(validated, held, let_go=True)
    findings = in_order(together([validated.findings, kept]), records)
    verdict = _verdict(upload, changes, first=held.first)
    return Judged(verdict, findings, counted(records, findings, verdict), changes, changes.counts())


def _held(engine: Engine, district: District) -> Held:
    with engine.connect() as c:
        return rosters.held(c, district.id)


def _held_whole(engine: Engine, district: District) -> Roster:
    with engine.connect() as c:
        return rosters.whole(c, district.id)


def _parsed(upload: Upload) -> Parsed:
    """The files, read; and a note for each whose upload broke off."""
    parsed = parse(upload.files, upload.chosen.form, upload.settings.files)
    notes = [found(Code.FILE_BROKEN_OFF, Severity.NOTE, name) for name in upload.broken_off]
    said = [upload.files.findings, upload.chosen.findings, parsed.findings, *notes]
    return replace(parsed, findings=together(said))


def _verdict(upload: Upload, changes: Changes, *, first: bool) -> Verdict:
    """Applied or held. What a person released is applied only where it is just what was shown, else put aside."""
    shown = (upload.sync.base, upload.sync.digest)
    if upload.sync.release and shown != (upload.district.head, changes.digest()):
        return Verdict(Outcome.DISCARDED, MOVED)
    return judge(changes, policy(upload.settings), first=first, released=upload.sync.release)


def policy(settings: DistrictSettings) -> Policy:
    """How big a change of this district may be."""
    by_kind = {("removed", Kind(kind)): share for kind, share in settings.max_removed_of.items()}
    by_kind |= {("updated", Kind(kind)): share for kind, share in settings.max_updated_of.items()}
    return Policy(removed=settings.max_removed, updated=settings.max_updated, by_kind=by_kind)


def _write_down(engine: Engine, sync: Sync, district: District, judged: Judged) -> None:
    """Roster, findings, journal and state, in one transaction: all of it or nothing."""
    outcome = State(judged.verdict.outcome.value)
    with engine.begin() as c:
        if outcome in {State.APPLIED, State.HELD}:
            journal.replace_held(c, district.id, sync.id)  # before this one ends: its report is to be the latest
        if outcome is State.APPLIED:
            load_changes(c, district.id, sync.id, judged.changes)
        keep_findings(c, sync.id, judged.findings)
        journal.finish(
            c,
            sync.id,
            sync.attempts,
            outcome,
            base=district.head,
            fingerprint=judged.fingerprint,
            digest=judged.changes.digest() if outcome is State.HELD else sync.digest,
            reason=judged.verdict.reason,
            files=judged.files,
            kinds=judged.kinds,
            findings=counts(judged.findings),
        )


def _as_before(engine: Engine, upload: Upload, fingerprint: str) -> Judged | None:
    """The outcome of the last applied sync again, where nothing at all is different; else None."""
    head = upload.district.head
    if head is None or upload.sync.release:
        return None
    with engine.connect() as c:
        last = journal.sync(c, head)
        if last.fingerprint != fingerprint:
            return None
        findings = kept_findings(c, last.id)
    kinds = {kind: dict.fromkeys(counted, 0) | {"unchanged": _there(counted)} for kind, counted in last.kinds.items()}
    return Judged(Verdict(Outcome.APPLIED), findings, last.files, kinds=kinds)


def _there(counted: Mapping[str, int]) -> int:
    """How many records of a kind there were after a sync with these counts."""
    return sum(count for change, count in counted.items() if change != "removed")


def _replaced(engine: Engine, district: District) -> list[Sync]:
    """Held syncs of the district that this one discarded: their reports must say so."""
    with engine.connect() as c:
        return [other for other in journal.unreported(c) if other.district_id == district.id]


def _say(engine: Engine, sync: Sync, stages: Stages) -> None:
    """The one line in the log for this unit of work."""
    with engine.connect() as c:
        ended = journal.sync(c, sync.id)
    log.info(
        "sync.finished",
        outcome=ended.state.value,
        rows=sum(file["rows"] for file in ended.files.values()),
        rejected=sum(file["rejected"] for file in ended.files.values()),
        findings=sum(ended.findings.values()),
        changed=sum(sum(n for key, n in kind.items() if key != "unchanged") for kind in ended.kinds.values()),
        seconds=stages.whole(),
        stages=stages.seconds,
    )
