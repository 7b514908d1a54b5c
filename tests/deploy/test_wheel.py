"""The program as a district installs it: a wheel, in an environment of its own, run from another folder.

In:  the project, packed by the build backend that pyproject.toml names.
Out: nothing.
"""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import environment, without_mistakes, written

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made without any network."""
    folder = tmp_path_factory.mktemp("wheel")
    pack = "import sys; from flit_core import buildapi; buildapi.build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", pack, folder], cwd=PROJECT, check=True, timeout=60)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder `bin` of an environment with the wheel in it. What it stands on is lent by ours."""
    there = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", there], check=True, timeout=60)
    pip = [sys.executable, "-m", "pip", "--python", str(there / "bin" / "python")]
    subprocess.run([*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel)], check=True, timeout=60)
    (packages,) = there.glob("lib/python*/site-packages")
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return there / "bin"


def test_everything_that_is_no_program_is_in_the_wheel_too(wheel: Path) -> None:
    package = PROJECT / "src" / "sftpingest"
    files = (path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    wanted = {path.relative_to(package.parent).as_posix() for path in files if not path.name.startswith(".")}
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    assert {name for name in wanted if name.endswith(".toml")}
    assert wanted <= packed
    assert not {name for name in packed - wanted if ".dist-info/" not in name}


def test_a_district_checks_its_files_with_the_installed_program(installed: Path, tmp_path: Path) -> None:
    variables = environment({"PATH": f"{installed}{os.pathsep}{os.environ['PATH']}"})
    variables.pop("PYTHONPATH", None)
    written(tmp_path / "export", without_mistakes())
    where = [str(installed / "python"), "-c", "import sftpingest; print(sftpingest.__file__)"]
    for command, says in (
        (where, str(installed.parent)),
        (["sftpingest", "check", "export", "--json", "--report", "report"], '"outcome": "applied"'),
        (["sftpingest", "check", "export", "--format", "clever"], "GOOD."),
    ):
        done = subprocess.run(
            command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert says in done.stdout
    assert json.loads((tmp_path / "report" / "result.json").read_text("utf-8"))["outcome"] == "applied"
