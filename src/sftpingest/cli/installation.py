"""The installation, opened: its settings, its data folder, its store at the newest revision.

In:  the settings.
Out: an Installation that commands work on.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sftpingest.cli import terminal

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from sftpingest.inbox import Folders
    from sftpingest.settings import Settings
    from sftpingest.store.tables import District


@dataclass(frozen=True)
class Installation:
    """What a command works on."""

    settings: "Settings"
    engine: "Engine"

    def folders(self, slug: str) -> "Folders":
        """The folders of a district."""
        from sftpingest import inbox

        return inbox.folders(self.settings.data, slug)

    def district(self, slug: str) -> "District":
        """One district. Raises NoSuchDistrict."""
        from sftpingest.store import accounts

        with self.engine.connect() as connection:
            return accounts.district(connection, slug)


@contextmanager
def opened(*, make: bool = False) -> Iterator[Installation]:
    """Open this installation, and close it after. Only `make` makes a data folder and store where there are none.

    Raises NoStore where there are none: whoever runs a command in the wrong folder is not shown a new, empty store.
    """
    import logging

    from sftpingest import log, settings
    from sftpingest.app.installation import open_installation

    asked = settings.read(terminal.CONFIG.get())
    # whoever asks for a log gets it; a person at a terminal only wants to hear of trouble
    log.set_up(asked.log, level=logging.INFO if asked.log else logging.WARNING)
    engine = open_installation(asked, make=make)
    _mind_who_runs_this(asked.data)
    try:
        yield Installation(asked, engine)
    finally:
        engine.dispose()


def user(number: int) -> str:
    """The name of a user of this machine; his number where he has none, as in containers."""
    import pwd  # not on Windows, where `check` runs

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _mind_who_runs_this(folder: Path) -> None:
    """What root makes in the data folder of another user, that user's service cannot read."""
    owner = folder.stat().st_uid if folder.is_dir() else 0
    if os.geteuid() == 0 and owner != 0:
        name = user(owner)
        terminal.note(f"Mind that {folder} belongs to {name}, and root runs this. Be {name}: see deploy/README.md.")
