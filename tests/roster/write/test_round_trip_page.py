"""The page about the way back says what is."""

from tests.roster.write.table import PAGE, fresh


def test_the_tables_of_the_page_are_what_writing_and_reading_give() -> None:
    page = PAGE.read_text("utf-8")
    assert page == fresh(page), "write them anew: python -m tests.roster.write.table"
