"""The command line: one module a noun, each thin.

In:  arguments.
Out: text or JSON on standard output, one sentence on standard error where something is wrong, an exit status:
     0 done, 1 done with findings, 2 wrong use, 3 held, 4 refused, 5 failed.

Nothing heavy is imported before a command runs: `--help` is instant, and `check` never loads the server.
"""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.main import get_command

from sftpingest.cli import (
    audit,
    ban,
    check,
    demo,
    disclosures,
    district,
    doctor,
    ingest,
    keys,
    login,
    roster,
    serve,
    share,
    sync,
    terminal,
    vendor,
)
from sftpingest.cli import map as mapping

app = typer.Typer(
    name="sftpingest",
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
app.add_typer(serve.app, name="serve")
app.add_typer(district.app, name="district")
app.add_typer(login.app, name="login")
app.add_typer(ban.app, name="ban")
app.add_typer(sync.app, name="sync")
app.add_typer(vendor.app, name="vendor")
app.add_typer(share.app, name="share")
app.add_typer(keys.app, name="keys")
app.add_typer(audit.app, name="audit")
serve.add_up(app)
for noun in (demo, check, mapping, ingest, sync, roster, disclosures, doctor):
    noun.add_to(app)

#: Options of the whole program that may stand anywhere in the line, and how many words follow them.
ANYWHERE = {"--config": 1, "--debug": 0}


def _print_version(asked: bool) -> None:
    if asked:
        from sftpingest import __version__

        typer.echo(f"sftpingest {__version__}")
        raise typer.Exit


@app.callback(epilog=terminal.example("sftpingest up", "sftpingest district add springfield --name 'Springfield'"))
def options(
    config: Annotated[
        Path | None, typer.Option(help="Settings file.", show_default="sftpingest.toml in the data folder")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the program an error arose.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Take school rosters in over SFTP, check them, keep them, and report every rejected row."""
    terminal.CONFIG.set(config)
    terminal.DEBUG.set(debug)


def main() -> None:
    """Run the command line and leave with its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a letter that the terminal does not know is no reason to stop
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; gives its exit status. Whatever goes wrong becomes one sentence."""
    terminal.DEBUG.set("--debug" in arguments)
    try:
        status = get_command(app).main(_anywhere_first(arguments), prog_name="sftpingest", standalone_mode=False)
    except Exception as wrong:  # noqa: BLE001  (the last line: a person gets a sentence, never a traceback)
        return terminal.explain(wrong)
    return status if isinstance(status, int) else 0


def _anywhere_first(arguments: Sequence[str]) -> list[str]:
    """Move the options of the whole program to the front, so that `sftpingest up --config FILE` is understood too."""
    front: list[str] = []
    rest = list(arguments)
    end = rest.index("--") if "--" in rest else len(rest)
    for place in reversed(range(end)):
        name, _, value = rest[place].partition("=")
        if name in ANYWHERE:
            upto = place + 1 + (ANYWHERE[name] if not value else 0)
            if upto > end:
                raise terminal.Stopped(f"{name} needs a value after it.")
            front[:0] = rest[place:upto]
            del rest[place:upto]
    return front + rest
