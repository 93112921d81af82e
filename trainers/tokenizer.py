"""The served model's tokenizer for other libraries: the same ids as llama.cpp's, for every text.

Built from the GGUF's own vocabulary, because what transformers makes of a GGUF drops the pre-tokeniser. Two
kinds: byte-level BPE ("gpt2"), and SentencePiece BPE with scores ("llama", which Gemma is too). Knows no weights.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainers.errors import UnsupportedTokenizer
from trainers.files import write_text, write_whole
from trainers.token_kinds import Kind
from trainers.vocabulary import Vocabulary, read
from trainers.word_splits import SPLITS, WordSplit

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SPACE = "\u2581"
"""What SentencePiece writes for a space."""


def build(gguf: Path) -> Tokenizer:
    """A tokenizer whose ids, without `add_special_tokens`, are llama.cpp's with control tokens parsed.

    With `encode_special_tokens` set, they are llama.cpp's with `parse_special` off: what looks like a control
    token is text. Raises `UnsupportedTokenizer`, `BaseError`.
    """
    return _build(read(gguf))


def write(gguf: Path, folder: Path) -> None:
    """`tokenizer.json` and `tokenizer_config.json`, as transformers and mlx-lm load them. Raises as `build` does."""
    words = read(gguf)
    tokenizer = _build(words)
    write_whole(folder / "tokenizer.json", lambda aside: tokenizer.save(str(aside), pretty=False))
    write_text(folder / "tokenizer_config.json", json.dumps(_config(words), indent=1, ensure_ascii=False))


def _build(words: Vocabulary) -> Tokenizer:
    from tokenizers import AddedToken

    match words.model:
        case "gpt2" if words.pre in SPLITS:
            tokenizer = _byte_level(words, SPLITS[words.pre])
        case "llama":
            tokenizer = _sentence_piece(words)
        case _:
            what = f"{words.model!r} with {words.pre!r}" if words.model == "gpt2" else repr(words.model)
            raise UnsupportedTokenizer(f"Chat works with this model, learning does not for its tokenizer, {what}.")
    marks = [(t, k) for t, k in zip(words.tokens, words.kinds, strict=True) if k is not Kind.PLAIN]
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t, k in marks if k is Kind.CONTROL])
    tokenizer.add_tokens([AddedToken(t, normalized=False) for t, k in marks if k is Kind.USER])
    _surround(tokenizer, words)
    return tokenizer


def _byte_level(words: Vocabulary, split: WordSplit) -> Tokenizer:
    from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers
    from tokenizers.pre_tokenizers import ByteLevel, Split

    model = _bpe(words.tokens, words.merges, ignore_merges=split.whole)
    cuts: list[Any] = [Split(Regex(pattern), "isolated") for pattern in split.patterns()]
    cuts.append(ByteLevel(add_prefix_space=False, use_regex=False))
    if lacking := sorted(set(ByteLevel.alphabet()) - set(words.tokens)):
        # A byte without a token is dropped, and what stood beside it must not be merged across the gap.
        cuts.append(Split(Regex("[" + "".join(rf"\x{{{ord(c):x}}}" for c in lacking) + "]"), "removed"))
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(cuts)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _sentence_piece(words: Vocabulary) -> Tokenizer:
    from tokenizers import Tokenizer, decoders, normalizers

    prefix = bool(words.settings.get("ggml.add_space_prefix", True))
    tokenizer = Tokenizer(_bpe(words.tokens, list(_scored_merges(words)), byte_fallback=True))
    before: list[Any] = [normalizers.Prepend(SPACE)] if prefix else []
    tokenizer.normalizer = normalizers.Sequence([*before, normalizers.Replace(" ", SPACE)])
    after: list[Any] = [decoders.Strip(" ", 1, 0)] if prefix else []
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse(), *after]
    )
    return tokenizer


def _scored_merges(words: Vocabulary) -> Iterator[tuple[str, str]]:
    """Every way to put a token together from two, the best score first.

    Of two merges with one score llama.cpp takes the leftmost, which a fixed order cannot say. For one token put
    together in two ways it can nearly: where they meet, in a run of one character, the longer piece is on the left.
    Raises `UnsupportedTokenizer` for two tokens with one score.
    """
    known, seen = set(words.tokens), set()
    ranked = sorted(zip(words.tokens, words.scores, words.kinds, strict=True), key=lambda each: -each[1])
    for token, score, kind in ranked:
        ways = [at for at in range(len(token) - 1, 0, -1) if token[:at] in known and token[at:] in known]
        yield from ((token[:at], token[at:]) for at in ways)
        if ways and kind is Kind.PLAIN:
            if score in seen:
                raise UnsupportedTokenizer(
                    "Chat works with this model, learning does not: its vocabulary does not say which of two tokens "
                    "is merged first."
                )
            seen.add(score)


def _bpe(tokens: list[str], merges: list[tuple[str, str]], **options: bool) -> Any:
    from tokenizers.models import BPE

    try:
        return BPE({token: i for i, token in enumerate(tokens)}, merges, **options)
    except Exception as e:  # the library raises nothing narrower
        raise UnsupportedTokenizer(f"The model file's vocabulary and merges do not go together: {e}.") from e


def _surround(tokenizer: Tokenizer, words: Vocabulary) -> None:
    """What `add_special_tokens` puts before and after, as llama.cpp does where the file says nothing."""
    from tokenizers.processors import TemplateProcessing

    begins = words.model == "llama" or (words.model == "gpt2" and SPLITS[words.pre].whole)
    wanted = {"bos": words.settings.get("ggml.add_bos_token", begins), "eos": words.settings.get("ggml.add_eos_token")}
    ids = {name: words.id(name) for name, on in wanted.items() if on}
    marks = {name: (words.tokens[i], i) for name, i in ids.items() if i is not None}
    if marks:
        first, last = ([marks[name][0]] if name in marks else [] for name in ("bos", "eos"))
        tokenizer.post_processor = TemplateProcessing(
            single=[*first, "$A", *last],
            pair=[*first, "$A", *last, *first, "$B:1", *last],
            special_tokens=[*marks.values()],
        )


def _config(words: Vocabulary) -> dict[str, Any]:
    names = {"bos": "bos", "eos": "eos", "pad": "padding", "unk": "unknown"}
    ids = {name: words.id(gguf) for name, gguf in names.items()}
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        **{f"{name}_token": words.tokens[i] for name, i in ids.items() if i is not None},
        **({"chat_template": words.settings["chat_template"]} if "chat_template" in words.settings else {}),
    }
