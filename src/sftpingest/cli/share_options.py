"""What a person says of a sharing at the command line.

In:  options.
Out: a Sharing.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sftpingest.cli import terminal
from sftpingest.roster.sharing import Group, Mode

if TYPE_CHECKING:
    from sftpingest.roster.sharing import Sharing

HowChosen = Annotated[Mode | None, typer.Option("--mode", help="How the records are chosen.")]
Schools = Annotated[
    list[str] | None, typer.Option("--school", metavar="ID", help="With the mode schools. May be repeated.")
]
Sections = Annotated[
    list[str] | None, typer.Option("--section", metavar="ID", help="With the mode sections. May be repeated.")
]
Rules = Annotated[
    Path | None, typer.Option("--rules", metavar="FILE.toml", help="With the mode rules: see docs/sharing.md.")
]
Staff = Annotated[bool, typer.Option("--staff", help="Staff too: of the schools seen, or all with everything.")]
Fields = Annotated[
    list[Group] | None,
    typer.Option("--fields", help="Fields beyond ids, names, role, school, grade and e-mail. May be repeated."),
]
Number = Annotated[int | None, typer.Option("--version", metavar="NUMBER", help="Only if it is this version.")]
Purpose = Annotated[str, typer.Option(help="What the application is for.")]
Agreement = Annotated[str, typer.Option(help="Where the contract is found.")]
Starts = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day on which anything is seen (UTC).")
]
Ends = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day on which anything is seen (UTC).")]


def wanted_of(
    mode: Mode | None,
    schools: list[str] | None,
    sections: list[str] | None,
    rules: Path | None,
    staff: bool,
    fields: list[Group] | None,
    purpose: str = "",
    agreement: str = "",
    starts: datetime | None = None,
    ends: datetime | None = None,
) -> "Sharing":
    """What the options say. Raises Stopped, WrongSharing, OSError."""
    from sftpingest.roster.rules import read_rules
    from sftpingest.roster.sharing import Sharing

    if mode is None:
        raise terminal.Stopped(f"Say how the records are chosen: --mode {', '.join(Mode)}.")
    try:
        text = rules.read_text("utf-8-sig") if rules else ""
    except UnicodeDecodeError:
        raise terminal.Stopped(f"{rules} is not in UTF-8. Save it as UTF-8.") from None
    return Sharing(
        mode=mode,
        schools=tuple(dict.fromkeys(schools or [])),
        sections=tuple(dict.fromkeys(sections or [])),
        rules=read_rules(text) if rules else (),
        staff=staff,
        groups=frozenset(fields or []),
        purpose=purpose,
        agreement=agreement,
        starts=starts.date() if starts else None,
        ends=ends.date() if ends else None,
    )
