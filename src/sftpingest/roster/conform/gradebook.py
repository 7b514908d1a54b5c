"""What must go together in results, line items and resources (OneRoster CSV 1.2, 4).

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
from sftpingest.roster.conform.rules import KEY
from sftpingest.roster.conform.together import has, lacking, pair
from sftpingest.roster.conform.values import mask
from sftpingest.roster.finding import Code, nothing, together
from sftpingest.roster.frames import TEXT, Mask, filled, no_text, text

_URN = r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
#: How roles.csv calls the administrators of resources.csv.
_ADMINISTRATORS = ("districtAdministrator", "principal", "siteAdministrator", "systemAdministrator")


def judge_gradebook(pages: Mapping[str, Page]) -> pd.DataFrame:
    """Everything here."""
    rules = (_ranges, _scores, _result_classes, _result_students, _objectives)
    more = (_resource_classes, _resource_people, _resource_roles)
    return together([rule(pages) for rule in (*rules, *more)])


def _numbers(cells: pa.Array) -> pa.Array:
    """Cells as numbers; null where they are empty."""
    return pc.if_else(pc.equal(cells, ""), None, cells).cast(pa.float64())


def _ranges(pages: Mapping[str, Page]) -> pd.DataFrame:
    """The lowest result is not above the highest."""
    if not has(pages, lineItems="resultValueMin resultValueMax"):
        return nothing()
    page = pages["lineItems.csv"]
    low, high = (_numbers(page.cells[name]) for name in ("resultValueMin", "resultValueMax"))
    return page.about(
        Code.VALUE_UNFIT, mask(pc.greater(low, high)), "resultValueMin", detail="resultValueMax is less than that"
    )


def _scores(pages: Mapping[str, Page]) -> pd.DataFrame:
    """A score lies in the range of its line item."""
    if not has(pages, results="lineItemSourcedId score", lineItems=f"{KEY} resultValueMin resultValueMax"):
        return nothing()
    page, items = pages["results.csv"], pages["lineItems.csv"].cells
    at = positions(page.cells["lineItemSourcedId"], items[KEY])
    low, high = (_numbers(items[name]).take(at) for name in ("resultValueMin", "resultValueMax"))
    score, sane = _numbers(page.cells["score"]), ~mask(pc.greater(low, high))
    return together(
        [
            page.about(Code.VALUE_UNFIT, sane & mask(wrong), "score", detail=f"it is {side} in lineItems.csv")
            for wrong, side in (
                (pc.less(score, low), "less than resultValueMin"),
                (pc.greater(score, high), "more than resultValueMax"),
            )
        ]
    )


def _result_classes(pages: Mapping[str, Page]) -> pd.DataFrame:
    """A result is of the class of its line item."""
    if not has(pages, results="lineItemSourcedId classSourcedId", lineItems=f"{KEY} classSourcedId"):
        return nothing()
    page, items = pages["results.csv"], pages["lineItems.csv"].cells
    theirs = items["classSourcedId"].take(positions(page.cells["lineItemSourcedId"], items[KEY]))
    other = _differ(page.cells["classSourcedId"], theirs)
    return page.about(Code.REFERENCE_UNFIT, other, "classSourcedId", detail="its line item is of another class")


def _differ(ours: pa.Array, theirs: pa.Array) -> Mask:
    """Where both say something, and not the same."""
    both = mask(pc.not_equal(ours, "")) & mask(pc.not_equal(theirs, ""))
    return both & mask(pc.not_equal(ours, theirs))


def _result_students(pages: Mapping[str, Page]) -> pd.DataFrame:
    """Who has a result is enrolled in the class, that of the line item where the result names none."""
    if not has(pages, results="lineItemSourcedId studentSourcedId", enrollments="classSourcedId userSourcedId"):
        return nothing()
    page, enrolled = pages["results.csv"], pages["enrollments.csv"].cells
    classes = page.cells.get("classSourcedId", pa.array([""] * len(page.numbers)))
    if has(pages, lineItems=f"{KEY} classSourcedId"):
        items = pages["lineItems.csv"].cells
        theirs = items["classSourcedId"].take(positions(page.cells["lineItemSourcedId"], items[KEY]))
        classes = pc.if_else(pc.equal(classes, ""), pc.fill_null(theirs, ""), classes)
    keys = pair(classes, page.cells["studentSourcedId"])
    lost = lacking(keys, pair(enrolled["classSourcedId"], enrolled["userSourcedId"]))
    detail = "enrollments.csv does not enroll this person in the class"
    return page.about(Code.REFERENCE_UNFIT, lost, "studentSourcedId", detail=detail)


def _objectives(pages: Mapping[str, Page]) -> pd.DataFrame:
    """A learning objective of CASE is named by a UUID."""
    parts = []
    for name in ("lineItemLearningObjectiveIds", "resultLearningObjectiveIds"):
        if has(pages, **{name: "source learningObjectiveId"}):
            page = pages[f"{name}.csv"]
            ids = page.cells["learningObjectiveId"]
            odd = mask(pc.equal(page.cells["source"], "case")) & mask(pc.not_equal(ids, ""))
            odd &= ~mask(pc.match_substring_regex(ids, _URN))
            detail = "a UUID such as urn:uuid:11111111-1111-1111-1111-111111111111, as the source case asks for"
            parts.append(page.about(Code.VALUE_MALFORMED, odd, "learningObjectiveId", detail=detail))
    return together(parts)


# ----------------------------------------------------------------------------------------------------------- resources


def _resource_classes(pages: Mapping[str, Page]) -> pd.DataFrame:
    """The organisation of a person's resource is the school of its class."""
    if not has(pages, userResources="orgSourcedId classSourcedId", classes=f"{KEY} schoolSourcedId"):
        return nothing()
    page, classes = pages["userResources.csv"], pages["classes.csv"].cells
    school = classes["schoolSourcedId"].take(positions(page.cells["classSourcedId"], classes[KEY]))
    other = _differ(page.cells["orgSourcedId"], school)
    return page.about(Code.REFERENCE_UNFIT, other, "orgSourcedId", detail="it is not the school of the class")


