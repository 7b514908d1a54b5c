"""The data folder and the store, made where they are missing.

In:  the settings.
Out: an Engine at the newest revision.
"""

import os

from sqlalchemy import Engine

from sftpingest.settings import Settings
from sftpingest.store.engine import CONNECTIONS, file_of, migrate, open_store, revision, revisions

#: The name of the host key in its folder, as OpenSSH would call it.
HOST_KEY = "ssh_host_ed25519_key"


class StoreTooNew(Exception):
    """The store was made by a newer version of sftpingest. Install that version, or go back to a backup."""


class NoStore(Exception):
    """There is no store yet. `sftpingest up` or `sftpingest district add` makes one."""

    def __init__(self, settings: Settings) -> None:
        own = settings.database_url.get_secret_value()
        where, variable = ("where SFTPINGEST_DATABASE_URL says", "it") if own else (settings.data, "SFTPINGEST_DATA")
        super().__init__(
            f"There is no store {'' if own else 'in the data folder '}{where}. "
            f"Set {variable} to the right one, or make a store there with `sftpingest up`."
        )


def open_installation(settings: Settings, *, make: bool = True, connections: int = CONNECTIONS) -> Engine:
    """Open the store. Makes the data folder and the store where they are missing, or raises NoStore without `make`.

    `connections`: how many are kept open, for processes whose threads ask the store at once.
    Raises StoreTooNew, WrongStore, OSError too.
    """
    os.umask(0o077)  # children's names stand in what we write: not for others on this machine
    if make:
        (settings.data / "locks").mkdir(mode=0o700, parents=True, exist_ok=True)
    elif (file := file_of(settings.store_url)) and not file.exists():
        raise NoStore(settings)
    engine = open_store(settings.store_url, connections)
    at = revision(engine)
    if at == revisions()[-1]:
        return engine  # a migration would wait for whoever is writing
    if at is None and not make:
        raise NoStore(settings)
    if at is not None and at not in revisions():
        raise StoreTooNew
    migrate(engine)
    return engine
