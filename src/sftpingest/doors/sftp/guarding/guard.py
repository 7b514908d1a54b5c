"""Who may come as far as the door: before a word of SSH is spoken, and as long as they stay.

In: connections that arrive, logins that enter and leave, refusals. Out: yes, no, or not yet.

All is decided in memory, at once; what other processes know comes and goes through `Exchange`, about every second.
A store that cannot be written lets nobody through: this process counts on by itself.
"""

import asyncio
import contextlib
import math
import socket
import time

from asyncssh.constants import DISC_NO_MORE_AUTH_METHODS_AVAILABLE

from sftpingest.doors.sftp.entrance.entry import Entry, Gate
from sftpingest.doors.sftp.events import Events
from sftpingest.doors.sftp.guarding import proxy
from sftpingest.doors.sftp.guarding.exchange import Exchange
from sftpingest.doors.sftp.guarding.farewell import NOT_ALLOWED, TOO_MANY, turn_away
from sftpingest.doors.sftp.guarding.guests import Connected, Guest, Guests
from sftpingest.doors.sftp.guarding.origin import origins, plain, within
from sftpingest.doors.sftp.guarding.refusals import Refusals
from sftpingest.doors.sftp.guarding.sparing import Sparing
from sftpingest.doors.sftp.guarding.staying import Staying
from sftpingest.doors.sftp.guarding.watching import Ban, Inside, Watchlist
from sftpingest.doors.sftp.rules import Rules

#: proofs that an agent offers by the handful: refusals of one connection count once, and only if nobody enters by it
_OFFERED = frozenset({"key", "certificate"})

_NOT_ALLOWED = "This server does not take connections from your address. Ask whoever runs it to add it."
_CROWDED = "Too many connections are waiting to log in. Try again in a minute."
_NO_ROOM = "The server can let nobody in just now. Try again in some minutes, or tell whoever runs it."
_TOO_MANY_ATTEMPTS = "Too many attempts to log in."


