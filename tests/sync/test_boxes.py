"""Uploads that come packed: what is opened, by which names, how far, and what is said of it."""

import gzip
import io
import random
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sftpingest.inbox.boxes import USUAL, Bounds, Opening, Spool
from sftpingest.inbox.boxes.bounds import Room
from sftpingest.sync.files import Files
from tests.sync.packed import workbook, zipped

A, B = b"School_id\r\n100\r\n", b"Student_id\r\nS1\r\n"
ALL = Opening(workbooks=True)
SMALL = Opening(Bounds(members=5, bytes=10_000, file_bytes=6_000, ratio=20, ratio_from=2_000))

#: file, code, severity, detail
Said = tuple[str, str, str, str]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def opened(folder: Path, uploaded: Mapping[str, bytes], how: Opening = ALL) -> tuple[dict[str, bytes], list[Said]]:
    """The files of an upload, and what is said of its boxes. Nothing but the upload is ever on the disk."""
    home = folder / "upload"
    home.mkdir()
    for name, content in uploaded.items():
        (home / name).write_bytes(content)
    with Files(home, how, folder) as files:
        assert names(folder) == ["upload"]
        assert names(home) == sorted(uploaded)
        columns = files.findings[["file", "code", "severity", "detail"]]
        return dict(files), list(columns.itertuples(index=False, name=None))


def refused(folder: Path, uploaded: Mapping[str, bytes], how: Opening = ALL) -> tuple[str, str]:
    """The file and the reason, where one box refuses the upload as unreadable."""
    _, said = opened(folder, uploaded, how)
    wrong = [each for each in said if each[2] != "note"]
    assert [each[1:3] for each in wrong] == [("file.unreadable", "upload")]
    return wrong[0][0], wrong[0][3]


def test_files_in_a_zip_count_as_if_they_had_been_uploaded_themselves(tmp_path: Path) -> None:
    files, said = opened(tmp_path, {"roster.ZIP": zipped({"schools.csv": A, "students.csv": B}), "notes.txt": b"x"})
    assert files == {"notes.txt": b"x", "schools.csv": A, "students.csv": B}
    assert said == [("roster.ZIP", "file.unpacked", "note", "schools.csv, students.csv")]


def test_files_may_lie_in_one_folder_of_a_zip_and_what_lies_deeper_is_counted(tmp_path: Path) -> None:
    members = {"export\\students.csv": B, "export/old/students.csv": A, "__MACOSX/._students.csv": A, "export/": b""}
    files, said = opened(tmp_path, {"roster.zip": zipped(members)})
    assert files == {"students.csv": B}
    assert said[0][3] == "students.csv; 1 file deeper in it passed over"


def test_a_gzip_is_the_file_in_it(tmp_path: Path) -> None:
    packed = {"schools.csv.gz": gzip.compress(A), "students.gz": gzip.compress(B[:5]) + gzip.compress(B[5:])}
    files, said = opened(tmp_path, packed)
    assert files == {"schools.csv": A, "students.csv": B}
    assert [each[3] for each in said] == ["schools.csv", "students.csv"]


def test_boxes_of_other_kinds_in_a_zip_are_opened(tmp_path: Path) -> None:
    files, said = opened(tmp_path, {"roster.zip": zipped({"schools.csv.gz": gzip.compress(A), "students.csv": B})})
    assert files == {"schools.csv": A, "students.csv": B}
    assert ("schools.csv.gz in roster.zip", "file.unpacked", "note", "schools.csv") in said


def test_a_gzip_of_a_zip_without_an_ending_is_a_zip(tmp_path: Path) -> None:
    assert opened(tmp_path, {"roster.gz": gzip.compress(zipped({"schools.csv": A}))})[0] == {"schools.csv": A}


def test_an_empty_file_in_a_box_is_an_empty_file(tmp_path: Path) -> None:
    assert opened(tmp_path, {"r.zip": zipped({"schools.csv": b"", "students.csv": B})})[0]["schools.csv"] == b""


# What refuses the upload


@pytest.mark.parametrize(
    ("uploaded", "file", "which"),
    [
        ({"students.csv": B, "r.zip": zipped({"Students.csv": A})}, "Students.csv", "Students.csv in r.zip"),
        (
            {"a.zip": zipped({"students.csv": B}), "students.csv.gz": gzip.compress(B)},
            "students.csv",
            "students.csv in a.zip and students.csv in students.csv.gz",
        ),
    ],
    ids=["beside it", "in another box"],
)
def test_a_file_that_is_there_twice_is_never_chosen_from(
    tmp_path: Path, uploaded: dict[str, bytes], file: str, which: str
) -> None:
    said = opened(tmp_path, uploaded)[1]
    assert [each for each in said if each[2] != "note"] == [(file, "file.repeated", "upload", which)]


def link() -> bytes:
    """A zip of nothing but a symbolic link and a device."""
    made = []
    for name, mode in (("link.csv", 0o120777), ("device.csv", 0o060600)):
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        made.append((info, b"/etc/passwd"))
    return zipped(made)


