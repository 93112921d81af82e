"""Where llama.cpp cuts a text into words before byte-level BPE: per kind of tokenizer, the regular expressions.

The expressions are those of llama.cpp, in the syntax of Oniguruma, which `tokenizers` uses. Each is applied to
the pieces that the one before has left. Knows no vocabulary.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

NEWER = (
    r"\x{1b4e}-\x{1b4f}\x{1b7f}\x{1c89}-\x{1c8a}\x{a7cb}-\x{a7cd}\x{a7da}-\x{a7dc}\x{105c0}-\x{105f3}"
    r"\x{10d40}-\x{10d8f}\x{10ec2}-\x{10ec4}\x{11380}-\x{113ff}\x{116d0}-\x{116e3}\x{11bc0}-\x{11bff}"
    r"\x{13460}-\x{143fa}\x{16100}-\x{1613f}\x{16d40}-\x{16d7f}\x{18cff}\x{1ccf0}-\x{1ccf9}\x{1e5d0}-\x{1e5ff}"
)
"""Letters, numbers and punctuation that came with Unicode 16: llama.cpp's tables are of 15.1 and know none of them."""

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
# Spelt out: with (?i:…), Oniguruma takes the long s (U+017F) for an s, and llama.cpp does not.
CONTRACTIONS = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
WORDS = r"[^\r\n\p{L}\p{N}]?\p{L}+"
REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = rf"{CONTRACTIONS}|{WORDS}|\p{{N}}{{1,3}}|{REST}"
QWEN2 = rf"{CONTRACTIONS}|{WORDS}|\p{{N}}|{REST}"


@dataclass(frozen=True)
class WordSplit:
    """How one kind of tokenizer cuts; `whole` words that are tokens are taken as they are, without merging."""

    expressions: tuple[str, ...]
    whole: bool = False

    def patterns(self) -> list[str]:
        """For Oniguruma, with llama.cpp's idea of what a letter, a number and a punctuation mark is."""
        return [re.sub(r"\\p\{([LNP])\}", rf"[\\p{{\1}}&&[^{_escaped(NEWER)}]]", e) for e in self.expressions]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\")


_GPT2 = WordSplit((GPT2,))
_DIGITS = WordSplit((r"\p{N}", GPT2))
_QWEN2 = WordSplit((QWEN2,))
_LLAMA3 = WordSplit((LLAMA3,))
_LLAMA3_WHOLE = WordSplit((LLAMA3,), whole=True)
_DEFAULT = WordSplit((r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"))

SPLITS = {
    "default": _DEFAULT,
    **dict.fromkeys(("gpt-2", "phi-2", "mpt", "olmo", "jais", "exaone4"), _GPT2),
    **dict.fromkeys(("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"), _DIGITS),
    **dict.fromkeys(("qwen2", "deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan"), _QWEN2),
    **dict.fromkeys(("llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral", "lfm2"), _LLAMA3_WHOLE),
    **dict.fromkeys(("dbrx", "smaug-bpe"), _LLAMA3),
}
"""By `tokenizer.ggml.pre`."""
