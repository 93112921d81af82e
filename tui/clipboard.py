"""The clipboard: the platform's own command where there is one. Knows no widgets.

Terminals may ignore the escape sequence for copying, and say nothing; a command says whether it worked.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("pbcopy",),
    ("wl-copy",),
    ("xclip", "-selection", "clipboard"),
    ("xsel", "--clipboard", "--input"),
    ("clip.exe",),
)


def command() -> tuple[str, ...] | None:
    """The first command that can work here; none on a bare terminal or over ssh."""
    graphical = sys.platform in ("darwin", "win32") or any(
        name in os.environ for name in ("WAYLAND_DISPLAY", "DISPLAY", "WSL_DISTRO_NAME")
    )
    if not graphical or "SSH_CONNECTION" in os.environ:
        return None
    return next((line for line in COMMANDS if shutil.which(line[0])), None)


def copy(text: str) -> bool:
    """Whether the platform's command took `text`. Blocks for two seconds at the most."""
    line = command()
    if line is None:
        return False
    try:
        done = subprocess.run(
            line, input=text.encode(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=2
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
