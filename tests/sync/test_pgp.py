"""Files that are encrypted for a district, with a real gpg on both sides."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sftpingest.inbox.boxes import Bounds, Opening, keys
from sftpingest.sync.files import Files
from tests.sync.packed import zipped
from tests.sync.pgp import Correspondent, agents, needs_gpg

pytestmark = needs_gpg
NOISE = random.Random(3).randbytes(300_000)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A district's keys. The path is longer than the name of a socket may be."""
    folder = tmp_path_factory.mktemp("a-district-with-a-long-name-" + "of-sixty-letters-and-more-" * 3) / "pgp"
    keys.make(folder, "Lake")
    assert len(str(folder)) > 100
    return folder


@pytest.fixture(scope="module")
def district(home: Path) -> Iterator[Correspondent]:
    """Who has the public key."""
    with Correspondent.of(keys.keys(home)[0].public) as district:
        yield district


def opened(folder: Path, home: Path, name: str, content: bytes, bounds: Bounds = Bounds()) -> dict[str, bytes] | str:  # noqa: B008
    """The files that came out; or why none did."""
    (folder / name).write_bytes(content)
    with Files(folder, Opening(bounds, keys=home), folder) as files:
        wrong = files.findings[files.findings["code"] == "file.unreadable"]
        assert set(wrong["severity"]) <= {"upload"}
        return str(wrong["detail"].iloc[0]) if len(wrong) else dict(files)


@pytest.mark.parametrize(
    ("name", "words", "inner"),
    [
        ("students.csv.pgp", (), "students.csv"),
        ("students.csv.GPG", ("--compress-algo", "none"), "students.csv"),
        ("students.csv.asc", ("--armor",), "students.csv"),
        ("students.pgp", (), "students.csv"),
    ],
)
def test_what_is_encrypted_for_a_district_is_read(
    tmp_path: Path, home: Path, district: Correspondent, name: str, words: tuple[str, ...], inner: str
) -> None:
    assert opened(tmp_path, home, name, district.encrypt(NOISE, *words)) == {inner: NOISE}
    assert not agents(home)


def test_a_zip_may_be_encrypted(tmp_path: Path, home: Path, district: Correspondent) -> None:
    packed = district.encrypt(zipped({"students.csv": NOISE, "schools.csv": b"x"}))
    assert opened(tmp_path, home, "roster.gpg", packed) == {"students.csv": NOISE, "schools.csv": b"x"}


def test_a_signature_of_somebody_unknown_is_no_hindrance(tmp_path: Path, home: Path) -> None:
    with Correspondent.of(keys.keys(home)[0].public) as somebody:
        [theirs] = somebody.fingerprints()
        own = somebody.make("Somebody")
        packed = somebody.encrypt(NOISE, "-r", theirs, "--sign", "--local-user", own)
    assert opened(tmp_path, home, "students.csv.pgp", packed) == {"students.csv": NOISE}


def test_what_is_damaged_or_cut_off_is_never_read_in_part(tmp_path: Path, home: Path, district: Correspondent) -> None:
    packed = district.encrypt(NOISE)
    middle = len(packed) // 2
    flipped = packed[:middle] + bytes([packed[middle] ^ 1]) + packed[middle + 1 :]
    for broken in (packed[:-1_000], packed[:-1], flipped, packed[:200], b"", NOISE):
        assert opened(tmp_path, home, "students.csv.pgp", broken) == "it is damaged, cut off or not encrypted at all"


def test_what_is_encrypted_otherwise_is_told_apart(tmp_path: Path, home: Path) -> None:
    with Correspondent.alone() as somebody:
        own = somebody.make("Somebody")
        other = opened(tmp_path, home, "students.csv.pgp", somebody.encrypt(NOISE, "-r", own))
        secret = ("--pinentry-mode", "loopback", "--passphrase", "secret", "--symmetric")
        password = opened(tmp_path, home, "students.csv.pgp", somebody.gpg(*secret, given=NOISE))
        signed = opened(tmp_path, home, "students.csv.pgp", somebody.gpg("--sign", given=NOISE))
    assert str(other).startswith("it is encrypted for another key than this district's; ask")
    assert password == "it is encrypted with a password instead of this district's key"
    assert signed == "it is damaged, cut off or not encrypted at all"


def test_a_bomb_is_stopped_and_never_read_in_part(tmp_path: Path, home: Path, district: Correspondent) -> None:
    bounds = Bounds(bytes=10**9, ratio=20, ratio_from=1_000_000)
    bomb = district.encrypt(bytes(5_000_000))
    assert opened(tmp_path, home, "students.csv.pgp", bomb, bounds) == "it unpacks to far more than a roster"
    tight = Bounds(bytes=len(NOISE) - 1)
    why = opened(tmp_path, home, "students.csv.pgp", district.encrypt(NOISE), tight)
    assert why == "it unpacks to more than 300 kB, far more than a roster"
    exact = Bounds(bytes=len(NOISE))
    assert opened(tmp_path, home, "students.csv.pgp", district.encrypt(NOISE), exact) == {"students.csv": NOISE}


def test_other_keys_are_another_fingerprint_only_of_what_is_encrypted(
    tmp_path: Path, home: Path, district: Correspondent
) -> None:
    def fingerprint(home: Path) -> str:
        with Files(tmp_path, Opening(keys=home), tmp_path) as files:
            return files.fingerprint()

    (tmp_path / "students.csv").write_bytes(b"x")
    assert fingerprint(home) == fingerprint(tmp_path / "none")
    (tmp_path / "schools.csv.pgp").write_bytes(district.encrypt(b"x"))
    assert fingerprint(home) != fingerprint(tmp_path / "none")


# What is left of it

KILLED = """
import sys, time
from pathlib import Path
from sftpingest.inbox.boxes import Opening
from sftpingest.inbox.boxes.gpg import gnupg_on
from sftpingest.sync.files import Files

with Files(Path(sys.argv[1]), Opening(keys=Path(sys.argv[2])), Path(sys.argv[1])) as files:
    print(len(files["students.csv"]), flush=True)
    with gnupg_on(Path(sys.argv[2])):
        print("keys are open", flush=True)
        time.sleep(60)
"""


def test_a_killed_sync_leaves_nothing_clear_on_the_disk_and_no_agent(
    tmp_path: Path, home: Path, district: Correspondent
) -> None:
    (tmp_path / "students.csv.pgp").write_bytes(district.encrypt(NOISE))
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path), str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with child:
        assert child.stdout
        assert [child.stdout.readline(), child.stdout.readline()] == [f"{len(NOISE)}\n", "keys are open\n"]
        files = [fd.readlink() for fd in Path(f"/proc/{child.pid}/fd").iterdir()]
        unnamed = [file for file in files if "(deleted)" in file.name]
        assert [file.parent for file in unnamed] == [tmp_path]  # it is there, and has no name
        os.kill(child.pid, signal.SIGKILL)
    assert [path.name for path in tmp_path.iterdir()] == ["students.csv.pgp"]
    give_up = time.monotonic() + 30
    while running(home):
        assert time.monotonic() < give_up, "the agent goes on"
        time.sleep(0.1)
    assert opened(tmp_path, home, "students.csv.pgp", district.encrypt(NOISE)) == {"students.csv": NOISE}


def running(home: Path) -> list[int]:
    """Agents of that home, or of a link to it."""
    links = [path for path in Path("/tmp").glob("sftpingest-*/pgp") if path.resolve() == home.resolve()]
    return [pid for place in (home, *links) for pid in agents(place)]
