"""Where a format has to bend a record: what reading it back would give, and columns of our own that say the truth.

In: the cells of a file as they are to be written, and what the records really hold.
Out: the cells with `metadata.clever.…` beside them wherever reading would give something else.

This is what makes a roster come back as it was. It uses the very steps by which files are read, so that it knows of
every rule of theirs without being told.
"""

from collections.abc import Mapping
from urllib.parse import quote

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.cells import check_cells
from sftpingest.roster.finding import Severity
from sftpingest.roster.format import FileFormat, fold
from sftpingest.roster.frames import arrow, blank, text
from sftpingest.roster.lists import plain_cells
from sftpingest.roster.read_back import REALLY, say
from sftpingest.roster.records import race_of, told
from sftpingest.roster.secret import is_secret
from sftpingest.roster.sheet import Sheet
from sftpingest.roster.write.lines import Cells
from sftpingest.roster.write.spelling import EXT, each

_LINE_END = "[\r\n]"
_OURS = "clever."


def on_one_line(cells: Cells) -> Cells:
    """Cells without line ends, which OneRoster forbids."""
    return {name: pc.replace_substring_regex(column, f"{_LINE_END}+", " ") for name, column in cells.items()}


def beside(form: FileFormat, wanted: Mapping[str, pa.Array]) -> dict[str, str]:
    """Our column `ext.NAME` -> the heading that it gets, of those for which the format has none."""
    own = {name: f"{form.extensions}{name.removeprefix(EXT)}" for name in wanted if name.startswith(EXT)}
    if REALLY not in form.columns:  # a name without its capitals is better than none
        own = {name: fold(heading) for name, heading in own.items()}
    return {name: heading for name, heading in own.items() if name not in form.columns and _may_be(heading, form)}


def _may_be(heading: str, form: FileFormat) -> bool:
    """Whether a heading comes back as it is, and as what it is."""
    ours = REALLY in form.columns and heading.startswith(f"{form.extensions}{_OURS}")
    taken = ours or heading in form.by_heading or heading in form.known
    return heading == fold(heading) and heading != form.extensions and not taken and not is_secret(heading, form)


def corrected(form: FileFormat, cells: Cells, wanted: Mapping[str, pa.Array]) -> Cells:
    """The cells, and the truth beside them wherever reading them would not give what is `wanted`."""
    out, pieces = _readable(form, cells), []
    rows, _ = _read(form, out)
    extra = [str(name) for name in rows if str(name).startswith(EXT) and name not in wanted]
    for name in (*wanted, *extra):
        want = wanted.get(name, arrow(blank(len(rows))))
        wrong = pc.not_equal(want, arrow(told(rows, name)))
        if pc.any(wrong).as_py():
            pieces.append(_piece(name, want, _into_its_own(form, out, name, want, wrong)))
    if pieces:
        really = pc.utf8_slice_codeunits(pc.binary_join_element_wise(*pieces, ""), len("&"))
        out[form.columns[REALLY].heading] = really
    return out


def _into_its_own(form: FileFormat, out: Cells, name: str, want: pa.Array, wrong: pa.Array) -> pa.Array:
    """Put what is wrong into the column that the format has for it, if it has one; what could not be put there."""
    own = form.columns.get(f"{_OURS}{name}")
    if own is None:
        return wrong
    plain = pc.and_(pc.not_equal(want, ""), pc.invert(pc.match_substring_regex(want, _LINE_END)))
    before = out.get(own.heading, arrow(blank(len(want))))
    out[own.heading] = pc.if_else(pc.and_(wrong, plain), want, before)
    return pc.and_(wrong, pc.invert(plain))


def _beside(form: FileFormat, name: str) -> str:
    return form.extensions + name.removeprefix(EXT)


def _piece(name: str, cells: pa.Array, those: pa.Array) -> pa.Array:
    """`&name=cell` for those rows; nothing for the others."""
    said = each(cells, lambda cell: f"&{quote(name, safe=' ')}={quote(cell, safe=' ')}")
    return pc.if_else(those, said, "")


def _read(form: FileFormat, cells: Cells) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The cells in our columns, as the stages read them."""
    known, rows = form.by_heading, {}
    for heading, column in cells.items():
        trimmed = text(pc.utf8_trim_whitespace(column))
        for each_of in known.get(fold(heading), ()):
            rows[each_of.name] = trimmed
        if fold(heading) not in known and heading.startswith(form.extensions):
            rows[EXT + heading.removeprefix(form.extensions)] = trimmed
    kept = {name: column for name, column in rows.items() if not name.startswith("only.") and name != "leaves"}
    headings = {name: form.columns[name].heading if name in form.columns else _beside(form, name) for name in kept}
    read, findings = check_cells(say(plain_cells(Sheet(form.name, form, headings, pd.DataFrame(kept), pd.DataFrame()))))
    return read.assign(race=race_of(read)) if form.part("flags") else read, findings


def _readable(form: FileFormat, cells: Cells) -> Cells:
    """The cells without those of which reading would say that they are wrong."""
    _, findings = _read(form, cells)
    out = dict(cells)
    for heading, places in findings[(findings["severity"] == Severity.VALUE.value)].groupby("column")["row"]:
        wrong = np.isin(np.arange(len(out[str(heading)])), places.to_numpy("int32"))
        out[str(heading)] = pc.if_else(pa.array(wrong), "", out[str(heading)])
    return out
