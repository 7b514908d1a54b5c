"""Students, teachers, staff and contacts -> users.csv, roles.csv (1.2) and demographics.csv.

In: a Book.
Out: cells.
"""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.frames import arrow, blank, compose, filled, look_up, text
from sftpingest.roster.kinds import PEOPLE, Kind
from sftpingest.roster.write.book import Book
from sftpingest.roster.write.ids import digests
from sftpingest.roster.write.lines import Cells
from sftpingest.roster.write.rendered import Asked, or_else
from sftpingest.roster.write.sessions import together
from sftpingest.roster.write.spec import Version

_FILE = "users.csv"
#: Columns that are written elsewhere: into roles, or as agents.
_ELSEWHERE = {"school_id", "more_school_ids", "own_id", "student_id"}


def users(book: Book) -> tuple[Cells, Cells]:
    """The users, and their roles: `user`, `role`, `org`, in the order in which they count."""
    family = _family(book)
    made = [_people(book, kind, family) for kind in PEOPLE] + [_contacts(book, family)]
    cells = together([users for users, _ in made])
    roles = pd.concat([orgs for _, orgs in made], ignore_index=True)
    if book.version is Version.V1_1:
        return cells | {"orgSourcedIds": _lists(roles["user"], roles["org"], cells["sourcedId"])}, {}
    role = cells.pop("role")
    at = look_up(roles["user"], text(cells["sourcedId"]))
    return cells, _roles(roles.assign(role=text(pc.take(role, pa.array(at)))))


def _people(book: Book, kind: Kind, family: pd.DataFrame) -> tuple[Cells, pd.DataFrame]:
    """People of one kind, and of which organisations they are."""
    form, wanted, frame = book.reading(kind, _FILE), book.wanted(kind), book.roster[kind]
    written = arrow(book.ids[kind])
    orgs = _orgs(book, kind, frame)
    if not len(frame):
        return {}, orgs
    fixed, else_ = {}, {"username": or_else(wanted["email"], written), "givenName": "-", "familyName": "-"}
    if kind is Kind.STAFF:
        else_["role"] = _role_of_staff(book, wanted["school_id"])
    else:
        fixed["role"] = pa.repeat(kind.value, len(frame))
    more = {"sourcedId": written, "primaryOrgSourcedId": wanted["school_id"]}
    if kind is Kind.STUDENT:
        more["agentSourcedIds"] = _lists(family["student"], family["contact"], written)
        wanted = _without_demographics(book, wanted)
    said = {name: cells for name, cells in wanted.items() if name not in _ELSEWHERE}
    return book.cells(form, said, Asked(fixed=fixed, else_=else_), more), orgs


def _role_of_staff(book: Book, school: pa.Array) -> pa.Array:
    if book.version is Version.V1_1:
        return pa.repeat("administrator", len(school))
    return pc.if_else(pc.equal(school, ""), "districtAdministrator", "siteAdministrator")


def _orgs(book: Book, kind: Kind, frame: pd.DataFrame) -> pd.DataFrame:
    """`user` and `org`: the school that counts, then the further ones; the district for those who have none."""
    first = or_else(book.named(Kind.SCHOOL, arrow(frame["school_id"])), book.root)
    parts = [pd.DataFrame({"user": book.ids[kind].array, "org": text(first).array})]
    if "more_school_ids" in frame:
        several = filled(frame["more_school_ids"])
        lists = [json.loads(cell) for cell in frame["more_school_ids"][several]]
        user = book.ids[kind][several].repeat([len(one) for one in lists])
        named = book.named(Kind.SCHOOL, pa.array([key for one in lists for key in one], pa.string()))
        parts.append(pd.DataFrame({"user": user.array, "org": text(named).array}))
    rows = pd.concat(parts, ignore_index=True)
    return rows[filled(rows["org"])].drop_duplicates()


def _roles(roles: pd.DataFrame) -> Cells:
    """One primary role for each user and organisation."""
    user, org, role = (arrow(roles[name]) for name in ("user", "org", "role"))
    key = compose([roles["user"], roles["org"]])
    return {
        "sourcedId": pc.binary_join_element_wise("role", digests(key), "."),
        "userSourcedId": user,
        "roleType": pa.repeat("primary", len(roles)),
        "role": role,
        "orgSourcedId": org,
    }


# ----------------------------------------------------------------------------------------------------------- contacts