def _resource_people(pages: Mapping[str, Page]) -> pd.DataFrame:
    """Who has a resource of a class is enrolled there."""
    if not has(pages, userResources="userSourcedId classSourcedId", enrollments="classSourcedId userSourcedId"):
        return nothing()
    page, enrolled = pages["userResources.csv"], pages["enrollments.csv"].cells
    keys = pair(page.cells["classSourcedId"], page.cells["userSourcedId"])
    lost = lacking(keys, pair(enrolled["classSourcedId"], enrolled["userSourcedId"]))
    detail = "enrollments.csv does not enroll this person in the class"
    return page.about(Code.REFERENCE_UNFIT, lost, "userSourcedId", detail=detail)


def _resource_roles(pages: Mapping[str, Page]) -> pd.DataFrame:
    """Who has a resource has one of its roles, if it is for some only and anything is known of the person."""
    if not has(pages, userResources="userSourcedId resourceSourcedId", resources=f"{KEY} roles"):
        return nothing()
    page, resources = pages["userResources.csv"], pages["resources.csv"].cells
    wanted = resources["roles"].take(positions(page.cells["resourceSourcedId"], resources[KEY]))
    cells = {"user": page.cells["userSourcedId"], "role": pc.fill_null(wanted, "")}
    asked = pd.DataFrame({name: text(cell) for name, cell in cells.items()})
    asked = asked[filled(asked["user"]) & filled(asked["role"])]
    people = _roles_of_people(pages)
    asked = asked[asked["user"].isin(people["user"])]
    parts = asked.assign(at=asked.index, role=asked["role"].str.split(",")).explode("role").astype({"role": TEXT})
    right = parts.merge(people, on=["user", "role"])["at"]
    bad = np.zeros(len(page.numbers), bool)
    bad[asked.index.difference(pd.Index(right)).to_numpy()] = True
    detail = "it is for people of other roles"
    return page.about(Code.REFERENCE_UNFIT, bad, "resourceSourcedId", detail=detail)


def _roles_of_people(pages: Mapping[str, Page]) -> pd.DataFrame:
    """`user` and `role`, in the words of resources.csv, as roles and enrollments say it."""
    parts = [pd.DataFrame({"user": no_text(), "role": no_text()})]
    for name in ("roles", "enrollments"):
        if has(pages, **{name: "userSourcedId role"}):
            cells = pages[f"{name}.csv"].cells
            administers = pc.is_in(cells["role"], value_set=pa.array(_ADMINISTRATORS))
            role = pc.if_else(administers, "administrator", cells["role"])
            parts.append(pd.DataFrame({"user": text(cells["userSourcedId"]), "role": text(role)}))
    return pd.concat(parts, ignore_index=True).drop_duplicates()
