"""Small vocabularies as GGUF files, and llama.cpp's own ids for a text."""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from gguf import GGUFWriter
from nasty import CODE, EMOJI, SCRIPTS

from clawlocal.engine.library import high_level
from trainers.tokenizer import SPACE
from trainers.vocabulary import Vocabulary

NORMAL, UNKNOWN, CONTROL, USER, BYTE = 1, 2, 3, 4, 6


class Theirs:
    """llama.cpp's tokenizer, with nothing else of the model."""

    def __init__(self, gguf: Path) -> None:
        self.model = high_level()(str(gguf), vocab_only=True, verbose=False)

    def ids(self, text: str, special: bool) -> list[int]:
        return list(self.model.tokenize(text.encode(), add_bos=False, special=special))

    def bytes(self, ids: Sequence[int]) -> bytes:
        """What the ids stand for, one after the other."""
        import llama_cpp

        room = ctypes.create_string_buffer(4096)
        vocabulary = self.model._model.vocab
        sizes = ((i, llama_cpp.llama_token_to_piece(vocabulary, i, room, len(room), 0, True)) for i in ids)
        return b"".join(room.raw[:n] for _, n in sizes)

    def close(self) -> None:
        self.model.close()


@contextmanager
def theirs(gguf: Path) -> Iterator[Theirs]:
    with closing(Theirs(gguf)) as found:
        yield found


def with_pre(words: Vocabulary, pre: str, path: Path, size: int = 4000) -> Path:
    """The beginning of a byte-level vocabulary under another pre-tokeniser."""
    types = [CONTROL if kind == "control" else NORMAL for kind in words.kinds[:size]]
    known = set(words.tokens[:size])
    merges = [f"{left} {right}" for left, right in words.merges if {left, right, left + right} <= known]
    return _write(path, "gpt2", words.tokens[:size], types, merges=merges, pre=pre)


def sentence_piece(path: Path, *, prefix: bool, n_pieces: int = 3000) -> Path:
    """A vocabulary as Gemma's is built: control tokens, user-defined ones, bytes, pieces with scores, characters."""
    text = "\n".join((*SCRIPTS, *CODE, *EMOJI)).replace(" ", SPACE)
    text += "aaaaaaaa" + SPACE * 9 + "-------"
    counts = Counter(text[i : i + n] for n in range(2, 8) for i in range(len(text) - n))
    pieces = sorted((p for p in counts if "\n" not in p), key=lambda p: (len(p), -counts[p], p))[:n_pieces]
    user = ["\n", "\n\n", "\n\n\n", "  ", "   ", "    ", "<table>", "<tool_call>"]
    entries = [("<unk>", UNKNOWN, 0.0), ("<s>", CONTROL, 0.0), ("</s>", CONTROL, 0.0), ("<end_of_turn>", NORMAL, 0.0)]
    entries += [(f"<0x{byte:02X}>", BYTE, 0.0) for byte in range(256)]
    entries += [(mark, USER, 0.0) for mark in user]
    entries += [(piece, NORMAL, -1.0 - i) for i, piece in enumerate(pieces)]
    entries += [(c, NORMAL, -1e6 - i) for i, c in enumerate(dict.fromkeys(text.replace("\n", "") + "<>_0xE"))]
    tokens, types, scores = map(list, zip(*entries, strict=True))
    return _write(path, "llama", tokens, types, scores=scores, prefix=prefix)


def _write(
    path: Path,
    model: str,
    tokens: list[str],
    types: list[int],
    *,
    merges: list[str] | None = None,
    scores: list[float] | None = None,
    pre: str = "default",
    prefix: bool | None = None,
) -> Path:
    writer = GGUFWriter(path, "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(8)
    writer.add_block_count(1)
    writer.add_feed_forward_length(16)
    writer.add_head_count(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model(model)
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    if merges is not None:
        writer.add_token_merges(merges)
    if scores is not None:
        writer.add_token_scores(scores)
    if prefix is not None:
        writer.add_add_space_prefix(prefix)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
