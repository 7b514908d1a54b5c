"""Write commands.md and settings.md from the code, so that they cannot fall behind it.

In:  the command line as typer knows it; Settings and DistrictSettings.
Out: the two pages beside this file; with `--check` only an exit status: 1 where a page is not fresh.

    make docs
"""

import sys
from collections.abc import Iterator
from dataclasses import fields
from enum import Enum
from pathlib import Path
from typing import Any

from typer.main import get_command

from sftpingest.cli import app
from sftpingest.settings import ALLOWED, PREFIX, SECRETS, Settings
from sftpingest.store import setting

HERE = Path(__file__).parent

COMMANDS = """\
# Commands

Made from the code by `make docs`; `sftpingest COMMAND --help` says the same.

Exit status: 0 done, 1 done but with findings (as each command says), 2 wrong use, 3 held, 4 refused, 5 failed. What is
wrong is one sentence on standard error. Commands that show state print JSON with `--json`. These options of the whole
program may stand anywhere in the line: `--config FILE` (see [settings](settings.md)), `--debug` (show where in the
program an error arose), `--version`.
"""

SETTINGS = """\
# Settings

Made from the code by `make docs`.

## Of the installation

Each setting is read from the environment, or from a TOML file under its small name: `sftpingest.toml` in the data
folder, or the file that `--config` names. The environment wins. A secret may also be given as the name of a file that
holds it. A setting that is unknown or wrong stops the start with one sentence that names it. Relative paths are taken
from the folder in which the command runs.
"""

TOML = """
```toml
# sftpingest.toml
sftp_port = 22
quiet_seconds = 120
log = "json"
```
"""

DISTRICTS = """
## Of a district

Set with `sftpingest district set SLUG KEY VALUE`; the value `default` takes it back. They count from the next upload
on; quotas from the next login on.
"""

#: What each setting of a district does.
MEANS = {
    "max_removed": "An upload that removes more than this share of a kind is held. `max_removed.student`, say, sets it "
    "for one kind. Kinds with fewer than 20 records need more than 5.",
    "max_updated": "The same for records that change; `max_updated.student` for one kind.",
    "pause_start": "First day on which uploads wait.",
    "pause_end": "Last day on which uploads wait.",
    "quiet_seconds": "How long nothing may happen in the folder before an upload counts; by default that of the "
    "installation.",
    "format": "How the files are spelt. A file of its own is read anew for each upload: see [mapping](../mapping.md).",
    "files": "What the uploaded file of that name is read as, whatever its name and headings say; `nothing` passes it "
    "over. `*` stands for any letters: `file.students_*.csv`. Two files that are then the same one refuse the upload.",
    "quota_bytes": "How much may lie in the folder of the district. A file that is uploaded anew does not count twice; "
    "reports do not count.",
    "quota_files": "How many files may lie there.",
    "quota_file_bytes": "How large one file may be.",
    "retention_days": "How long reports are kept.",
    "xlsx": "Whether workbooks (.xlsx) are read. See [packed uploads](../packed.md).",
    "proof": "What its logins must show; a certificate counts as a key. See [logins](../logins.md).",
    "user_ca": "Whose certificates let its logins in, each the login that it names. See [logins](../logins.md).",
}

#: Settings of which a district has several: how one is spelt, and its word.
SEVERAL = {"files": ("file.NAME", "file")}


def main() -> None:
    """Write both pages, or check them."""
    pages = {"commands.md": "".join(commands()), "settings.md": "".join(settings())}
    stale = [name for name, text in pages.items() if not _is_fresh(HERE / name, text)]
    if "--check" in sys.argv:
        sys.exit(f"Not fresh: {', '.join(stale)}. Run: make docs" if stale else 0)
    for name in stale:
        (HERE / name).write_text(pages[name], "utf-8")
        print(f"docs/reference/{name}")


def _is_fresh(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


def commands() -> Iterator[str]:
    """The page of commands, piece by piece."""
    yield COMMANDS
    for path, command in leaves(get_command(app), ["sftpingest"]):
        words = [_written(p) for p in command.params if p.param_type_name == "argument"]
        yield f"\n## {' '.join(path)}\n\n"
        yield f"```\n{' '.join([*path, *words, *_options_of(command)])}\n```\n\n"
        yield _paragraphs(command.help or "")
        yield from _described(command)
        yield f"\n```sh\n{_example(command.epilog or '')}\n```\n"


def leaves(command: Any, path: list[str]) -> Iterator[tuple[list[str], Any]]:  # noqa: ANN401  (typer hides it)
    """Every command that does something, with the words that call it."""
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, inner in command.commands.items():
        yield from leaves(inner, [*path, name])


def _written(parameter: Any) -> str:  # noqa: ANN401
    return str(parameter.metavar or parameter.name.upper())


def _options(command: Any) -> list[Any]:  # noqa: ANN401
    return [p for p in command.params if p.param_type_name == "option" and not p.hidden and p.name != "help"]


def _options_of(command: Any) -> list[str]:  # noqa: ANN401
    shown = []
    for option in _options(command):
        value = "" if option.is_flag else f" {_value(option)}"
        text = f"{option.opts[0]}{value}"
        shown.append(text if option.required else f"[{text}]{'...' if option.multiple else ''}")
    return shown


def _value(option: Any) -> str:  # noqa: ANN401
    kind = option.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(str(choice.value) for choice in kind)
    return str(option.metavar or option.name.upper())


def _paragraphs(help_: str) -> str:
    return "\n".join(line.strip() for line in help_.strip().splitlines()) + "\n"


def _described(command: Any) -> Iterator[str]:  # noqa: ANN401
    arguments = [(_written(p), p.help) for p in command.params if p.param_type_name == "argument"]
    options = [(f"{option.opts[0]}", option.help) for option in _options(command) if option.name != "json"]
    lines = [f"| `{name}` | {(text or '').replace('|', '/')} |\n" for name, text in [*arguments, *options]]
    if lines:
        yield "\n| | |\n| --- | --- |\n"
        yield from lines


def _example(epilog: str) -> str:
    lines = epilog.replace("\b", "").strip().splitlines()
    return "\n".join(line.strip() for line in lines if line.strip() != "Example:")


def settings() -> Iterator[str]:
    """The page of settings, piece by piece."""
    yield f"{SETTINGS}{TOML}\n| variable | allowed | default | what |\n| --- | --- | --- | --- |\n"
    for name, field in Settings.model_fields.items():
        secret = f" or `{PREFIX}{name.upper()}_FILE`" if name in SECRETS else ""
        variable, allowed = f"`{PREFIX}{name.upper()}`{secret}", ALLOWED[name]
        yield f"| {variable} | {allowed} | {_default(field.default)} | {field.description} |\n"
    yield f"{DISTRICTS}\n| key | allowed | default | what |\n| --- | --- | --- | --- |\n"
    for key in fields(setting.DistrictSettings):
        if key.name in MEANS:
            spelt, word = SEVERAL.get(key.name, (key.name, key.name))
            allowed = setting._READERS[word][0]  # noqa: SLF001  (the words that its own refusals use)
            default = "none" if key.name in SEVERAL else _default(key.default)
            yield f"| `{spelt}` | {allowed} | {default} | {MEANS[key.name]} |\n"


def _default(value: object) -> str:
    text = str(getattr(value, "get_secret_value", lambda: value)())
    return f"`{text}`" if text not in {"", "None", "()"} else "none"


if __name__ == "__main__":
    main()
