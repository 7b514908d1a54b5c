"""What can be wrong with an upload, and the one sentence for each.

In: places in files, and what stood there.
Out: Severity, Code, frames of findings, and the sentence a person reads.
"""

from collections.abc import Iterable
from enum import StrEnum

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.frames import TEXT, arrow, no_text, text


class Severity(StrEnum):
    """What a finding costs. Stands in the order of weight."""

    NOTE = "note"  #: record kept, value kept
    VALUE = "value"  #: record kept, value dropped
    ROW = "row"  #: record rejected
    FILE = "file"  #: file refused
    UPLOAD = "upload"  #: nothing of the upload applied


class Code(StrEnum):
    """Place, then fault. Stable: districts and vendors build on these."""

    FILE_MISSING = "file.missing"  #: a core file is not there
    FILE_UNREADABLE = "file.unreadable"  #: no CSV, no encoding we know, a NUL byte
    FILE_EMPTY = "file.empty"  #: no bytes, or no records
    FILE_UNPACKED = "file.unpacked"  #: came packed; which files were in it
    FILE_ENCODING = "file.encoding"  #: read, though it is not UTF-8
    FILE_SEPARATOR = "file.separator"  #: read, though its cells are not parted by commas
    FILE_CUT = "file.cut"  #: ends where a spreadsheet has no more rows
    FILE_UNKNOWN = "file.unknown"  #: no file of the format
    FILE_FOREIGN = "file.foreign"  #: is in another format than the rest of the upload
    FILE_RECOGNISED = "file.recognised"  #: has another name; its headings say what it is
    FILE_NOT_ROSTERED = "file.not_rostered"  #: known, counted and kept with the upload; no part of the roster
    FILE_UNEXPECTED = "file.unexpected"  #: is there, though the manifest calls it absent or does not name it
    FILE_MISPLACED = "file.misplaced"  #: does not lie at the top of the zip
    FILE_ALONE = "file.alone"  #: says nothing without another file, which is not there
    FILE_REPEATED = "file.repeated"  #: two files that are the same file of the format
    FILE_BROKEN_OFF = "file.broken_off"  #: an upload of the file ended early and does not count
    COLUMN_MISSING = "column.missing"  #: a required heading is not there
    COLUMN_UNKNOWN = "column.unknown"  #: a heading that the format does not know
    COLUMN_REPEATED = "column.repeated"  #: one heading twice
    COLUMN_DAY_FIRST = "column.day_first"  #: dates that seem to have the day before the month
    COLUMN_ORDER = "column.order"  #: a column is not in the place that the format gives it
    PROPERTY_MISSING = "property.missing"  #: the manifest does not say what it must say
    ROW_MALFORMED = "row.malformed"  #: too many or too few cells
    ROW_TOTALS = "row.totals"  #: only counts the others
    VALUE_MISSING = "value.missing"  #: a required cell is empty
    VALUE_MALFORMED = "value.malformed"  #: cannot be read as its type
    VALUE_UNKNOWN = "value.unknown"  #: is not one of the column's words
    VALUE_ROUNDED = "value.rounded"  #: a number of which a spreadsheet has dropped the last digits
    VALUE_DAMAGED = "value.damaged"  #: an error of a spreadsheet in the place of a value
    VALUE_UNEXPECTED = "value.unexpected"  #: is filled where it must be empty
    VALUE_UNFIT = "value.unfit"  #: does not go together with what stands elsewhere
    VALUE_CUT = "value.cut"  #: is just as long as a cell of a spreadsheet can be
    ID_REPEATED = "id.repeated"  #: a second row with an id
    ID_ZEROS_LOST = "id.zeros_lost"  #: most ids of a kind that are held with zeros in front came without
    REFERENCE_UNKNOWN = "reference.unknown"  #: names a record that is not in this upload
    REFERENCE_REJECTED = "reference.rejected"  #: names a record whose own row was rejected
    REFERENCE_ABSENT = "reference.absent"  #: names records of a file that is not in this upload
    REFERENCE_UNFIT = "reference.unfit"  #: names a record that is there, but not one that may be named
    RECORD_ALONE = "record.alone"  #: a person to call whom no student names
    RECORD_KEPT = "record.kept"  #: has no row any more, but other rows still name it


