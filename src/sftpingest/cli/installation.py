"""The installation, opened: its settings, its data folder, its store at the newest revision.

In:  the settings.
Out: an Installation that commands work on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
    try:
        yield Installation(asked, engine)
    finally:
        engine.dispose()
