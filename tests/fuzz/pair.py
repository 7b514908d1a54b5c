"""Two connections that hear the same bytes: one with our lane, one as asyncssh is. Nothing is sent anywhere.

In: bytes of SSH. Out: where the two differ.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from asyncssh import SSHServerConnection, SSHServerConnectionOptions, generate_private_key

from sftpingest.doors.sftp.ssh.runs import BOX, Waiting
from sftpingest.doors.sftp.ssh.sending import Sending
from tests.fuzz.side import Keys, Side

#: bytes that come at once, at most; a box has room for as many whatever is in front of them
READ = BOX // 2


class Lean(Sending):
    """Ours; channels wait as in connection.py."""

    def _process_session_open(self, packet: Any) -> Any:
        channel, session = super()._process_session_open(packet)
        channel._recv_buf = Waiting()  # type: ignore[assignment]
        return channel, session

    def take(self, came: bytes) -> None:
        """As an event loop does."""
        room = self.get_buffer(-1)
        room[: len(came)] = came
        self.buffer_updated(len(came))


class Plain(SSHServerConnection):
    """asyncssh's own."""

    def take(self, came: bytes) -> None:
        self.data_received(came)


async def options() -> SSHServerConnectionOptions:
    """Options for both, made once."""
    made: SSHServerConnectionOptions = await SSHServerConnectionOptions.construct(
        None,
        config=None,
        server_host_keys=[generate_private_key("ssh-ed25519")],
        encoding=None,
        line_editor=False,
        allow_pty=False,
        agent_forwarding=False,
        gss_host=None,
        login_timeout=0,
    )
    return made


def _is_beginning(less: Sequence[Any], more: Sequence[Any]) -> bool:
    """Whether `less` is how `more` begins, the end of the connection left aside."""
    for one, other in zip(less, more, strict=False):
        if isinstance(one, str) and one.startswith("lost"):
            return True
        if one != other:
            return isinstance(one, bytearray) and isinstance(other, bytearray) and other.startswith(one)
    return len(less) <= len(more)


def _briefly(told: Sequence[Any]) -> list[str]:
    return [f"{len(one)} bytes: {bytes(one[:30])!r}" if isinstance(one, bytearray) else one for one in told]


class Pair:
    """Both, hearing the same."""

    def __init__(self, made: SSHServerConnectionOptions, algorithm: int, seq: int, window: int, strict: bool) -> None:
        loop = asyncio.get_running_loop()
        self.ours = Side(Lean(loop, made), Keys(algorithm, 0), seq, window, strict)
        self.theirs = Side(Plain(loop, made), Keys(algorithm, 0), seq, window, strict)
        self.both = (self.ours, self.theirs)

    def agree(self, algorithm: int, turn: int) -> None:
        for side in self.both:
            side.agree(Keys(algorithm, turn))

    def take(self, came: bytes) -> None:
        """Both take it in pieces as an event loop reads them, until they end."""
        for side in self.both:
            for at in range(0, len(came), READ):
                if not side.over:
                    side.it.take(came[at : at + READ])

    async def turn(self) -> None:
        """Let the loop turn until nothing is to be done, and nobody pauses."""
        for turn in range(1000):
            if turn > 4 and not any(side.paused for side in self.both):
                break
            await asyncio.sleep(0)
        for side in self.both:
            side.look()
            if not side.over and not side.it._deferred_packets:
                side.check_windows()

    def compare(self) -> None:
        """Say where they differ. Of what was paused asyncssh delivers less before it ends than we do."""
        ours, theirs = self.both
        assert ours.reason == theirs.reason, (ours.owner.end, theirs.owner.end)
        assert ours.sent == theirs.sent, (ours.sent, theirs.sent)
        assert len(ours.owner.sessions) == len(theirs.owner.sessions)
        loose = theirs.over and any(session.pauses for session in theirs.owner.sessions)
        for mine, other in zip(ours.owner.sessions, theirs.owner.sessions, strict=True):
            same = _is_beginning(other.told, mine.told) if loose else mine.told == other.told
            assert same, (_briefly(mine.told), _briefly(other.told))
        if not theirs.over:
            assert ours.waits == theirs.waits, (ours.waits, theirs.waits)
            assert (ours.it._recv_seq, ours.it._auth_final) == (theirs.it._recv_seq, theirs.it._auth_final)

    async def end(self) -> None:
        """Leave nothing behind in the loop."""
        for side in self.both:
            side.it._force_close(None)
            for task in list(side.it._tasks):
                task.cancel()
        await asyncio.sleep(0)
