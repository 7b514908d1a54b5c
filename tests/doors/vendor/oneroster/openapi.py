"""The official OpenAPI file of OneRoster 1.2, and a judge of answers by it.

In:  the file, which is not ours to hand on: beside the checkout, or where SFTPINGEST_ONEROSTER_OPENAPI says.
Out: `wrong` (what an answer has otherwise than the file says).
"""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from tests.conftest import ONEROSTER


@cache
def spec() -> dict[str, Any]:
    """The file."""
    found: dict[str, Any] = json.loads(ONEROSTER.read_text())
    return found


def schema_of(path: str, status: int) -> dict[str, Any]:
    """What the answer of an operation is like."""
    answers = spec()["paths"][path]["get"]["responses"]
    content = answers.get(str(status), answers["default"])["content"]
    found: dict[str, Any] = content["application/json"]["schema"]
    return found


def wrong(value: Any, schema: dict[str, Any], where: str = "") -> Iterator[str]:
    """Each thing that is otherwise than a schema says, as far as this file uses schemas."""
    if "$ref" in schema:
        yield from wrong(value, spec()["components"]["schemas"][schema["$ref"].rpartition("/")[2]], where)
        return
    if "anyOf" in schema and not any(not [*wrong(value, one, where)] for one in schema["anyOf"]):
        yield f"{where}: {value!r} is none of those"
    match schema.get("type"):
        case "object":
            yield from _object(value, schema, where)
        case "array":
            yield from _array(value, schema, where)
        case "string":
            yield from _string(value, schema, where)
        case None:
            pass
        case other:
            yield f"{where}: the judge does not know {other}"


def _object(value: Any, schema: dict[str, Any], where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: no object"
        return
    known = schema.get("properties", {})
    yield from (f"{where}: {name} is lacking" for name in schema.get("required", ()) if name not in value)
    for name, one in value.items():
        if name in known:
            yield from wrong(one, known[name], f"{where}.{name}")
        elif schema.get("additionalProperties") is False:
            yield f"{where}: {name} is not known"


def _array(value: Any, schema: dict[str, Any], where: str) -> Iterator[str]:
    if not isinstance(value, list) or len(value) < schema.get("minItems", 0):
        yield f"{where}: no list, or too short"
        return
    for number, one in enumerate(value):
        yield from wrong(one, schema["items"], f"{where}[{number}]")


def _string(value: Any, schema: dict[str, Any], where: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{where}: no text"
    elif value not in schema.get("enum", [value]):
        yield f"{where}: {value} is no word for it"
    elif not re.search(schema.get("pattern", ""), value) or not _of_format(value, schema.get("format", "")):
        yield f"{where}: {value} is not written so"


def _of_format(value: str, name: str) -> bool:
    try:
        match name:
            case "date":
                date.fromisoformat(value)
            case "date-time":
                return datetime.fromisoformat(value).tzinfo is not None
            case "uri":
                return bool(urlsplit(value).scheme and urlsplit(value).netloc)
    except ValueError:
        return False
    return True