#: What a person reads. {file}, {column}, {value} and {record} are the finding's own cells; {detail} is what the
#: stage that found it adds: the words allowed, the kind named, the row rejected first.
SENTENCES: dict[Code, str] = {
    Code.FILE_MISSING: "{file} is not there. Upload it together with the other files; nothing was changed.",
    Code.FILE_UNREADABLE: "{file} cannot be read: {detail}. Mend that, or export it again as CSV (UTF-8), and "
    "upload it again.",
    Code.FILE_EMPTY: "{file} has no records. Check the export and upload it again; nobody was removed for it.",
    Code.FILE_UNPACKED: "{file} was unpacked: {detail}.",
    Code.FILE_ENCODING: "{file} is not in UTF-8; it was read as {detail}. Check names with accents, "
    "and export as CSV UTF-8 if you can.",
    Code.FILE_SEPARATOR: "{file} has {detail} instead of commas between its cells; it was read so. "
    "Save it as CSV UTF-8 (comma delimited) if you can.",
    Code.FILE_CUT: "{file} ends at row {detail}, the last that a spreadsheet can have: the rest may have been cut off. "
    "Compare its number of rows with your student information system.",
    Code.FILE_UNKNOWN: "{file} is not one of the files of this format, so it was passed over. {detail}",
    Code.FILE_FOREIGN: "{file} is in the format {detail}. Keep the files of one format here and delete the others; "
    "nothing was changed.",
    Code.FILE_RECOGNISED: "{file} was read as {detail}, since it has those headings. Give it that name if you can.",
    Code.FILE_NOT_ROSTERED: "{file} was recognised and kept with the upload, {detail}. It is no part of the roster.",
    Code.FILE_UNEXPECTED: "{file} is there, but {detail}, so it was not read. Correct one of the two.",
    Code.FILE_MISPLACED: "{file} does not lie at the top of the zip{detail}. Zip the files without a folder.",
    Code.FILE_ALONE: "{file} says too little without {detail}, which is not in this upload. Upload both together.",
    Code.FILE_REPEATED: "{file} is the same file as {detail}. Delete the one that is out of date.",
    Code.FILE_BROKEN_OFF: "An upload of {file} broke off before its end and does not count. Upload it again.",
    Code.COLUMN_MISSING: "The column {column} is not in {file}. Add it to the export. {detail}",
    Code.COLUMN_UNKNOWN: "The column {column} is not known and was passed over. {detail}",
    Code.COLUMN_REPEATED: "The column {column} stands twice in {file}. Keep the one that is right.",
    Code.COLUMN_DAY_FIRST: "{column} seems to have the day before the month, as in {value}. {detail} were read "
    "with the month first. Look whether they are right, or export dates as YYYY-MM-DD.",
    Code.COLUMN_ORDER: "The column {column} is not in its place in {file}: {detail}. The order of the columns counts.",
    Code.PROPERTY_MISSING: "{file} does not say {record}. Add a line for it, with the value {detail}.",
    Code.ROW_MALFORMED: "This row has {detail}. Look for a comma or a quotation mark that is not part of the "
    "CSV, and correct the row.",
    Code.ROW_TOTALS: 'This row, "{value}", looks like a totals line and not like a record, so it was not taken. '
    "Leave it out of the export.",
    Code.VALUE_MISSING: "{column} is empty, but it is required. Fill it in. {detail}",
    Code.VALUE_MALFORMED: '"{value}" in {column} is not {detail}. Correct it.',
    Code.VALUE_UNKNOWN: '"{value}" is not one of the values of {column}. Use one of: {detail}.',
    Code.VALUE_ROUNDED: '"{value}" in {column} is a number that Excel has shortened: its last digits are lost. '
    "Format the column as text and export it again.",
    Code.VALUE_DAMAGED: '"{value}" in {column} is {detail}, not the value itself. '
    "Put the value there and export again.",
    Code.VALUE_UNEXPECTED: "{column} is filled, but must be empty: {detail}. Empty it.",
    Code.VALUE_UNFIT: '"{value}" in {column} does not fit: {detail}. Correct it.',
    Code.VALUE_CUT: "{column} has just as many characters here as a spreadsheet can keep: its end may be cut off. "
    "Look whether it is whole.",
    Code.ID_REPEATED: 'An earlier row has the same {column} "{value}"; the first row was kept. Remove this row, '
    "or give it its own id. {detail}",
    Code.ID_ZEROS_LOST: "{detail}: it seems that Excel has removed the zeros in front. Format the column as text "
    "and export it again. If the ids were changed on purpose, ask for this upload to be released.",
    Code.REFERENCE_UNKNOWN: '{column} "{value}" is not in {detail}. Add it there, or correct it here.',
    Code.REFERENCE_REJECTED: '{column} "{value}" was itself rejected. Mend {detail} first; then this is right too.',
    Code.REFERENCE_ABSENT: "{column} of {file} names records of {detail}, which is not in this upload. Add that file.",
    Code.REFERENCE_UNFIT: '{column} "{value}" is there, but cannot be named here: {detail}. Correct it.',
    Code.RECORD_ALONE: "No student names {record}, so this person is not in the roster. Nothing needs to be done, "
    "or name {record} in {column} of the student.",
    Code.RECORD_KEPT: "No accepted row brings {record} any more, but rows of this upload or records that stay "
    "still name it, so it was kept. Put it back into {file}, or take it out of the rows that name it.",
}

