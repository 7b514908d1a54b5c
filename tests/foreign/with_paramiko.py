"""paramiko's own tests of its SFTP client (tests/test_sftp.py and tests/test_sftp_big.py of its source distribution).

In: a server. Out: of every test what it found wrong.

The source distribution comes from PyPI, checked against the hash in paramiko.txt, and lies in build/, never among our
files. Its tests start a server of paramiko's own; paramiko_fixtures.py gives them a connection to ours instead.
"""

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.foreign.servers import Server

SUITE = ("tests/test_sftp.py", "tests/test_sftp_big.py")
_HERE = Path(__file__).parent
_PIP = (sys.executable, "-m", "pip")
#: said of a test that did not run
SKIPPED = "skipped"


def fetch(build: Path) -> Path:
    """Get the suite and what it imports into `build`, unless they are there; give the folder of the suite."""
    wanted = [line.split(" ")[0] for line in (_HERE / "paramiko.txt").read_text().splitlines() if "==" in line]
    suite = build / wanted[0].replace("==", "-")
    if not suite.exists():
        quiet = ("--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps")
        subprocess.run(
            [*_PIP, "install", *quiet, "--upgrade", "--target", build / "site", "-r", _HERE / "needs.txt"], check=True
        )
        source = ("--no-binary", "paramiko", "-r", _HERE / "paramiko.txt", "-d", build)
        subprocess.run([*_PIP, "download", *quiet, *source], check=True)
        with tarfile.open(build / f"{suite.name}.tar.gz") as archive:
            archive.extractall(build / "unpacked", filter="data")
        (build / "unpacked" / suite.name).rename(suite)  # there only when it is whole
    return suite


def run(suite: Path, scratch: Path, server: Server) -> dict[str, tuple[str, ...]]:
    """Run the suite; of each test nothing where it passed."""
    results = scratch / "paramiko.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        "pytest.ini",
        "--rootdir=.",
        "--noconftest",
        "-p",
        "paramiko_fixtures",
    ]
    command += ["-p", "no:cacheprovider", "-q", f"--junitxml={results}", *SUITE]
    done = subprocess.run(
        command, cwd=suite, env=_environment(suite, server), capture_output=True, text=True, timeout=900, check=False
    )
    (scratch / "paramiko.log").write_text(done.stdout + done.stderr)
    if not results.exists():
        raise SystemExit(f"the suite did not run:\n{done.stdout}{done.stderr}")
    return dict(_read(results))


def _read(results: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    for case in ET.parse(results).iter("testcase"):  # noqa: S314 - pytest wrote it just now
        if case.find("skipped") is not None:
            found: tuple[str, ...] = (SKIPPED,)
        else:
            faults = [*case.findall("failure"), *case.findall("error")]
            found = tuple(fault.get("message", "").splitlines()[0] for fault in faults)
        yield f"{case.get('classname', '').split('.')[-1]}.{case.get('name')}", found


def _environment(suite: Path, server: Server) -> Mapping[str, str]:
    return dict(os.environ) | {
        "PYTHONPATH": os.pathsep.join(map(str, (suite, _HERE, suite.parent / "site"))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
        "PYTEST_ADDOPTS": "",
        "FOREIGN_PORT": str(server.port),
        "FOREIGN_USER": server.username,
        "FOREIGN_KEY": str(server.key),
        "FOREIGN_DISK": str(server.disk),
        "FOREIGN_FOLDER": server.folder,
        "FOREIGN_BESIDES": ":".join(server.besides),
    }
