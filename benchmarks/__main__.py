"""`python -m benchmarks COMMAND`: run (make bench), generate, limit, baseline, typical, scale, sftp, vendor.

In:  a command and its options; `python -m benchmarks COMMAND --help` lists them.
Out: what the command measures.
"""

import sys
from importlib import import_module
from typing import Final

_COMMANDS: Final = ("run", "generate", "limit", "baseline", "typical", "scale", "sftp", "vendor")


def main() -> None:
    """Hand over to the module of the command."""
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command not in _COMMANDS:
        sys.exit(f"{__doc__}")
    # loaded late: the process that measures children must not hold pandas, see program.py
    sys.argv = [f"python -m benchmarks {command}", *sys.argv[2:]]
    import_module(f"benchmarks.{command}").main()


if __name__ == "__main__":
    main()
