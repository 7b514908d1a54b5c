"""Columns that the store packs: whatever stands in a cell comes out of it, and the rows that were asked for."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from sftpingest.store.packed import of_many, packed
from tests.store.test_send_and_fetch import TEXTS

CELLS = [*TEXTS, "\x1e\x1f\x7f", "ÿ\u00ff", "%s %(x)s :y"]
_KEPT = sa.table("kept", sa.column("no"), sa.column("word"), sa.column("empty"))


def keep(c: Connection, words: Sequence[str]) -> None:
    c.execute(sa.text("CREATE TEMPORARY TABLE kept (no INTEGER, word TEXT, empty TEXT)"))
    for no, word in enumerate(words):
        c.execute(sa.text("INSERT INTO kept VALUES (:no, :word, '')"), {"no": no, "word": word})


@pytest.mark.parametrize("words", [CELLS, CELLS[1:2], [""], []], ids=["many", "one", "empty", "none"])
def test_cells_come_out_as_they_are_and_empty_ones_as_null(engine: Engine, words: list[str]) -> None:
    with engine.connect() as c:
        keep(c, words)
        found = packed(c, sa.select(_KEPT), ["no"], ["word", "empty"])
    rows = dict(zip(found.numbers["no"].tolist(), found.texts["word"].to_pylist(), strict=True))
    assert rows == {no: word or None for no, word in enumerate(words)}
    assert found.texts["empty"].to_pylist() == [None] * len(words)
    found.texts["word"].validate(full=True)


@pytest.mark.parametrize("wanted", [[4, 2, 3], [9, 1, 5, 77], [6], []], ids=["range", "gaps", "one", "none"])
def test_those_numbers_are_found_and_no_others(engine: Engine, wanted: list[int]) -> None:
    with engine.connect() as c:
        keep(c, CELLS[:10])
        chosen = sa.select(_KEPT).where(of_many(c, sa.cast(_KEPT.c.no, sa.Integer), wanted))
        assert sorted(packed(c, chosen, ["no"]).numbers["no"].tolist()) == sorted(set(wanted) & set(range(10)))
