"""What a check shows where a person looks on: a bar while it works, colours in its summary.

In:  how far it is; the text of a summary.
Out: both on the terminal. Where it is none, the text alone, without a single sign that only a terminal understands.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from sftpingest.cli import terminal
from sftpingest.sync.progress import Progress, silent

#: What stands out in a summary, and how. A name in a pattern is the style of that part.
STYLES = (
    (r"(?m)^GOOD\.", "bold green"),
    (r"(?m)^REFUSED\.", "bold red"),
    (r"\b[\d,]+ rows? would be rejected", "bold yellow"),
    (r"(?m)^File  .*$", "bold"),
    (r"(?m)^\S+  +[\d,]+  +[\d,]+  +(?P<yellow>[1-9][\d,]*)$", ""),
    (r"(?m)^\* [^:\n]+", "bold"),
    (r"(?<=\()[a-z]+\.[a-z_]+(?=:)", "cyan"),
)


@contextmanager
def bar() -> Iterator[Progress]:
    """A bar on standard error while something works; it is gone at the end. Nothing where nobody looks on."""
    if not _moves(sys.stderr):
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (SpinnerColumn("line"), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("Starting", total=None)

        def progress(doing: str, share: float | None) -> None:
            shown.tasks[0].total = None if share is None else 1  # update() takes None for "as it was"
            shown.update(task, description=terminal.plain(doing), completed=share or 0)

        yield progress


def summary(text: str) -> None:
    """Print a summary, in colours where they can be seen and are wanted."""
    if not _moves(sys.stdout) or os.environ.get("NO_COLOR"):
        terminal.say(text)
        return
    from rich.console import Console
    from rich.text import Text

    styled = Text("\n".join(terminal.plain(line) for line in text.split("\n")))
    for pattern, style in STYLES:
        styled.highlight_regex(pattern, style)
    Console(highlight=False).print(styled, soft_wrap=True)


def _moves(stream: TextIO) -> bool:
    """Whether it is a terminal on which things can move and be coloured."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"
