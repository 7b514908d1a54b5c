"""What may be set for a district: each key, its default, and how a person writes it.

In:  the key and the text a person gave; the plain values that the store keeps.
Out: DistrictSettings, or a WrongSetting that says what is allowed.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from sftpingest.roster.kinds import Kind
from sftpingest.store import StoreError, keyline

KINDS = frozenset(kind.value for kind in Kind)
#: What takes a setting back.
DEFAULT = "default"
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


class Asked(StrEnum):
    """What the logins of a district must show. A certificate counts as a key."""

    ANY = "any"  #: a password or a key
    KEY = "key"  #: a key; passwords let nobody in
    BOTH = "password+key"  #: both, in any order


class WrongSetting(StoreError):
    """{key} cannot be "{given}". Allowed: {allowed}."""


@dataclass(frozen=True)
class DistrictSettings:
    """What is set for a district, defaults filled in."""

    max_removed: float = 0.10  #: share of a kind; more removed holds the sync
    max_updated: float = 0.75  #: share of a kind; more updated holds the sync
    max_removed_of: Mapping[str, float] = field(default_factory=dict)  #: the same for single kinds
    max_updated_of: Mapping[str, float] = field(default_factory=dict)  #: the same for single kinds
    pause_start: date | None = None  #: first day without syncs
    pause_end: date | None = None  #: last day without syncs
    quiet_seconds: float | None = None  #: None: what the installation has
    format: str = "auto"
    files: Mapping[str, str] = field(default_factory=dict)  #: a name as uploaded, or a pattern -> what it is read as
    quota_bytes: int | None = None  #: None: no bound
    quota_files: int = 10_000  #: the largest roster has ten; what sorts its uploads by the day has 365 in a year
    quota_file_bytes: int | None = None  #: None: no bound
    retention_days: int = 90  #: how long reports are kept
    proof: Asked = Asked.ANY  #: what its logins must show
    xlsx: bool = False  #: whether workbooks are read
    user_ca: tuple[str, ...] = ()  #: public key lines of the authorities whose certificates let its logins in

    def paused(self, today: date) -> bool:
        """Whether uploads wait today. A pause without an end goes on, one without a start goes on until its end."""
        if self.pause_start is None and self.pause_end is None:
            return False
        return (self.pause_start or today) <= today <= (self.pause_end or today)


def read(kept: Mapping[str, Any]) -> DistrictSettings:
    """The settings, from the plain values that the store keeps. Keys of a later version are passed over."""
    facts: dict[str, Any] = {}
    for key, value in kept.items():
        name, _, kind = key.partition(".")
        if kind in KINDS and name in _SHARES:
            facts.setdefault(f"{name}_of", {})[kind] = value
        elif name == _FILE and kind:
            facts.setdefault("files", {})[kind] = value
        elif name in _READERS and not kind:
            facts[name] = _KEPT.get(name, _as_kept)(value)
    return DistrictSettings(**facts)


def changed(kept: Mapping[str, Any], key: str, text: str) -> dict[str, Any]:
    """The plain values with one thing set to what the text says. Raises WrongSetting."""
    name, dot, kind = key.strip().lower().partition(".")
    name, text = name.replace("-", "_"), text.strip()
    key = f"{name}{dot}{kind}"
    if name not in _READERS or not _has_part(name, dot, kind):
        raise WrongSetting(key="A setting of a district", given=key, allowed=_known())
    rest = {k: v for k, v in kept.items() if k != key}
    if text.lower() in {DEFAULT, ""}:
        return rest
    allowed, reader = _READERS[name]
    value = reader(text)
    if value is None:
        raise WrongSetting(key=key, given=text, allowed=f"{allowed}, or {DEFAULT}")
    _refuse_backward(rest | {key: value}, key, text)
    return rest | {key: value}


def _has_part(name: str, dot: str, part: str) -> bool:
    """Whether what stands behind the dot is as that setting has it: shares may name a kind, files name a file."""
    if name == _FILE:
        return bool(part.strip()) and "/" not in part
    return not dot or (name in _SHARES and part in KINDS)


def _known() -> str:
    names = [f"{name}.NAME" if name == _FILE else name for name in _READERS]
    return f"{', '.join(names)}; for one kind {' and '.join(f'{name}.student' for name in _SHARES)}, and so on"


def _refuse_backward(settings: Mapping[str, Any], key: str, text: str) -> None:
    start, end = settings.get("pause_start"), settings.get("pause_end")
    if start and end and start > end:  # ISO dates sort as text
        other = "not before pause_start" if key == "pause_end" else "not after pause_end"
        day = start if key == "pause_end" else end
        raise WrongSetting(key=key, given=text, allowed=f"a day {other} ({day}); or change that one first")


def _share(text: str) -> float | None:
    number = _number(text.removesuffix("%").strip())
    if number is None:
        return None
    share = number / 100 if text.endswith("%") else number
    return float(share) if share <= 1 else None


def _number(text: str) -> Decimal | None:
    """A finite number that is not negative."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number >= 0 else None


