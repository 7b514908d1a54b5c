"""Who may come as far as the door: before a word of SSH is spoken, and as long as they stay.

In: connections that arrive, logins that enter and leave, refusals. Out: yes, no, or not yet.
"""

# ruff: noqa: ARG002

import socket

from sftpingest.doors.sftp.entry import Entry


class Guard:
    """Watches one process of the door."""

    async def arrive(self, client: socket.socket, peer: str) -> str | None:
        """Give the client's IP address, or None to send it away. `peer`: who is at the other end of the socket."""
        return peer

    async def refused(self, address: str, username: str, method: str) -> None:
        """Count a refused proof, and return when its answer may be sent."""

    def enter(self, connection: object, entry: Entry) -> bool:
        """Whether one more connection of this login may be open now."""
        return True

    def leave(self, connection: object) -> None:
        """A connection has ended, whether or not anybody entered through it."""
