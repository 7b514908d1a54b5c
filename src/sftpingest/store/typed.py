"""Text of records -> dates, numbers and nulls, for whoever hands on whole kinds.

In:  the columns of a kind, a table of text.
Out: a table of Arrow whose columns have types, and say what they are.
"""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from sftpingest.roster.exported import Field, Type

_DATE, _NUMBER = "%Y-%m-%d", r"^[+-]?[0-9]{1,9}(\.[0-9]*)?$"
_TYPES = {Type.DATE: pa.date32(), Type.WHOLE: pa.int32(), Type.NUMBER: pa.float64()}


def schema(fields: Iterable[Field]) -> pa.Schema:
    """Types, and what is said of each column."""
    return pa.schema(
        pa.field(
            one.name,
            _TYPES.get(one.type, pa.string()),
            metadata={"comment": one.said} | ({"group": one.group.value} if one.group else {}),
        )
        for one in fields
    )


def typed(fields: Iterable[Field], table: pa.Table) -> pa.Table:
    """Dates and numbers as such; what cannot be read as one is null."""
    whole = schema(fields)
    return pa.Table.from_arrays([_typed(table.column(one.name), one.type) for one in whole], schema=whole)


def _typed(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if column.type != pa.string() or kind == pa.string():
        return column.cast(kind)
    if kind == pa.date32():
        return pc.strptime(column, format=_DATE, unit="s", error_is_null=True).cast(kind)
    number = pc.if_else(pc.match_substring_regex(column, _NUMBER), column, pa.scalar(None, pa.string()))
    return number.cast(pa.float64()) if kind == pa.float64() else pc.trunc(number.cast(pa.float64())).cast(kind)
