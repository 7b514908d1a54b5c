"""The examples of docs/vendors work as they stand there."""

import os
import re
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pytest
import uvicorn

from sftpingest.doors.vendor import application
from sftpingest.store import sql_file, vendors
from sftpingest.store.tables import now
from tests.doors.vendor.conftest import Web
from tests.doors.vendor.export.conftest import EVERYTHING, House

DOCS = Path(__file__).parents[4] / "docs" / "vendors"


def examples(page: str, program: str) -> list[str]:
    """The lines of a page that call a program."""
    return re.findall(rf"(?m)^    ({program} .+)$", (DOCS / page).read_text("utf-8"))


@contextmanager
def served(house: House) -> Iterator[str]:
    """The door on a port of its own."""
    app = application(house.web.grounds, house.web.parts)
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None))
    running = threading.Thread(target=server.run)
    running.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    running.join()


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_what_the_pages_say_to_type_works(light: Web, tmp_path: Path) -> None:
    house = House(light, tmp_path / "exports", slug="springfield")
    house.upload()
    here = tmp_path / "vendor"  # the store is a roster.db too
    here.mkdir()
    token = house.vendor("quiz", EVERYTHING)["Authorization"].removeprefix("Bearer ")
    vendor = light.in_store(lambda c: vendors.vendor(c, "quiz-springfield"))
    sql_file.write(light.engine, vendor.id, now().date())
    with served(house) as door:
        variables = os.environ | {"TOKEN": token, "DOOR": door}
        for line in [*examples("bulk.md", "curl"), *examples("sql.md", "curl")]:
            command = line.replace("curl ", "curl --fail --silent --show-error ", 1)
            done = subprocess.run(["bash", "-c", command], cwd=here, env=variables, capture_output=True, check=False)
            assert done.returncode == 0, (line, done.stderr)
    assert (here / "student.csv").read_bytes().count(b"\r\n") == 4
    for line in examples("bulk.md", "duckdb"):
        asked = line.split('"')[1].replace("student.parquet", str(here / "student.parquet"))
        assert sum(row[1] for row in duckdb.execute(asked).fetchall()) == 3
    with closing(sqlite3.connect(here / "roster.db")) as c:
        for line in examples("sql.md", "sqlite3"):
            assert sum(row[1] for row in c.execute(line.split('"')[1])) == 3
