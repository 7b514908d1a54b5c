"""What must be shown to get in: passwords, keys, certificates and codes, one or several, by real clients.

The gate is the real one, on a store of its own.
"""

import asyncio
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import pyotp
import pytest
from asyncssh.packet import Boolean, String, UInt32
from sqlalchemy import Engine
from structlog.testing import capture_logs

from sftpingest.app import codes
from sftpingest.app.gate import StoreGate
from sftpingest.doors.sftp import Door, Listening, Rules, Uploads, host_key, listen, serve
from sftpingest.doors.sftp.entrance.entry import Entry, Proof
from sftpingest.doors.sftp.entrance.proofs import Proofs, Shown
from sftpingest.store import accounts, logins
from sftpingest.store.engine import migrate, open_store
from tests.conftest import cheap_login
from tests.doors.sftp.conftest import _quiet_options

USER, OTHER, PASSWORD = "oak-valley-sis", "pine-hill-sis", "correct horse battery"
PASSWORD_FIRST = "-oPreferredAuthentications=password,publickey,keyboard-interactive"
KEY_FIRST = "-oPreferredAuthentications=publickey,password,keyboard-interactive"
PROMPTS = "-oPreferredAuthentications=publickey,keyboard-interactive"
NO_KEY = "-oPubkeyAuthentication=no"


