"""Who may enter, case by case; the way through the door is in test_up.py."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from sftpingest.app.gate import may_enter
from sftpingest.store.tables import Login

NOW = datetime(2026, 11, 24, 23, 59, tzinfo=UTC)


def login(**facts: Any) -> Login:
    return Login(district_id=1, username="sis", **facts)


@pytest.mark.parametrize(("expires", "enters"), [(None, True), (date(2026, 11, 24), True), (date(2026, 11, 23), False)])
def test_the_last_day_still_counts(expires: date | None, enters: bool) -> None:
    assert may_enter(login(expires=expires), "192.0.2.1", NOW) is enters


@pytest.mark.parametrize(
    ("address", "enters"),
    [
        ("192.0.2.1", True),
        ("192.0.3.1", False),
        ("::ffff:192.0.2.1", True),
        ("2001:db8::1%eth0", True),
        ("2001:db9::1", False),
        ("", False),
        ("somewhere", False),
    ],
)
def test_a_network_lets_in_its_own_addresses_however_they_are_written(address: str, enters: bool) -> None:
    assert may_enter(login(allow=["192.0.2.0/24", "2001:db8::/32"]), address, NOW) is enters


def test_a_disabled_login_enters_from_nowhere() -> None:
    assert not may_enter(login(disabled=True), "192.0.2.1", NOW)