def _family(book: Book) -> pd.DataFrame:
    """Who is whose contact, by written ids: `contact`, `student`, `school`."""
    frame, students = book.roster[Kind.CONTACT], book.roster[Kind.STUDENT]
    student = arrow(frame["student_id"])
    at = look_up(frame["student_id"], students["id"])
    school = pc.fill_null(pc.take(arrow(students["school_id"]), pa.array(at, mask=at < 0)), "")
    rows = {
        "contact": book.ids[Kind.CONTACT].array,
        "student": text(book.named(Kind.STUDENT, student)).array,
        "school": text(or_else(book.named(Kind.SCHOOL, school), book.root)).array,
    }
    return pd.DataFrame(rows)


def _contacts(book: Book, family: pd.DataFrame) -> tuple[Cells, pd.DataFrame]:
    """Contacts as users of their own, each once; they belong to the schools of their students."""
    orgs = pd.DataFrame({"user": family["contact"].array, "org": family["school"].array}).drop_duplicates()
    first = ~family["contact"].duplicated().to_numpy(bool)
    if not first.any():
        return {}, orgs
    form, those = book.reading(Kind.CONTACT, _FILE), pa.array(first)
    wanted = {name: cells.filter(those) for name, cells in book.wanted(Kind.CONTACT).items()}
    written = arrow(book.ids[Kind.CONTACT]).filter(those)
    said = {name: cells for name, cells in wanted.items() if name not in _ELSEWHERE} | {"id": wanted["own_id"]}
    given, name = _names(wanted)
    more = {
        "sourcedId": written,
        "givenName": given,
        "familyName": name,
        "agentSourcedIds": _lists(family["contact"], family["student"], written),
    }
    else_ = {"role": "relative", "username": or_else(wanted["email"], written), "givenName": "-", "familyName": "-"}
    return book.cells(form, said, Asked(else_=else_), more), orgs


def _names(wanted: Cells) -> tuple[pa.Array, pa.Array]:
    """Given and family name. Where the whole name is the last name, as in Clever, it is taken apart."""
    given, family = wanted["first_name"], wanted["last_name"]
    whole = pc.and_(pc.equal(given, ""), pc.match_substring_regex(family, r"^\S+\s+\S"))
    first = pc.replace_substring_regex(family, r"(?s)^(\S+)\s.*$", r"\1")
    rest = pc.replace_substring_regex(family, r"(?s)^\S+\s+", "")
    return pc.if_else(whole, first, given), pc.if_else(whole, rest, family)


def _lists(keys: pd.Series, members: pd.Series, order: pa.Array) -> pa.Array:
    """For each of `order` its members, as a list of OneRoster."""
    if not len(keys):
        return arrow(blank(len(order)))
    if keys.is_unique:
        grouped = pd.Series(members.array, index=pd.Index(keys.array))
    else:
        grouped = members.groupby(keys.array, sort=False).agg(lambda ids: ",".join(dict.fromkeys(ids)))
    at = look_up(text(order), text(grouped.index.tolist()))
    return pc.fill_null(pc.take(pa.array(grouped.tolist(), pa.string()), pa.array(at, mask=at < 0)), "")


# ------------------------------------------------------------------------------------------------------- demographics


def _without_demographics(book: Book, wanted: Cells) -> Cells:
    said = _demographic(book, wanted)
    return {name: cells for name, cells in wanted.items() if name not in said}


def _demographic(book: Book, wanted: Cells) -> set[str]:
    """Our columns that are read from demographics.csv."""
    form = book.reading(Kind.STUDENT, "demographics.csv")
    own = {name.removeprefix("clever.") for name in form.columns} | {"race"}
    return {name for name in wanted if name in own} - {"id"}


def demographics(book: Book) -> Cells:
    """What demographics.csv says of students, for those of whom it says anything."""
    form = next(form for form in book.form.readings("demographics.csv"))
    wanted = book.wanted(Kind.STUDENT)
    said = {name: wanted[name] for name in _demographic(book, wanted)}
    those = np.zeros(len(wanted["id"]), bool)
    for cells in said.values():
        those |= filled(text(cells))
    if not those.any():
        return {}
    keep = pa.array(those)
    told = {name: cells.filter(keep) for name, cells in said.items()}
    written = arrow(book.ids[Kind.STUDENT]).filter(keep)
    flags = {column.heading: _flag(told["race"], column.name) for column in form.part("flags")}
    return book.cells(form, {"id": written} | told, Asked(), {"sourcedId": written} | flags)


def _flag(race: pa.Array, name: str) -> pa.Array:
    """Whether the race is this one; nothing where it is none of them."""
    said = pc.if_else(pc.equal(race, name.removeprefix("flags.")), "true", "false")
    return pc.if_else(pc.is_in(race, value_set=pa.array(["", "Unknown"])), "", said)
