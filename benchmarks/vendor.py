"""What vendors wait for: pages, a whole read, events after a night, files in bulk; through the real web door.

Beside each page stands what the store itself needs for the same rows as JSON (`psql`, json_agg), and beside the whole
read what orjson needs to write the same objects. Then the same pages of published servers, where they are installed.

In:  `sftpingest serve web` in a child process, a district that one vendor sees all of.
Out: a table on standard output, and vendor.json.
"""

import http.client
import json
import re
import signal
import statistics
import subprocess
import time
from argparse import ArgumentParser
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import orjson

from benchmarks.asking import Client, Figure, timed
from benchmarks.peers.beside import beside
from benchmarks.program import COMMAND, DISTRICT, ROOT, Program, fresh, rows
from benchmarks.run import Case, addresses, generated, say

_FULL, _QUICK = 600_000, 60_000
_VENDOR: Final = "bench-vendor"
_GROUPS: Final = ("contact-details", "demographics", "programs", "academics", "addresses", "contacts", "other")
_LATEST: Final = Path(__file__).parent / "vendor.json"
_COLLECTIONS: Final = ("schools", "terms", "courses", "sections", "users")


@contextmanager
def _web(program: Program) -> Iterator[int]:
    """The web door, until the block is left; yields its port."""
    environment = program.environment(
        SFTPINGEST_WEB="on", SFTPINGEST_WEB_PORT="0", SFTPINGEST_WEB_REQUESTS_PER_MINUTE="1000000"
    )
    with (program.folder / "web.log").open("w") as log:
        server = subprocess.Popen(
            [COMMAND, "serve", "web"], env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        assert server.stdout  # noqa: S101  (tells mypy what Popen was asked for)
        found = re.search(r":(\d+)", server.stdout.readline().partition("//")[2])
        assert found  # noqa: S101
        yield int(found[1])
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def measured(program: Program, uploads: dict[str, Path], times: int, deep: int) -> Iterator[Figure]:
    """All figures of one store; pages by offset begin `deep` in the list, too."""
    program.run("ingest", DISTRICT, str(uploads["first"]))
    client = json.loads(program.run("vendor", "add", _VENDOR, "--json").output)
    grants = [part for group in _GROUPS for part in ("--fields", group)]
    shared = program.run("share", "set", _VENDOR, DISTRICT, "--mode", "everything", "--staff", *grants)
    yield Figure("everything shared: preview, first edition with its events", shared.seconds)
    token = json.loads(program.run("vendor", "token", _VENDOR, DISTRICT, "--json").output)["token"]
    _settle(program)
    with _web(program) as port:
        yield from _pages(Client(port, token), program, times)
        yield _whole(Client(port, token))
        yield from _one_roster(Client(port, _access(port, client)), times, deep)
        yield _in_files(Client(port, token), sum(rows(uploads["first"])))
    night = program.run("ingest", DISTRICT, str(uploads["changed"]))
    told = night.event("edition.published")
    yield Figure(f"the edition after a night of 1 %: {told['events']:,} events", told["seconds"], to_reach="≤ 5 s")
    with _web(program) as port:
        client = Client(port, token)
        after = f"/export/events.ndjson?after={_last(client) - told['events']}"
        yield Figure(f"its {told['events']:,} events as lines", timed(lambda: client.get(after)))
        yield from beside(client, program, _middle(client), times)


def _settle(program: Program) -> None:
    """Do at once what PostgreSQL does by itself in the minutes after so many rows came: nobody reads meanwhile."""
    if program.url.startswith("postgresql"):
        subprocess.run(["psql", program.url, "-X", "-q", "-c", "VACUUM (ANALYZE)"], check=True)


def _last(client: Client) -> int:
    body = json.loads(client.get("/v3.1/events?ending_before=last&limit=1"))
    return int(body["data"][0]["data"]["id"], 16)


def _pages(client: Client, program: Program, times: int) -> Iterator[Figure]:
    client.get("/v3.1/users?limit=10000")
    middle = _middle(client)
    for limit, to_reach in ((100, "≤ 15 ms"), (10_000, "≤ 300 ms")):
        many = times if limit == 10_000 else 10 * times
        beside = _by_psql(program, limit, times)
        for name, place in (("first", ""), ("middle", f"&starting_after={middle}")):
            seconds = client.seconds(f"/v3.1/users?limit={limit}{place}", many)
            yield Figure(f"a page of {limit:,} users, {name}", seconds, "json_agg of psql", beside, to_reach)


def _middle(client: Client) -> str:
    """An id that about half of all ids of the district are below."""
    return str(json.loads(client.get("/v3.1/districts"))["data"][0]["data"]["id"])[:6] + "8" * 18


def _by_psql(program: Program, limit: int, times: int) -> float:
    """Seconds in which the store itself makes JSON of as many students; 0 where it is not PostgreSQL."""
    if not program.url.startswith("postgresql"):
        return 0.0
    current = "SELECT * FROM student_version WHERE district_id = 1 AND end_sync = 2147483647 ORDER BY no"
    query = f"SELECT json_agg(one) FROM ({current} LIMIT {limit}) AS one"
    timing = ["psql", program.url, "-X", "-q", "-o", "/dev/null", "-c", "\\timing on", "-c", query]
    ran = [subprocess.run(timing, check=True, capture_output=True, text=True).stdout for _ in range(times)]
    return statistics.median(float(found[1]) / 1000 for text in ran if (found := re.search(r"Time: ([\d.]+)", text)))


def _whole(client: Client) -> Figure:
    """Everything that one vendor sees, page by page; beside it, writing the same objects as JSON."""
    read: list[bytes] = []
    seconds = timed(lambda: read.extend(body for name in _COLLECTIONS for body in client.pages(f"/v3.1/{name}")))
    objects: list[Any] = [orjson.loads(body) for body in read]
    records, size = sum(len(body["data"]) for body in objects), sum(map(len, read)) / 1e6
    writing = timed(lambda: [orjson.dumps(body) for body in objects])
    what = f"all {records:,} objects, {size:,.0f} MB, in pages of 10,000"
    return Figure(what, seconds, "orjson alone", writing)


def _access(port: int, client: dict[str, str]) -> str:
    """An access token for OneRoster."""
    basic = b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/token", "grant_type=client_credentials", headers)
    return str(json.loads(connection.getresponse().read())["access_token"])


def _one_roster(client: Client, times: int, deep: int) -> Iterator[Figure]:
    """Pages by offset: the next one of a program that reads on, at the beginning and deep in the list."""
    base = "/ims/oneroster/rostering/v1p2"
    for limit, many, to_reach in ((100, 10 * times, "≤ 15 ms"), (10_000, times, "≤ 300 ms")):
        for name, first in (("first", 0), (f"at {deep:,}", deep)):
            client.get(f"{base}/users?limit={limit}&offset={first}")
            pages = []
            for offset in range(first + limit, first + limit * (many + 1), limit):
                start = time.monotonic()
                client.get(f"{base}/users?limit={limit}&offset={offset}")
                pages.append(time.monotonic() - start)
            what = f"OneRoster 1.2: a page of {limit:,} users, {name}"
            yield Figure(what, statistics.median(pages), to_reach=to_reach)


def _in_files(client: Client, rows: int) -> Figure:
    """All kinds as Parquet, one after the other, each made anew; `rows` of all files that were uploaded."""
    kinds = ("school", "term", "course", "section", "student", "teacher", "staff", "enrollment")
    start = time.monotonic()
    size = sum(len(client.get(f"/export/{DISTRICT}/{kind}.parquet")) for kind in kinds)
    seconds = time.monotonic() - start
    what = f"all kinds as Parquet, {size / 1e6:,.0f} MB, {rows / seconds:,.0f} rows a second"
    return Figure(what, seconds, to_reach=f"≤ {rows / 300_000:.1f} s")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and keep."""
    parser = ArgumentParser(prog="python -m benchmarks vendor", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the district, few repetitions; not kept")
    parser.add_argument("--store", choices=("postgresql", "sqlite"), default="postgresql")
    chosen = parser.parse_args(arguments)
    students, times = (_QUICK, 3) if chosen.quick else (_FULL, 10)
    uploads = generated(students, [Case.CHANGED])
    with addresses([chosen.store]) as urls:
        program = fresh(chosen.store, urls[chosen.store])
        figures = []
        for figure in measured(program, uploads, times, deep=students // 3):
            say(figure.line())
            figures.append(figure)
    if not chosen.quick:
        _LATEST.write_text(json.dumps([asdict(figure) for figure in figures], indent=2, ensure_ascii=False) + "\n")
    print("| what | median | beside | to reach |\n| --- | --- | --- | --- |")
    print("\n".join(figure.line() for figure in figures))
