"""What the two stores say in different words: functions of SQL on text and on JSON in text.

In:  columns and parameters.
Out: the same answer from SQLite and from PostgreSQL.
"""

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class holds_text(FunctionElement[bool]):  # noqa: N801  (a function of SQL)
    """Whether a text has another in it; capital and small letters differ (LIKE of SQLite would not see that)."""

    type = sa.Boolean()
    inherit_cache = True


class lists(FunctionElement[bool]):  # noqa: N801
    """Whether a JSON list of texts, '' for none, has a text in it."""

    type = sa.Boolean()
    inherit_cache = True


class in_ext(FunctionElement[str]):  # noqa: N801
    """The value of a name in a JSON object of texts, '' for none; '' where it is not there."""

    type = sa.Text()
    inherit_cache = True


class one_of(FunctionElement[bool]):  # noqa: N801
    """Whether a text is one of those in a JSON list."""

    type = sa.Boolean()
    inherit_cache = True


class numbered(FunctionElement[bool]):  # noqa: N801
    """Whether a number is one of those in a JSON list."""

    type = sa.Boolean()
    inherit_cache = True


class by_bytes(FunctionElement[str]):  # noqa: N801  (a function of SQL)
    """A text in the order of its bytes, which is that of Unicode, whatever language the store is set to."""

    type = sa.Text()
    inherit_cache = True


class Numbers(sa.TypeDecorator[list[int]]):
    """Many numbers as one parameter."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """An array where there are such, else JSON."""
        return dialect.type_descriptor(postgresql.ARRAY(sa.Integer) if dialect.name == "postgresql" else sa.Text())

    def process_bind_param(self, value: list[int] | None, dialect: sa.Dialect) -> Any:  # noqa: ANN401
        """As that."""
        return value if dialect.name == "postgresql" else json.dumps(value)


class at_numbers(FunctionElement[bool]):  # noqa: N801
    """Whether a number is one of those in Numbers: found by an index in half the time, else with their hashes."""

    type = sa.Boolean()
    inherit_cache = True


class ext_only(FunctionElement[str]):  # noqa: N801
    """Of a JSON object those names alone that are, in small letters, in a JSON list; '' for none."""

    type = sa.Text()
    inherit_cache = True


class ext_without(FunctionElement[str]):  # noqa: N801
    """The same, all names but those."""

    type = sa.Text()
    inherit_cache = True


def _two(element: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> list[str]:  # noqa: ANN401
    return [compiler.process(clause, **kw) for clause in element.clauses]


@compiles(by_bytes, "postgresql")
def _by_bytes_in_postgresql(element: by_bytes, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return f'(CAST({compiler.process(next(iter(element.clauses)), **kw)} AS text) COLLATE "C")'


@compiles(by_bytes, "sqlite")
def _by_bytes_in_sqlite(element: by_bytes, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return f"({compiler.process(next(iter(element.clauses)), **kw)} COLLATE BINARY)"


@compiles(holds_text, "postgresql")
def _holds_text_in_postgresql(element: holds_text, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return "strpos({}, {}) > 0".format(*_two(element, compiler, **kw))


@compiles(holds_text, "sqlite")
def _holds_text_in_sqlite(element: holds_text, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return "instr({}, {}) > 0".format(*_two(element, compiler, **kw))


@compiles(lists, "postgresql")
def _lists_in_postgresql(element: lists, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return "jsonb_exists(NULLIF({}, '')::jsonb, {})".format(*_two(element, compiler, **kw))


@compiles(lists, "sqlite")
def _lists_in_sqlite(element: lists, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    texts, one = _two(element, compiler, **kw)
    return f"EXISTS (SELECT 1 FROM json_each(NULLIF({texts}, '')) WHERE json_each.value = {one})"  # noqa: S608  (compiled)


@compiles(in_ext, "postgresql")
def _in_ext_in_postgresql(element: in_ext, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return "COALESCE(NULLIF({}, '')::jsonb ->> {}, '')".format(*_two(element, compiler, **kw))


@compiles(in_ext, "sqlite")
def _in_ext_in_sqlite(element: in_ext, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    ext, name = _two(element, compiler, **kw)
    found = f"SELECT json_each.value FROM json_each(NULLIF({ext}, '')) WHERE json_each.key = {name}"  # noqa: S608  (compiled)
    return f"COALESCE(({found}), '')"


@compiles(one_of, "postgresql")
def _one_of_in_postgresql(element: one_of, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return "({} IN (SELECT jsonb_array_elements_text(CAST({} AS jsonb))))".format(*_two(element, compiler, **kw))


@compiles(one_of, "sqlite")
def _one_of_in_sqlite(element: one_of, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return "({} IN (SELECT value FROM json_each({})))".format(*_two(element, compiler, **kw))  # noqa: S608


@compiles(numbered, "postgresql")
def _numbered_in_postgresql(element: numbered, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    # not = ANY (...): where no index is used, the list would be gone through for every row
    return "({} IN (SELECT unnest(CAST(translate({}, '[]', '{{}}') AS integer[]))))".format(
        *_two(element, compiler, **kw)
    )


@compiles(at_numbers, "postgresql")
def _at_numbers_in_postgresql(element: at_numbers, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return "({} = ANY ({}))".format(*_two(element, compiler, **kw))


@compiles(numbered, "sqlite")
@compiles(at_numbers, "sqlite")
def _numbered_in_sqlite(element: FunctionElement[bool], compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return "({} IN (SELECT value FROM json_each({})))".format(*_two(element, compiler, **kw))  # noqa: S608


@compiles(ext_only, "postgresql")
@compiles(ext_without, "postgresql")
def _ext_in_postgresql(element: FunctionElement[str], compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    ext, names = _two(element, compiler, **kw)
    there = f"lower(part.key) IN (SELECT jsonb_array_elements_text(CAST({names} AS jsonb)))"
    which = there if isinstance(element, ext_only) else f"NOT {there}"
    parts = f"jsonb_each_text(CAST(NULLIF({ext}, '') AS jsonb)) AS part WHERE {which}"
    part = f"COALESCE((SELECT CAST(jsonb_object_agg(part.key, part.value) AS text) FROM {parts}), '')"  # noqa: S608
    return f"CASE WHEN {ext} = '' THEN '' ELSE {part} END"  # most have none, and a select for each takes its time


@compiles(ext_only, "sqlite")
@compiles(ext_without, "sqlite")
def _ext_in_sqlite(element: FunctionElement[str], compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    ext, names = _two(element, compiler, **kw)
    there = f"lower(part.key) IN (SELECT value FROM json_each({names}))"  # noqa: S608
    which = there if isinstance(element, ext_only) else f"NOT {there}"
    parts = f"json_each(NULLIF({ext}, '')) AS part WHERE {which}"
    return f"COALESCE(NULLIF((SELECT json_group_object(part.key, part.value) FROM {parts}), '{{}}'), '')"  # noqa: S608


def among(column: "sa.ColumnElement[int]", numbers: Iterable[int]) -> sa.ColumnElement[bool]:
    """Whether a column has one of many numbers: one parameter, for no store takes ten thousands of them."""
    return numbered(column, sa.literal(json.dumps(list(numbers))))


def texts_in(texts: "sa.ColumnElement[str]", store: str) -> sa.TableValuedAlias:
    """The texts in a JSON list as a table, with a column `value`."""
    if store == "sqlite":
        return sa.func.json_each(texts).table_valued(sa.column("value", sa.Text()), name="texts")
    listed = sa.func.jsonb_array_elements_text(sa.cast(texts, postgresql.JSONB))
    return listed.table_valued(sa.column("value", sa.Text()), name="texts").render_derived()
