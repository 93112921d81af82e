"""A conversation as numbers, for an engine whose tokenizer is far away.

An `Engine` takes a prompt as token ids. A remote's are not known here, so that four bytes of the messages' JSON
stand for one token, which is about right for English. Knows no remote.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

_WIDTH = 4


def pack(value: Any) -> tuple[int, ...]:
    """Numbers below 2**32."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    padded = text + b" " * (-len(text) % _WIDTH)
    return struct.unpack(f"<{len(padded) // _WIDTH}I", padded)


def unpack(ids: Sequence[int]) -> Any:
    """The inverse of `pack`."""
    return json.loads(struct.pack(f"<{len(ids)}I", *ids))
