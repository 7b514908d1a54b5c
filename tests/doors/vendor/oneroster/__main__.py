"""`make test-oneroster`: a real door on this machine, judged by programs of others.

In:  build/oneroster, where they are; the official OpenAPI file.
Out: what they say; exit status 0 where both are content.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from sqlalchemy import Engine

from tests.conftest import NO_ONEROSTER, ONEROSTER
from tests.doors.vendor.oneroster.conftest import V1_1, V1_2, Lake, changed, new_lake
from tests.doors.vendor.standing import standing_door

#: From so many examples an operation on nothing is left out.
_ALL_PHASES = 10
JUDGES = Path("build/oneroster/bin")
_CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def new(engine: Engine, there: Path) -> Lake:
    """Everything there is to see, and something that went."""
    lake = new_lake(engine, there)
    lake.upload(changed("e7,,,sk2,s1,sp1,student,,,\n", "", "enrollments"))
    return lake


def client_reads(address: str, lake: Lake) -> int:
    """Whether the client of others can read 1.1."""
    script = Path(__file__).with_name("reads_1_1.py")
    told = [str(JUDGES / "python"), str(script), f"{address}{V1_1}", lake.tokens["everything"]]
    return subprocess.run(told, check=False).returncode


def schemathesis(address: str, lake: Lake, examples: int) -> int:
    """Whether every answer to requests of all sorts is as the OpenAPI file says."""
    told = [
        str((JUDGES / "schemathesis").absolute()),
        "run",
        str(ONEROSTER.absolute()),
        "--url",
        f"{address}{V1_2}",
        "--max-examples",
        str(examples),
    ]
    told += ["--header", f"Authorization: Bearer {lake.tokens['everything']}", "--checks", _CHECKS]
    # the phase "coverage" makes three thousand requests, however few examples are asked for: three minutes
    phases = "examples,fuzzing" if examples < _ALL_PHASES else "examples,coverage,fuzzing"
    told += ["--phases", phases, "--generation-database", "none", "--seed", "1"]
    return subprocess.run(told, check=False, cwd=JUDGES).returncode  # it leaves a folder where it runs


def main() -> int:
    """Both judges."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--examples", type=int, default=100)
    examples = asked.parse_args().examples
    with standing_door(new) as (address, lake):
        failed = client_reads(address, lake)
        if ONEROSTER.is_file():
            failed |= schemathesis(address, lake, examples)
        else:
            sys.stdout.write(f"schemathesis was skipped: {NO_ONEROSTER}.\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
