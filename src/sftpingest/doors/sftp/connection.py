"""One SSH connection as asyncssh drives it, with the address that the client really has.

In: a socket that the guard let pass. Out: packets for asyncssh.
"""

import asyncio

from asyncssh import SSHServerConnection, SSHServerConnectionOptions


class Connection(SSHServerConnection):
    """A connection that knows where its client is, whatever stands between."""

    def __init__(self, loop: asyncio.AbstractEventLoop, options: SSHServerConnectionOptions, address: str) -> None:
        super().__init__(loop, options)
        #: IP address of the client
        self.address = address
