"""Sorts of records that are found and shown alike: users, courses, classes, demographics.

In:  kinds, a release.
Out: Sort.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sftpingest.doors.vendor.oneroster import people, shapes
from sftpingest.doors.vendor.oneroster.meaning import DEMOGRAPHICS, DEMOGRAPHICS_GONE, GONE, LIVE
from sftpingest.doors.vendor.oneroster.words import Release
from sftpingest.roster.kinds import Kind
from sftpingest.store.asked import Meaning


@dataclass(frozen=True)
class Sort:
    """How records of one sort are found and shown."""

    kinds: tuple[Kind, ...]
    live: Mapping[Kind, Meaning]
    gone: Mapping[Kind, Meaning]
    show: shapes.Live
    went: shapes.Went


def sort_of(kinds: Sequence[Kind], release: Release) -> Sort:
    """Of users, courses or sections."""
    show, went = {
        Kind.COURSE: (shapes.course, shapes.course_gone),
        Kind.SECTION: (shapes.section, shapes.section_gone),
    }.get(kinds[0], (people.user, people.user_gone))
    live, gone = LIVE[release], GONE[release]
    return Sort(tuple(kinds), {kind: live[kind] for kind in kinds}, {kind: gone[kind] for kind in kinds}, show, went)


def demographics(release: Release) -> Sort:
    """Of demographics."""
    its, gone = {Kind.STUDENT: DEMOGRAPHICS[release]}, {Kind.STUDENT: DEMOGRAPHICS_GONE[release]}
    return Sort((Kind.STUDENT,), its, gone, people.demographics, people.demographics_gone)
