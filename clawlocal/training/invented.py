"""Prompts that the model invents in the likeness of the user's own: real ones are few, and idle time is plenty.

Knows no store.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from clawlocal.engine.protocol import Engine, Sampling

HEAD = "A list of messages that one user sent to an assistant:\n"
LEAST = 2
"""Own prompts to begin from: of one alone only copies come."""
LETTERS = 300
"""Of a prompt that is listed or invented; longer ones would fill the list."""
WORDS = 3
"""Of an invented prompt, at least."""
TOKENS = 64


def invented(engine: Engine, own: Sequence[str], count: int) -> list[str]:
    """At most `count` prompts as the same user might write; the same ones for the same `own`."""
    listed = [" ".join(text.split()) for text in own if len(text) <= LETTERS]
    if len(listed) < LEAST or count < 1:
        return []
    prefix = HEAD + "".join(f"- {text}\n" for text in reversed(listed)) + "-"
    seed = zlib.crc32(prefix.encode())
    wish = Sampling(temperature=0.9, max_tokens=TOKENS, stop=("\n",), seed=seed)
    # More than are wanted: some are copies, or no prompts.
    drawn = engine.sample(engine.tokenize(prefix), 2 * count, wish)
    found = dict.fromkeys(" ".join(sample.text.split()) for sample in drawn if "\n" not in sample.text.strip())
    known = {text.casefold() for text in listed}
    return [text for text in found if text.casefold() not in known and _whole(text)][:count]


def _whole(text: str) -> bool:
    return len(text.split()) >= WORDS and len(text) <= LETTERS and text[-1:] in '.?!"”:'
