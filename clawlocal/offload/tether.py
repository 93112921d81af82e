"""Runs a command, and ends it once standard input closes: so it ends with who started it, in whatever way that ends.

A program of its own, run by its path: `python -I -S tether.py COMMAND…`. Imports nothing of clawlocal.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading


def main() -> int:
    """The exit code of the command."""
    with subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL) as child:
        threading.Thread(target=_end_with_input, args=(child,), daemon=True).start()
        return child.wait()


def _end_with_input(child: subprocess.Popen[bytes]) -> None:
    # Not by `sys.stdin`, whose lock this thread would hold while the interpreter ends.
    while os.read(0, 1):
        pass
    child.terminate()


if __name__ == "__main__":
    sys.exit(main())