def _seconds(text: str) -> float | None:
    number = _number(text)
    return float(number) if number is not None and number <= 24 * 3600 else None


def _days(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,5}", text, re.ASCII) and 1 <= int(text) <= 100 * 365 else None


def _bytes(text: str) -> int | None:
    found = re.fullmatch(r"(\d{1,15}) *([kmgt]?)b?", text.lower(), re.ASCII)
    return int(found[1]) * _UNITS[found[2]] if found and int(found[1]) else None


def _count(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) and int(text) else None


def _switch(text: str) -> bool | None:
    return {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}.get(text.lower())


def _day(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _format(text: str) -> str | None:
    if text.endswith(".toml"):
        return text if PurePath(text).is_absolute() else None
    return text.lower() if re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,62}", text.lower()) else None


def _file(text: str) -> str | None:
    return text if re.fullmatch(r"[^/\\\x00-\x1f]{1,100}", text) else None


def _proof(text: str) -> str | None:
    words = frozenset(re.split(r"[\s+,]+", text.lower()))
    known = {frozenset(asked.split("+")): asked.value for asked in Asked}
    return known.get(words)


def _authorities(text: str) -> list[str] | None:
    """Public key lines, one a line; each once."""
    keys = [keyline.read(line) for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not keys or any(key is None or key.weak for key in keys):
        return None
    return list({key.bare: f"{key.bare} {key.comment}".strip() for key in keys if key}.values())


def _as_kept(value: Any) -> Any:  # noqa: ANN401  (JSON)
    return value


_SHARES, _FILE = ("max_removed", "max_updated"), "file"
#: What the store keeps otherwise than it is read.
_KEPT: dict[str, Callable[[Any], Any]] = {
    "pause_start": date.fromisoformat,
    "pause_end": date.fromisoformat,
    "proof": Asked,
    "user_ca": tuple,
}
#: Each key: what is allowed, in words, and what reads it (None: it is not that).
_READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "max_removed": ("a share from 0% to 100%, such as 10% or 0.1", _share),
    "max_updated": ("a share from 0% to 100%, such as 75% or 0.75", _share),
    "pause_start": ("a day such as 2026-12-21", _day),
    "pause_end": ("a day such as 2027-01-04", _day),
    "quiet_seconds": ("seconds from 0 to 86400", _seconds),
    "format": (
        "auto, the name of a format, such as clever, or the whole path of a .toml file, such as /etc/lake.toml",
        _format,
    ),
    _FILE: ("the name of a file of the format, such as students.csv, or nothing", _file),
    "quota_bytes": ("a number of bytes, such as 5000000000 or 5 GB", _bytes),
    "quota_files": ("a number of files, such as 10000", _count),
    "quota_file_bytes": ("a number of bytes, such as 2000000000 or 2 GB", _bytes),
    "retention_days": ("whole days, 1 or more, such as 90", _days),
    "xlsx": ("on or off", _switch),
    "proof": ("any, key or password+key", _proof),
    "user_ca": (f"public keys of certificate authorities, one a line ({keyline.STRONG})", _authorities),
}
