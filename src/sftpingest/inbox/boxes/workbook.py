"""The sheets of a workbook as CSV. They are read by a process of its own (sheets.py), which may run out of memory.

In:  a workbook.
Out: CSV by name, each row where the sheet has it; or Unpackable.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import IO, BinaryIO

from sftpingest.inbox.boxes import zips
from sftpingest.inbox.boxes.bounds import Box, Room, Unpackable, chunks
from sftpingest.inbox.boxes.spool import Place, Spool, Spooled

#: What it may use: bytes, and seconds of a core. The largest sheet there can be, with twenty columns, needs half.
MEMORY, SECONDS = 3 * 2**30, 900
#: How a workbook with a password begins, and the ones of before 2007.
_OLD = b"\xd0\xcf\x11\xe0"


def sheets(place: Place, stem: str, known: frozenset[str], spool: Spool, box: Box) -> Iterator[tuple[str, Spooled]]:
    """Every sheet that is a file of the roster. Raises Unpackable."""
    _see_that_it_is_one(place, box)
    asked = json.dumps({"stem": stem, "known": sorted(known), "memory": MEMORY, "seconds": SECONDS})
    command = [sys.executable, "-P", "-m", "sftpingest.inbox.boxes.sheets", asked]
    child = subprocess.Popen(  # noqa: S603  (our own program)
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with child:
        try:
            _give(place, child.stdin)
            yield from _taken(child.stdout, spool, box)
        finally:
            child.kill()


def _see_that_it_is_one(place: Place, box: Box) -> None:
    """See that it is a whole zip that does not grow too far: what reads it does not count."""
    with place.open() as packed:
        if packed.read(len(_OLD)) == _OLD:
            raise Unpackable("it is protected by a password, or an old workbook (.xls) under another name")
        # its XML is larger than its CSV: no bound of a file
        measured = Room(replace(box.room.bounds, file_bytes=None)).box(place.size)
        with zips.opened(packed) as archive:
            for member in archive.infolist():
                with archive.open(member) as inside:
                    for chunk in chunks(inside):
                        measured.grow(len(chunk))


def _give(place: Place, stdin: IO[bytes] | None) -> None:
    """The whole workbook; it answers only then."""
    if stdin is None:
        raise ValueError("no pipe")
    try:
        with stdin, place.open() as file:
            for chunk in chunks(file):
                stdin.write(chunk)
    except BrokenPipeError:
        return  # it has died: it will not answer either


def _taken(stdout: IO[bytes] | None, spool: Spool, box: Box) -> Iterator[tuple[str, Spooled]]:
    """What it answers: lines of JSON, each followed by as many bytes as it says."""
    if stdout is None:
        raise ValueError("no pipe")
    writing, name = None, ""
    while line := stdout.readline():
        said = json.loads(line)
        if "wrong" in said:
            raise Unpackable(said["wrong"])
        if "done" in said:
            return
        if "sheet" in said:
            writing, name = spool.begin(box), said["sheet"]
        elif "bytes" in said and writing:
            writing.write(_exactly(stdout, said["bytes"]))
        elif writing:
            yield name, writing.end()
    raise Unpackable("the workbook is damaged, or too large to be read here; save its sheets as CSV UTF-8")


def _exactly(stdout: IO[bytes] | BinaryIO, size: int) -> bytes:
    return stdout.read(size)
