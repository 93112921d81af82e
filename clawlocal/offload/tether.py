"""Runs a command, and ends it once standard input closes: so it ends with who started it, in whatever way that ends.

A program of its own, run by its path: `python -I -S tether.py FOLDER COMMAND…`. FOLDER is the command's, and is removed
with it, unless the command ends by itself. Imports nothing of clawlocal.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading


def main() -> int:
    """The exit code of the command."""
    folder, *command = sys.argv[1:]
    left_alone = threading.Event()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as child:
        threading.Thread(target=_end_with_input, args=(child, left_alone), daemon=True).start()
        code = child.wait()
    if left_alone.is_set():
        shutil.rmtree(folder, ignore_errors=True)
    return code


def _end_with_input(child: subprocess.Popen[bytes], left_alone: threading.Event) -> None:
    # Not by `sys.stdin`, whose lock this thread would hold while the interpreter ends.
    while os.read(0, 1):
        pass
    left_alone.set()
    child.terminate()


if __name__ == "__main__":
    sys.exit(main())
