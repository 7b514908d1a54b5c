"""Everything that OneRoster CSV asks of a set of files, in the order in which a person would look.

In:  the uploaded files by name, and what stands in the zip that they came in.
Out: Conformed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from sftpingest.roster.conform.declared import Declared, read_declared
from sftpingest.roster.conform.gradebook import judge_gradebook
from sftpingest.roster.conform.package import judge_members, judge_names
from sftpingest.roster.conform.page import Page, read_page
from sftpingest.roster.conform.references import judge_references
from sftpingest.roster.conform.rules import ABSENT, BULK
from sftpingest.roster.conform.together import judge_people
from sftpingest.roster.finding import Code, Severity, found, nothing, together


@dataclass(frozen=True)
class Conformed:
    """What is wrong with a set, by the letter of the specification."""

    findings: pd.DataFrame = field(default_factory=nothing)  #: in the order of judging: what spoils most comes first
    version: str = ""  #: by which tables it was judged
    records: Mapping[str, int] = field(default_factory=dict)  #: how many records each file has that was read


def conform(files: Mapping[str, bytes], members: Sequence[str] = ()) -> Conformed:
    """Judge a set. Never raises on any bytes. `members`: the names in the zip, folders and all."""
    declared = read_declared(files)
    taken, about_names = judge_names(files, declared.rules)
    pages, about_references = _pages(files, taken, declared)
    findings = together(
        [
            judge_members(members),
            declared.findings,
            about_names,
            *(page.about_shape for page in pages.values()),
            *(page.about_cells for page in pages.values()),
            *about_references,
            *(_alone(page, pages) for page in pages.values()),
            judge_people(pages),
            judge_gradebook(pages),
        ]
    )
    records = {page.name: page.records for page in pages.values() if page.records}
    return Conformed(findings, declared.rules.version, records)


def _pages(
    files: Mapping[str, bytes], taken: Mapping[str, str], declared: Declared
) -> tuple[dict[str, Page], list[pd.DataFrame]]:
    """Every file that is to be read, and what is wrong with what it names: what it names was read before it."""
    uploaded = {own: name for name, own in taken.items() if declared.modes.get(own) != ABSENT}
    pages: dict[str, Page] = {}
    about_references = []
    for name, file in declared.rules.files.items():
        if name in uploaded:
            page = read_page(files[uploaded[name]], uploaded[name], file, declared.modes.get(name, ""))
            about_references.append(judge_references(page, {**_promised(declared, pages), **pages}))
            pages[name] = page
    return pages, about_references


def _alone(page: Page, pages: Mapping[str, Page]) -> pd.DataFrame:
    """A file that came in bulk without the one that it needs."""
    if page.mode != BULK or not page.file.needs or page.file.needs in pages:
        return nothing()
    return found(Code.FILE_ALONE, Severity.FILE, page.name, detail=page.file.needs)


def _promised(declared: Declared, pages: Mapping[str, Page]) -> dict[str, Page]:
    """Files that the manifest promises and that are not there, or cannot be read: that is said, and said once."""
    said = {name: mode for name, mode in declared.modes.items() if mode != ABSENT and name not in pages}
    return {name: Page(declared.rules.files[name], name, mode) for name, mode in said.items()}
