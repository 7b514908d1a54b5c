"""What an operator may decide about the SFTP door.

In: settings, handed over by the app. Out: frozen numbers that every part of the door reads.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

Networks = tuple[IPv4Network | IPv6Network, ...]


@dataclass(frozen=True)
class Rules:
    """Limits and times of the door; the defaults suit a server on the open internet.

    An address is an IPv4 address, or an IPv6 network of 64 bits: whoever has one IPv6 address has 2 to the 64. Refused
    proofs count for the IPv6 network of 48 bits too; ten times as many ban that.
    """

    #: seconds without any change after which files are an upload; told in /README.txt
    quiet_seconds: float = 60
    #: seconds from connecting to being let in
    login_seconds: float = 60
    #: a silent client is asked every so many seconds ...
    alive_seconds: float = 30
    #: ... and is gone when it has not answered so many times
    alive_times: int = 4
    #: seconds without any request after which a session ends; what keeps a connection alive is no request
    idle_seconds: float = 1800

    #: networks that may connect; empty: all
    allow: Networks = ()
    #: balancers that tell of their clients by the PROXY protocol, and must
    balancers: Networks = ()
    #: seconds a balancer may take for that
    proxy_seconds: float = 5

    #: refused proofs of one connection after which it ends; agents offer several keys before the right one
    most_refusals: int = 12
    #: refused proofs of one address within `refusals_seconds` after which it is banned
    most_refusals_per_address: int = 20
    #: how long a refused proof counts, in seconds
    refusals_seconds: float = 600
    #: the answer to a refused password waits from this refusal of the address on: 1 second, 2, 4 ...
    delay_from: int = 3
    #: ... up to so many seconds
    longest_delay_seconds: float = 10
    #: length of the first ban in seconds; each further one is twice as long ...
    ban_seconds: float = 600
    #: ... up to this
    longest_ban_seconds: float = 86400
    #: seconds after the end of a ban in which the next one is a further one
    ban_remembered_seconds: float = 86400

    #: connections of one process through which nobody is in yet
    most_starting: int = 100
    #: the same of one address
    most_starting_per_address: int = 20
    #: connections through which one login is in, over all processes
    most_per_login: int = 16
    #: connections through which anybody is in from one address, over all processes
    most_per_address: int = 64
