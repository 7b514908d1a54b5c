"""OpenSSH's scp: by SFTP it is served, by its own old protocol it is told what to do."""

import pytest

from tests.clients.client import attempt
from tests.clients.ground import Ground, digest
from tests.clients.openssh import Scp
from tests.clients.operations import Operation

by_scp = pytest.mark.parametrize(("client", "operation"), [pytest.param(Scp(), Operation.SMALL, id="openssh-scp")])


@by_scp
def test_it_speaks_sftp_unasked_and_ends_with_0(ground: Ground) -> None:
    at, local = ground.reach(), ground.file(1000)
    command = [word for word in Scp().command(at, str(local), f"{at.user}@{at.host}:/") if word != "-s"]
    assert attempt(at, command).returncode == 0
    assert digest(ground.published()) == digest(local)


@by_scp
def test_the_old_protocol_is_refused_in_a_friendly_way(ground: Ground) -> None:
    at, local = ground.reach(), ground.file(1000)
    command = ["-O" if word == "-s" else word for word in Scp().command(at, str(local), f"{at.user}@{at.host}:/")]
    done = attempt(at, command)
    assert done.returncode != 0
    assert "This server only takes SFTP. Use sftp, scp without -O" in done.stderr
    assert not list(ground.folders.home.iterdir())
