"""By which algorithms a connection's keys sign: ours as was agreed with this client, theirs as the profile says.

In: what a client proposes and signs. Out: one key pair of its own for each connection; no to a signature by SHA-1.
"""

import copy
from collections.abc import Sequence

import structlog
from asyncssh import ProtocolError, SSHServerConnection
from asyncssh.packet import PacketDecodeError, SSHPacket

log = structlog.get_logger()


class Signing(SSHServerConnection):
    """An SSH connection that keeps to its signature algorithms."""

    _told = False

    def choose_server_host_key(self, peer_host_key_algs: Sequence[bytes]) -> bool:
        """Take the first algorithm of the client's that a host key of ours can do. Raises ProtocolError.

        asyncssh sets the algorithm on the pair that all connections share; with RSA, of two that come at once one
        would then get a signature by the other's.
        """
        if self._session_id and not self._auth_complete:  # no client does, and it costs a stranger nothing
            raise ProtocolError("New keys before login")
        for algorithm in peer_host_key_algs:
            pair = self._server_host_keys.get(algorithm)
            if pair is not None:
                own = copy.copy(pair)
                own.set_sig_algorithm(algorithm)
                self._server_host_key = own
                return True
        return False

    async def validate_public_key(self, username: str, key_data: bytes, msg: bytes, signature: bytes) -> bool:
        """Refuse signatures by other algorithms than the profile's: asyncssh names them to clients, but takes all."""
        if msg and (algorithm := _algorithm(signature)) not in self._sig_algs:
            if not self._told:
                log.warning("key.refused", algorithm=algorithm.decode("ascii", "replace"), reason="too old")
                self._told = True
            return False
        return await super().validate_public_key(username, key_data, msg, signature)

    def _process_hostkeys_prove_00_at_openssh_dot_com_global_request(self, packet: SSHPacket) -> None:
        """Prove that we have the host keys that a client names: each once, a packet has room for thousands."""
        asked = SSHPacket(packet.get_remaining_payload())
        named = 0
        while asked and named <= len(self._all_server_host_keys):
            asked.get_string()
            named += 1
        if named > len(self._all_server_host_keys):
            self._report_global_response(False)  # noqa: FBT003 - asyncssh's own
            return
        super()._process_hostkeys_prove_00_at_openssh_dot_com_global_request(packet)


def _algorithm(signature: bytes) -> bytes:
    try:
        return SSHPacket(signature).get_string()
    except PacketDecodeError:
        return b""
