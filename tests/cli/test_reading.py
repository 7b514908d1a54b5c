"""From an upload to a vendor's copy, by the commands of an operator and requests of a vendor over the network."""

import re
from pathlib import Path
from typing import Any

import httpx

from tests.cli.conftest import Program, cut, without_mistakes, written
from tests.cli.test_web import web_of


class Client:
    """A vendor's program."""

    def __init__(self, address: str, token: str) -> None:
        self._client = httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"})
        self.last = ""

    def students(self) -> dict[str, dict[str, Any]]:
        answer = self._client.get("/v3.1/users", params={"role": "student", "limit": 1000})
        return {one["data"]["id"]: one["data"] for one in answer.json()["data"]} if answer.status_code == 200 else {}

    def told(self) -> list[str]:
        """Types of the events since the last time."""
        place = {"starting_after": self.last} if self.last else {}
        events = [
            one["data"] for one in self._client.get("/v3.1/events", params=place | {"limit": 1000}).json()["data"]
        ]
        self.last = events[-1]["id"] if events else self.last
        return [event["type"] for event in events]


def test_vendors_follow_syncs_holds_restores_and_what_is_shared(quick: Program, tmp_path: Path) -> None:
    whole = written(tmp_path / "whole", without_mistakes())
    half = written(tmp_path / "half", cut(cut(without_mistakes(), "students.csv", 40), "enrollments.csv", 80))
    quick.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    quick.ok("ingest", "springfield", whole)
    quick.ok("vendor", "add", "quiz-whiz")
    quick.ok("share", "set", "quiz-whiz", "springfield", "--mode", "everything")
    token = quick.json("vendor", "token", "quiz-whiz", "springfield")["token"]
    with web_of(quick) as (_, address):
        vendor = Client(address, token)
        first = vendor.students()
        assert len(first) == 60
        assert vendor.told().count("users.created") >= 60
        assert quick("ingest", "springfield", half).returncode == 3
        assert (len(vendor.students()), vendor.told()) == (60, [])  # held: the last applied roster is read
        held = quick.json("syncs", "springfield")[0]["sync"]
        quick.ok("sync", "release", held)
        assert len(vendor.students()) == 40
        assert vendor.told().count("users.deleted") == 20
        quick.ok("sync", "restore", "springfield", 1)
        assert vendor.students().keys() == first.keys()
        assert vendor.told().count("users.created") == 20
        one = next(iter(first))
        number = first[one]["roles"]["student"]["sis_id"]
        quick.ok("share", "end", "quiz-whiz", "springfield")
        assert vendor.students() == {}
        assert vendor.told().count("users.deleted") >= 60
    said = quick.ok("disclosures", "springfield", "--student", number)
    assert re.search(r"quiz-whiz .*GET /v3\.1/users", said)
    assert quick("audit", "verify").returncode == 0


def test_a_district_that_is_removed_is_told_as_deleted(quick: Program, tmp_path: Path) -> None:
    quick.ok("district", "add", "springfield", "--name", "Springfield Public Schools")
    quick.ok("ingest", "springfield", written(tmp_path / "whole", without_mistakes()))
    client = quick.json("vendor", "add", "quiz-whiz")
    quick.ok("share", "set", "quiz-whiz", "springfield", "--mode", "everything")
    with web_of(quick) as (_, address):
        form = {"grant_type": "client_credentials"}
        got = httpx.post(f"{address}/token", data=form, auth=(client["client_id"], client["client_secret"]))
        vendor = Client(address, got.json()["access_token"])
        assert len(vendor.students()) == 60
        vendor.told()
        quick.ok("district", "remove", "springfield", "--yes")
        assert vendor.students() == {}
        assert vendor.told().count("users.deleted") >= 60
