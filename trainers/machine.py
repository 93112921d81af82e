"""Which framework trains on this machine. Imports neither, so that anybody may ask."""

from __future__ import annotations

import platform
import sys


def best() -> str:
    """`mlx` on Apple silicon, `torch` elsewhere."""
    return "mlx" if sys.platform == "darwin" and platform.machine() == "arm64" else "torch"