@dataclass
class Place:
    """A running door before a store with two districts, a login each, and their keys."""

    engine: Engine
    folder: Path
    port: int
    loop: asyncio.AbstractEventLoop
    door: Door

    def set(self, key: str, value: str, slug: str = "oak-valley") -> None:
        with self.engine.begin() as c:
            accounts.set_district(c, slug, key, value)

    def totp(self, username: str = USER) -> str:
        """Ask a login for codes; gives the secret."""
        secret = codes.new_secret()
        with self.engine.begin() as c:
            logins.set_totp(c, username, codes.seal(self.folder / "hostkeys", secret))
        return secret

    def key(self, username: str = USER) -> Path:
        return self.folder / f"{username}.key"

    def enters(self, *options: str, username: str = USER, password: str = "", code: str = "", key: Path | None) -> bool:
        """Whether OpenSSH's sftp gets in, with a person who answers what is asked."""
        ask = self.folder / "ask.sh"
        ask.write_text(f"#!/bin/sh\ncase \"$1\" in *ode:*) echo '{code}';; *) echo '{password}';; esac\n")
        ask.chmod(0o700)
        named = ["-i", str(key)] if key else [NO_KEY]
        command = ["sftp", "-P", str(self.port), *named, *_quiet_options(), "-oNumberOfPasswordPrompts=1", *options]
        environment = os.environ | {"SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}
        ran = subprocess.run(
            [*command, f"{username}@127.0.0.1"],
            input="ls\n",
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode in {0, 255}, ran.stderr
        return ran.returncode == 0 and "README.txt" in ran.stdout

    async def connect(self, client: type[asyncssh.SSHClient] = asyncssh.SSHClient, **more: Any) -> None:
        """Enter with asyncssh's client. Raises asyncssh.PermissionDenied and other errors where it does not."""
        facts = {"username": USER, "client_keys": None, "known_hosts": None, "config": None} | more
        connecting = asyncssh.connect("127.0.0.1", self.port, client_factory=client, **facts)
        async with connecting as connection, connection.start_sftp_client() as sftp:
            await sftp.listdir("/")


def code(secret: str, steps: int = 0) -> str:
    """The code of now, or of so many steps from now."""
    return pyotp.TOTP(secret).generate_otp(int(time.time() // 30) + steps)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    engine = open_store(f"sqlite:///{tmp_path}/roster.db")
    migrate(engine)
    with engine.begin() as c:
        for slug, username in (("oak-valley", USER), ("pine-hill", OTHER)):
            private = asyncssh.generate_private_key("ssh-ed25519")
            private.write_private_key(str(tmp_path / f"{username}.key"))
            (tmp_path / f"{username}.key").chmod(0o600)
            accounts.add_district(c, slug, slug)
            password = PASSWORD if username == USER else f"{PASSWORD} of another"
            cheap_login(c, slug, username, password, [private.export_public_key().decode()])
    loop = asyncio.new_event_loop()
    yield from running(engine, tmp_path, loop)
    loop.close()
    engine.dispose()


def running(engine: Engine, folder: Path, loop: asyncio.AbstractEventLoop) -> Iterator[Place]:
    listening = Listening(listen("127.0.0.1", 0), [host_key(folder / "hostkeys" / "ssh_host_ed25519_key")])
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    opening = serve([listening], StoreGate(engine, folder), Uploads(), rules=Rules(longest_delay_seconds=0))
    door = asyncio.run_coroutine_threadsafe(opening, loop).result(20)
    yield Place(engine, folder, door.ports[0], loop, door)
    asyncio.run_coroutine_threadsafe(door.close(), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(20)


# -- what a district asks for ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [PASSWORD_FIRST, KEY_FIRST, PROMPTS])
def test_password_and_key_let_in_together_in_any_order(place: Place, order: str) -> None:
    place.set("proof", "password+key")
    assert place.enters(order, password=PASSWORD, key=place.key())


def test_one_of_password_and_key_does_not_let_in_where_both_are_asked_for(place: Place) -> None:
    place.set("proof", "key + password")
    assert not place.enters(password=PASSWORD, key=None)
    assert not place.enters(password="wrong", key=place.key())
    assert not place.enters(password=PASSWORD, key=place.key(OTHER))


def test_a_password_does_not_let_in_where_keys_are_asked_for(place: Place) -> None:
    place.set("proof", "key")
    assert not place.enters(password=PASSWORD, key=None)
    assert not place.enters(PROMPTS, password=PASSWORD, key=None)
    assert place.enters(key=place.key())


def test_a_password_may_be_asked_for_by_a_prompt(place: Place) -> None:
    assert place.enters("-oPreferredAuthentications=keyboard-interactive", password=PASSWORD, key=None)
    assert not place.enters("-oPreferredAuthentications=keyboard-interactive", password="wrong", key=None)


def test_asyncssh_shows_both(place: Place) -> None:
    place.set("proof", "password+key")
    asyncio.run(place.connect(client_keys=[str(place.key())], password=PASSWORD))
    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(place.connect(client_keys=[str(place.key())], password="wrong"))


@pytest.mark.skipif(
    shutil.which("psftp") is None or shutil.which("puttygen") is None, reason="no PuTTY on this machine"
)
@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_putty_enters_by_password_and_key(place: Place, password: str) -> None:
    place.set("proof", "password+key")
    subprocess.run(["puttygen", place.key(), "-o", place.folder / "key.ppk"], check=True, capture_output=True)
    command = ["psftp", "-batch", "-P", str(place.port), "-pw", password, "-i", str(place.folder / "key.ppk")]
    command += ["-hostkey", fingerprint(place.folder / "hostkeys" / "ssh_host_ed25519_key"), f"{USER}@127.0.0.1"]
    ran = subprocess.run(
        command,
        input="ls\n",
        env=os.environ | {"HOME": str(place.folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ("README.txt" in ran.stdout) is (password == PASSWORD), ran


def fingerprint(path: Path) -> str:
    return asyncssh.read_private_key(path).convert_to_public().get_fingerprint()


def test_a_client_may_ask_for_the_service_anew_before_each_attempt_as_paramiko_does(place: Place) -> None:
    class Again(asyncssh.SSHClient):
        def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
            self.connection, self.asked = conn, 0

        async def password_auth_requested(self) -> str | None:
            self.asked += 1
            if self.asked == 2:  # the answer begins this attempt anew
                self.connection.send_service_request(b"ssh-userauth")
                await asyncio.sleep(20)
            return {1: "wrong", 3: PASSWORD}.get(self.asked)

    asyncio.run(place.connect(Again, preferred_auth="password"))


# -- codes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [PASSWORD_FIRST, PROMPTS])
def test_a_code_is_asked_for_after_the_password(place: Place, order: str) -> None:
    secret = place.totp()
    assert place.enters(order, password=PASSWORD, code=code(secret), key=None)
    assert not place.enters(order, password=PASSWORD, code="000000", key=None)
    assert not place.enters(order, password="wrong", code=code(secret, 1), key=None)


def test_a_code_is_asked_for_after_a_key(place: Place) -> None:
    secret = place.totp()
    assert place.enters(KEY_FIRST, code=code(secret), key=place.key())
    assert not place.enters(KEY_FIRST, code="000000", key=place.key())
    assert not place.enters("-oPreferredAuthentications=publickey", key=place.key())


def test_all_three_can_be_asked_for(place: Place) -> None:
    place.set("proof", "password+key")
    secret = place.totp()
    assert place.enters(PROMPTS, password=PASSWORD, code=code(secret), key=place.key())
    assert not place.enters(PROMPTS, password=PASSWORD, code=code(secret, 1), key=None)


def test_a_code_and_those_before_it_are_used_once(place: Place) -> None:
    secret = place.totp()
    now = code(secret)
    assert place.enters(PROMPTS, password=PASSWORD, code=now, key=None)
    assert not place.enters(PROMPTS, password=PASSWORD, code=now, key=None)
    assert not place.enters(PROMPTS, password=PASSWORD, code=code(secret, -1), key=None)
    assert place.enters(PROMPTS, password=PASSWORD, code=code(secret, 1), key=None)


def test_a_code_that_is_long_over_does_not_let_in(place: Place) -> None:
    secret = place.totp()
    assert not place.enters(PROMPTS, password=PASSWORD, code=code(secret, -3), key=None)
    assert not place.enters(PROMPTS, password=PASSWORD, code=code(secret, 3), key=None)


# -- attacks --------------------------------------------------------------------------------------------------------


class Half(asyncssh.SSHClient):
    """Shows a right password, and then goes on as if it were in."""

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self.connection = conn
        self.shown = False

    def password_auth_requested(self) -> str | None:
        self.shown, before = True, self.shown
        return None if before else PASSWORD

    async def public_key_auth_requested(self) -> None:
        self.connection._auth_complete = True
        self.connection.send_packet(90, String("session"), UInt32(0), UInt32(1 << 20), UInt32(1 << 15))
        await asyncio.sleep(20)


def test_half_of_the_proofs_opens_no_channel(place: Place) -> None:
    place.set("proof", "password+key")
    with capture_logs() as logs, pytest.raises((asyncssh.Error, OSError)) as ended:
        asyncio.run(place.connect(Half, preferred_auth="password,publickey"))
    assert "before authentication was complete" in str(ended.value)
    assert [line["event"] for line in logs if line["event"].startswith("login.")] == ["login.continued"]


def two_names(first: str, second: str, key: Path) -> type[asyncssh.SSHClient]:
    """A client that shows the password of one login, and then as another one its key."""

    class Two(asyncssh.SSHClient):
        def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
            self.connection, self.asked = conn, 0

        def password_auth_requested(self) -> str | None:
            self.asked += 1
            self.connection._username = first
            return {1: PASSWORD}.get(self.asked)

        def public_key_auth_requested(self) -> asyncssh.SSHKey | None:
            self.asked += 1
            self.connection._username = second
            return asyncssh.read_private_key(key) if self.asked == 2 else None

    return Two


@pytest.mark.parametrize("second", [USER, OTHER])
def test_proofs_of_two_names_do_not_add_up(place: Place, second: str) -> None:
    for slug in ("oak-valley", "pine-hill"):
        place.set("proof", "password+key", slug)
    client = two_names(USER, second, place.key(second))
    if second == USER:  # the client itself is right: with one name it enters
        asyncio.run(place.connect(client, preferred_auth="password,publickey"))
        return
    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(place.connect(client, preferred_auth="password,publickey"))


def test_a_key_that_is_named_but_not_signed_with_does_not_count(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that asks whether a key would be taken, and goes on with the password when it is."""
    place.set("proof", "password+key")
    taken = []

    def goes_on(self: Any, *_: object) -> None:
        taken.append(True)
        self._conn.try_next_auth(next_method=True)

    monkeypatch.setitem(asyncssh.auth._ClientPublicKeyAuth._packet_handlers, 60, goes_on)
    both: dict[str, Any] = {"client_keys": [str(place.key())], "password": PASSWORD}
    with capture_logs() as logs, pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(place.connect(preferred_auth="publickey,password", **both))
    assert taken
    assert [line["missing"] for line in logs if line["event"] == "login.continued"] == ["key"]


def test_a_code_alone_is_no_answer(place: Place) -> None:
    secret = place.totp()

    class CodeFirst(asyncssh.SSHClient):
        def kbdint_auth_requested(self) -> str:
            return ""

        def kbdint_challenge_received(self, *challenge: Any) -> Sequence[str]:
            return [code(secret)]

    with pytest.raises(asyncssh.Error):
        asyncio.run(place.connect(CodeFirst, preferred_auth="keyboard-interactive"))
    with place.engine.connect() as c:
        found = accounts.login(c, USER)
        assert found
        assert found.code_step is None  # and it is not used up


@pytest.mark.parametrize("answers", [[], [PASSWORD, PASSWORD]])
def test_more_or_fewer_answers_than_questions_let_nobody_in(place: Place, answers: list[str]) -> None:
    class Other(asyncssh.SSHClient):
        asked = 0

        def kbdint_auth_requested(self) -> str | None:
            self.asked += 1  # once is enough: answers that are refused wait longer and longer
            return "" if self.asked == 1 else None

        def kbdint_challenge_received(self, *challenge: Any) -> Sequence[str]:
            return answers

    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(place.connect(Other, preferred_auth="keyboard-interactive"))


def test_guesses_that_are_sent_without_waiting_are_counted(place: Place) -> None:
    class Hasty(asyncssh.SSHClient):
        def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
            self.connection = conn

        async def password_auth_requested(self) -> str | None:
            for guess in range(20):
                request = (Boolean(False), String(f"guess {guess}"))
                await self.connection.send_userauth_request(b"password", *request)
            return PASSWORD

    with pytest.raises((asyncssh.Error, OSError)):
        asyncio.run(place.connect(Hasty, preferred_auth="password"))


# -- what is told ---------------------------------------------------------------------------------------------------


def test_the_log_says_by_what_a_login_came_in_and_never_what_is_no_login(place: Place) -> None:
    place.set("proof", "password+key")
    secret = place.totp()
    with capture_logs() as logs:
        assert place.enters(PROMPTS, password=PASSWORD, code=code(secret), key=place.key())
        assert not place.enters(username="my-secret-word", password="x", key=None)
        deadline = time.monotonic() + 20
        while not any(line["event"] == "login.left" for line in logs) and time.monotonic() < deadline:
            time.sleep(0.05)
    [accepted] = [line for line in logs if line["event"] == "login.accepted"]
    assert (accepted["method"], accepted["username"]) == ("key+password+code", USER)
    assert accepted["fingerprint"] == fingerprint(place.key())
    [left] = [line for line in logs if line["event"] == "login.left"]
    assert left["seconds"] >= 0
    assert "my-secret-word" not in str(logs)
    assert PASSWORD not in str(logs)
    assert any(line["event"] == "login.refused" and "username" not in line for line in logs)


# -- certificates ---------------------------------------------------------------------------------------------------


def keygen(*words: object) -> None:
    subprocess.run(["ssh-keygen", "-q", *map(str, words)], check=True, capture_output=True)


@pytest.fixture
def ca(place: Place) -> Path:
    """The authority of oak-valley, and a key that only certificates make good."""
    for name in ("ca", "stranger", "id"):
        keygen("-t", "ed25519", "-N", "", "-C", name, "-f", place.folder / name)
    place.set("user_ca", (place.folder / "ca.pub").read_text())
    return place.folder / "ca"


def certified(ca: Path, *options: object, principals: str | None = USER) -> Path:
    """Sign the key anew; gives it, with its certificate beside it."""
    named = ["-n", principals] if principals else []
    keygen("-s", ca, "-I", "night export", "-z", "17", *named, *(options or ("-V", "+1h")), ca.with_name("id.pub"))
    return ca.with_name("id")


def test_a_certificate_lets_in_the_login_that_it_names(place: Place, ca: Path) -> None:
    assert not place.enters(key=ca.with_name("id"))
    with capture_logs() as logs:
        assert place.enters(key=certified(ca, principals=f"somebody,{USER}"))
    [accepted] = [line for line in logs if line["event"] == "login.accepted"]
    assert (accepted["method"], accepted["certificate"], accepted["serial"]) == ("certificate", "night export", 17)
    assert accepted["ca"] == fingerprint(ca)
    assert place.enters(key=certified(ca, "-O", "source-address=127.0.0.0/8,::1/128"))


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["-V", "20200101:20200102"], id="expired"),
        pytest.param(["-V", "+1d:+2d"], id="not yet valid"),
        pytest.param(["-O", "source-address=192.0.2.0/24"], id="for another address"),
        pytest.param(["-O", "force-command=internal-sftp"], id="for one command"),
        pytest.param(["-O", "critical:verify-required"], id="with a condition we cannot check"),
        pytest.param(["-O", "critical:color@example.org=green"], id="with a condition we do not know"),
        pytest.param(["-h"], id="for a host"),
    ],
)
def test_a_certificate_is_taken_at_its_word(place: Place, ca: Path, options: list[str]) -> None:
    with capture_logs() as logs:
        assert not place.enters(key=certified(ca, *options))
    assert "login.accepted" not in {line["event"] for line in logs}


@pytest.mark.parametrize("principals", [OTHER, "somebody", None])
def test_a_certificate_lets_in_nobody_else(place: Place, ca: Path, principals: str | None) -> None:
    assert not place.enters(key=certified(ca, principals=principals))


def test_an_authority_speaks_for_its_own_district_only(place: Place, ca: Path) -> None:
    assert not place.enters(key=certified(ca, principals=OTHER), username=OTHER)
    assert not place.enters(key=certified(ca.with_name("stranger")))
    place.set("user_ca", f"{ca.with_name('ca.pub').read_text()}{ca.with_name('stranger.pub').read_text()}")
    assert place.enters(key=certified(ca.with_name("stranger")))
    place.set("user_ca", "default")
    assert not place.enters(key=certified(ca))


def test_a_certificate_of_a_login_that_is_disabled_lets_nobody_in(place: Place, ca: Path) -> None:
    key = certified(ca)
    with place.engine.begin() as c:
        accounts.disable_login(c, USER)
    assert not place.enters(key=key)
    with place.engine.begin() as c:
        logins.enable_login(c, USER)
        logins.set_limits(c, USER, allow=["192.0.2.0/24"])
    assert not place.enters(key=key)


def test_a_certificate_counts_as_a_key(place: Place, ca: Path) -> None:
    place.set("proof", "password+key")
    assert place.enters(KEY_FIRST, key=certified(ca), password=PASSWORD)
    assert not place.enters(KEY_FIRST, key=certified(ca), password="wrong")
    assert not place.enters(KEY_FIRST, key=certified(ca), password=f"{PASSWORD} of another")


@pytest.mark.parametrize(("by", "enters"), [("rsa-sha2-256", True), ("ssh-rsa", False)])
def test_an_authority_that_signs_by_sha_1_is_not_believed(place: Place, ca: Path, by: str, enters: bool) -> None:
    keygen("-t", "rsa", "-b", "2048", "-N", "", "-f", place.folder / "rsa")
    place.set("user_ca", (place.folder / "rsa.pub").read_text())
    assert place.enters(key=certified(place.folder / "rsa", "-t", by)) is enters


# -- how proofs add up ----------------------------------------------------------------------------------------------


def entry(*needs: Proof, mark: str = "1") -> Entry:
    return Entry(USER, "oak-valley", Path("/"), needs=frozenset(needs), mark=mark)


def shown(proof: Proof) -> Shown:
    return Shown(proof, proof.value)


def test_nothing_is_proven_by_nothing_or_by_a_code() -> None:
    proofs = Proofs()
    assert not proofs.proven(USER)
    assert not proofs.needs(Proof.CODE)
    proofs.add(USER, shown(Proof.CODE), entry(Proof.CODE))
    assert not proofs.proven(USER)


def test_what_was_shown_before_a_login_changed_no_longer_counts() -> None:
    proofs = Proofs()
    proofs.add(USER, shown(Proof.PASSWORD), entry(Proof.PASSWORD, Proof.KEY))
    proofs.add(USER, shown(Proof.KEY), entry(Proof.PASSWORD, Proof.KEY, mark="2"))
    assert not proofs.proven(USER)
    proofs.add(USER, shown(Proof.PASSWORD), entry(Proof.PASSWORD, Proof.KEY, mark="2"))
    assert proofs.proven(USER)
    assert not proofs.proven(OTHER)


def test_another_name_begins_with_nothing_and_so_does_the_first_one_again() -> None:
    proofs = Proofs()
    proofs.add(USER, shown(Proof.PASSWORD), entry(Proof.PASSWORD, Proof.KEY))
    proofs.begin(OTHER)
    proofs.begin(USER)
    proofs.add(USER, shown(Proof.KEY), entry(Proof.PASSWORD, Proof.KEY))
    assert not proofs.proven(USER)
