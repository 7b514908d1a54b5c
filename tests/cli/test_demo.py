"""`sftpingest demo`: the whole way, and nothing left behind."""

import signal
import subprocess
from pathlib import Path

import pytest

from sftpingest.cli import demo, demo_roster, demo_server, terminal
from tests.cli.conftest import COMMAND, environment


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, str]:
    """An environment in which temporary files can be counted, and with settings that the demo must not take."""
    (tmp_path / "tmp").mkdir()
    return environment({"TMPDIR": str(tmp_path / "tmp"), "SFTPINGEST_SFTP_PORT": "not for the demo"})


def test_it_shows_every_planted_mistake_and_leaves_nothing_behind(elsewhere: dict[str, str], tmp_path: Path) -> None:
    command = [*COMMAND, "demo", "--once"]
    done = subprocess.run(
        command, env=elsewhere, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    for mistake in demo_roster.made()[1]:
        assert any(row[:2] == [mistake.file, str(mistake.row)] and mistake.code in row for row in rows), mistake
    assert "sftp -P " in done.stdout
    assert "web address: http://127.0.0.1:" in done.stdout
    assert "/reports/latest/rejections.csv" in done.stdout
    assert ["student", "59"] in rows
    assert "with --once the server stops here" in done.stdout
    assert list((tmp_path / "tmp").iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["tmp"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stays_up_until_it_is_stopped(elsewhere: dict[str, str], tmp_path: Path, number: int) -> None:
    with subprocess.Popen(
        [*COMMAND, "demo"], env=elsewhere, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        assert demo.stdout
        said = []
        for line in demo.stdout:
            said.append(line)
            if "until Ctrl-C" in line:
                break
        assert demo.poll() is None, "".join(said)
        demo.send_signal(number)
        assert demo.wait(60) == 0, "".join(said)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_what_did_not_arrive_is_named() -> None:
    assert demo._not_stored("applied", dict(demo_roster.ARRIVE)) == []
    assert demo._not_stored("held", demo_roster.ARRIVE | {"student": 58}) == [
        "the upload is held, not applied",
        "59 student records are due, 58 are there",
    ]


def test_a_server_that_does_not_start_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text("import time; time.sleep(60)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(demo_server, "PATIENCE", 0.5)
    with pytest.raises(terminal.Stopped, match="did not start"), demo_server.Server(tmp_path):
        pass
