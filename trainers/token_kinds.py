"""Which tokens of a vocabulary are marks and which are text, as llama.cpp sees it.

llama.cpp goes by the types in the file, and by some spellings, whatever the file says of them. Knows no text.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from enum import StrEnum


class Kind(StrEnum):
    """What a token is when a text is read."""

    PLAIN = "plain"
    """Made from bytes or characters by merging."""
    USER = "user"
    """Found in every text, before anything else is."""
    CONTROL = "control"
    """Found only where control tokens are parsed."""


_TYPES = {2: Kind.CONTROL, 3: Kind.CONTROL, 4: Kind.USER}
"""GGUF's numbers for unknown, control and user-defined."""

ENDS = frozenset(
    "<|eot_id|> <|im_end|> <|end|> <|return|> <|call|> <|flush|> <|calls|> <end_of_turn> <|endoftext|> </s> "
    "<|eom_id|> <EOT> _<EOT> [EOT] [EOS] <|end_of_text|> <end_of_utterance> <eos> <turn|> <|tool_response> "
    "<｜end▁of▁sentence｜> [e~[".split()
)
"""Spellings that end a turn: control tokens, whatever their type."""

ROLES = {
    "fim_pre": "<|fim_prefix|> <fim-prefix> <fim_prefix> <｜fim▁begin｜> <PRE> ▁<PRE> <|code_prefix|> <|prefix|>",
    "fim_suf": "<|fim_suffix|> <fim-suffix> <fim_suffix> <｜fim▁hole｜> <SUF> ▁<SUF> <|code_suffix|> <|suffix|>",
    "fim_mid": "<|fim_middle|> <fim-middle> <fim_middle> <｜fim▁end｜> <MID> ▁<MID> <|code_middle|> <|middle|>",
    "fim_pad": "<|fim_pad|> <fim-pad> <fim_pad> <PAD> [PAD]",
    "fim_rep": "<|fim_repo|> <|repo_name|> <fim-repo> <REPO> <reponame>",
    "fim_sep": "<|file_sep|>",
}
"""Spellings of the marks for filling in the middle: control tokens where the file names no token for the role."""

SHOWN = frozenset("<|channel|> <|message|> <|start|> <|constrain|>".split())
"""Spellings that llama.cpp makes user-defined, for gpt-oss."""


def kinds(tokens: Sequence[str], types: Sequence[int], named: Container[str]) -> list[Kind]:
    """One for each token. `named` has the roles for which the file names a token, as `ggml.eos_token_id`."""
    roles = [spellings for role, spellings in ROLES.items() if f"ggml.{role}_token_id" not in named]
    control = ENDS | frozenset(" ".join(roles).split())
    return [_kind(token, type_, control) for token, type_ in zip(tokens, types, strict=True)]


def _kind(token: str, type_: int, control: Container[str]) -> Kind:
    if token in SHOWN:
        return Kind.USER
    return Kind.CONTROL if token in control else _TYPES.get(type_, Kind.PLAIN)
