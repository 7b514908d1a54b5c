"""Rows in bulk: whatever goes into the store comes out of it."""

import random
from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
import pytest
from sqlalchemy import Engine, text

from sftpingest.store.engine import open_store
from sftpingest.store.fetch import fetch
from sftpingest.store.send import send

TEXTS = ["", "plain", '"', 'a "quoted" word', "a,b", "two\nlines\r\nthree", "\\N", "\\", "é 名前 🎓", " spaces ", "%w"]
#: The least and the greatest of every column, and some between.
INT16, INT32 = [0, 1, 2**15 - 1], [0, 1, 2, 1_000_003, 2**31 - 1]


def cut(rows: pa.Table, size: int) -> Iterator[pa.Table]:
    return (rows.slice(start, size) for start in range(0, rows.num_rows, size))


def test_texts_come_out_as_they_went_in(engine: Engine) -> None:
    hashes = [-(2**63), 2**63 - 1, *range(len(TEXTS) - 2)]
    rows = pa.table(
        {
            "no": pa.array(range(len(TEXTS)), pa.int32()),
            "hash": pa.array(hashes),
            "word": TEXTS,
            "empty": [""] * len(TEXTS),
        }
    )
    with engine.begin() as c:
        c.execute(text("CREATE TEMPORARY TABLE kept (no INTEGER, hash BIGINT, word TEXT, empty TEXT)"))
        send(c, "kept", cut(rows, 4))
        found = fetch(c, "kept WHERE no >= 0", "no", 3, numbers={"no": "no", "hash": "hash"}, texts=["word", "empty"])
    found = found.sort_values("no")
    assert found["hash"].tolist() == hashes
    assert found["word"].tolist() == TEXTS
    assert found["empty"].tolist() == [""] * len(TEXTS)


def test_numbers_come_out_as_they_went_in(engine: Engine) -> None:
    chance = random.Random(1)
    size = 1000
    columns = {name: chance.choices(INT32, k=size) for name in ("a", "b", "c")}
    columns |= {name: chance.choices(INT16, k=size) for name in ("d", "e")}
    columns |= {"same": [7] * size}
    kinds = {"d": pa.int16(), "e": pa.int16()}
    rows = pa.table({name: pa.array(cells, kinds.get(name, pa.int32())) for name, cells in columns.items()})
    with engine.begin() as c:
        c.execute(text("CREATE TEMPORARY TABLE kept (a INT, b INT, c INT, d SMALLINT, e SMALLINT, same INT)"))
        send(c, "kept", cut(rows, 300))
        numbers = {name: name for name in rows.column_names}
        found = fetch(c, "kept WHERE same = 7", "e", 2**15, numbers=numbers)
    came = rows.to_pandas().astype("int64")
    order = list(numbers)
    pd.testing.assert_frame_equal(
        found.sort_values(order, ignore_index=True), came[order].sort_values(order, ignore_index=True)
    )


def test_a_cell_of_some_megabytes_comes_out_as_it_went_in(engine: Engine) -> None:
    long = "x" * 3_000_000
    with engine.begin() as c:
        c.execute(text("CREATE TEMPORARY TABLE kept (no INTEGER, word TEXT)"))
        send(c, "kept", [pa.table({"no": pa.array([1, 2], pa.int32()), "word": [long, "short"]})])
        found = fetch(c, "kept WHERE no >= 0", "no", 10, numbers={"no": "no"}, texts=["word"])
    assert sorted(found["word"], key=len) == ["short", long]


def test_nothing_sent_is_nothing_found(engine: Engine) -> None:
    with engine.begin() as c:
        c.execute(text("CREATE TEMPORARY TABLE kept (no INTEGER, word TEXT)"))
        send(c, "kept", [])
        found = fetch(c, "kept WHERE no >= 0", "no", 10, numbers={"no": "no"}, texts=["word"])
    assert (len(found), list(found)) == (0, ["no", "word"])


def test_a_fault_while_slices_are_made_sends_nothing(engine: Engine) -> None:
    def slices() -> Iterator[pa.Table]:
        yield pa.table({"no": pa.array([1], pa.int32())})
        raise KeyError("broken")

    with engine.connect() as c:
        c.execute(text("CREATE TABLE kept (no INTEGER)"))
        c.commit()
        with pytest.raises(KeyError), c.begin():
            send(c, "kept", slices())
        assert c.execute(text("SELECT count(*) FROM kept")).scalar_one() == 0


def test_numbers_that_do_not_fit_into_two_words_are_refused(sqlite_url: str) -> None:
    rows = pa.table({name: pa.array([0, 2**31 - 1], pa.int32()) for name in "abcde"})
    engine = open_store(sqlite_url)
    with engine.begin() as c:
        c.execute(text("CREATE TEMPORARY TABLE kept (a INT, b INT, c INT, d INT, e INT)"))
        with pytest.raises(ValueError, match="two words"):
            send(c, "kept", [rows])
