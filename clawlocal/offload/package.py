"""Our `trainers` as the one thing that a cluster runs: a zip, the same bytes for the same code. Knows no cluster."""

from __future__ import annotations

import hashlib
import io
import zipfile
from importlib.util import find_spec
from pathlib import Path

from clawlocal.errors import OffloadError

PACKAGE = "trainers"
_THEN = (1980, 1, 1, 0, 0, 0)
"""When each file in it was made: a time of its own would make other bytes."""


def packed() -> tuple[str, bytes]:
    """Its name, as Ray wants a package's, and the zip. Raises `OffloadError`."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise OffloadError("The trainer is not installed as files: `pip install clawlocal` brings it.")
    home, buffer = Path(next(iter(spec.submodule_search_locations))), io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(home.rglob("*.py")):
            name = f"{PACKAGE}/{file.relative_to(home).as_posix()}"
            archive.writestr(zipfile.ZipInfo(name, _THEN), file.read_bytes(), zipfile.ZIP_DEFLATED)
    content = buffer.getvalue()
    return f"_ray_pkg_{hashlib.sha256(content).hexdigest()[:32]}.zip", content
