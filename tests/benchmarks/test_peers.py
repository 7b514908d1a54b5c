"""Published servers beside ours: they get every value of every user, and who is not there is named."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from benchmarks.asking import Client
from benchmarks.peers.beside import PEERS, _is_here, same
from benchmarks.peers.datasette import Datasette
from benchmarks.peers.roster import flat, kept
from benchmarks.peers.server import version_of
from benchmarks.program import Program, ProgramFailed

STUDENT = {
    "id": "7b",
    "name": {"first": "Sam", "last": "Sage"},
    "roles": {"student": {"schools": ["51"], "ext": {"team": "red"}, "location": {"city": "Sville"}, "grade": None}},
}
TEACHER = {"id": "7a", "name": {"first": "Saul", "last": "Sand"}, "roles": {"teacher": {"title": "Dr."}}}


def page(*users: object) -> bytes:
    return json.dumps({"data": [{"data": user} for user in users]}).encode()


def test_a_row_has_every_value_of_a_user() -> None:
    assert flat(STUDENT) == {
        "id": "7b",
        "name_first": "Sam",
        "name_last": "Sage",
        "role": "student",
        "schools": '["51"]',
        "ext": '{"team":"red"}',
        "location_city": "Sville",
        "grade": None,
    }


def test_the_table_of_the_peers_has_all_users_by_id(tmp_path: Path) -> None:
    users = kept(tmp_path / "users.db", [page(STUDENT, TEACHER)], middle="7a")
    assert [dict(zip(users.columns, row, strict=True))["name_first"] for row in users.rows()] == ["Saul", "Sam"]
    assert users.before == 1


def test_a_value_that_would_be_left_out_stops_the_measuring(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match="title"):
        kept(tmp_path / "users.db", [page(STUDENT), page(TEACHER)], middle="7a")


def test_a_peer_that_gives_other_users_is_not_measured() -> None:
    with pytest.raises(AssertionError, match="1 users instead of 2"):
        same(["7a"], page(TEACHER, STUDENT))


def test_a_peer_that_is_not_installed_is_named_with_what_installs_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Absent(Datasette):
        def version(self) -> str:
            return version_of(tmp_path / "datasette")

    assert not _is_here(Absent(), Program(tmp_path, "postgresql://"))
    assert capsys.readouterr().err == (
        "Datasette is not here, so it does not stand beside our pages: `make peers` installs it\n"
    )


def test_the_peers_are_those_that_the_readme_names() -> None:
    page = (Path(__file__).parents[2] / "benchmarks" / "README.md").read_text()
    assert all(peer.name in page for peer in PEERS)


def test_a_server_that_closed_the_connection_meanwhile_is_asked_again() -> None:
    class Impatient(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 0.1

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    with HTTPServer(("127.0.0.1", 0), Impatient) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client = Client(server.server_port)
        answers = [client.get("/")]
        time.sleep(0.3)
        answers.append(client.get("/"))
        server.shutdown()
    assert answers == [b"{}", b"{}"]
