"""FileZilla itself, its window on a display that nobody sees.

In: `Reach`. Out: its queue with one file in it, worked off by its own command "Process Queue", and what its log says.
"""

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import IntEnum
from pathlib import Path
from typing import ClassVar

from tests.clients.client import PATIENCE, Client, ClientFailed, Reach, attempt, package
from tests.clients.operations import Operation

_IN_ITS_WINDOW = "FileZilla has it in its window; only its queue is driven here"
#: its settings: no greeting, no look for updates, one try, what it does written to a file
_SETTINGS = {
    "Greeting version": "3.99.0",
    "Disable update check": "1",
    "Update Check": "0",
    "Reconnect count": "0",
    "Prompt password save": "0",
}
#: the part of its queue that it must find; the rest of the tables it makes itself
_QUEUE = """
CREATE TABLE servers (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, host TEXT NOT NULL, port INTEGER, user TEXT,
    password TEXT, account TEXT, keyfile TEXT, protocol INTEGER, type INTEGER, logontype INTEGER,
    timezone_offset INTEGER, transfer_mode TEXT, max_connections INTEGER, encoding TEXT, bypass_proxy INTEGER,
    post_login_commands TEXT, name TEXT, parameters TEXT, site_path TEXT DEFAULT NULL);
CREATE TABLE files (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, server INTEGER NOT NULL, source_file TEXT,
    target_file TEXT, local_path INTEGER, remote_path INTEGER, size INTEGER, error_count INTEGER, priority INTEGER,
    flags INTEGER, default_exists_action INTEGER, extra_flags TEXT);
CREATE TABLE local_paths (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, path TEXT NOT NULL);
CREATE TABLE remote_paths (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, path TEXT NOT NULL);
"""
_SFTP, _NORMAL, _KEYFILE, _PRIORITY, _DOWNLOAD = 1, 1, 5, 2, 16


class IfThere(IntEnum):
    """What it does with a file that is there already."""

    OVERWRITE = 1
    RESUME = 5


class FileZilla(Client):
    """The program with the window that most people have."""

    title = "FileZilla"
    needs = ("filezilla", "fzsftp", "Xvfb", "xdotool", "psftp")
    lacks: ClassVar = dict.fromkeys((Operation.LIST, Operation.RENAME, Operation.DELETE), _IN_ITS_WINDOW)

    differs: ClassVar = {
        Operation.RESUME: "starts anew and is whole: it looks at the list, where what was broken off is not shown"
    }
    resumes = False

    def version(self) -> str:
        return package("filezilla")

    def put(self, at: Reach, local: Path, name: str) -> None:
        self.work_off(at, (local, "/", name), IfThere.OVERWRITE, download=False)

    def resume(self, at: Reach, local: Path, name: str) -> None:
        self.work_off(at, (local, "/", name), IfThere.RESUME, download=False)

    def get(self, at: Reach, remote: str, local: Path) -> None:
        folder, _, name = remote.rpartition("/")
        self.work_off(at, (local, folder or "/", name), IfThere.OVERWRITE, download=True)

    def work_off(self, at: Reach, file: tuple[Path, str, str], if_there: IfThere, *, download: bool) -> None:
        """Put one file into the queue of a new installation, and work it off."""
        log = at.home / "filezilla.log"
        log.unlink(missing_ok=True)
        _settings(at, log, if_there)
        _queue(at, file, download=download)
        _trust(at)
        with _display() as display, _program(at, display):
            _press(at, display, "ctrl+p")
            _wait_for_the_end(log)


def _settings(at: Reach, log: Path, if_there: IfThere) -> None:
    chosen = {"File exists action upload": str(int(if_there)), "File exists action download": str(int(if_there))}
    known = _SETTINGS | chosen | {"Logging file": str(log), "Logging filesize limit": "10"}
    lines = "".join(f'<Setting name="{name}">{value}</Setting>' for name, value in known.items())
    folder = at.home / ".config" / "filezilla"
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.iterdir():
        left.unlink()
    text = (
        f'<?xml version="1.0"?><FileZilla3 version="3.63.0" platform="*nix"><Settings>{lines}</Settings></FileZilla3>'
    )
    (folder / "filezilla.xml").write_text(text, "utf-8")


