"""The lines that docs/clients.md gives people to copy, run as they stand there but for names, port and known server."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import without_mistakes, written
from tests.clients import table
from tests.clients.client import Client, Reach, run
from tests.clients.curl import Curl
from tests.clients.ground import Ground
from tests.clients.lftp import Lftp
from tests.clients.openssh import Sftp, options
from tests.clients.operations import Operation
from tests.clients.rclone import Rclone

REPORT = {"summary.txt", "rejections.csv", "report.html", "result.json"}


def by(client: Client) -> pytest.MarkDecorator:
    """On the district of this client, in the process that tries it."""
    return pytest.mark.parametrize(("client", "operation"), [pytest.param(client, Operation.REPORT, id=client.slug)])


@pytest.fixture
def at(ground: Ground) -> Reach:
    return ground.reach()


@pytest.fixture
def roster(at: Reach, ground: Ground) -> Path:
    """What the page calls /srv/roster: the files, the key, a folder for the report."""
    folder = at.home / "roster"
    shutil.rmtree(folder, ignore_errors=True)
    written(folder, without_mistakes()).joinpath("report").mkdir()
    shutil.copy(at.key("ed25519"), folder / "roster_key")
    shutil.copy(at.known_hosts, folder / "known_hosts")
    return folder


def block(at: Reach, heading: str, number: int = 0) -> str:
    """One block of the part of the page under a heading, with the names of this test in it."""
    part = table.PAGE.read_text("utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    text = re.findall(r"```\w*\n(.*?)```", part, re.DOTALL)[number]
    ours = {"/srv/roster": at.home / "roster", "sftp.example.org": at.host, "2222": at.port, "springfield-sis": at.user}
    for theirs, our in ours.items():
        text = text.replace(theirs, str(our))
    return str(text)


def fetched(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@by(Sftp())
def test_the_lines_for_sftp_in_cron(ground: Ground, at: Reach, roster: Path) -> None:
    (roster / "upload.sftp").write_text(block(at, "Linux, macOS: cron with OpenSSH's sftp"))
    line = block(at, "Linux, macOS: cron with OpenSSH's sftp", 1).split(maxsplit=5)[5]
    run(at, ["sh", "-c", line.replace("sftp", shlex.join(["sftp", *options(at)]), 1)])
    assert {path.name for path in ground.folders.home.iterdir()} == set(without_mistakes())
    assert fetched(roster / "report") >= REPORT


@by(Lftp())
def test_the_lines_for_lftp_in_cron(ground: Ground, at: Reach, roster: Path) -> None:
    script = block(at, "Linux, macOS: cron with lftp").replace("ssh -a -x", f"ssh -a -x {' '.join(options(at))}")
    (roster / "upload.lftp").write_text(script)
    run(at, block(at, "Linux, macOS: cron with lftp", 1).split()[5:])
    assert {path.name for path in ground.folders.home.iterdir()} == set(without_mistakes())
    assert fetched(roster / "report") >= REPORT


@by(Rclone())
def test_the_lines_for_rclone(ground: Ground, at: Reach, roster: Path) -> None:
    (at.home / "rclone.conf").write_text(block(at, "Linux, macOS, Windows: rclone"))
    lines = block(at, "Linux, macOS, Windows: rclone", 1)
    run(at, ["bash", "-ec", lines], RCLONE_CONFIG=str(at.home / "rclone.conf"))
    assert {path.name for path in ground.folders.home.iterdir()} == set(without_mistakes())
    assert fetched(roster / "report") >= REPORT


@by(Curl())
def test_the_lines_for_curl(ground: Ground, at: Reach, roster: Path) -> None:
    run(at, ["bash", "-ec", f"cd '{roster}'\n{block(at, 'Linux, macOS, Windows: curl')}"])
    assert {path.name for path in ground.folders.home.iterdir()} == set(without_mistakes())
    assert "summary.txt" in fetched(roster)
