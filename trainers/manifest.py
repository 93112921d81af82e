"""What an adapter that was trained elsewhere says of itself: made from what, of which files. Knows no framework.

Whoever takes it home compares each part with what is here.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trainers import gguf_base

FILE = "manifest.json"
FORMAT = 1
LARGEST_BYTES = 1_000_000
"""Of a manifest."""
TEMPLATE = "tokenizer.chat_template"
_TOKENIZER = "tokenizer.ggml."


@dataclass(frozen=True)
class Origin:
    """Hashes of what it was made from."""

    job: str
    """Of the job's file as it was sent."""
    base: str
    """Of the GGUF."""
    tokenizer: str
    template: str
    parent: str
    """Of the parent's weights; empty for the base."""

    def differences(self, other: Origin) -> list[str]:
        """The names of what is not the same."""
        theirs = asdict(other)
        return [name for name, value in asdict(self).items() if value != theirs[name]]


@dataclass(frozen=True)
class Part:
    """One file."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """All of it."""

    origin: Origin
    files: dict[str, Part]

    def json(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True)

    @staticmethod
    def parse(content: bytes) -> Manifest:
        """Raises `ValueError` for what is no manifest of this format."""
        try:
            raw: dict[str, Any] = json.loads(content)
            if raw["format"] != FORMAT:
                raise ValueError("another format")
            origin = Origin(**{name: str(value) for name, value in raw["origin"].items()})
            files = {str(n): Part(str(f["sha256"]), int(f["size"])) for n, f in raw["files"].items()}
        except (KeyError, TypeError, AttributeError, RecursionError) as e:
            raise ValueError("no manifest") from e
        if any(part.size < 0 for part in files.values()):
            raise ValueError("no manifest")
        return Manifest(origin, files)


def part(path: Path) -> Part:
    """Of a file on disk. Raises `OSError`."""
    with path.open("rb") as file:
        return Part(hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)


def origin(job: str, gguf: Path, base: str, parent: str) -> Origin:
    """Of a job's hash, a GGUF with its own, and the parent's. Raises `BaseError`."""
    tokenizer, template = hashlib.sha256(), hashlib.sha256()
    for name, field in sorted(gguf_base.fields(gguf).items()):
        if name.startswith(_TOKENIZER):
            _add(tokenizer, name, field)
        elif name == TEMPLATE:
            _add(template, name, field)
    return Origin(job, base, tokenizer.hexdigest(), template.hexdigest(), parent)


def _add(digest: Any, name: str, field: Any) -> None:
    digest.update(name.encode())
    for piece in field.parts:
        digest.update(piece.tobytes())