def locked() -> bytes:
    packed = bytearray(zipped({"students.csv": B}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(mark) + place] |= 1
    return bytes(packed)


def cut(packed: bytes) -> bytes:
    return packed[: len(packed) // 2]


NOISE = random.Random(3).randbytes(3_000)
INNER = zipped({"students.csv": B})


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("r.zip", b"", "the zip is damaged"),
        ("r.zip", b"students", "the zip is damaged"),
        ("r.zip", cut(zipped({"students.csv": NOISE})), "the zip is damaged"),
        ("r.zip", zipped({"students.csv": NOISE}).replace(NOISE[50:60], NOISE[:10]), "the zip is damaged"),
        ("r.zip", zipped({}), "it has no files at its top, nor in one folder"),
        ("r.zip", zipped({"a/students.csv": B, "b/schools.csv": A}), "it has no files at its top, nor in one folder"),
        ("r.zip", zipped({"../students.csv": B, "..\\..\\x.csv": A}), "it has no files at its top, nor in one folder"),
        ("r.zip", link(), "it has no files at its top, nor in one folder"),
        ("r.zip", locked(), "the zip is encrypted or packed unusually"),
        ("r.zip", zipped({"students.csv": B, "inner.zip": INNER}), "it holds another zip (inner.zip)"),
        ("r.zip", zipped({"students.csv": B, "STUDENTS.csv": A}), "it has two files of one name (STUDENTS.csv)"),
        ("r.zip", zipped({f"{'x' * 201}.csv": B}), "a file in it has a name that cannot be used"),
        ("r.zip", zipped({"a\nb.csv": B}), "a file in it has a name that cannot be used"),
        ("s.csv.gz", b"", "the gzip is damaged or cut off"),
        ("s.csv.gz", b"students", "the gzip is damaged or cut off"),
        ("s.csv.gz", cut(gzip.compress(NOISE)), "the gzip is damaged or cut off"),
        ("s.csv.gz", gzip.compress(B) + b"more", "the gzip is damaged or cut off"),
        ("s.csv.gz.gz", gzip.compress(gzip.compress(B)), "it lies in another gzip, and boxes in boxes are not opened"),
        ("students.xlsx", b"", "the zip is damaged"),
        ("students.xlsx", INNER, "the workbook is damaged"),
        ("students.xlsx", b"\xd0\xcf\x11\xe0" + NOISE, "it is protected by a password, or an old workbook (.xls)"),
        ("students.xlsx", workbook({"Sheet1": "<row"}), "the workbook is damaged"),
        ("students.xlsx", workbook({"Sheet1": ""}), "all its sheets are empty"),
        ("students.csv.pgp", b"\x85" + NOISE, "it is encrypted, and only an upload of a district with a key"),
    ],
    ids=lambda said: said if isinstance(said, str) else "bytes",  # those of a gzip hold the time of day
)
def test_a_box_that_cannot_be_opened_refuses_the_upload_and_says_why(
    tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    file, said = refused(tmp_path, {name: content, "schools.csv": A})
    assert file.endswith((name, f" in {name}"))
    assert said.startswith(why)


def test_a_zip_that_comes_out_of_a_gzip_in_a_zip_is_a_zip_in_a_zip(tmp_path: Path) -> None:
    inner = gzip.compress(zipped({"students.csv": B}))
    assert refused(tmp_path, {"r.zip": zipped({"inner.zip.gz": inner})}) == (
        "inner.zip in inner.zip.gz in r.zip",
        "it lies in another zip, and boxes in boxes are not opened",
    )


@pytest.mark.parametrize(
    "name", ["/etc/students.csv", "./students.csv", "C:\\roster\\..\\students.csv", "a/students.csv"]
)
def test_no_name_in_a_zip_leads_out_of_it(tmp_path: Path, name: str) -> None:
    files, said = opened(tmp_path, {"r.zip": zipped({name: B})})
    assert set(files) <= {"students.csv"}
    assert said


# Bounds


@pytest.mark.parametrize(
    ("uploaded", "why"),
    [
        ({"r.zip": zipped({f"{at}.csv": b"" for at in range(6)})}, "it has more than 5 members"),
        ({"r.zip": zipped({"a.csv": bytes(3_000)})}, "it unpacks to far more than a roster"),
        ({"a.csv.gz": gzip.compress(bytes(3_000))}, "it unpacks to far more than a roster"),
        ({"a.csv.gz": gzip.compress(NOISE + NOISE + b"1")}, "a file in it has more than 6 kB"),
        (
            {"a.csv.gz": gzip.compress(NOISE + NOISE[::-1]), "b.zip": zipped({"b.csv": NOISE, "c.csv": NOISE[:1_001]})},
            "it unpacks to more than 10 kB, far more than a roster",
        ),
        ({"a.xlsx": workbook({"Sheet1": "<row/>" * 20_000})}, "it unpacks to far more than a roster"),
    ],
    ids=["members", "a zip bomb", "a gzip bomb", "one file", "all boxes together", "a workbook"],
)
def test_what_grows_too_far_is_refused(tmp_path: Path, uploaded: dict[str, bytes], why: str) -> None:
    assert refused(tmp_path, uploaded, replace(SMALL, workbooks=True))[1] == why


def test_what_is_just_within_the_bounds_is_taken(tmp_path: Path) -> None:
    packed = {"a.csv.gz": gzip.compress(NOISE + NOISE), "b.zip": zipped({"b.csv": NOISE, "c.csv": NOISE[:1_000]})}
    files, _ = opened(tmp_path, packed, SMALL)
    assert {name: len(content) for name, content in files.items()} == {"a.csv": 6_000, "b.csv": 3_000, "c.csv": 1_000}


def test_a_list_of_very_many_members_is_not_even_read(tmp_path: Path) -> None:
    packed = bytearray(zipped({"students.csv": B}))
    start = packed.index(b"PK\x01\x02")
    end = packed.index(b"PK\x05\x06")
    entry = bytes(packed[start:end])
    many = 5_000_000 // len(entry)
    packed[end + 12 : end + 16] = (many * len(entry)).to_bytes(4, "little")
    packed[start:end] = entry * many
    assert refused(tmp_path, {"r.zip": bytes(packed)})[1] == "it has far too many members"


def test_a_zip_that_says_less_than_it_holds_is_refused(tmp_path: Path) -> None:
    packed = zipped({"students.csv": bytes(1_000)})
    size = (1_000).to_bytes(4, "little")
    assert packed.count(size) == 2
    assert refused(tmp_path, {"r.zip": packed.replace(size, (10).to_bytes(4, "little"))})[1] == "the zip is damaged"


# Any bytes


@given(content=st.binary(max_size=300), ending=st.sampled_from([".zip", ".gz", ".pgp", ".asc"]))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_opened_or_refused_with_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, ending: str
) -> None:
    files, said = opened(tmp_path_factory.mktemp("any"), {f"x{ending}": content})
    assert files or said


