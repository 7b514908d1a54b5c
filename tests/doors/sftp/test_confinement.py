"""Nobody leaves the district's folder: not by links, not by names, not while somebody swaps folders under the door.

In: a door, a session of single packets, and a folder outside with a file that nobody may see or touch.
Out: nothing. Run by root it runs once more as `nobody`: root may open what others cannot, and the other way round.
"""

import contextlib
import ctypes
import os
import pwd
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sftpingest.inbox.folders import staged_as
from tests.doors.sftp import packet_by_packet as raw
from tests.doors.sftp.conftest import USER, Knock
from tests.doors.sftp.packet_by_packet import Raw, attributes, text

REPORT = "2026-11-24T031502Z-000017"
SECRET = b"the canary sings at 7f3a"
#: size and time of the canary: they must not be told either
SIZE, TIME = 0x0BADCAFE, 0x5EC2E75A
CANARY = "canary-7f3a"
#: what stands outside: names that the client asks for too, so that a path that leads there finds something, and one
#: that it never says, so that it can hear it only from there
NAMED = ("students.csv", "summary.txt", CANARY)

OPERATOR = ("home", "staging", "reports", f"reports/{REPORT}", ".")


@dataclass
class Outside:
    """A folder beside the district's, and how it was before."""

    root: Path
    door: Knock
    before: dict[str, object] = field(default_factory=dict)

    def facts(self) -> dict[str, object]:
        found = {path: path.lstat() for path in [self.root, *self.root.rglob("*")]}
        return {
            str(path): (one.st_mode, one.st_uid, one.st_nlink, one.st_size, one.st_mtime_ns, one.st_ino)
            for path, one in found.items()
        }


@pytest.fixture
def outside(door: Knock, tmp_path: Path) -> Iterator[Outside]:
    """The folder outside; after the test nothing in it has changed, and no link stands in the district's folders."""
    place = Outside(tmp_path / "outside", door)
    (place.root / "folder").mkdir(parents=True)
    for folder in (place.root, place.root / "folder"):
        for name in NAMED:
            (folder / name).write_bytes(SECRET)
            os.truncate(folder / name, SIZE)  # with a hole: it takes no room
            os.utime(folder / name, (TIME, TIME))
    door.report(REPORT, summary="applied")
    (door.home / "students.csv").write_bytes(b"id\n1\n")
    place.before = place.facts()
    yield place
    assert place.facts() == place.before


@pytest.fixture
def client(door: Knock, outside: Outside, tmp_path: Path) -> Iterator[Raw]:
    """A session; after the test it has heard nothing of what is outside, nor of this machine."""
    with raw.session(door) as one:
        yield one
        assert one.ask(raw.STAT, text(b"/"))[0] == raw.ATTRS, "the session must have outlived it all"
    heard, owner = bytes(one.heard), pwd.getpwuid(os.geteuid()).pw_name.encode()
    forbidden = (SECRET, CANARY.encode(), struct.pack(">Q", SIZE), struct.pack(">I", TIME), os.fsencode(tmp_path))
    for told in (*forbidden, b"Errno", b"districts", b" " + owner + b" "):
        assert told not in heard, told


def everything(client: Raw, path: bytes) -> None:
    """Ask all that can be asked of a path, the harmless first. Whatever is answered, the fixtures look at it."""
    beside = b"/students.csv"
    client.read(path)
    client.listed(path)
    for kind in (raw.STAT, raw.LSTAT, raw.READLINK, raw.REALPATH):
        client.ask(kind, text(path))
    for name in (b"statvfs", b"expand-path", b"lsetstat", b"home-directory"):
        client.ask(raw.EXTENDED, text(name + b"@openssh.com") + text(path) + attributes(mode=0o4777))
    for wanted in (attributes(size=0), attributes(owner=0), attributes(mode=0o6777), attributes(time=5)):
        client.ask(raw.SETSTAT, text(path) + wanted)
    for first, second in ((path, b"/new.csv"), (beside, path), (b"/new.csv", path)):
        for name in (b"hardlink@openssh.com", b"posix-rename@openssh.com"):
            client.ask(raw.EXTENDED, text(name) + text(first) + text(second))
        client.ask(raw.SYMLINK, text(first) + text(second))
        client.ask(raw.RENAME, text(first) + text(second))
    client.ask(raw.MKDIR, text(path) + attributes(mode=0o777))
    for flags in (0, 16, 4, 32):  # as it lies, emptied, at its end, only if new
        client.write(path, b"written by the client", flags)
    client.read(path)
    client.ask(raw.REMOVE, text(path))
    client.ask(raw.RMDIR, text(path))
    client.write(beside, b"id\n1\n")


