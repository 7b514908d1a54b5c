"""Whether the files are in one of our own formats already: then no mapping is needed.

In: the files by name.
Out: the names of the formats that fit.
"""

from collections.abc import Mapping

from sftpingest.roster.format import fold, load, names
from sftpingest.roster.layout import FileFormat, Format
from sftpingest.roster.recognise import headings


def fitting(files: Mapping[str, bytes]) -> list[str]:
    """Our formats whose needed files are all there, under their names and with what each needs."""
    return [name for name in names() if _fits(files, load(name))]


def _fits(files: Mapping[str, bytes], form: Format) -> bool:
    every = (*form.files, *([form.roles] if form.roles else []))
    there = {file.name: name for name in files if (file := form.file(name))}
    needed = [file for file in every if file.core or file.name in there]
    return len(there) > 1 and all(file.name in there and _has(files[there[file.name]], file) for file in needed)


def _has(raw: bytes, file: FileFormat) -> bool:
    head = headings(raw)
    needed = [column for column in file.columns.values() if column.sought and column.name not in file.elsewhere]
    return all(any(fold(heading) in head for heading in column.headings) for column in needed)
