"""How the peers are set up: as plain as they can be, with nothing on that costs and that we do not do.

In:  a folder, a port, and where uploads land.
Out: their settings.
"""

from typing import Final

#: run as `sshd -D -e -f FILE` by root, privileges separated as everywhere; Debian's settings but for PAM, which costs
SSHD: Final = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitUserRC no
UseDNS no
LogLevel ERROR
MaxStartups 2000
Subsystem sftp internal-sftp -d {home}
"""

#: run as `proftpd -n -c FILE` by root, with mod_sftp and nothing else; accounts in a file of its own
PROFTPD: Final = """\
ModulePath /usr/lib/proftpd
LoadModule mod_sftp.c
ServerType standalone
DefaultServer on
DefaultAddress 127.0.0.1
SocketBindTight on
UseIPv6 off
UseReverseDNS off
Port {port}
MaxInstances none
User nobody
Group nogroup
PidFile {folder}/pid
ScoreboardFile {folder}/scoreboard
SystemLog {folder}/system.log
TransferLog none
WtmpLog off
DelayEngine off
AuthOrder mod_auth_file.c
AuthUserFile {folder}/passwd
AuthGroupFile {folder}/group
RequireValidShell off
UseFtpUsers off
AllowOverwrite on
AllowStoreRestart on
SFTPEngine on
SFTPHostKey {folder}/host_key
SFTPAuthMethods publickey
SFTPAuthorizedUserKeys file:{folder}/keys
SFTPCompression off
"""
