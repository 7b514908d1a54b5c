"""SSH packets of one connection, cut anywhere: the lane makes of them what asyncssh does, or refuses them as it."""

import asyncio
import struct
from collections.abc import Callable

import asyncssh
import atheris  # type: ignore[import-untyped]
from asyncssh.packet import String, UInt32

from tests.fuzz import runner

with atheris.instrument_imports(include=[f"sftpingest.doors.sftp.ssh.{name}" for name in ("lane", "runs", "ciphers")]):
    from tests.fuzz.pair import Pair, options
    from tests.fuzz.side import ALGORITHMS, PAUSE, Keys

IGNORE, UNIMPLEMENTED, DEBUG, DISCONNECT, NEWKEYS, GLOBAL, KEXINIT = 2, 3, 4, 1, 21, 80, 20
OPEN, WINDOW, DATA, EXTENDED, END, CLOSE, REQUEST = 90, 93, 94, 95, 96, 97, 98
ODD = 0
KINDS = [DATA] * 15 + [IGNORE] * 3 + [REQUEST] * 3 + [WINDOW, END, CLOSE] * 2
KINDS += [DEBUG, UNIMPLEMENTED, GLOBAL, OPEN, EXTENDED, DISCONNECT, KEXINIT, ODD]
REQUESTS = [String(name) + b"\1" for name in (b"keepalive@openssh.com", b"env", b"odd")]
REQUESTS += [String(b"subsystem") + b"\1" + String(b"sftp")]
AGREED = [
    b"curve25519-sha256",
    b"ssh-ed25519",
    *[b"aes128-ctr"] * 2,
    *[b"hmac-sha2-256"] * 2,
    b"none",
    b"none",
    b"",
    b"",
]
NEW_KEYS = bytes(16) + b"".join(map(String, AGREED))
#: the first lengths that asyncssh reads as they are meant: it takes shorter packets or not, as they are cut
SHORTEST = 12
LONGEST = 256 * 1024
#: from this one on algorithms are not for the lane
OTHERS = 6


