"""`python -m sftpingest`: the command line, where the `sftpingest` script is not on PATH.

In:  the arguments.
Out: an exit status.
"""

from sftpingest.cli import main

if __name__ == "__main__":
    main()
