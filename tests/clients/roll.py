"""Every client that is tried, in the order of the table.

In: nothing. Out: `CLIENTS`.
"""

from tests.clients.client import Client
from tests.clients.curl import Curl
from tests.clients.filezilla import FileZilla
from tests.clients.lftp import Lftp
from tests.clients.libraries import AsyncSSH, JSch, LibSSH, LibSSH2, NetSFTPForeign, Node, NodeFast, Paramiko
from tests.clients.openssh import Scp, Sftp
from tests.clients.putty import Pscp, Psftp
from tests.clients.rclone import Rclone
from tests.clients.replays import OldGo, SmallWriter, WinSCP
from tests.clients.sshfs import Sshfs

CLIENTS: tuple[Client, ...] = (
    *(Sftp(), Scp(), Lftp(), Psftp(), Pscp(), Curl(), Rclone(), Sshfs(), FileZilla()),
    *(Paramiko(), AsyncSSH(), LibSSH2(), LibSSH(), Node(), NodeFast(), NetSFTPForeign(), JSch()),
    *(WinSCP(), SmallWriter(), OldGo()),
)
