"""Paths that a client sends: checked names or an SFTP error, never a way out of the folder."""

import atheris  # type: ignore[import-untyped]
from asyncssh import SFTPError

from tests.fuzz import runner

with atheris.instrument_imports(include=["sftpingest.doors.sftp.folder.spot"]):
    from sftpingest.doors.sftp.folder import spot


def target(content: bytes) -> None:
    """Read `content` in all three ways."""
    for read in (spot.spot, spot.existing):
        try:
            place = read(content)
        except SFTPError:
            continue
        for name in place.names:
            assert name not in {"", ".", ".."}
            assert not {"/", "\0"} & set(name)
        assert spot.spot(place.path.encode()) == place
    try:
        name = spot.upload_name(content)
    except SFTPError:
        return
    assert spot.plain(name)
    assert spot.upload_name(name.encode()) == name


runner.run(target)
