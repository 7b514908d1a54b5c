"""The report of a sync, from what the journal and the snapshot hold.

In:  a sync that has ended.
Out: its report in the district's folder. Made from nothing that a crash could have lost.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from sqlalchemy import Engine

from sftpingest import inbox
from sftpingest.inbox import Folders
from sftpingest.roster.changes import Outcome
from sftpingest.roster.format import Format, WrongFormat
from sftpingest.roster.report import Facts, report
from sftpingest.store import accounts, journal
from sftpingest.store.accounts import DistrictSettings
from sftpingest.store.findings import kept_findings
from sftpingest.store.tables import District, State, Sync
from sftpingest.sync.chosen import choose
from sftpingest.sync.uploaded import files_of


def rereport(engine: Engine, folders: Folders, sync: Sync) -> None:
    """Write the report of a sync that has ended, from what the journal keeps of it."""
    with engine.connect() as c:
        findings = kept_findings(c, sync.id)
        settings = accounts.district_settings(accounts.district_of(c, sync.district_id))
    with _files(folders, sync, settings) as files:
        write_report(engine, folders, sync, findings, files)


@contextmanager
def _files(folders: Folders, sync: Sync, settings: DistrictSettings) -> Iterator[Mapping[str, bytes]]:
    """The files of an upload; none of one that made us fail: opened again, it might keep its report from coming."""
    if sync.state is State.FAILED:
        yield {}
        return
    with files_of(folders, sync.mark, settings) as files:
        yield files


def write_report(
    engine: Engine, folders: Folders, sync: Sync, findings: pd.DataFrame, judged: Mapping[str, bytes]
) -> None:
    """Write the report of a sync that has ended, in place of the one it may have, and prune those that are too old.

    `judged`: its files, which are looked at only where they are still what they were.
    """
    with engine.connect() as c:
        ended = journal.sync(c, sync.id)
        district = accounts.district_of(c, sync.district_id)
    settings = accounts.district_settings(district)
    files, name = judged if _intact(folders.uploads / ended.mark) else {}, _name(ended)
    form, files = _format(settings.format, files)
    inbox.publish(folders, name, report(_facts(ended, district, form), findings, files, form))
    with engine.begin() as c:
        journal.reported(c, ended.id, name)
    inbox.prune(folders, settings.retention_days, datetime.now(UTC))


def _format(name: str, files: Mapping[str, bytes]) -> tuple[Format, Mapping[str, bytes]]:
    """The format of that name, and the files.

    Where it cannot be loaded an upload gets its report all the same, but no rows of its files: nobody knows then which
    cells hold passwords.
    """
    try:
        return choose(name, files).form, files
    except WrongFormat:
        return Format(name=name, title=name, files=()), {}


def _intact(snapshot: Path) -> bool:
    return snapshot.is_dir() and inbox.intact(snapshot)


def _facts(sync: Sync, district: District, form: Format) -> Facts:
    names = [name for file in form.all_files for name in sync.files if form.file(name) is file]
    names += [name for name in sync.files if form.file(name) is None]  # the format has changed since
    return Facts(
        sync=sync.id,
        district=district.name,
        format=form.title,
        outcome=Outcome(sync.state.value),
        reason=sync.reason,
        at=_ended(sync),
        files={name: sync.files[name] for name in names},
        kinds=sync.kinds,
        findings=sync.findings,
    )


def _name(sync: Sync) -> str:
    """Such as 2026-11-24T031502Z-000017."""
    return f"{_ended(sync):%Y-%m-%dT%H%M%SZ}-{sync.id:06d}"


def _ended(sync: Sync) -> datetime:
    if sync.finished_at is None:
        raise ValueError(f"sync {sync.id} has not ended")
    return sync.finished_at
