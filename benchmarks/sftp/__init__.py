"""The SFTP door beside OpenSSH's internal-sftp and ProFTPD's mod_sftp: same machine, same clients, in turns.

In:  `python -m benchmarks sftp`, or `make bench-sftp`.
Out: a table on standard output, benchmarks/sftp/latest.json and a chart beside it.
"""

from benchmarks.sftp.run import main

__all__ = ["main"]
