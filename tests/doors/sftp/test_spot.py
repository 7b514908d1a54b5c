"""What a path means: pure, on any bytes."""

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftpingest.doors.sftp.folder.spot import Area, existing, spot, upload_name


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (b"", ()),
        (b".", ()),
        (b"/", ()),
        (b"/..", ()),
        (b"../../../etc/passwd", ("etc", "passwd")),
        (b"/a/../../students.csv", ("students.csv",)),
        (b"//students.csv/", ("students.csv",)),
        (b"./reports/./latest", ("reports", "latest")),
        ("/schüler.csv".encode(), ("schüler.csv",)),
    ],
)
def test_a_path_is_read_from_the_top_and_cannot_climb_over_it(path: bytes, names: tuple[str, ...]) -> None:
    assert spot(path).names == names


@pytest.mark.parametrize("name", [b"a\0b", b"a\nb", b"\x1b[2J", b"\xff\xfe", b"x" * 239, "a\u202eb".encode()])
def test_a_name_that_no_file_of_ours_can_have_is_refused(name: bytes) -> None:
    with pytest.raises(asyncssh.SFTPFailure):
        upload_name(b"/" + name)


@pytest.mark.parametrize("path", [b"/", b".", b"/README.txt", b"/reports", b"/reports/x", b"/x/../reports/latest/y"])
def test_what_can_only_be_read_has_no_upload_name(path: bytes) -> None:
    with pytest.raises(asyncssh.SFTPPermissionDenied):
        upload_name(path)


def test_a_file_in_a_folder_of_its_own_is_no_upload() -> None:
    with pytest.raises(asyncssh.SFTPNoSuchFile):
        upload_name(b"/folder/students.csv")


@given(st.lists(st.binary(max_size=6) | st.sampled_from([b"..", b".", b"reports", b"a"]), max_size=8).map(b"/".join))
def test_any_bytes_are_a_few_plain_names_or_a_refusal(path: bytes) -> None:
    try:
        place = existing(path)
    except asyncssh.SFTPError:
        return
    assert all(name not in {"", ".", ".."} and "/" not in name and "\0" not in name for name in place.names)
    assert place.area is Area.REPORTS or len(place.names) <= 1
