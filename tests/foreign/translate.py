"""Stands in for `sftp-server` where a script starts one over pipes: it speaks with a real door instead.

In: SFTP packets on standard input, `--ssh` with the command that reaches the door, `--top` with the folder that the
scripts take for the top. Out: the same packets with the top's own name cut off their paths, and the door's answers as
they come. Whatever else the scripts say to `sftp-server` is for another program and is not looked at.
"""

import os
import struct
import subprocess
import sys
import threading

#: requests that begin with so many paths behind their number: v3 of the protocol
_PATHS = {3: 1, 7: 1, 9: 1, 11: 1, 13: 1, 14: 1, 15: 1, 16: 1, 17: 1, 18: 2, 19: 1, 20: 2}
_EXTENDED = 200
_EXTENDED_PATHS = {b"posix-rename@openssh.com": 2, b"hardlink@openssh.com": 2, b"statvfs@openssh.com": 1}
_EXTENDED_PATHS |= {b"lsetstat@openssh.com": 1, b"expand-path@openssh.com": 1}


def cut(path: bytes, top: bytes) -> bytes:
    """Give a path as the door knows it."""
    return b"/" + path[len(top) :].lstrip(b"/") if path == top or path.startswith(top + b"/") else path


def translated(packet: bytes, top: bytes) -> bytes:
    """Give one request (kind, number, and what it asks) with its paths cut."""
    kind, at, done = packet[0], 5, b""
    left = _PATHS.get(kind, 0)
    if kind == _EXTENDED:
        name, at = _text(packet, at)
        left = _EXTENDED_PATHS.get(name, 0)
        done = _packed(name)
    for _ in range(left):
        path, at = _text(packet, at)
        done += _packed(cut(path, top))
    return packet[:5] + done + packet[at:]


def requests(door: int, top: bytes) -> None:
    """Hand on all requests until the client has no more."""
    waiting = b""
    while more := os.read(0, 1 << 18):
        waiting += more
        ready = []
        while len(waiting) >= 4 and len(waiting) >= (end := 4 + struct.unpack(">I", waiting[:4])[0]):
            packet, waiting = waiting[4:end], waiting[end:]
            ready.append(_packed(translated(packet, top) if packet[0] in _PATHS or packet[0] == _EXTENDED else packet))
        _send(door, b"".join(ready))
    os.close(door)


def answers(door: int) -> None:
    """Hand back all answers until the door has no more."""
    while some := os.read(door, 1 << 18):
        _send(1, some)


def _send(fd: int, some: bytes) -> None:
    left = memoryview(some)
    while left:
        left = left[os.write(fd, left) :]


def _text(packet: bytes, at: int) -> tuple[bytes, int]:
    end = at + 4 + int(struct.unpack(">I", packet[at : at + 4])[0])
    return packet[at + 4 : end], end


def _packed(some: bytes) -> bytes:
    return struct.pack(">I", len(some)) + some


def main() -> int:
    top, command = os.fsencode(sys.argv[sys.argv.index("--top") + 1]), sys.argv[sys.argv.index("--ssh") + 1]
    with subprocess.Popen(["/bin/sh", "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as ssh:
        if ssh.stdin is None or ssh.stdout is None:
            return 1
        door = os.dup(ssh.stdin.fileno())
        ssh.stdin.close()
        threading.Thread(target=requests, args=(door, top), daemon=True).start()
        answers(ssh.stdout.fileno())
        return ssh.wait()


if __name__ == "__main__":
    os._exit(main())  # the thread may still wait for a client that says no more
