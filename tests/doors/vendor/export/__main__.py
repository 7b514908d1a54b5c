"""`make test-spark`: Parquet of every kind, as the door gives it, opened in Spark.

In:  build/spark, which has pyspark; Java 17 or newer.
Out: how many rows each has; exit status 0 where every value is right, 2 where there is no Java.
"""

import logging
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import structlog

from sftpingest.roster.kinds import Kind
from sftpingest.store.engine import migrate, open_store
from tests.doors.vendor.conftest import Web
from tests.doors.vendor.export.conftest import EVERYTHING, House

SPARK = Path("build/spark/bin/python")


def write_files(folder: Path) -> None:
    """Every kind as Parquet and as NDJSON, from a door in this process."""
    engine = open_store(f"sqlite:///{folder / 'roster.db'}")
    migrate(engine)
    house = House(Web(engine, folder / "hostkeys"), folder / "exports")
    house.upload()
    head = house.vendor("all", EVERYTHING)
    for name in (f"{kind}.{form}" for kind in Kind for form in ("parquet", "ndjson")):
        (folder / name).write_bytes(house.get(head, name).raise_for_status().content)
    engine.dispose()


def main() -> int:
    """Whether Spark reads them all."""
    if shutil.which("java") is None:
        sys.stdout.write("test-spark: Spark needs Java 17 or newer; Debian has it in openjdk-17-jre-headless.\n")
        return 2
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory(prefix="sftpingest-") as there:
        write_files(Path(there))
        script = Path(__file__).with_name("opens_in_spark.py")
        return subprocess.run([str(SPARK), str(script), there], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
