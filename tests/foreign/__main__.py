"""Foreign test suites against our door, with OpenSSH as the measure: `make test-foreign`.

In: the suites from their packages. Out: a table of every test on standard output (with --write in docs/ too); exit
status 1 where the door fails what OpenSSH passes and reasons.toml does not say why.
"""

# ruff: noqa: T201 - it talks to whoever runs it

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.foreign import servers, verdict, with_openssh, with_paramiko

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "foreign-suites.md"
REASONS = Path(__file__).with_name("reasons.toml")

Pair = tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]


def main() -> int:
    asked = argparse.ArgumentParser(prog="make test-foreign", description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--write", action="store_true", help=f"write the tables into {PAGE.relative_to(PROJECT)}")
    options = asked.parse_args()
    if lacking := servers.missing():
        print(f"test-foreign: not here: {', '.join(lacking)}. Debian has them in openssh-client and openssh-server.")
        return 2
    build = PROJECT / "build" / "foreign"
    build.mkdir(parents=True, exist_ok=True)
    known = verdict.read(REASONS)
    tables = {
        "paramiko": verdict.compared(*_paramiko(build), known),
        "OpenSSH's regress scripts": verdict.compared(*_regress(build), known),
    }
    return _tell(tables, known, write=options.write)


def _paramiko(build: Path) -> Pair:
    suite = with_paramiko.fetch(build)
    with _scratch(build, "paramiko-openssh") as there, servers.openssh(there) as server:
        measure = with_paramiko.run(suite, there, server)
    with _scratch(build, "paramiko-ours") as there, servers.our_door(there) as server:
        return measure, with_paramiko.run(suite, there, server)


def _regress(build: Path) -> Pair:
    suite = with_openssh.fetch(build)
    with _scratch(build, "regress-openssh") as there:
        measure = with_openssh.run(suite, there, None)
    with _scratch(build, "regress-ours") as there, servers.our_door(there) as server:
        return measure, with_openssh.run(suite, there, server)


def _tell(tables: dict[str, list[verdict.Line]], known: verdict.Known, *, write: bool) -> int:
    text = [line for title, lines in tables.items() for line in verdict.table(title, lines)]
    print("\n".join(text))
    if write:
        before = PAGE.read_text("utf-8").split(MARK)[0]
        PAGE.write_text(before + MARK + "\n\n" + "\n".join(text), "utf-8")
    every = [line for lines in tables.values() for line in lines]
    wrong = [f"{line.test}: {line.wrong}" for line in every if line.wrong]
    wrong += [f"{test}: is in the list of reasons, but in no suite" for test in verdict.unknown(every, known)]
    print(
        "\n".join(f"WRONG  {one}" for one in wrong) or "Everything that OpenSSH passes passes here, or has its reason."
    )
    passed = sum(not line.ours for line in every)
    print(f"{passed} passed, {len(wrong)} failed, {len(every) - passed - len(wrong)} skipped")
    return 1 if wrong else 0


@contextmanager
def _scratch(build: Path, name: str) -> Iterator[Path]:
    # not under build/: the scripts look at the permissions of every folder above theirs, and cannot bear long names
    with tempfile.TemporaryDirectory(prefix="foreign.") as there:
        try:
            yield Path(there)
        finally:
            kept = build / "logs" / name
            kept.mkdir(parents=True, exist_ok=True)
            for log in Path(there).glob("*.log"):
                shutil.copy(log, kept)


#: everything below it in the page is written by us
MARK = "<!-- what follows is written by make test-foreign ARGS=--write -->"

if __name__ == "__main__":
    sys.exit(main())
