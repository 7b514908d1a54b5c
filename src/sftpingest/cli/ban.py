"""`sftpingest ban`: addresses that are kept out because of wrong attempts to log in.

In:  an address.
Out: bans listed, or lifted, which is entered in the audit trail; every process of the door follows within seconds.
"""

from ipaddress import ip_network
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sftpingest.cli import audit, terminal
from sftpingest.cli.installation import opened

if TYPE_CHECKING:
    from sftpingest.store.watched import BanRow

app = typer.Typer(
    help="Addresses that are kept out: list, lift.",
    epilog=terminal.example("sftpingest ban list"),
    no_args_is_help=True,
)


@app.command("list", epilog=terminal.example("sftpingest ban list", "sftpingest ban list --json"))
def list_(json: terminal.AsJson = False) -> None:
    """List the addresses that are kept out now because of wrong attempts to log in."""
    from sftpingest.store import guarding
    from sftpingest.store.tables import now

    with opened() as here, here.engine.connect() as connection:
        described = [_described(ban) for ban in guarding.bans(connection, now())]
    if json:
        terminal.as_json(described)
        return
    if not described:
        terminal.say("No address is banned.")
        return
    terminal.table(
        ("address", "banned at", "until", "times"),
        [(ban["address"], ban["since"], ban["until"], ban["times"]) for ban in described],
    )


@app.command(epilog=terminal.example("sftpingest ban lift 192.0.2.17", "sftpingest ban lift 2001:db8::17"))
def lift(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The address; of IPv6 any one of its /64 network.")],
) -> None:
    """Let an address in again, and forget its wrong attempts."""
    from sftpingest.store import guarding

    origin = _origin(address)
    with opened() as here, here.engine.begin() as connection:
        if not guarding.lift(connection, origin):
            raise terminal.Stopped(f"{origin} is not banned. `sftpingest ban list` shows those that are.", 1)
        audit.record(connection, "ban.lifted", address=origin)
    terminal.say(f"The ban of {origin} is lifted. It may log in within a few seconds.")


def _origin(address: str) -> str:
    """An address as bans count it. Raises Stopped."""
    from sftpingest.doors.sftp.guarding.origin import origin

    text = address.strip()
    try:
        return origin(str(ip_network(text, strict=False).network_address))
    except ValueError:
        raise terminal.Stopped(f"{text} is no address. It should look like 192.0.2.17 or 2001:db8::17.") from None


def _described(ban: "BanRow") -> dict[str, Any]:
    return {"address": ban.origin, "since": ban.since, "until": ban.until, "times": ban.times}
