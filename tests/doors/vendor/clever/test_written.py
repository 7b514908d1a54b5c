"""What is written by a shape reads back as the cells, whatever stands in them."""

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from sftpingest.doors.vendor.clever.written import Cell, Made, OrNull, writer

COLUMNS = ("first", "second", "third")
SHAPE = {
    "a %s": '100 % "sure"',
    "of": {"first": Cell("first"), "third": Cell("third"), "hidden": Cell("not granted")},
    "second": OrNull("second"),
    "secret": OrNull("not granted"),
    "again": {"first": OrNull("first"), "list": Made("list")},
    "id": Made("id"),
    "none": None,
    "empty": [],
}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.tuples(TEXTS, TEXTS, TEXTS))
@example(('","', "\\", '\\"'))
@example(("%s", '"', ""))
@example(('x",', "y", "z"))
@example(("x", "y", 'z",'))
@example(('","\\', '",', ',"'))
@example(("\x00\n\x1f", "", "é\U0001f600"))
def test_cells_are_read_back_as_they_were(cells: tuple[str, str, str]) -> None:
    first, second, third = cells
    write = writer(SHAPE, COLUMNS, ("id", "list"))
    assert orjson.loads(write([*cells, ""], ['"7"', '["x","y"]'])) == {
        "a %s": '100 % "sure"',
        "of": {"first": first, "third": third, "hidden": ""},
        "second": second or None,
        "secret": None,
        "again": {"first": first or None, "list": ["x", "y"]},
        "id": "7",
        "none": None,
        "empty": [],
    }