def _queue(at: Reach, file: tuple[Path, str, str], *, download: bool) -> None:
    local, folder, name = file
    # its way to write a path: kind 1 (Unix), no prefix, then each name with its length before it
    path = " ".join(["1", "0", *(f"{len(part)} {part}" for part in folder.split("/") if part)])
    source, target = (name, local.name) if download else (local.name, name)
    proof = (
        (at.user, None, str(at.key("ed25519.ppk")), _KEYFILE) if at.by_key else (at.user, at.password, None, _NORMAL)
    )
    server = (at.host, at.port, *proof, _SFTP)
    with closing(sqlite3.connect(at.home / ".config" / "filezilla" / "queue.sqlite3")) as store, store:
        store.executescript(_QUEUE)
        columns = "host, port, user, password, keyfile, logontype, protocol"
        more = "type, timezone_offset, transfer_mode, max_connections, bypass_proxy"
        store.execute(f"INSERT INTO servers ({columns}, {more}) VALUES (?,?,?,?,?,?,?,0,0,'MODE_DEFAULT',0,0)", server)
        store.execute("INSERT INTO local_paths (path) VALUES (?)", (f"{local.parent}/",))
        store.execute("INSERT INTO remote_paths (path) VALUES (?)", (path,))
        row = (source, target, local.stat().st_size if local.exists() else -1, _PRIORITY, _DOWNLOAD if download else 0)
        columns = "server, local_path, remote_path, error_count, default_exists_action"
        facts = "source_file, target_file, size, priority, flags"
        store.execute(f"INSERT INTO files ({columns}, {facts}) VALUES (1,1,1,0,-1,?,?,?,?,?)", row)


def _putty(at: Reach) -> dict[str, str]:
    """PuTTY's folder, which FileZilla's engine shares: the keys of known servers are in it."""
    folder = at.home / "putty"
    folder.mkdir(exist_ok=True)
    return {"PUTTYDIR": str(folder), "PUTTYSSHHOSTKEYS": str(folder / "sshhostkeys")}


def _trust(at: Reach) -> None:
    """Say yes to the server's key, as a person does in its window; psftp writes that down where the engine looks."""
    proof = ["-i", at.key("ed25519.ppk")] if at.by_key else ["-pw", at.password]
    attempt(at, ["psftp", "-P", at.port, "-noagent", *proof, f"{at.user}@{at.host}"], "y\nquit\n", **_putty(at))


@contextmanager
def _display() -> Iterator[str]:
    """A display that nobody sees, on a number that is free."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1024x768x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as process:
        os.close(writing)
        with os.fdopen(reading) as number:
            found = number.readline().strip()
        try:
            yield f":{found}"
        finally:
            process.terminate()


@contextmanager
def _program(at: Reach, display: str) -> Iterator[None]:
    """FileZilla, leader of a group of processes of its own."""
    variables = at.variables | _putty(at) | {"DISPLAY": display}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    with subprocess.Popen(["filezilla"], env=variables, cwd=at.home, **quiet) as process:  # type: ignore[call-overload]
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _press(at: Reach, display: str, keys: str) -> None:
    """Wait for its window, and press keys in it."""
    give_up = time.monotonic() + PATIENCE
    find = ["xdotool", "search", "--onlyvisible", "--name", "^FileZilla"]
    while not (window := attempt(at, find, DISPLAY=display).stdout.split()):
        if time.monotonic() > give_up:
            raise ClientFailed("FileZilla opened no window")
        time.sleep(0.2)
    attempt(at, ["xdotool", "windowfocus", "--sync", window[-1], "key", keys], DISPLAY=display)


def _wait_for_the_end(log: Path) -> None:
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        text = log.read_text("utf-8", "replace") if log.exists() else ""
        if "File transfer successful" in text:
            return
        if "File transfer failed" in text or "Could not connect to server" in text:
            break
        time.sleep(0.1)
    raise ClientFailed(f"FileZilla did not transfer the file\n{log.read_text('utf-8') if log.exists() else ''}")
