"""Findings, kept and read back."""

import pandas as pd
import pytest
from sqlalchemy import Engine

from sftpingest.roster.finding import COLUMNS
from sftpingest.roster.frames import TEXT
from sftpingest.store import accounts, findings, journal
from sftpingest.store.findings import keep_findings, kept_findings

NASTY = [
    "",
    "plain",
    'a "quoted" word',
    "a,b;c\td",
    "two\nlines\r\nthree",
    "x\n\\.\ny",
    "\\.",
    "\\N",
    "NULL",
    "=1+1",
    "é 名前 🎓",
    " spaces ",
]


@pytest.fixture
def sync_id(engine: Engine) -> int:
    with engine.begin() as c:
        district = accounts.add_district(c, "north", "North")
        return journal.queue(c, district.id, "mark", "sftp", None)


def frame(values: list[str]) -> pd.DataFrame:
    size = len(values)
    text = {name: pd.array(values, dtype="string[pyarrow]") for name in ("file", "column", "record", "value", "detail")}
    rows = pd.array([None if n % 3 == 0 else n for n in range(size)], dtype="Int64")
    made = pd.DataFrame({**text, "row": rows, "code": ["value.missing"] * size, "severity": ["row"] * size})
    return made[list(COLUMNS)]


def kept(engine: Engine, sync_id: int, given: pd.DataFrame) -> pd.DataFrame:
    with engine.begin() as c:
        keep_findings(c, sync_id, given)
    with engine.connect() as c:
        return kept_findings(c, sync_id)


def cells(of: pd.DataFrame) -> list[list[object]]:
    return of.astype(object).where(of.notna(), None).to_numpy().tolist()


def test_findings_come_back_as_they_were(engine: Engine, sync_id: int) -> None:
    given = frame(NASTY)
    back = kept(engine, sync_id, given)
    assert cells(back) == cells(given)
    assert list(back.dtypes) == [pd.Int64Dtype() if name == "row" else TEXT for name in COLUMNS]


def test_no_findings_are_an_empty_frame_with_the_same_columns(engine: Engine, sync_id: int) -> None:
    back = kept(engine, sync_id, frame([]))
    assert (len(back), tuple(back.columns)) == (0, COLUMNS)


def test_findings_kept_anew_replace_the_old_ones(engine: Engine, sync_id: int) -> None:
    kept(engine, sync_id, frame(NASTY))
    assert len(kept(engine, sync_id, frame(["only this"]))) == 1


def test_what_a_text_column_cannot_hold_is_replaced(engine: Engine, sync_id: int) -> None:
    given = frame(["a\0b", "c"])
    given["detail"] = pd.array([None, "d"], dtype="string[pyarrow]")
    back = kept(engine, sync_id, given)
    assert list(back["value"]) == ["a\ufffdb", "c"]
    assert list(back["detail"]) == ["", "d"]


def test_many_findings_are_kept_in_order_slice_by_slice(
    engine: Engine, sync_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "SLICE", 1000)
    given = frame([f"value {n}" for n in range(2500)])
    assert list(kept(engine, sync_id, given)["value"]) == list(given["value"])


def test_other_types_of_columns_are_taken_too(engine: Engine, sync_id: int) -> None:
    given = frame(["a", "b"]).astype({"file": "category", "code": "str", "row": "float64"})
    assert cells(kept(engine, sync_id, given)) == cells(frame(["a", "b"]))


def test_findings_belong_to_the_callers_transaction(engine: Engine, sync_id: int) -> None:
    with engine.connect() as c, c.begin() as transaction:
        keep_findings(c, sync_id, frame(NASTY))
        transaction.rollback()
    with engine.connect() as c:
        assert len(kept_findings(c, sync_id)) == 0
