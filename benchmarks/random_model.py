"""Small models with random weights as GGUF files, one of each architecture that can be trained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from gguf import GGUFWriter

WIDTH, INNER, HEADS, KV_HEADS, HEAD_DIM, LAYERS, VOCABULARY = 64, 96, 4, 2, 32, 7, 320
"""Seven layers: Gemma 3 has a global one after five local ones. A head is wider than width / heads."""
WINDOW = 24


def write(path: Path, architecture: str, seed: int = 0) -> Path:
    """Heads are wider than width / heads where the architecture allows it."""
    head_dim = WIDTH // HEADS if architecture == "qwen2" else HEAD_DIM
    writer = GGUFWriter(path, architecture)
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(50000.0)
    if architecture == "llama":
        writer.add_rope_dimension_count(head_dim)
        writer.add_vocab_size(VOCABULARY)
    if architecture == "gemma3":
        writer.add_sliding_window(WINDOW)
    _tokenizer(writer)
    for name, tensor in _tensors(architecture, head_dim, np.random.default_rng(seed)):
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _tokenizer(writer: GGUFWriter) -> None:
    """One token for each letter that a byte-level vocabulary writes a byte as; the rest are control tokens."""
    letters = [chr(256 + b) if b < 33 or 127 <= b < 161 or b == 173 else chr(b) for b in range(256)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([*letters, *(f"<|{i}|>" for i in range(VOCABULARY - 256))])
    writer.add_token_types([1] * 256 + [3] * (VOCABULARY - 256))
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(256)
    writer.add_bos_token_id(257)


def _tensors(
    architecture: str, head_dim: int, rng: np.random.Generator
) -> Iterator[tuple[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]]:
    def random(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return rng.normal(0.0, 1.5 * shape[-1] ** -0.5, shape).astype(np.float32)

    def norm(size: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return rng.uniform(0.5, 1.5, size).astype(np.float32)

    q, kv = HEADS * head_dim, KV_HEADS * head_dim
    yield "token_embd.weight", rng.normal(0.0, 1.0, (VOCABULARY, WIDTH)).astype(np.float32)
    yield "output_norm.weight", norm(WIDTH)
    if architecture != "gemma3":
        yield "output.weight", random(VOCABULARY, WIDTH) * 2
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        yield block + "attn_norm.weight", norm(WIDTH)
        yield block + "attn_q.weight", random(q, WIDTH)
        yield block + "attn_k.weight", random(kv, WIDTH)
        yield block + "attn_v.weight", random(kv, WIDTH)
        yield block + "attn_output.weight", random(WIDTH, q)
        yield block + "ffn_norm.weight", norm(WIDTH)
        yield block + "ffn_gate.weight", random(INNER, WIDTH)
        yield block + "ffn_up.weight", random(INNER, WIDTH)
        yield block + "ffn_down.weight", random(WIDTH, INNER)
        if architecture == "qwen2":
            for name, size in (("q", q), ("k", kv), ("v", kv)):
                yield f"{block}attn_{name}.bias", rng.normal(0.0, 0.3, size).astype(np.float32)
        if architecture in ("qwen3", "gemma3"):
            yield block + "attn_q_norm.weight", norm(head_dim)
            yield block + "attn_k_norm.weight", norm(head_dim)
        if architecture == "gemma3":
            yield block + "post_attention_norm.weight", norm(WIDTH)
            yield block + "post_ffw_norm.weight", norm(WIDTH)