class Client:
    """What a client sends, and what it may: it minds windows, but where it is told not to."""

    def __init__(self, data: atheris.FuzzedDataProvider) -> None:
        self.data = data
        self.algorithm = data.ConsumeIntInRange(0, len(ALGORITHMS) - 1)
        self.seq = data.PickValueInList([3, *range(2**32 - 7, 2**32)])
        self.window = data.PickValueInList([2**21, 2**21, 700, 64])
        self.strict = data.ConsumeBool()
        self.keys = Keys(self.algorithm, 0)
        self.pair = Pair(OPTIONS, self.algorithm, self.seq, self.window, self.strict)
        self.pauses = data.ConsumeBool()
        self.turns = 0
        self.spent: dict[int, int] = {}
        #: channels that it has closed on its side
        self.ended: set[int] = set()
        self.pending = b""
        #: nothing more is to be sent: what was sent last breaks the rules
        self.broken = False
        self.short = False

    def seal(self, payload: bytes, said: int | None = None, odd: int | None = None, told: int = 0) -> bytes:
        """Make a packet; `said` is a padding that is not so, `odd` one that is, `told` what its length is wrong by."""
        padding = -((1 if self.keys.outside else 5) + len(payload)) % self.keys.block
        padding += self.keys.block if padding < 4 else 0
        padding = padding if odd is None or len(payload) < SHORTEST else odd
        body = bytes([padding if said is None else said]) + payload + bytes(padding)
        length = (len(body) + told).to_bytes(4, "big")
        packet, proof = self.keys.encryption.encrypt_packet(self.seq, length, body)
        self.seq = (self.seq + 1) & 0xFFFFFFFF
        return packet + proof

    def bytes_for(self, number: int) -> bytes:
        """Bytes for a channel, no more than it takes."""
        size: int = self.data.PickValueInList([1, 2, 7, 30, 100, 1000, 32768, 200_000, 0])
        granted = min(side.granted.get(number, 0) for side in self.pair.both)
        size = min(size, self.window + granted - self.spent.get(number, 0))
        self.spent[number] = self.spent.get(number, 0) + size
        piece = bytes([65 + self.size(9)]) * size
        return piece.replace(b"A", PAUSE) if self.pauses else piece

    def payload(self) -> bytes:
        """One packet's payload, mostly well formed."""
        kind = self.data.PickValueInList(KINDS)
        apart: dict[int, Callable[[], bytes]] = {
            IGNORE: lambda: String(bytes(self.size(40))) + bytes(self.data.PickValueInList([0, 0, 1])),
            DEBUG: lambda: b"\1" + String(b"hm") + String(b""),
            DISCONNECT: lambda: UInt32(1 + self.size(19)) + String(b"so") + String(b"en"),
            GLOBAL: lambda: String(self.data.PickValueInList([b"keepalive@openssh.com", b"x"])) + b"\1",
            OPEN: lambda: String(b"session") + UInt32(len(self.pair.ours.owner.sessions)) + UInt32(2**20) * 2,
            KEXINIT: lambda: NEW_KEYS + bytes(self.data.PickValueInList([5, 5, 5, 4])),
        }
        if kind == ODD:
            return bytes(self.data.ConsumeBytes(1 + self.size(19))) or b"\0"
        return bytes([kind]) + (apart[kind]() if kind in apart else self.for_channel(kind))

    def for_channel(self, kind: int) -> bytes:
        """What follows the kind of a packet for a channel; some there are not."""
        data = self.data
        still = [number for number in (0, 1) if number not in self.ended] or [2]
        number = data.PickValueInList(still * 6 + [0, 2, 3, 77])
        self.ended |= {number} if kind in {END, CLOSE} else set()
        rest: dict[int, Callable[[], bytes]] = {
            DATA: lambda: String(self.bytes_for(number)) + data.PickValueInList([b""] * 15 + [b"more"]),
            WINDOW: lambda: UInt32(self.size(2**32 - 1)),
            EXTENDED: lambda: UInt32(1) + String(b"stderr"),
            REQUEST: lambda: data.PickValueInList(REQUESTS),
        }
        return UInt32(number) + (rest[kind]() if kind in rest else bytes(data.PickValueInList([0] * 9 + [1])))

    def size(self, most: int) -> int:
        return int(self.data.ConsumeIntInRange(0, most))

    def packet(self) -> bytes:
        """One packet, in most cases as it should be."""
        wrong = [self.lying, self.padded, self.told_wrong, self.changed, self.exceeding, self.uneven, self.short_one]
        drawn = self.size(60)
        return wrong[drawn]() if drawn < len(wrong) else self.seal(self.payload())

    def lying(self) -> bytes:
        """Says another padding than it has."""
        return self.seal(self.payload(), said=self.data.PickValueInList([0, 1, 3, 5, 20, 255]))

    def padded(self) -> bytes:
        """Has another padding than it should."""
        return self.seal(self.payload(), odd=self.data.PickValueInList([0, 0, 1, 2, 3, 4, 5, 40, 255]))

    def told_wrong(self) -> bytes:
        """Says another length than it has."""
        self.broken = True
        told = self.data.PickValueInList([LONGEST, 2**31, 16, 1, -1])
        return self.seal(self.payload().ljust(SHORTEST, b"\0"), told=told)

    def changed(self) -> bytes:
        """Was changed on its way."""
        self.broken = True
        return self.spoilt(self.seal(self.payload()))

    def exceeding(self) -> bytes:
        """Is more than a window."""
        if self.window > LONGEST:
            return self.told_wrong()
        return self.seal(bytes([DATA]) + UInt32(self.size(1)) + String(bytes(self.window + 1)))

    def uneven(self) -> bytes:
        """Says another number of bytes than follow."""
        return self.seal(bytes([DATA]) + UInt32(0) + UInt32(self.size(60)) + bytes(self.size(40)))

    def spoilt(self, packet: bytes) -> bytes:
        """Change a bit of it; lengths below the shortest are left out."""
        at, bit = self.data.ConsumeIntInRange(0, len(packet) - 1), 1 << self.data.ConsumeIntInRange(0, 7)
        if at < 4:
            at, bit = 2, 2  # 512 more or less
        if len(packet) < 600:
            at = max(at, 4)
        return packet[:at] + bytes([packet[at] ^ bit]) + packet[at + 1 :]

    def short_one(self) -> bytes:
        """Is proven and too short; asyncssh refuses it or not, as it is cut."""
        if self.algorithm >= OTHERS:
            return self.seal(self.payload())
        self.short = self.broken = True
        body = bytes(self.data.ConsumeBytes(self.data.ConsumeIntInRange(0, SHORTEST - 1)))
        packet, proof = self.keys.encryption.encrypt_packet(self.seq, len(body).to_bytes(4, "big"), body)
        return packet + proof + bytes(100)

    async def change_keys(self) -> None:
        """NEWKEYS; what comes after it is for the new keys, also where it comes at once."""
        await self.feed(everything=True)
        self.turns += 1
        self.algorithm = self.data.ConsumeIntInRange(0, len(ALGORITHMS) - 1)
        self.pair.agree(self.algorithm, self.turns)
        self.pending += self.seal(bytes([NEWKEYS]))
        self.keys = Keys(self.algorithm, self.turns)
        self.seq = 0 if self.strict else self.seq

    async def feed(self, *, everything: bool = False) -> None:
        """Feed what is pending in pieces, all of it or not; the loop turns now and then."""
        data = self.data
        end = len(self.pending) if everything else data.ConsumeIntInRange(0, len(self.pending))
        came, self.pending = self.pending[:end], self.pending[end:]
        for _ in range(data.ConsumeIntInRange(0, 5)):
            cut = min(data.PickValueInList([1, 4, 15, 16, 17, 33, 64, 100, 5000]), len(came))
            self.take(came[:cut])
            came = came[cut:]
            if data.ConsumeBool():
                await self.pair.turn()
        self.take(came)
        await self.pair.turn()

    def take(self, came: bytes) -> None:
        if came:
            self.pair.take(came)


