"""What fuzzing found in how keys and certificates of users are judged."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from asyncssh.packet import MPInt, String

from tests.fuzz.claims import AUTHORITIES, ED, V01, Claim, Porter, a_door, admits

USER, ADDRESS = "oak-valley", "192.0.2.7"
PORTER = Porter([AUTHORITIES[0].line], ADDRESS)


@pytest.fixture
def door() -> Iterator[Any]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield loop.run_until_complete(a_door())
    loop.close()


def claim(critical: bytes = b"") -> Claim:
    return Claim(AUTHORITIES[0], ED, True, ED.algorithm + V01, principals=String(USER), critical=critical)


def source(networks: bytes) -> bytes:
    return String(b"source-address") + String(String(networks))


def test_a_good_certificate_is_taken(door: Any) -> None:
    assert admits(door, PORTER, USER, claim(source(b"192.0.2.0/24")).signed())


def test_every_source_address_of_a_certificate_counts(door: Any) -> None:
    twice = source(b"198.51.100.0/24") + source(b"192.0.2.0/24")
    assert not admits(door, PORTER, USER, claim(twice).signed())


MODULI = [pytest.param(number, id=f"{number:.3g}") for number in (-1, 0, 1, 4, -(2**1023))]


def no_key(modulus: int) -> bytes:
    return String(b"ssh-rsa") + MPInt(65537) + MPInt(modulus)


@pytest.mark.parametrize("modulus", MODULI)
def test_numbers_that_are_no_key_are_refused(door: Any, modulus: int) -> None:
    assert not admits(door, PORTER, USER, no_key(modulus))


@pytest.mark.parametrize("modulus", MODULI)
def test_an_authority_whose_numbers_are_no_key_is_refused(door: Any, modulus: int) -> None:
    signed = claim().signed()
    own = String(AUTHORITIES[0].blob)
    assert own in signed
    assert not admits(door, PORTER, USER, signed.replace(own, String(no_key(modulus))))
