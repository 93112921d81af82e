"""The most memory that this process ever held. Loads nothing, so that it adds nothing to what is measured."""

from __future__ import annotations

import resource
import sys

UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes that `ru_maxrss` counts in (getrusage(2) of each system)."""


def peak_mb() -> float:
    """Resident, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT / 2**20