# -- links ---------------------------------------------------------------------------------------------------------


def test_the_escape_by_a_relative_link_made_deep_and_renamed_upward(client: Raw, door: Knock) -> None:
    """Trap 5: seen for real with asyncssh's own chroot."""
    client.ask(raw.MKDIR, text(b"/a") + attributes())
    client.ask(raw.MKDIR, text(b"/a/b") + attributes())
    target = f"../../outside/{CANARY}".encode()
    for link in (b"/a/b/link", b"/reports/link", f"/reports/{REPORT}/link".encode(), b"/link"):
        for pair in (text(target) + text(link), text(link) + text(target)):  # OpenSSH and the draft differ in the order
            assert client.status(raw.SYMLINK, pair) > 0
        for kind in (raw.RENAME, raw.EXTENDED):
            prefix = text(b"posix-rename@openssh.com") if kind == raw.EXTENDED else b""
            assert client.status(kind, prefix + text(link) + text(b"/up")) > 0
    assert client.read(b"/up") is None
    assert [path.name for path in door.root.rglob("*") if path.is_symlink()] == []
    assert sorted(path.name for path in door.home.iterdir()) == ["students.csv"]


@pytest.mark.parametrize("source", [b"/students.csv", b"/reports/latest/summary.txt", b"/README.txt", b"../../outside"])
def test_no_link_of_either_sort_can_be_made(client: Raw, door: Knock, source: bytes) -> None:
    assert client.status(raw.SYMLINK, text(source) + text(b"/new.csv")) > 0
    assert client.status(raw.EXTENDED, text(b"hardlink@openssh.com") + text(source) + text(b"/new.csv")) > 0
    assert sorted(path.name for path in door.home.iterdir()) == ["students.csv"]
    assert (door.home / "students.csv").stat().st_nlink == 1


@pytest.mark.parametrize("there", OPERATOR)
@pytest.mark.parametrize("target", ["outside", f"outside/{CANARY}", "outside/nothing-there", "oak-valley/home"])
def test_links_that_an_operator_put_there_lead_nowhere(
    client: Raw, outside: Outside, door: Knock, there: str, target: str
) -> None:
    where = door.root.parent / target if target.startswith("oak") else outside.root.parent / target
    (door.root / there / "planted").symlink_to(where)
    (door.root / there / staged_as("students.csv")).symlink_to(where)
    shown = f"/{there}/planted".removeprefix("/home").removeprefix("/.").encode()
    for path in (shown, shown + b"/students.csv", shown + b"/folder/students.csv"):
        assert client.read(path) is None
        everything(client, path)
    listed = client.listed(os.path.dirname(shown) or b"/")  # noqa: PTH120 - bytes
    assert b"planted" not in [name for name, _, _ in listed or []]
    assert client.write(b"/students.csv", b"id\n2\n", 0) == raw.OK


@pytest.mark.parametrize("name", ["home", "staging", "reports", f"reports/{REPORT}"])
def test_a_folder_that_is_a_link_is_no_folder(client: Raw, outside: Outside, door: Knock, name: str) -> None:
    (door.root / name).rename(door.root / "away")
    (door.root / name).symlink_to(outside.root)
    for path in (b"/", b"/students.csv", b"/folder", b"/reports", b"/reports/latest", b"/reports/folder"):
        everything(client, path)
        everything(client, path + b"/summary.txt")
    (door.root / name).unlink()
    (door.root / "away").rename(door.root / name)


def test_a_report_folder_that_is_a_link_is_not_the_latest(client: Raw, outside: Outside, door: Knock) -> None:
    (door.reports / "2026-11-25T031502Z-000018").symlink_to(outside.root)
    assert client.read(b"/reports/latest/summary.txt") == b"applied"


