"""Bytes of an uploaded file become UTF-8, and what they were is said."""

import pytest

from sftpingest.roster.encoding import DAMAGED, Unreadable, to_utf8
from sftpingest.roster.kinds import Kind
from tests.roster.uploads import Said, cells_of, judged, lines, read, said

ACCENTS = lines("School_id,School_name", "north,École Saint-Rémy", "south,Peña High – Östra")


def test_utf8_passes_unchanged_and_unsaid() -> None:
    assert to_utf8(ACCENTS.encode()) == (ACCENTS.encode(), "")


def test_a_byte_order_mark_is_no_part_of_the_first_heading() -> None:
    validated = judged(schools=b"\xef\xbb\xbf" + ACCENTS.encode())
    assert cells_of(validated.roster[Kind.SCHOOL], "id") == ["north", "south"]
    assert said(validated) == []


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["\ufeff", ""])
def test_utf16_is_known_by_its_mark_and_by_its_pattern(codec: str, mark: str) -> None:
    assert to_utf8((mark + ACCENTS).encode(codec)) == (ACCENTS.encode(), "UTF-16")


def test_utf16_is_read_and_said_so() -> None:
    validated = judged(schools=ACCENTS.encode("utf-16"))
    assert cells_of(validated.roster[Kind.SCHOOL], "name") == ["École Saint-Rémy", "Peña High – Östra"]
    assert said(validated) == [Said("schools.csv", None, "", "file.encoding", "note")]


def test_windows_1252_is_read_and_said_so() -> None:
    parsed = read(schools=ACCENTS.encode("cp1252"))
    assert cells_of(parsed.sheets[0].rows, "name") == ["École Saint-Rémy", "Peña High – Östra"]
    assert said(parsed) == [Said("schools.csv", None, "", "file.encoding", "note")]


def test_one_damaged_letter_among_good_ones_does_not_turn_the_others_into_gibberish() -> None:
    raw = ACCENTS.encode().replace("Ö".encode(), b"\xd6")
    text, encoding = to_utf8(raw)
    assert text.decode() == ACCENTS.replace("Ö", DAMAGED)
    assert encoding == "UTF-8 with damaged letters"


def test_a_damaged_letter_drops_an_optional_value_and_rejects_a_required_one() -> None:
    raw = lines("School_id,School_name,Principal", "north,Éa,Ör", "south,Öb,Éc").encode()
    raw = raw.replace("Ör".encode(), b"\xd6r").replace("Öb".encode(), b"\xd6b")
    parsed_so = judged(schools=raw)
    about_cells = [one for one in said(parsed_so) if one.code.startswith("value")]
    assert sorted(about_cells, key=lambda one: one.row or 0) == [
        Said("schools.csv", 2, "Principal", "value.malformed", "value"),
        Said("schools.csv", 3, "School_name", "value.malformed", "row"),
    ]
    assert cells_of(parsed_so.roster[Kind.SCHOOL], "principal") == [""]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"School_id,School_name\nno\0rth,North\n", id="a NUL byte"),
        pytest.param(ACCENTS.encode("utf-16")[:-1], id="UTF-16 cut off"),
        pytest.param(ACCENTS.replace("Peña", "Pe\0a").encode("utf-16"), id="a NUL in UTF-16"),
        pytest.param(b"\xff\xfe\x00\xd8", id="half a surrogate pair"),
        pytest.param(ACCENTS.encode("utf-32"), id="UTF-32"),
        pytest.param(b"name\n\x81\x8d\x8f\n", id="bytes that no encoding has"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", id="a picture"),
        pytest.param(b"\0", id="one NUL"),
    ],
)
def test_what_is_no_text_is_a_finding_that_refuses_the_upload(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        to_utf8(raw)
    assert said(read(schools=raw)) == [Said("schools.csv", None, "", "file.unreadable", "upload")]


def test_a_lone_byte_order_mark_is_an_empty_file() -> None:
    assert said(read(schools=b"\xef\xbb\xbf")) == [Said("schools.csv", None, "", "file.empty", "upload")]


def test_a_short_ascii_file_is_not_taken_for_utf16() -> None:
    assert to_utf8(b"a") == (b"a", "")
    assert to_utf8(b"") == (b"", "")
