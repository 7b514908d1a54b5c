"""The plain baseline: what one would write in an afternoon with the same libraries.

pandas.read_csv with everything as text, one lazy pandera schema a file, DataFrame.to_sql into the store.

In:  a folder with the six files, an address of a store.
Out: one JSON line: seconds of reading, checking and storing, rows.
"""

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Final

import pandas as pd
import pandera.pandas as pa
from sqlalchemy import Engine, create_engine

from benchmarks import words

FILES: Final = ("schools", "staff", "teachers", "sections", "students", "enrollments")
_DATE: Final = r"\d{1,2}/\d{1,2}/\d{4}"
_CHUNK: Final = 10_000

_ID: Final = pa.Column(str, unique=True)
_NEEDED: Final = pa.Column(str)
_FREE: Final = pa.Column(str, nullable=True)
_GRADE: Final = pa.Column(str, pa.Check.isin(words.GRADES), nullable=True)
_DAY: Final = pa.Column(str, pa.Check.str_matches(_DATE), nullable=True)
_YES_NO: Final = pa.Column(str, pa.Check.isin(["Y", "N"]), nullable=True)


def _schemas() -> dict[str, pa.DataFrameSchema]:
    """One schema a file: what has to be there, what is unique, the words and dates of its columns."""
    named = {"First_name": _NEEDED, "Last_name": _NEEDED}
    return {
        "schools": pa.DataFrameSchema(
            {"School_id": _ID, "School_name": _NEEDED, "Low_grade": _GRADE, "High_grade": _GRADE}
        ),
        "staff": pa.DataFrameSchema({"School_id": _NEEDED, "Staff_id": _ID, "Staff_email": _NEEDED, **named}),
        "teachers": pa.DataFrameSchema({"School_id": _NEEDED, "Teacher_id": _ID, **named}),
        "sections": pa.DataFrameSchema(
            {
                "School_id": _NEEDED,
                "Section_id": _ID,
                "Teacher_id": _NEEDED,
                "Grade": _GRADE,
                "Subject": pa.Column(str, pa.Check.isin(words.SUBJECTS), nullable=True),
                "Term_start": _DAY,
                "Term_end": _DAY,
            }
        ),
        "students": pa.DataFrameSchema({"School_id": _NEEDED, "Student_id": _ID, **named, **_about_students()}),
        "enrollments": pa.DataFrameSchema(
            {"School_id": _NEEDED, "Section_id": _NEEDED, "Student_id": _NEEDED}, unique=["Section_id", "Student_id"]
        ),
    }


def _about_students() -> dict[str, pa.Column]:
    return {
        "Grade": _GRADE,
        "Gender": pa.Column(str, pa.Check.isin(words.GENDERS), nullable=True),
        "Graduation_year": pa.Column(str, pa.Check.str_matches(r"\d{4}"), nullable=True),
        "DOB": _DAY,
        "Race": pa.Column(str, pa.Check.isin(words.RACES), nullable=True),
        "Hispanic_Latino": _YES_NO,
        "Home_language": pa.Column(str, pa.Check.isin(words.LANGUAGES), nullable=True),
        "Ell_status": _YES_NO,
        "Frl_status": pa.Column(str, pa.Check.isin(words.FRL), nullable=True),
        "IEP_status": _YES_NO,
    }


def load(folder: Path, store: Engine) -> dict[str, float]:
    """Read, check and store the six files; seconds by stage, and rows."""
    spent = {"read": 0.0, "check": 0.0, "store": 0.0}
    rows = 0
    for name, schema in _schemas().items():
        start = time.monotonic()
        frame = pd.read_csv(folder / f"{name}.csv", dtype=str)
        read = time.monotonic()
        more = {heading: _FREE for heading in frame.columns if heading not in schema.columns}
        schema.add_columns(more).validate(frame, lazy=True)
        checked = time.monotonic()
        with store.begin() as connection:
            frame.to_sql(name, connection, if_exists="replace", index=False, chunksize=_CHUNK)
        stored = time.monotonic()
        rows += len(frame)
        for stage, seconds in (("read", read - start), ("check", checked - read), ("store", stored - checked)):
            spent[stage] += seconds
    return spent | {"rows": rows}


def main() -> None:
    """Load a folder once."""
    parser = ArgumentParser(prog="python -m benchmarks.baseline", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("url", help="postgresql://… or sqlite:///FILE")
    chosen = parser.parse_args()
    store = create_engine(chosen.url.replace("postgresql://", "postgresql+psycopg://", 1))
    start = time.monotonic()
    spent = load(chosen.folder, store)
    print(json.dumps(spent | {"seconds": time.monotonic() - start}))


if __name__ == "__main__":
    main()