def test_a_hard_link_in_staging_is_no_upload_of_ours(client: Raw, outside: Outside, door: Knock) -> None:
    """A staged file has one name. One with more belongs to somebody else too: it must not be gone on with."""
    canary = outside.root / CANARY
    os.link(canary, door.staging / staged_as("students.csv"))
    everything(client, b"/students.csv")
    found = canary.stat()
    assert (found.st_size, found.st_mtime, canary.open("rb").read(len(SECRET))) == (SIZE, TIME, SECRET)
    outside.before = outside.facts()  # how many names it has may have changed


# -- names ---------------------------------------------------------------------------------------------------------

NAMES = {
    "upward": b"../../outside/students.csv",
    "upward after a slash": b"/../../../outside/students.csv",
    "upward after a name": b"/reports/../../outside/students.csv",
    "upward from latest": b"/reports/latest/../../../outside/students.csv",
    "absolute": b"/etc/passwd",
    "doubled slashes": b"//..//..//outside//students.csv",
    "a slash at the end": b"/students.csv/",
    "a dot at the end": b"/students.csv/.",
    "nothing": b"",
    "a dot": b".",
    "two dots": b"..",
    "three dots": b"...",
    "NUL": b"/students.csv\0.txt",
    "NUL upward": b"../\0/../outside/students.csv",
    "backslashes": b"..\\..\\outside\\students.csv",
    "a drive": b"C:\\outside\\students.csv",
    "percent signs": b"%2e%2e/%2e%2e/outside/students.csv",
    "a tilde": b"~/students.csv",
    "a tilde and root": b"~root/.ssh/authorized_keys",
    "division slash": "..\u2215..\u2215outside\u2215students.csv".encode(),
    "fullwidth solidus": "..\uff0f..\uff0foutside".encode(),
    "one dot leaders": "\u2024\u2024/\u2024\u2024/outside/students.csv".encode(),
    "two dot leader": "\u2025/\u2025/outside/students.csv".encode(),
    "fullwidth dots": "\uff0e\uff0e/outside/students.csv".encode(),
    "overlong dots": b"\xc0\xae\xc0\xae/\xc0\xae\xc0\xae/outside/students.csv",
    "overlong slashes": b"..\xc0\xaf..\xc0\xafoutside\xc0\xafstudents.csv",
    "overlong in three bytes": b"..\xe0\x80\xaf..\xe0\x80\xafoutside",
    "half a surrogate": b"..\xed\xa0\x80/outside",
    "no UTF-8": b"\xff\xfe/outside",
    "a turned direction": "\u202evsc.stneduts".encode(),
    "a long name": b"a" * 5000,
    "a name as long as it may be": b"a" * 238,
    "a long path": b"/" + b"b" * 200_000,
    "10,000 components": b"/" + b"c/" * 10_000 + b"students.csv",
    "10,000 upward": b"../" * 10_000 + b"etc/passwd",
    "100,000 slashes": b"/" * 100_000 + b"students.csv",
}


@pytest.mark.parametrize("path", NAMES.values(), ids=NAMES)
def test_no_name_leads_outside(client: Raw, door: Knock, path: bytes) -> None:
    everything(client, path)
    client.write(path, b"mine")
    for found in door.root.rglob("*"):
        assert not found.is_symlink()
        assert found.parent in {door.home, door.reports, door.root, door.reports / REPORT}, "one folder, no deeper"
    assert (door.reports / REPORT / "summary.txt").read_text() == "applied"
    real = client.realpath(path)
    assert real is None or (real.startswith(b"/") and b"//" not in real and b".." not in real.split(b"/"))


@pytest.mark.parametrize("path", [b"/", b".", b"..", b"../..", b"/..", b"/reports/../..", b"//", b"", b"/./."])
def test_the_top_is_the_top_of_everything(client: Raw, path: bytes) -> None:
    assert client.realpath(path) == b"/"
    assert [name for name, _, _ in client.listed(path) or []] == [
        b".",
        b"..",
        b"README.txt",
        b"reports",
        b"students.csv",
    ]