class Guard:
    """Watches one process of the door. Everything but `arrive` and `refused` answers at once, in the event loop."""

    def __init__(self, rules: Rules | None = None, watchlist: Watchlist | None = None) -> None:
        self._rules = rules or Rules()
        self._events = Events()
        self._sparing = Sparing(self._events)
        self._guests = Guests()
        self._refusals = Refusals(self._rules)
        self._exchange = Exchange(self._refusals, self._guests, watchlist)
        self._staying = Staying(self._rules, self._guests)
        self.version = b"sftpingest"

    async def open(self, events: Events, gate: Gate) -> None:
        """Begin to watch; every ban that stands is known when this returns."""
        self._events, self._sparing = events, Sparing(events)
        await self._exchange.open(self._surplus)
        self._staying.open(events, gate)

    async def close(self) -> None:
        """Watch no longer."""
        await self._staying.close()
        await self._exchange.close()

    # -- before SSH ----------------------------------------------------------------------------------------------

    async def arrive(self, client: socket.socket, peer: str) -> str | None:
        """Give the client's IP address, or None when it was sent away. `peer`: who is at the other end of the socket.

        From one of our balancers a header of the PROXY protocol must come first.
        """
        address = plain(peer)
        if within(address, self._rules.balancers):
            told = await self._told_by(client, address)
            if told is None:
                return None
            address = told
        if (no := self._why_not(address)) is None:
            return address
        reason, code, sentence = no
        self._sparing.refused(address, reason, time.monotonic())
        await turn_away(client, self.version, code, sentence)
        return None

    def greet(self, connection: Connected) -> None:
        """SSH begins with a client that was let pass. Call it in the same breath as `arrive` returns."""
        self._guests.come(connection)

    async def _told_by(self, client: socket.socket, balancer: str) -> str | None:
        """The address that a balancer tells of, its own where it asks for itself; None: it was sent away."""
        try:
            found = await asyncio.wait_for(proxy.receive(client), self._rules.proxy_seconds)
        except (proxy.NoHeader, OSError, TimeoutError):
            self._sparing.refused(balancer, "no_proxy_header", time.monotonic())
            client.close()
            return None
        return balancer if found is None else plain(found)

    def _why_not(self, address: str) -> tuple[str, int, str] | None:
        """Reason, code and sentence for a client that may not pass."""
        rules, of = self._rules, origins(address)
        if not self._events.is_sound():
            return "no_room_for_events", TOO_MANY, _NO_ROOM
        if rules.allow and not within(address, rules.allow):
            return "not_allowed", NOT_ALLOWED, _NOT_ALLOWED
        if ban := self._banned(address):
            return "banned", TOO_MANY, _kept_out(ban)
        if self._guests.starting(of[0]) >= rules.most_starting_per_address:
            return "too_many_starting_from_address", TOO_MANY, _CROWDED
        if self._guests.starting() >= rules.most_starting and not self._makes_room(self._guests.starting(of[-1])):
            return "too_many_starting", TOO_MANY, _CROWDED
        return None

    def _makes_room(self, own: int) -> bool:
        """Send away the oldest of the address that holds most, where that has more than the one who comes."""
        crowd = self._guests.most_knocking()
        if len(crowd) <= own:
            return False
        self._sparing.refused(crowd[0].connection.address, "too_many_starting", time.monotonic())
        self._dismiss(crowd[0], TOO_MANY, _CROWDED)
        return True

    # -- proofs --------------------------------------------------------------------------------------------------

    def asking(self, connection: Connected) -> bool:
        """Whether a proof may be looked at now: one at a time, and none from an address that is banned meanwhile."""
        guest = self._guests.of(connection)
        if guest is None:
            return False
        if ban := self._banned(connection.address):
            self._dismiss(guest, TOO_MANY, _kept_out(ban))
            return False
        if guest.asking:
            self._dismiss(guest, DISC_NO_MORE_AUTH_METHODS_AVAILABLE, "One attempt to log in at a time, please.")
            return False
        guest.asking = True
        return True

    def waits(self, connection: Connected) -> bool:
        """Whether anybody is still there to hear an answer. May be called from threads."""
        return self._guests.of(connection) is not None

    def asked(self, connection: Connected) -> None:
        """The proof was looked at, and answered."""
        if guest := self._guests.of(connection):
            guest.asking = False

    async def refused(self, connection: Connected, username: str, method: str) -> None:  # noqa: ARG002 - bans are by address: nobody locks out a login
        """Count a refused proof, and return when its answer may be sent. `method`: password, code, key, certificate."""
        guest = self._guests.of(connection)
        if guest is None:  # did not wait for the answer: the proof was looked at all the same, and counts
            self._count(connection.address)
            return
        guest.refusals += 1
        if method in _OFFERED:
            guest.key_refused = True
        else:
            self._count(connection.address)
        if guest.refusals >= self._rules.most_refusals:
            self._dismiss(guest, DISC_NO_MORE_AUTH_METHODS_AVAILABLE, _TOO_MANY_ATTEMPTS)
        elif method not in _OFFERED:
            await asyncio.sleep(self._refusals.delay(guest.origin, time.time()))

    def _count(self, address: str) -> None:
        for of in () if within(address, self._rules.balancers) else origins(address):
            self._count_of(of)

    def _count_of(self, of: str) -> None:
        self._exchange.refused(of)
        ban = self._refusals.add(of, time.time())
        if ban is None:
            return
        self._exchange.banned(of, ban)
        self._events.warn("address.banned", address=of, until=_at(ban.until), times=ban.times)
        for guest in self._guests.knocking(of):
            self._dismiss(guest, TOO_MANY, _kept_out(ban))

    def _banned(self, address: str) -> Ban | None:
        """The ban of an address, or of the wide network around it. A balancer is never banned: its clients are."""
        if within(address, self._rules.balancers):
            return None
        now = time.time()
        return next(filter(None, (self._refusals.ban(of, now) for of in origins(address))), None)

    # -- inside --------------------------------------------------------------------------------------------------

    def enter(self, connection: Connected, entry: Entry) -> str | None:
        """None where one more connection of this login may be open now, else the sentence why not."""
        guest = self._guests.of(connection)
        if guest is None or guest.entry is not None:
            return None
        for held, most, reason, sentence in (
            (self._exchange.of_login(entry.username), self._rules.most_per_login, "too_many_of_login", _OF_LOGIN),
            (self._exchange.of_origin(guest.origin), self._rules.most_per_address, "too_many_of_address", _OF_ADDRESS),
        ):
            if held >= most:
                self._sparing.refused(connection.address, reason, time.monotonic())
                guest.key_refused = False  # the proof was right
                return sentence.format(most=most)
        self._guests.enter(guest, entry, time.monotonic())
        self._exchange.entered(Inside(guest.number, entry.username, guest.origin, time.time()))
        return None

    def leave(self, connection: Connected) -> None:
        """A connection has ended, whether or not anybody entered through it. May be called again."""
        guest = self._guests.leave(connection)
        if guest is None:
            return
        if guest.entry is not None:
            self._exchange.left(guest.number)
        elif guest.key_refused:
            self._count(connection.address)

    def _surplus(self, guest: Guest) -> None:
        """One that another process let in at the same moment was the last that had room."""
        self._sparing.refused(guest.connection.address, "too_many_of_login", time.monotonic())
        self._dismiss(guest, TOO_MANY, "Too many connections are open at once. Close some, or wait until they end.")

    def _dismiss(self, guest: Guest, code: int, sentence: str) -> None:
        with contextlib.suppress(OSError):
            guest.connection.disconnect(code, sentence)


_OF_LOGIN = "This login has {most} connections open already. Close some, or wait until they end."
_OF_ADDRESS = "Your address has {most} connections open already. Close some, or wait until they end."


def _kept_out(ban: Ban) -> str:
    minutes = max(1, math.ceil((ban.until - time.time()) / 60))
    wait = f"{minutes} minutes" if minutes > 1 else "a minute"
    return f"Too many wrong attempts to log in came from your address. Try again in {wait}."


def _at(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
