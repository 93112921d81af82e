"""What a GGUF says of its tokenizer: tokens, what each is, merges or scores. Knows no way to cut a text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainers.errors import BaseError, UnsupportedTokenizer
from trainers.token_kinds import Kind, kinds

UNREADABLE = (OSError, ValueError, IndexError, KeyError)
"""What a file that is no GGUF, or not all of one, makes its reader raise."""


@dataclass(frozen=True)
class Vocabulary:
    """What a GGUF says of its tokenizer."""

    model: str
    pre: str
    tokens: list[str]
    kinds: list[Kind]
    scores: list[float]
    merges: list[tuple[str, str]]
    settings: dict[str, Any]
    """The rest of `tokenizer.…`, without that prefix."""

    def id(self, name: str) -> int | None:
        """The id of the bos, eos, padding or unknown token, where the file names one."""
        found = self.settings.get(f"ggml.{name}_token_id")
        return found if isinstance(found, int) and found < len(self.tokens) else None


def read(gguf: Path) -> Vocabulary:
    """The vocabulary of a GGUF. Raises `BaseError`, `UnsupportedTokenizer`."""
    from gguf import GGUFReader

    try:
        fields = GGUFReader(gguf).fields
        found = {name.removeprefix("tokenizer."): f.contents() for name, f in fields.items() if "tokenizer." in name}
    except UNREADABLE as e:
        raise BaseError(f"The tokenizer in the model file {gguf} cannot be read.") from e
    tokens = [token or f"[EMPTY_{i}]" for i, token in enumerate(found.pop("ggml.tokens", []))]
    if not tokens or len(set(tokens)) < len(tokens):
        raise UnsupportedTokenizer("The model file has no vocabulary, or one in which a token stands twice.")
    types = found.pop("ggml.token_type", [1] * len(tokens))[: len(tokens)]
    return Vocabulary(
        model=str(found.get("ggml.model", "none")),
        pre=str(found.get("ggml.pre", "default")),
        tokens=tokens,
        kinds=kinds(tokens, types, {name for name in found if name.endswith("_token_id")}),
        scores=found.pop("ggml.scores", [0.0] * len(tokens))[: len(tokens)],
        # llama.cpp keeps the first of two equal merges; dict does too.
        merges=list(dict.fromkeys(_pair(merge) for merge in found.pop("ggml.merges", []))),
        settings=found,
    )


def _pair(merge: str) -> tuple[str, str]:
    """A token may begin with a space: the second character is the first that can separate."""
    at = merge.find(" ", 1)
    return (merge[:at], merge[at + 1 :]) if at > 0 else ("", "")
