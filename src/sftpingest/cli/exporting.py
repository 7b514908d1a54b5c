"""Files of an export -> a zip or a folder, which appears whole and takes the place of an earlier one at once.

In:  files, piece by piece, and where they are to go.
Out: the zip or folder. The same roster gives the same bytes.
"""

import os
import shutil
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sftpingest.cli import terminal

if TYPE_CHECKING:
    from sftpingest.roster.write import Written

#: Every file in a zip has this date, the first that a zip can have; and these rights.
_DATE, _RIGHTS = (1980, 1, 1, 0, 0, 0), 0o100644 << 16
#: From so many rows on a file may be larger than a plain zip can say.
_LARGE = 5_000_000
_NAMES = """academicSessions classes courses demographics enrollments manifest orgs roles schools sections staff
students teachers users"""


def export(files: "Iterable[Written]", out: Path) -> dict[str, int]:
    """Write them to a path that ends in .zip, or into a folder; how many rows each has. Raises Stopped."""
    return _zip(files, out) if out.suffix.casefold() == ".zip" else _folder(files, out)


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A path beside the one that is meant, which is gone afterwards whatever happens."""
    out.parent.mkdir(parents=True, exist_ok=True)
    new = out.parent / f".{out.name}.new-{uuid.uuid4().hex}"
    try:
        yield new
    finally:
        if new.is_dir():
            shutil.rmtree(new, ignore_errors=True)
        else:
            new.unlink(missing_ok=True)


def _zip(files: "Iterable[Written]", out: Path) -> dict[str, int]:
    if out.is_dir():
        raise terminal.Stopped(f"{out} is a folder. Name a zip that is none, or a folder whose name has no .zip.")
    with _beside(out) as new:
        with new.open("xb") as raw:
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                rows = {file.name: _into(archive, file) for file in files}
            _settle(raw)
        new.replace(out)
    return rows


def _into(archive: zipfile.ZipFile, file: "Written") -> int:
    about = zipfile.ZipInfo(file.name, _DATE)
    about.compress_type, about.external_attr = zipfile.ZIP_DEFLATED, _RIGHTS
    with archive.open(about, "w", force_zip64=file.rows > _LARGE) as inside:
        for piece in file.pieces:
            inside.write(piece)
    return file.rows


def _folder(files: "Iterable[Written]", out: Path) -> dict[str, int]:
    """A folder cannot be replaced in one step: for a moment there is none, and never a mixed one."""
    _refuse_other(out)
    with _beside(out) as new, _beside(out) as old:
        new.mkdir()
        rows = {file.name: _write(file, new / file.name) for file in files}
        if out.exists():
            out.rename(old)
        new.rename(out)
    return rows


def _refuse_other(out: Path) -> None:
    """A folder with anything but an earlier export in it stays as it is."""
    if not out.exists():
        return
    if out.is_symlink() or not out.is_dir():
        raise terminal.Stopped(f"{out} is no folder. Name one, or a zip: --out NAME.zip.")
    others = sorted(path.name for path in out.iterdir() if not (path.suffix == ".csv" and path.stem in _NAMES.split()))
    if others:
        raise terminal.Stopped(f"{out} holds {others[0]}, which is no part of an export. Name another folder.")


def _write(file: "Written", path: Path) -> int:
    with path.open("xb") as out:
        for piece in file.pieces:
            out.write(piece)
        _settle(out)
    return file.rows


def _settle(out: IO[bytes]) -> None:
    out.flush()
    os.fsync(out.fileno())