# -- what is no file -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", ["pipe", "socket", "folder", "null", "terminal"])
@pytest.mark.parametrize("there", ["home", "staging", "reports", f"reports/{REPORT}"])
def test_what_is_no_file_is_neither_shown_nor_opened_and_stops_nobody(
    client: Raw, door: Knock, sort: str, there: str
) -> None:
    name = staged_as("students.csv") if there == "staging" else "planted.csv"
    plant(door.root / there / name, sort)
    shown = {"home": b"/planted.csv", "staging": b"/students.csv"}.get(there, f"/{there}/planted.csv".encode())
    if there != "staging":
        assert client.read(shown) is None
    listed = [found for found, _, _ in client.listed(os.path.dirname(shown) or b"/") or []]  # noqa: PTH120 - bytes
    assert b"planted.csv" not in listed or (sort == "folder" and there != "home")
    everything(client, shown)
    assert client.write(b"/students.csv", b"id\n2\n", 0) == raw.OK


def plant(path: Path, sort: str) -> None:
    match sort:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "socket":
            # a socket's own path must be short: it is made elsewhere and moved
            with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as one:
                one.bind(f"{short}/s")
                shutil.move(f"{short}/s", path)
        case _ if os.geteuid() != 0:
            pytest.skip("only root can make a device")
        case _:
            try:
                os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3) if sort == "null" else os.makedev(5, 0))
            except PermissionError:
                pytest.skip("no devices can be made here")


# -- owners, permissions, extensions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted", [attributes(mode=0o106777), attributes(owner=0), attributes(owner=12345, mode=0o4755)]
)
def test_owner_and_permissions_are_ours_whatever_a_client_sets(client: Raw, door: Knock, wanted: bytes) -> None:
    for name in (b"/students.csv", b"/new.csv"):
        assert client.write(name, b"id\n", attrs=wanted) == raw.OK
        assert client.status(raw.SETSTAT, text(name) + wanted) == raw.OK
        client.ask(raw.EXTENDED, text(b"lsetstat@openssh.com") + text(name) + wanted)
    for there in door.home.iterdir():
        found = there.stat()
        assert (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) == (0o600, os.geteuid(), os.getegid())
    for path in (b"/", b"/reports", b"/README.txt", f"/reports/{REPORT}/summary.txt".encode()):
        client.ask(raw.SETSTAT, text(path) + wanted)
    assert stat.S_IMODE((door.reports / REPORT / "summary.txt").stat().st_mode) & 0o6111 == 0


def test_everything_listed_belongs_to_the_login_and_no_number_tells_of_an_owner(client: Raw) -> None:
    for folder in (b"/", b"/reports", b"/reports/latest"):
        listed = client.listed(folder)
        assert listed
        for name, longname, attrs in listed:
            assert longname.split()[2:4] == [USER.encode()] * 2
            assert longname.endswith(b" " + name)
            assert struct.unpack(">I", attrs[:4])[0] & 0x80000002 == 0, "neither numbers of an owner nor extensions"


@pytest.mark.parametrize(
    "name", ["statvfs", "fstatvfs", "expand-path", "home-directory", "users-groups-by-id", "copy-data"]
)
def test_extensions_that_tell_of_the_machine_are_neither_offered_nor_answered(client: Raw, name: str) -> None:
    suffix = {"home-directory": "", "copy-data": ""}.get(name, "@openssh.com")
    assert name.encode() not in client.version
    handle = client.opened(b"/students.csv", 1)
    assert handle
    for body in (
        text(b"/"),
        text(b"~root"),
        text(b"root"),
        handle,
        text(struct.pack(">I", 0)) * 2,
        handle + bytes(16) + handle,
    ):
        assert client.status(raw.EXTENDED, text((name + suffix).encode()) + body) > 0


# -- while somebody swaps what the door works on ---------------------------------------------------------------------

_LIBC = ctypes.CDLL(None, use_errno=True)
_HERE, _EXCHANGE = -100, 2


def exchange(first: Path, second: Path) -> None:
    """Swap two names at once, so that there is no moment without them."""
    if _LIBC.renameat2(_HERE, os.fsencode(first), _HERE, os.fsencode(second), _EXCHANGE) != 0:
        number = ctypes.get_errno()
        if number != 2:  # the door has just renamed or removed one of them
            raise OSError(number, os.strerror(number))


