"""Settings read from where they are written.

In:  one TOML file, and SFTPINGEST_* in the environment, which wins over the file; secrets also as *_FILE.
Out: Settings, or WrongSetting: one sentence that names the setting.
"""

import errno
import os
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError

from sftpingest.settings.fields import ALLOWED, PREFIX, SECRETS, Settings, whole

#: letters that tell of a name of which they are a part; names that a guess may give
_SHORTEST_PART, _MOST_GUESSES = 3, 2


class WrongSetting(Exception):
    """A setting is wrong. Correct it and start again."""


def read(config: Path | None = None) -> Settings:
    """Read the settings. Relative paths are taken from the folder in which the command runs.

    `config` None reads `sftpingest.toml` in the data folder where there is one. Raises WrongSetting.
    """
    environment = {name: value for name, value in os.environ.items() if name.upper().startswith(PREFIX)}
    _refuse_unknown(environment)
    written = _written(config, environment)
    try:
        settings = Settings(**(written | dict(_secrets(environment))))  # type: ignore[arg-type]
    except ValidationError as wrong:
        raise WrongSetting(_sentence(wrong, environment)) from None
    return settings


def names() -> tuple[str, ...]:
    """Every environment variable that is read."""
    plain = [PREFIX + name.upper() for name in Settings.model_fields]
    return (*plain, *(f"{PREFIX}{name.upper()}_FILE" for name in SECRETS))


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    for name in environment:
        if name not in names():
            raise WrongSetting(f"{name} in the environment is no setting{_near(name, names())}")


def _near(name: str, known: tuple[str, ...]) -> str:
    """What was meant, if that is near. The prefix that all have in common makes none of them near."""
    own = {one.upper().removeprefix(PREFIX): one for one in known}
    given = name.upper().removeprefix(PREFIX)
    near = [one for one in own if len(given) >= _SHORTEST_PART and given in one] or get_close_matches(given, own, n=1)
    meant = " or ".join(own[one] for one in near[:_MOST_GUESSES])
    return f"; did you mean {meant}?" if near else "; docs/reference/settings.md lists them."


def _written(config: Path | None, environment: Mapping[str, str]) -> dict[str, object]:
    """What the TOML file says."""
    try:
        path = config or whole(Path(environment.get(PREFIX + "DATA") or "data")) / "sftpingest.toml"
    except ValueError:
        return {}  # Settings says of the same folder what is wrong
    try:
        if config is None and not path.exists():
            return {}
        written = tomllib.loads(path.read_text("utf-8"))
    except OSError as wrong:
        remedy = " Run this command as the user that the service runs as." if wrong.errno == errno.EACCES else ""
        raise WrongSetting(f"The settings file {path} cannot be read: {wrong.strerror}.{remedy}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise WrongSetting(f"The settings file {path} is not TOML: {wrong}.") from None
    for name in written:
        if name not in Settings.model_fields:
            raise WrongSetting(f"{name} in {path} is no setting{_near(name, tuple(Settings.model_fields))}")
    return written


def _secrets(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Settings whose value stands in a file that the environment names."""
    for name in SECRETS:
        variable = f"{PREFIX}{name.upper()}"
        path = environment.get(f"{variable}_FILE")
        if not path:
            continue
        if environment.get(variable):
            raise WrongSetting(f"{variable} and {variable}_FILE are both set; keep one of them.")
        try:
            text = whole(Path(path)).read_text("utf-8").strip()
        except (OSError, ValueError):
            raise WrongSetting(f"{variable}_FILE names {path}, which cannot be read.") from None
        if not text:
            raise WrongSetting(f"{variable}_FILE names {path}, which is empty.")
        yield name, text


def _sentence(wrong: ValidationError, environment: Mapping[str, str]) -> str:
    """One sentence on the first thing that is wrong, named as it was written; a secret is never shown."""
    first = wrong.errors(include_url=False)[0]
    name = str(first["loc"][0])
    variable = PREFIX + name.upper()
    allowed = f"Allowed: {ALLOWED[name]}."
    if name in SECRETS:
        if environment.get(f"{variable}_FILE"):
            return f"What stands in the file that {variable}_FILE names cannot be used. {allowed}"
        return f"{_place(name, environment)} cannot be used. {allowed}"
    return f'{_place(name, environment)} cannot be "{first["input"]}". {allowed}'


def _place(name: str, environment: Mapping[str, str]) -> str:
    variable = PREFIX + name.upper()
    return variable if environment.get(variable) else f"{name} in the settings file"
