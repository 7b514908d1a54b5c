"""What must go together in people, roles, enrollments and the tree of organisations (OneRoster CSV 1.2, 4).

In:  the pages of a set by file.
Out: findings. Only bulk files are judged so: what a delta leaves out may be held.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.conform.page import Page
from sftpingest.roster.conform.references import positions
from sftpingest.roster.conform.rules import BULK, KEY
from sftpingest.roster.conform.values import mask
from sftpingest.roster.finding import Code, nothing, together
from sftpingest.roster.frames import Mask, text


def has(pages: Mapping[str, Page], **needed: str) -> bool:
    """Whether these files came in bulk with these columns, each a list parted by spaces: users="sourcedId role"."""
    there = [(pages.get(f"{name}.csv"), columns.split()) for name, columns in needed.items()]
    return all(page is not None and page.mode == BULK and all(c in page.cells for c in cs) for page, cs in there)


def pair(one: pa.Array, two: pa.Array) -> pa.Array:
    """Two cells as one key; null where one of them is empty."""
    both = pc.and_(pc.not_equal(one, ""), pc.not_equal(two, ""))
    return pc.if_else(both, pc.binary_join_element_wise(one, two, "\0"), None)


def lacking(keys: pa.Array, known: pa.Array) -> Mask:
    """Which keys are not among the known ones; a null is not looked for."""
    return mask(pc.and_(pc.is_valid(keys), pc.invert(pc.is_in(keys, value_set=known, skip_nulls=True))))


def judge_people(pages: Mapping[str, Page]) -> pd.DataFrame:
    """Everything here."""
    parts = [rule(pages) for rule in (_primary_roles, _primary_orgs, _profiles, _primary_teachers, _subjects)]
    return together([*parts, _circles(pages, "orgs.csv"), _circles(pages, "academicSessions.csv")])


def _primary_roles(pages: Mapping[str, Page]) -> pd.DataFrame:
    """Exactly one primary role of a person at an organisation."""
    if not has(pages, roles="userSourcedId orgSourcedId roleType"):
        return nothing()
    page = pages["roles.csv"]
    keys = text(pair(page.cells["userSourcedId"], page.cells["orgSourcedId"]))
    known, kind = keys.notna().to_numpy(bool), page.cells["roleType"]
    primary = known & mask(pc.equal(kind, "primary"))
    again = np.zeros(len(keys), bool)
    again[primary] = keys[primary].duplicated().to_numpy(bool)
    # a row whose role type could not be read may be the primary one
    told = keys.isin(keys[primary | mask(pc.equal(kind, ""))]).to_numpy(bool)
    none = known & ~told & ~keys.duplicated().to_numpy(bool)
    one = "an earlier row is this person's primary role at the same organisation, and there may be one only"
    lost = "this person has no primary role at that organisation, and there must be one"
    return together(
        [
            page.about(Code.VALUE_UNFIT, again, "roleType", detail=one),
            page.about(Code.VALUE_UNFIT, none, "roleType", detail=lost),
        ]
    )


def _primary_orgs(pages: Mapping[str, Page]) -> pd.DataFrame:
    """A role at the primary organisation of a person."""
    if not has(pages, users=f"{KEY} primaryOrgSourcedId", roles="userSourcedId orgSourcedId"):
        return nothing()
    page, roles = pages["users.csv"], pages["roles.csv"].cells
    keys = pair(page.cells[KEY], page.cells["primaryOrgSourcedId"])
    lost = lacking(keys, pair(roles["userSourcedId"], roles["orgSourcedId"]))
    return page.about(
        Code.REFERENCE_UNFIT, lost, "primaryOrgSourcedId", detail="roles.csv gives this person no role there"
    )


def _profiles(pages: Mapping[str, Page]) -> pd.DataFrame:
    """The profile of a role is one of the same person."""
    if not has(pages, roles="userSourcedId userProfileSourcedId", userProfiles=f"{KEY} userSourcedId"):
        return nothing()
    page, profiles = pages["roles.csv"], pages["userProfiles.csv"].cells
    at = positions(page.cells["userProfileSourcedId"], profiles[KEY])
    other = mask(pc.not_equal(profiles["userSourcedId"].take(at), page.cells["userSourcedId"]))
    return page.about(Code.REFERENCE_UNFIT, other, "userProfileSourcedId", detail="it is the profile of another person")


def _primary_teachers(pages: Mapping[str, Page]) -> pd.DataFrame:
    """Only teachers are primary; who has a role of the district's own may be one."""
    if not has(pages, enrollments="role primary"):
        return nothing()
    page = pages["enrollments.csv"]
    role = page.cells["role"]
    other = mask(pc.is_in(role, value_set=pa.array(["administrator", "proctor", "student"])))
    other &= mask(pc.equal(page.cells["primary"], "true"))
    return page.about(Code.VALUE_UNFIT, other, "primary", detail="only a teacher can be the primary one")


def _subjects(pages: Mapping[str, Page]) -> pd.DataFrame:
    """As many codes as subjects, where both are given."""
    parts = []
    for page in pages.values():
        if "subjects" in page.cells and "subjectCodes" in page.cells:
            subjects, codes = page.cells["subjects"], page.cells["subjectCodes"]
            both = mask(pc.not_equal(subjects, "")) & mask(pc.not_equal(codes, ""))
            unlike = both & mask(pc.not_equal(pc.count_substring(subjects, ","), pc.count_substring(codes, ",")))
            detail = "subjects has another number of parts"
            parts.append(page.about(Code.VALUE_UNFIT, unlike, "subjectCodes", detail=detail))
    return together(parts)


def _circles(pages: Mapping[str, Page], name: str) -> pd.DataFrame:
    """Nobody is above itself: follow all parents at once, twice as far each time."""
    if not has(pages, **{name.removesuffix(".csv"): f"{KEY} parentSourcedId"}):
        return nothing()
    page = pages[name]
    at = pc.fill_null(positions(page.cells["parentSourcedId"], page.cells[KEY]), -1).to_numpy()
    far = np.append(at, -1)  # the last one is nobody, who has no parent
    for _ in range(len(at).bit_length()):
        far = far[far]
    circle = np.zeros(len(at), bool)
    circle[far[far >= 0]] = True
    detail = f"following the parents in {name} leads back to this row"
    return page.about(Code.REFERENCE_UNFIT, circle, "parentSourcedId", detail=detail)
