"""Open the Parquet files of all kinds in Spark, and hold every value against the same rows as NDJSON.

Run by build/spark, which has pyspark: `python opens_in_spark.py FOLDER`. It raises where a file or a value is wrong.
"""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from pyspark.sql import Row, SparkSession  # type: ignore[import-not-found]  # it is in build/spark alone

#: What docs/vendors/bulk.md says of types.
TYPES = {"student": {("birth_date", "date"), ("unweighted_gpa", "double"), ("graduation_year", "int")}}


def as_json(row: Row, like: dict[str, Any]) -> dict[str, Any]:
    """A row as its line of NDJSON has it: dates as text, and the text of lists and objects as such."""
    told: dict[str, Any] = row.asDict()
    for name, value in told.items():
        if isinstance(value, date):
            told[name] = value.isoformat()
        elif isinstance(value, str) and isinstance(like[name], dict | list):
            told[name] = json.loads(value)
    return told


def opened(spark: SparkSession, file: Path) -> int:
    """How many rows the file has; all as they should be."""
    lines = [json.loads(line) for line in file.with_suffix(".ndjson").read_text().splitlines()]
    frame = spark.read.parquet(str(file))
    rows = frame.collect()
    assert lines, file.name
    assert TYPES.get(file.stem, set()) <= set(frame.dtypes), frame.dtypes
    assert len(rows) == len(lines), (file.name, len(rows), len(lines))
    for row, line in zip(rows, lines, strict=True):
        assert as_json(row, line) == line, (file.name, row, line)
    return len(rows)


def main(folder: Path) -> None:
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    for file in sorted(folder.glob("*.parquet")):
        sys.stdout.write(f"{file.name}: {opened(spark, file)} rows in Spark {spark.version}\n")
    spark.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
