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
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="The address, or a network as `ban list` shows it.")
    ],
) -> None:
    """Let an address in again, and forget its wrong attempts."""
    from sftpingest.store import guarding

    origins = _origins(address)
    with opened() as here, here.engine.begin() as connection:
        lifted = [origin for origin in origins if guarding.lift(connection, origin)]
        if not lifted:
            raise terminal.Stopped(f"{origins[0]} is not banned. `sftpingest ban list` shows those that are.", 1)
        for origin in lifted:
            audit.record(connection, "ban.lifted", address=origin)
    terminal.say(f"The ban of {' and of '.join(lifted)} is lifted. Clients there may log in within a few seconds.")


def _origins(address: str) -> tuple[str, ...]:
    """What bans of an address may be of; of a network as it is listed only that. Raises Stopped."""
    from sftpingest.doors.sftp.guarding.origin import origins

    text = address.strip()
    try:
        found = origins(str(ip_network(text, strict=False).network_address))
    except ValueError:
        raise terminal.Stopped(f"{text} is no address. It should look like 192.0.2.17 or 2001:db8::17.") from None
    return (text,) if text in found else found


def _described(ban: "BanRow") -> dict[str, Any]:
    return {"address": ban.origin, "since": ban.since, "until": ban.until, "times": ban.times}
