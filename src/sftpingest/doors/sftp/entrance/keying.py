"""A connection on which several proofs may be asked for, one after the other.

In: what a client shows, as asyncssh takes it. Out: success only when the reception has seen all; until then "more".

asyncssh knows the answer "right, but go on" (RFC 4252 section 5.1) and the methods that are left, and never gives it.
"""

from typing import TYPE_CHECKING, cast

from asyncssh import SSHKey, SSHServerConnection
from asyncssh.constants import DISC_NO_MORE_AUTH_METHODS_AVAILABLE, DISC_TOO_MANY_CONNECTIONS
from asyncssh.packet import SSHPacket
from asyncssh.public_key import SSHOpenSSHCertificate
from cryptography.exceptions import UnsupportedAlgorithm

if TYPE_CHECKING:
    from sftpingest.doors.sftp.entrance.reception import Reception

#: requests to be let in that one connection has: the guard counts refused proofs, but what asks for methods, for a
#: question that is never answered or about a key that is never shown is none
_MOST_ASKED = 100


class ManyProofs(SSHServerConnection):
    """Asks its reception whether all was shown."""

    _asked = 0

    @property
    def _reception(self) -> "Reception | None":
        return cast("Reception | None", self._owner)  # None once the connection is lost

    async def _finish_userauth(self, begin_auth: bool, method: bytes, packet: SSHPacket) -> None:  # noqa: FBT001
        self._asked += 1
        if self._asked > _MOST_ASKED:
            self.disconnect(DISC_NO_MORE_AUTH_METHODS_AVAILABLE, "Too many attempts to log in.")
            return
        await super()._finish_userauth(begin_auth, method, packet)

    async def validate_public_key(self, username: str, key_data: bytes, msg: bytes, signature: bytes) -> bool:
        """A key counts once its signature is right: clients ask first whether it would be taken."""
        try:
            right = await super().validate_public_key(username, key_data, msg, signature)
        except (ValueError, OverflowError, UnsupportedAlgorithm):  # numbers that are no key; asyncssh would fall over
            right = False
        reception = self._reception
        return reception is not None and await reception.key_shown(username, right=right, signed=bool(msg))

    async def _validate_openssh_certificate(self, username: str, cert: SSHOpenSSHCertificate) -> SSHKey | None:
        """Ours instead of asyncssh's: see certificates.py for what it leaves out."""
        reception = self._reception
        if reception is None or not await reception.certificate_offered(username, cert):
            return None
        self._cert_options = cert.options
        cert.key.set_touch_required(True)
        return cert.key

    def send_userauth_failure(self, partial_success: bool) -> None:  # noqa: FBT001 - asyncssh's own
        """Say no, or "more". The client may ask for the service anew: paramiko does before every further attempt.

        asyncssh would end the connection, OpenSSH does not mind; without this a client that tries a key and then the
        password, as paramiko's do by default, never came in.
        """
        super().send_userauth_failure(partial_success)
        self._next_service = b"ssh-userauth"

    async def send_userauth_success(self) -> None:
        """One proof is right. Say so, and that the client is in if it was the last one."""
        reception = self._reception
        if reception is None:
            return
        if not reception.proven(self._username):
            self.send_userauth_failure(partial_success=True)
        elif refused := reception.turned_away(self._username):
            self.disconnect(DISC_TOO_MANY_CONNECTIONS, refused)
        else:
            await super().send_userauth_success()