#: A name ends at a NUL, says Python's zipfile, and fails where nothing is left.
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(lambda name: not name.startswith("\0"))
MEMBERS = st.lists(st.tuples(NAMES, st.binary(max_size=20)))


@given(members=MEMBERS, spoilt=st.one_of(st.none(), st.tuples(st.integers(0, 2_000), st.integers(0, 255))))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_any_zip_is_opened_or_refused_with_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, members: list[tuple[str, bytes]], spoilt: tuple[int, int] | None
) -> None:
    packed = bytearray(zipped(members))
    if spoilt:
        packed[spoilt[0] % len(packed)] = spoilt[1]
    files, said = opened(tmp_path_factory.mktemp("any"), {"x.zip": bytes(packed)})
    assert said
    assert all("/" not in name and "\\" not in name and name.isprintable() for name in files)


# What stays as it was


def test_the_fingerprint_is_of_what_was_uploaded(tmp_path: Path) -> None:
    (tmp_path / "r.zip").write_bytes(packed := zipped({"students.csv": B}))
    with Files(tmp_path) as files:
        before = files.fingerprint()
        assert before == files.fingerprint()
    (tmp_path / "r.zip").write_bytes(packed.replace(b"students", b"studentz"))
    with Files(tmp_path) as files:
        assert files.fingerprint() != before


def test_nothing_is_left_of_what_was_unpacked(tmp_path: Path) -> None:
    (tmp_path / "r.zip").write_bytes(zipped({"students.csv": B}))
    before = len(names(Path("/proc/self/fd")))
    with Files(tmp_path, ALL, tmp_path) as files:
        assert files["students.csv"] == B
        assert names(tmp_path) == ["r.zip"]
        assert len(names(Path("/proc/self/fd"))) == before + 1
    assert len(names(Path("/proc/self/fd"))) == before


def test_a_large_file_in_a_box_is_read_whole_and_by_several_at_once(tmp_path: Path) -> None:
    large = random.Random(5).randbytes(5_000_000)
    (tmp_path / "r.zip").write_bytes(zipped({"students.csv": large, "schools.csv": A}))
    with Files(tmp_path, ALL, tmp_path) as files, ThreadPoolExecutor(4) as several:
        read = list(several.map(files.__getitem__, ["students.csv", "schools.csv"] * 10))
    assert read == [large, A] * 10


def test_a_workbook_is_no_box_where_it_is_not_switched_on(tmp_path: Path) -> None:
    book = workbook({"Sheet1": "<row/>"})
    assert opened(tmp_path, {"students.xlsx": book}, Opening()) == ({"students.xlsx": book}, [])


def test_keys_and_signatures_are_no_boxes(tmp_path: Path) -> None:
    key = b"Hello\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n..."
    assert opened(tmp_path, {"our-key.asc": key}) == ({"our-key.asc": key}, [])


def test_bytes_of_a_file_in_a_box_can_be_read_from_any_place() -> None:
    spool, box = Spool(None), Room(USUAL).box(10)
    spool.begin(box).write(b"before")
    writing = spool.begin(box)
    writing.write(b"0123456789")
    place = writing.end()
    spool.begin(box).write(b"after")
    with place.open() as file:
        assert (file.seek(-3, io.SEEK_END), file.read(10), file.seek(2), file.read(3)) == (7, b"789", 2, b"234")
        with pytest.raises(OSError, match="Invalid"):
            file.seek(-1)
    spool.close()
