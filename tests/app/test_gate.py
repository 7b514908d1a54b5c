"""The gate as the door asks it, on both stores; the way through the door is in doors/sftp/test_proofs.py."""

import base64
import os
import stat
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, Engine, update
from structlog.testing import capture_logs

from sftpingest.app import codes
from sftpingest.app.gate import StoreGate
from sftpingest.doors.sftp import Entry, Proof
from sftpingest.store import accounts, logins
from sftpingest.store.accounts import LOGIN, WrongSetting
from sftpingest.store.setting import Asked
from tests.conftest import cheap_login

HERE = "192.0.2.7"
USER, PASSWORD = "springfield-sis", "correct horse battery"


def line(number: int, kind: bytes = b"ssh-ed25519", *more: bytes) -> str:
    """A made-up public key line."""
    parts = (kind, *more) if more else (kind, bytes([number]) * 32)
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return f"{kind.decode()} {base64.b64encode(blob).decode()}"


def rsa(bits: int) -> str:
    return line(0, b"ssh-rsa", b"\x01\x00\x01", (1 << (bits - 1)).to_bytes(bits // 8 + 1, "big"))


KEY, OTHER_KEY, CA = line(1), line(2), line(3)


@pytest.fixture
def gate(engine: Engine, tmp_path: Path) -> StoreGate:
    with engine.begin() as c:
        accounts.add_district(c, "springfield", "Springfield")
        cheap_login(c, "springfield", USER, PASSWORD, [f"{KEY} night export"])
    return StoreGate(engine, tmp_path)


@contextmanager
def changing(gate: StoreGate) -> Iterator[Connection]:
    with gate.engine.begin() as c:
        yield c


def entered(gate: StoreGate, address: str = HERE) -> Entry:
    entry = gate.password(USER, PASSWORD, address)
    assert entry is not None
    return entry


def with_codes(gate: StoreGate) -> str:
    secret = codes.new_secret()
    with changing(gate) as c:
        logins.set_totp(c, USER, codes.seal(gate.data / "hostkeys", secret))
    return secret


def code(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).generate_otp(int(time.time() // 30) + steps)


def test_an_entry_says_what_its_district_asks_for(gate: StoreGate) -> None:
    assert entered(gate).needs == frozenset()
    with changing(gate) as c:
        accounts.set_district(c, "springfield", "proof", "Password + Key")
    assert entered(gate).needs == {Proof.PASSWORD, Proof.KEY}
    with_codes(gate)
    assert entered(gate).needs == {Proof.PASSWORD, Proof.KEY, Proof.CODE}
    with changing(gate) as c:
        accounts.set_district(c, "springfield", "proof", "key")
    assert gate.password(USER, PASSWORD, HERE) is None
    by_key = gate.key(USER, KEY, HERE)
    assert by_key is not None
    assert by_key.needs == {Proof.KEY, Proof.CODE}


def test_a_key_and_an_authority_are_known_whatever_their_comment(gate: StoreGate) -> None:
    assert gate.key(USER, KEY, HERE)
    assert gate.key(USER, OTHER_KEY, HERE) is None
    assert gate.certificate(USER, CA, HERE) is None
    with changing(gate) as c:
        accounts.set_district(c, "springfield", "user_ca", f"# ours\n{OTHER_KEY} old\n\n{CA} new\n{CA} twice\n")
    assert gate.certificate(USER, CA, HERE)
    assert gate.certificate(USER, KEY, HERE) is None
    assert gate.key(USER, CA, HERE) is None
    with gate.engine.connect() as c:
        kept = accounts.district_settings(accounts.district(c, "springfield"))
    assert kept.user_ca == (f"{OTHER_KEY} old", f"{CA} twice")
    assert kept.proof is Asked.ANY


def test_what_is_no_authority_or_a_weak_one_is_refused(gate: StoreGate, subtests: pytest.Subtests) -> None:
    for wrong in ("nonsense", f"{CA}\nnonsense", rsa(1024), line(1, b"ssh-dss"), KEY[:-8]):
        with subtests.test(wrong), changing(gate) as c, pytest.raises(WrongSetting, match="authorities"):
            accounts.set_district(c, "springfield", "user_ca", wrong)


def test_what_is_no_proof_is_refused(gate: StoreGate, subtests: pytest.Subtests) -> None:
    for wrong in ("both", "password", "key+code", "any+key"):
        with subtests.test(wrong), changing(gate) as c, pytest.raises(WrongSetting, match=r"password\+key"):
            accounts.set_district(c, "springfield", "proof", wrong)


def test_a_weak_key_is_refused_and_one_from_before_lets_nobody_in(gate: StoreGate, subtests: pytest.Subtests) -> None:
    for weak in (rsa(1024), rsa(2047), line(1, b"ssh-dss")):
        with subtests.test(weak):
            with changing(gate) as c:
                with pytest.raises(WrongSetting, match="2048 bits"):
                    accounts.add_login(c, "springfield", "other", None, [weak])
                with pytest.raises(WrongSetting, match="2048 bits"):
                    logins.add_keys(c, USER, [weak])
                c.execute(update(LOGIN).values(keys=[weak, rsa(2048)]))
            assert gate.key(USER, weak, HERE) is None
            assert gate.key(USER, rsa(2048), HERE)


def test_all_who_may_not_enter_by_password_cost_the_same(gate: StoreGate, monkeypatch: pytest.MonkeyPatch) -> None:
    with changing(gate) as c:
        accounts.add_login(c, "springfield", "by-key", None, [KEY])
        accounts.add_login(c, "springfield", "disabled", PASSWORD)
        accounts.disable_login(c, "disabled")
        accounts.add_login(c, "springfield", "elsewhere", PASSWORD, allow=["198.51.100.0/24"])
        accounts.add_login(c, "springfield", "over", PASSWORD, expires=date(2020, 1, 1))
    hashed: list[str] = []
    real = PasswordHasher.verify

    def counted(self: PasswordHasher, hash_: str, password: bytes) -> bool:
        hashed.append(hash_.rpartition("$p=")[0])
        return real(self, hash_, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    for username in ("nobody", "no such\0name", "by-key", "disabled", "elsewhere", "over"):
        hashed.clear()
        assert gate.password(username, PASSWORD, HERE) is None
        assert len(hashed) == 1, username


def test_a_password_is_the_same_however_its_signs_are_put_together(gate: StoreGate) -> None:
    with changing(gate) as c:
        logins.set_password(c, USER, "Pa\u0308sswort")
    assert gate.password(USER, "P\u00e4sswort", HERE)


# -- codes ----------------------------------------------------------------------------------------------------------


def test_a_code_lets_in_once_even_when_two_bring_it_at_the_same_time(gate: StoreGate) -> None:
    now = code(with_codes(gate))
    with ThreadPoolExecutor(4) as threads:
        entries = list(threads.map(lambda _: gate.code(USER, now, HERE), range(4)))
    assert len([entry for entry in entries if entry]) == 1


def test_a_clock_may_be_one_step_wrong(gate: StoreGate) -> None:
    secret = codes.new_secret()
    for off, right in ((-2, None), (-1, 99), (0, 100), (1, 101), (2, None)):
        assert codes.step_of(secret, pyotp.TOTP(secret).generate_otp(100 + off), 100 * 30 + 15) == right
    assert codes.step_of(secret, pyotp.TOTP(secret).generate_otp(100), 100 * 30, after=100) is None
    assert codes.step_of(secret, pyotp.TOTP(secret).generate_otp(101), 100 * 30, after=100) == 101


def test_codes_are_those_of_the_standard() -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()  # RFC 6238, appendix B
    assert codes.step_of(secret, "081 804", 1111111109) == 1111111109 // 30
    assert all(codes.step_of(secret, wrong, 1111111109) is None for wrong in ("", "81804", "0081804", "\u066081804"))


def test_after_ten_wrong_codes_none_is_looked_at_for_a_while(gate: StoreGate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "SPAN", 10**9)  # no test waits ten minutes, nor for the next ten to begin
    secret = with_codes(gate)
    for _ in range(9):
        assert gate.code(USER, "000000", HERE) is None
    assert gate.code(USER, code(secret), HERE)
    assert gate.code(USER, "000000", HERE) is None
    assert gate.code(USER, code(secret, 1), HERE) is None
    monkeypatch.setattr(logins, "SPAN", 10**8)
    assert gate.code(USER, code(secret, 1), HERE)


def test_a_code_of_a_login_that_may_not_enter_is_not_used_up(gate: StoreGate) -> None:
    secret = with_codes(gate)
    with changing(gate) as c:
        accounts.disable_login(c, USER)
    assert gate.code(USER, code(secret), HERE) is None
    with changing(gate) as c:
        logins.enable_login(c, USER)
    assert gate.code(USER, code(secret), HERE)


def test_the_store_alone_gives_no_codes_and_without_the_key_nobody_enters_by_them(gate: StoreGate) -> None:
    secret = with_codes(gate)
    key = gate.data / "hostkeys" / codes.KEY
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [path.name for path in key.parent.iterdir()] == [codes.KEY]
    with gate.engine.connect() as c:
        found = accounts.login(c, USER)
    assert found is not None
    assert found.totp is not None
    assert secret not in found.totp
    assert found.totp not in repr(found)
    key.unlink()
    with capture_logs() as logs:
        assert gate.code(USER, code(secret), HERE) is None
    assert [one["event"] for one in logs] == ["code.unreadable"]


# -- who may stay ---------------------------------------------------------------------------------------------------


def why(gate: StoreGate, entry: Entry, address: str = HERE) -> str:
    [sentence] = gate.still([(entry, address)])
    return sentence or ""


def test_a_session_stays_until_what_proved_it_changes(gate: StoreGate) -> None:
    entry = entered(gate)
    changes: tuple[Callable[[Connection], None], ...] = (
        lambda c: logins.set_password(c, USER, "another password"),
        lambda c: logins.add_keys(c, USER, [OTHER_KEY]),
        lambda c: logins.set_totp(c, USER, "sealed"),
        lambda c: accounts.set_district(c, "springfield", "proof", "password+key"),
        lambda c: accounts.set_district(c, "springfield", "user_ca", CA),
    )
    for change in changes:
        assert not why(gate, entry)
        with changing(gate) as c:
            change(c)
        assert "changed" in why(gate, entry)
        by_key = gate.key(USER, KEY, HERE)
        assert by_key is not None
        entry = by_key


def test_a_session_stays_when_only_other_things_change(gate: StoreGate) -> None:
    secret = with_codes(gate)
    entry = entered(gate)
    assert gate.code(USER, code(secret), HERE)
    with changing(gate) as c:
        logins.set_limits(c, USER, allow=["192.0.2.0/24"], expires=datetime.now(UTC).date() + timedelta(1))
        accounts.set_district(c, "springfield", "quota_bytes", "5 GB")
    assert not why(gate, entry)
    assert why(gate, entry, "198.51.100.1")


def test_a_session_ends_with_its_login(gate: StoreGate) -> None:
    entry = entered(gate)
    stranger = replace(entry, username="removed")
    assert list(gate.still([(entry, HERE), (stranger, HERE), (entry, HERE)])) == [None, "This login was removed.", None]
    with changing(gate) as c:
        logins.set_limits(c, USER, expires=datetime.now(UTC).date() - timedelta(1))
    assert "has expired" in why(gate, entry)
    with changing(gate) as c:
        logins.set_limits(c, USER, expires=datetime.now(UTC).date() + timedelta(1))
        accounts.disable_login(c, USER)
    assert "was disabled" in why(gate, entry)


def test_another_login_of_the_same_name_is_not_the_one_that_entered(gate: StoreGate) -> None:
    entry = entered(gate)
    with changing(gate) as c:
        accounts.remove_login(c, USER)
        accounts.add_login(c, "springfield", USER, PASSWORD, [f"{KEY} night export"])
    assert why(gate, entry)


def test_of_wrong_codes_that_come_at_once_no_more_are_looked_at_than_one_after_the_other(
    gate: StoreGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, looked_at, together = with_codes(gate), [], Barrier(20)
    wrong, real = "000000" if code(secret) != "000000" else "111111", codes.step_of

    def step_of(*of: object) -> int | None:
        looked_at.append(1)
        return real(*of)  # type: ignore[arg-type]

    def guess(_: int) -> Entry | None:
        together.wait(60)
        return gate.code(USER, wrong, HERE)

    monkeypatch.setattr(codes, "step_of", step_of)
    monkeypatch.setattr(logins, "SPAN", 1_000_000)  # no ten minutes end meanwhile
    with ThreadPoolExecutor(20) as threads:
        for _ in range(2):
            assert list(threads.map(guess, range(20))) == [None] * 20
    assert len(looked_at) == logins.MOST_WRONG
    assert gate.code(USER, code(secret), HERE) is None


def test_right_codes_do_not_use_up_the_wrong_ones(gate: StoreGate, monkeypatch: pytest.MonkeyPatch) -> None:
    with_codes(gate)
    steps = iter(range(1, 100))
    monkeypatch.setattr(logins, "SPAN", 1_000_000)  # no ten minutes end meanwhile
    monkeypatch.setattr(codes, "step_of", lambda _secret, given, *_: next(steps) if given == "right" else None)
    for _ in range(logins.MOST_WRONG - 1):
        assert gate.code(USER, "wrong", HERE) is None
        assert gate.code(USER, "right", HERE) is not None
    assert gate.code(USER, "wrong", HERE) is None
    assert gate.code(USER, "right", HERE) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files for somebody else")
def test_the_key_of_the_secrets_belongs_to_whom_the_folder_does(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    os.chown(tmp_path, 4321, 4321)
    codes.seal(tmp_path, codes.new_secret())
    found = (tmp_path / codes.KEY).stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (4321, 4321, 0o600)