#: The columns of a frame of findings. All TEXT, but `row` (Int64, NA for a finding about the file or column).
COLUMNS = ("file", "row", "column", "record", "code", "severity", "value", "detail")

#: Longer values are cut for the report.
SHOWN = 80
#: Line ends, escapes and their like: a terminal would obey them, a spreadsheet break its lines.
CONTROL = r"[\x00-\x1f\x7f-\x{9f}]"


_NOTHING = pd.DataFrame({name: pd.array([], "Int64") if name == "row" else no_text() for name in COLUMNS})


def nothing() -> pd.DataFrame:
    """No findings."""
    return _NOTHING.copy(deep=False)


def found(  # noqa: PLR0913  (a finding has that many cells)
    code: Code,
    severity: Severity,
    file: str,
    rows: pd.Index | Iterable[int | None] | None = None,
    *,
    column: pd.Series | str = "",
    record: pd.Series | str = "",
    value: pd.Series | str = "",
    detail: pd.Series | str = "",
) -> pd.DataFrame:
    """Findings of one code, one a row; `rows` None makes the one finding about the file or column itself.

    Several about columns or about records without a row: `rows` holds as many None.
    """
    places = pd.array([None] if rows is None else np.asarray(list(rows) if not isinstance(rows, pd.Index) else rows))
    size = len(places)
    if not size:
        return nothing()
    places = places.astype("Int64")
    cells = {"file": file, "column": column, "record": record, "code": code.value, "severity": severity.value}
    cells |= {"value": value, "detail": detail}
    frame = {name: _column(cells[name], size) if name != "row" else places for name in COLUMNS}
    return pd.DataFrame(frame)


def _column(cell: pd.Series | str, size: int) -> pd.Series:
    if isinstance(cell, str):
        return text(pa.repeat(pa.scalar(cell), size))
    return cell.astype(TEXT).reset_index(drop=True)


def together(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Several frames of findings as one, in their order."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else nothing()


def in_order(findings: pd.DataFrame, files: Iterable[str]) -> pd.DataFrame:
    """Findings in the order of `files`, then of rows; those about a file or a column first."""
    rank = {name: at for at, name in enumerate(files)}
    place = findings["file"].map(lambda name: rank.get(name, -1), na_action=None).to_numpy("int64")
    order = np.lexsort((findings["row"].fillna(0).to_numpy("int64"), place))
    return findings.iloc[order].reset_index(drop=True)


def one_line(values: pd.Series) -> pd.Series:
    """Names and headings as a report shows them: whole, but nothing in them breaks a line or speaks to a terminal."""
    array = pc.replace_substring_regex(arrow(values), f"{CONTROL}+", " ")
    return text(pc.replace_substring(array, "\uffff", "\ufffd"), values.index)


def shorten(values: pd.Series) -> pd.Series:
    """Values as a report shows them: one line of at most SHOWN characters, none of which a terminal would obey.

    Bytes that are no text show as a question mark in a box.
    """
    array = arrow(one_line(values))
    long = pc.greater(pc.utf8_length(array), SHOWN)
    cut = pc.binary_join_element_wise(pc.utf8_slice_codeunits(array, 0, SHOWN - 1), "…", "")
    return text(pc.if_else(long, cut, array), values.index)


def messages(findings: pd.DataFrame) -> pd.Series:
    """The sentence of each finding, in the order of the frame."""
    out = pd.Series("", index=findings.index, dtype=TEXT)
    for code, rows in findings.groupby("code", sort=False).indices.items():
        out.iloc[rows] = _sentence(SENTENCES[Code(str(code))], findings.iloc[rows]).array
    return out


def _sentence(template: str, findings: pd.DataFrame) -> pd.Series:
    """Fill one template for many findings at once."""
    pieces: list[pa.Array | str] = []
    for piece in template.replace("{", "\0{").replace("}", "}\0").split("\0"):
        name = piece.removeprefix("{").removesuffix("}")
        pieces.append(arrow(findings[name]) if name in COLUMNS and piece.startswith("{") else piece)
    return text(pc.utf8_trim_whitespace(pc.binary_join_element_wise(*pieces, "")))


def worst(findings: pd.DataFrame) -> Severity | None:
    """The heaviest severity there is."""
    there = set(findings["severity"].unique())
    return next((severity for severity in reversed(Severity) if severity in there), None)