async def played(client: Client) -> None:
    """Two channels to begin with; then packets as they are drawn."""
    for number in range(2):
        client.pending += client.seal(bytes([OPEN]) + String(b"session") + UInt32(number) + UInt32(2**20) * 2)
    await client.feed(everything=True)
    for number in range(client.data.ConsumeIntInRange(0, 2)):
        client.pending += client.seal(
            struct.pack(">BI", REQUEST, number) + String(b"subsystem") + b"\1" + String(b"sftp")
        )
    for _ in range(client.data.ConsumeIntInRange(0, 25)):
        step = client.data.ConsumeIntInRange(0, 8)
        if step == 0:
            await client.change_keys()
        elif step < 3:
            await client.feed()
        client.pending += client.packet()
        if client.broken or client.pair.theirs.over:
            break
    if client.short:
        await judged_short(client)
        return
    await client.feed(everything=True)
    client.pair.compare()


async def judged_short(client: Client) -> None:
    """Too short a packet ends the connection with a reason that the client is told."""
    await client.feed(everything=True)
    ours, theirs = client.pair.both
    assert isinstance(ours.owner.end, asyncssh.DisconnectError) or ours.reason == theirs.reason, ours.owner.end


async def with_client(content: bytes) -> None:
    client = Client(atheris.FuzzedDataProvider(content))
    try:
        await played(client)
    finally:
        await client.pair.end()


def target(content: bytes) -> None:
    """Feed both the same, and compare."""
    LOOP.run_until_complete(with_client(content))


LOOP = asyncio.new_event_loop()
OPTIONS = LOOP.run_until_complete(options())
runner.run(target, long=True)