@contextlib.contextmanager
def swapping(first: Path, second: Path) -> Iterator[None]:
    """Swap again and again for as long as the block lasts; fails if that never worked."""
    stop, times = threading.Event(), 0

    def swap() -> None:
        nonlocal times
        while not stop.is_set():
            exchange(first, second)
            times += 1
            stop.wait(0.0002)  # else nobody else in this process gets a turn

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        if times % 2:
            exchange(first, second)
        assert times > 100


@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("home", "outside"),
        ("staging", "outside"),
        ("reports", "outside"),
        (f"reports/{REPORT}", "outside"),
        ("home/students.csv", f"outside/{CANARY}"),
        (f"reports/{REPORT}/summary.txt", f"outside/{CANARY}"),
        ("home/students.csv", "pipe"),
    ],
)
def test_who_swaps_folders_and_files_for_links_gets_nothing_from_outside(
    client: Raw, outside: Outside, door: Knock, tmp_path: Path, name: str, to: str
) -> None:
    decoy = tmp_path / "decoy"
    if to == "pipe":
        os.mkfifo(decoy)
    else:
        decoy.symlink_to(tmp_path / to)
    mine = {b"id\n1\n", b"id\n2\n", b"applied", b""}
    with swapping(door.root / name, decoy):
        for turn in range(40):
            assert (client.read(b"/students.csv") or b"") in mine
            assert (client.read(b"/reports/latest/summary.txt") or b"") in mine
            for folder in (b"/", b"/reports", b"/reports/latest"):
                client.listed(folder)
            for path in (b"/students.csv", b"/reports/latest/summary.txt", b"/summary.txt"):
                client.ask(raw.STAT, text(path))
            client.write(b"/students.csv", b"id\n2\n", (0, 16)[turn % 2])
            client.ask(raw.SETSTAT, text(b"/students.csv") + attributes(time=1_700_000_000))
            client.ask(raw.RENAME, text(b"/students.csv") + text(b"/summary.txt"))
            client.ask(raw.RENAME, text(b"/summary.txt") + text(b"/students.csv"))
            client.ask(raw.REMOVE, text((b"/students.csv", b"/summary.txt")[turn % 2]))
            client.write(b"/students.csv", b"id\n1\n")


# -- and all of it once more ------------------------------------------------------------------------------------------


#: Links put in the way while clients ask are tried once, by root: half of the time goes there.
_SHORTER = [] if os.environ.get("SFTPINGEST_LONG", "") not in {"", "0"} else ["-k", "not swaps"]


@pytest.mark.skipif(os.geteuid() != 0, reason="this is an ordinary user already")
def test_all_of_this_holds_for_an_ordinary_user_too() -> None:
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory() as there:
        os.chown(there, nobody.pw_uid, nobody.pw_gid)
        python = next(
            (one for one in pythons() if as_nobody(there, one, "-c", "import asyncssh, pytest, sftpingest")[0]), ""
        )
        if not python:
            pytest.skip("an ordinary user finds no Python of this version and these files on this machine")
        well, said = as_nobody(
            there, python, "-m", "pytest", "-n0", "-p", "no:cacheprovider", f"--basetemp={there}/t", *_SHORTER, __file__
        )
    assert well, said
    assert " passed" in said


def pythons() -> Iterator[str]:
    """Ours, and the system's of the same version: ours may lie where only root can look."""
    yield sys.executable
    version = "python{}.{}".format(*sys.version_info[:2])
    yield from filter(None, [shutil.which(version, path="/usr/bin:/usr/local/bin")])


def as_nobody(there: str, *command: str) -> tuple[bool, str]:
    """Run a command as an ordinary user with what we import; whether it ended well, and what it said."""
    project, nobody = Path(__file__).parents[3], pwd.getpwnam("nobody")
    packages = [str(project / "src"), *(path for path in sys.path if path.endswith("site-packages"))]
    settings = {"PYTHONPATH": os.pathsep.join(packages), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]}
    try:
        done = subprocess.run(
            command,
            cwd=project,
            env=settings | {"HOME": there, "TMPDIR": there},
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
    except PermissionError as fault:
        return False, str(fault)
    return done.returncode == 0, done.stdout + done.stderr
