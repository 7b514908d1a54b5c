"""What an operator may decide about the SFTP door.

In: settings, handed over by the app. Out: frozen numbers that every part of the door reads.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """Limits and times of the door; the defaults suit a server on the open internet."""

    #: seconds without any change after which files are an upload; told in /README.txt
    quiet_seconds: float = 60
    #: seconds from connecting to being let in
    login_seconds: float = 60
    #: a silent client is asked every so many seconds ...
    alive_seconds: float = 30
    #: ... and is gone when it has not answered so many times
    alive_times: int = 4
