"""One client on its way in: asks the gate about each proof, and tells the guard and the log.

In: passwords, keys, certificates and codes as a connection brings them. Out: an entry once all it needs was shown.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from asyncssh import SSHKey
from asyncssh.public_key import SSHOpenSSHCertificate

from sftpingest.doors.sftp.entrance import certificates
from sftpingest.doors.sftp.entrance.entry import Entry, Proof
from sftpingest.doors.sftp.entrance.proofs import Proofs, Shown
from sftpingest.doors.sftp.events import Events
from sftpingest.doors.sftp.guarding.origin import origins

if TYPE_CHECKING:
    from sftpingest.doors.sftp.entrance.connection import Connection
    from sftpingest.doors.sftp.entrance.reception import House

T = TypeVar("T")
#: What a client is asked, whether or not there is such a login; asyncssh's own words, which scripts wait for.
_PASSWORD = ("", "", "en-US", (("Password:", False),))
_CODE = ("", "The six digits that your authenticator app shows now.", "en-US", (("Code:", False),))

Challenge = bool | tuple[str, str, str, tuple[tuple[str, bool], ...]]


class Entering:
    """What one connection shows, until it is in. A username that is changed in between begins with nothing."""

    def __init__(self, house: "House", connection: "Connection", events: Events) -> None:
        self._house, self._connection, self._events = house, connection, events
        self._address = connection.address
        self.proofs = Proofs()
        self._prompted: Proof | None = None
        #: the key that a client has just named: its entry, None where it was refused and counted
        self._offered: tuple[str, Shown, Entry | None] | None = None
        self._questions: set[asyncio.Task[Entry | None]] = set()
        #: the last proof was not looked at: nobody waited for it any more
        self._passed_over = False

    async def password(self, username: str, password: str) -> bool:
        """Ask the gate about a password."""
        asked = partial(self._house.gate.password, username, password, self._address)
        return await self._judge(username, Shown(Proof.PASSWORD, "password"), asked)

    async def key(self, username: str, key: SSHKey) -> bool:
        """Ask the gate about a key; it counts once `key_shown` says that its signature is right."""
        line = certificates.bare(key)
        asked = partial(self._house.gate.key, username, line, self._address)
        return await self._offer(username, Shown(Proof.KEY, "key", {"fingerprint": key.get_fingerprint()}), asked)

    async def certificate(self, username: str, certificate: SSHOpenSSHCertificate) -> bool:
        """Ask the gate whether it trusts who signed this certificate, if it is good otherwise."""
        reason = certificates.refusal(certificate, username, self._address)
        asked = partial(self._house.gate.certificate, username, certificates.bare(certificate.signing_key))
        shown = Shown(Proof.KEY, "certificate", certificates.facts(certificate))
        return await self._offer(username, shown, _no if reason else partial(asked, self._address), reason)

    async def key_shown(self, username: str, *, right: bool, signed: bool) -> bool:
        """Count a key or certificate whose signature was checked; without signature the client only asks."""
        offered, self._offered = self._offered, None
        named, shown, entry = offered or (username, Shown(Proof.KEY, "key"), None)
        if right and entry is not None and named == username:
            if signed:
                self._add(username, shown, entry)
            return True
        if entry is not None or offered is None:  # a wrong signature, or what asyncssh did not ask us about
            await self._judge(username, shown, _no)
        return False

    def challenge(self, username: str) -> Challenge:
        """What keyboard-interactive asks: the password first, then the code, each only where it is needed."""
        self.proofs.begin(username)
        self._prompted = next((proof for proof in (Proof.PASSWORD, Proof.CODE) if self.proofs.needs(proof)), None)
        return {Proof.PASSWORD: _PASSWORD, Proof.CODE: _CODE}.get(self._prompted, False) if self._prompted else False

    async def answer(self, username: str, answers: Sequence[str]) -> Challenge:
        """Look at what was answered; a right password is followed by the question for the code where one is needed."""
        prompted, self._prompted = self._prompted, None
        self.proofs.begin(username)
        if prompted is None or len(answers) != 1 or not self.proofs.needs(prompted):
            return False  # an answer to nothing
        if prompted is Proof.PASSWORD:
            right = await self.password(username, answers[0])
            return self.challenge(username) if right and self.proofs.needs(Proof.CODE) else right
        asked = partial(self._house.gate.code, username, answers[0], self._address)
        return await self._judge(username, Shown(Proof.CODE, "code"), asked)

    async def _offer(
        self, username: str, shown: Shown, question: Callable[[], Entry | None], reason: str | None = None
    ) -> bool:
        self._offered = None
        entry = await self._ask(username, shown, question, reason)
        self._offered = (username, shown, entry)
        return entry is not None

    async def _judge(self, username: str, shown: Shown, question: Callable[[], Entry | None]) -> bool:
        entry = await self._ask(username, shown, question)
        if entry is not None:
            self._add(username, shown, entry)
        return entry is not None

    def _add(self, username: str, shown: Shown, entry: Entry) -> None:
        self.proofs.add(username, shown, entry)
        if missing := self.proofs.missing:
            left = "+".join(sorted(missing))
            self._events.note(
                "login.continued", district=entry.slug, username=username, method=shown.method, missing=left
            )

    async def _ask(
        self, username: str, shown: Shown, question: Callable[[], Entry | None], reason: str | None = None
    ) -> Entry | None:
        """Ask in a task of its own: a client that sends the next proof unasked cancels ours, and is counted."""
        task = asyncio.get_running_loop().create_task(self._asked(username, shown, question, reason))
        self._questions.add(task)
        task.add_done_callback(self._questions.discard)
        return await asyncio.shield(task)

    async def _asked(
        self, username: str, shown: Shown, question: Callable[[], Entry | None], reason: str | None
    ) -> Entry | None:
        if not self._house.guard.asking(self._connection):
            return None
        try:
            entry = await self._look(shown, partial(self._unless_gone, question))
            if entry is None and not self._passed_over:
                await self._refuse(username, shown, {"reason": reason} if reason else {})
            return entry
        finally:
            self._house.guard.asked(self._connection)

    async def _look(self, shown: Shown, question: Callable[[], Entry | None]) -> Entry | None:
        if shown.proof is not Proof.PASSWORD:
            return await self._in_thread(question)
        return await self._house.turns.take(origins(self._address)[-1], question)

    def _unless_gone(self, question: Callable[[], Entry | None]) -> Entry | None:
        """Ask, but not for a client that has left while its proof stood in line: passwords are dear to look at."""
        self._passed_over = not self._house.guard.waits(self._connection)
        return None if self._passed_over else question()

    async def _refuse(self, username: str, shown: Shown, facts: dict[str, object]) -> None:
        """Tell of a refusal. A name that is no login's stays untold: it may be a password in the wrong place."""
        slug = await self._in_thread(partial(self._house.gate.known, username))
        if slug is not None:
            facts |= {"district": slug, "username": username}
        self._events.warn("login.refused", method=shown.method, **facts)
        await self._house.guard.refused(self._connection, username, shown.method)

    async def _in_thread(self, question: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._house.threads, question)


def _no() -> None:
    """What needs no gate to be refused."""
