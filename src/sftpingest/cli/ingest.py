"""`sftpingest ingest`: take a folder or zip as if a district had uploaded it, and wait for the outcome.

In:  a district and a path.
Out: the outcome, its counts, and an exit status that says the same.
"""

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sftpingest.cli import audit, outcome, terminal
from sftpingest.cli.district import Slug
from sftpingest.cli.installation import Installation, opened

if TYPE_CHECKING:
    from sftpingest.store.tables import District


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(
        epilog=terminal.example("sftpingest ingest springfield ./roster", "sftpingest ingest springfield roster.zip")
    )(ingest)


def ingest(
    slug: Slug,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Folder, zip or other packed file with the files.")],
    json: terminal.AsJson = False,
) -> None:
    """Take a folder or zip as an upload and wait.

    Exit status: 0 applied, 1 applied with rejected rows, 3 held, 4 refused, 5 failed.
    """
    if not path.exists():
        raise terminal.Stopped(f"{path} is not there. Name a folder or a zip with the files of the roster.")
    with opened() as here:
        sync_id = queue(here, here.district(slug), path)
        try:
            found = outcome.wait(here, slug, sync_id)
        except KeyboardInterrupt:
            sentence = f"Stopped waiting. The upload is kept as sync {sync_id} and is worked on when the server runs."
            raise terminal.Stopped(sentence, terminal.INTERRUPTED) from None
        status = outcome.show(here, slug, found, json)
    raise typer.Exit(status)


def queue(here: Installation, district: "District", path: Path) -> int:
    """Snapshot the files and put them in the queue; gives the number of the sync."""
    from sftpingest import inbox
    from sftpingest.store import journal

    folders, mark = here.folders(district.slug), uuid.uuid4().hex
    folders.make()
    inbox.snapshot_from(path, folders, mark)
    with here.engine.begin() as connection:
        sync_id = journal.queue(connection, district.id, mark, "ingest", None)
        audit.record(connection, "upload.ingested", district=district.slug, file=path.name, sync=sync_id)
        return sync_id
