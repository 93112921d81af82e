"""The shape of every benchmark's result."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from typing import Any

import psutil


def report(name: str, results: Mapping[str, Any], ratios: Mapping[str, float]) -> dict[str, Any]:
    """`results` are absolute and of this machine; `ratios` compare runs made side by side."""
    machine = {
        "processor": platform.processor() or platform.machine(),
        "threads": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "load_at_end": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }
    return {"name": name, "machine": machine, "results": dict(results), "ratios": dict(ratios)}
