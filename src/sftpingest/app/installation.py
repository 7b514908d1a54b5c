"""The data folder and the store, made where they are missing.

In:  the settings.
Out: an Engine at the newest revision.
"""

import os
from importlib.resources import files

from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from sftpingest.settings import Settings
from sftpingest.store.engine import migrate, open_store, revision

#: The name of the host key in its folder, as OpenSSH would call it.
HOST_KEY = "ssh_host_ed25519_key"
MIGRATIONS = "sftpingest.store:migrations"


class StoreTooNew(Exception):
    """The store was made by a newer version of sftpingest. Install that version, or go back to a backup."""


def open_installation(settings: Settings) -> Engine:
    """Make what is missing and open the store. Raises StoreTooNew, WrongStore, OSError."""
    os.umask(0o077)  # children's names stand in what we write: not for others on this machine
    (settings.data / "locks").mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = open_store(settings.store_url)
    at = revision(engine)
    if at == newest_revision():
        return engine  # a migration would wait for whoever is writing
    if at is not None and at not in _revisions():
        raise StoreTooNew
    migrate(engine)
    return engine


def newest_revision() -> str | None:
    """The revision of the store that this program works with."""
    return ScriptDirectory(_folder()).get_current_head()


def _revisions() -> set[str]:
    return {script.revision for script in ScriptDirectory(_folder()).walk_revisions()}


def _folder() -> str:
    return str(files("sftpingest.store") / "migrations")
