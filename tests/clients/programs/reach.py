"""Where the server is and how to log in, for the programs in Python.

In: SFTP_* variables and the words of the command line. Out: both, read.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

HOST = os.environ.get("SFTP_HOST", "127.0.0.1")
PORT = int(os.environ.get("SFTP_PORT", "0"))
USER = os.environ.get("SFTP_USER", "")
PASSWORD = os.environ.get("SFTP_PASSWORD")
KEY = os.environ.get("SFTP_KEY")
KNOWN_HOSTS = os.environ.get("SFTP_KNOWN_HOSTS", "")


def tell(*lines: str) -> None:
    """Print lines as UTF-8, whatever the locale."""
    sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode())


def called(version: str, verbs: dict[str, Callable[..., Any]]) -> None:
    """Do what the command line says; exit status 1 and the error where it fails."""
    word, *rest = sys.argv[1:]
    if word == "version":
        tell(version)
        return
    try:
        verbs[word](*rest)
    except Exception as error:  # noqa: BLE001 - whatever a library raises: the test wants to read it
        sys.exit(f"{type(error).__module__}.{type(error).__name__}: {error}")
