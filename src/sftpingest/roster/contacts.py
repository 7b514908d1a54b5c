"""Stage 2d: contacts who have rows of their own, and students who name them or whom they name.

In: accepted rows of contacts, the students and whom they name.
Out: one record for each student and contact, as kinds.VALUES has them.
"""

import pandas as pd
import pyarrow.compute as pc

from sftpingest.roster.frames import arrow, compose, filled, look_up, no_text, text
from sftpingest.roster.kinds import Kind
from sftpingest.roster.records import records


def named(rows: pd.DataFrame) -> pd.DataFrame:
    """Whom each row names in its list `agents`: `id`, `agent`."""
    if "agents" not in rows:
        return pd.DataFrame({"id": no_text(), "agent": no_text()})
    rows = rows[filled(rows["agents"])]
    parts = pc.split_pattern(arrow(rows["agents"]), ",")
    row = pc.list_parent_indices(parts)
    pairs = pd.DataFrame(
        {
            "id": text(pc.take(arrow(rows["id"]), row)),
            "agent": text(pc.utf8_trim_whitespace(pc.list_flatten(parts))),
        }
    )
    return pairs[(pairs["agent"] != "").to_numpy(bool)].drop_duplicates().reset_index(drop=True)


def turned(links: pd.DataFrame) -> pd.DataFrame:
    """The same links, said by contacts: `id` is the student again."""
    return links.rename(columns={"id": "agent", "agent": "id"})[["id", "agent"]]


def keys_of(own: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """The keys under which contacts are held, of those turned away under their own ids: one for each link."""
    rows = links.merge(own, left_on="agent", right_on="id", suffixes=("", "_own"))
    return rows.assign(id=compose([rows["id"], rows["agent"]]), shifted=False)[list(own.columns)]


def contacts_of(first: pd.DataFrame, agents: pd.DataFrame, students: pd.Series) -> pd.DataFrame:
    """The contacts in rows of their own; `agents` says whom students name (`id` a student, `agent` a contact)."""
    pairs = pd.concat([agents, turned(named(first))], ignore_index=True).drop_duplicates(["id", "agent"])
    at = look_up(pairs["agent"], first["id"])
    there = (at >= 0) & (look_up(pairs["id"], students) >= 0)
    pairs, at = pairs[there].reset_index(drop=True), at[there]
    frame = records(first, Kind.CONTACT).iloc[at].reset_index(drop=True)  # with its own id, which may not be written
    return frame.assign(
        id=compose([pairs["id"], frame["id"]]).array, own_id=frame["id"].array, student_id=pairs["id"].array
    )


def alone(first: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of contacts whom no student names."""
    return first[look_up(records(first, Kind.CONTACT)["id"], frame["own_id"]) < 0]
