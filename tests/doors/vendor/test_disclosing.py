"""How an answer becomes reads of the disclosure log."""

from typing import cast

from sftpingest.doors.vendor.disclosing import Disclosed, parts
from sftpingest.roster.disclosed import MOST_IDS
from sftpingest.roster.kinds import Kind
from sftpingest.store.reading import View


def test_what_names_more_records_than_one_read_may_is_several_reads() -> None:
    view = cast("View", None)
    ids = [f"{number:024x}" for number in range(MOST_IDS + 1)]
    people, sections = Disclosed(view, Kind.STUDENT, ids), Disclosed(view, Kind.SECTION, ids[:7] * 2)
    told = parts([people, sections], in_a_row=False)
    assert [(some.kind, len(some.ids)) for part in told for some in part] == [
        (Kind.STUDENT, MOST_IDS), (Kind.STUDENT, 1), (Kind.SECTION, 7),
    ]  # fmt: skip
    assert sorted(id_ for some, *_ in told for id_ in some.ids) == sorted(ids + ids[:7])
    assert parts([people, sections], in_a_row=True) == [[people, sections]]
    assert parts([sections], in_a_row=False) == [[sections]]
    assert parts([], in_a_row=False) == [[]]
