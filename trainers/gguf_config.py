"""What a GGUF's metadata say about the decoder, as the config that transformers and mlx-lm read.

Four architectures: llama, qwen2, qwen3 and gemma3. Anything else, and any option that is not known here, is
refused: a base that is nearly right would be trained in silence. Knows no weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trainers.errors import BaseError, UnsupportedArchitecture

FORMAT = 2
"""Of a base's folder; one of another format is made anew."""

CONTROL = 3
"""The token type of control tokens in GGUF."""

GEMMA_LOCAL_THETA = 10000.0
"""Rotary base of Gemma 3's local layers: a constant of the architecture, not in the file."""
GEMMA_PATTERN = 6
"""Every sixth layer of Gemma 3 sees everything."""
GEMMA_27B_LAYERS = 62
"""The one size of Gemma 3 that scales attention by width / heads instead of the head's dimension."""

NAMES = {
    "llama": ("LlamaForCausalLM", "llama"),
    "qwen2": ("Qwen2ForCausalLM", "qwen2"),
    "qwen3": ("Qwen3ForCausalLM", "qwen3"),
    "gemma3": ("Gemma3ForCausalLM", "gemma3_text"),
}
"""Class and model type in transformers, by the architecture's name in GGUF."""

_LAYER = {
    "attn_norm.weight": "input_layernorm.weight",
    "attn_q.weight": "self_attn.q_proj.weight",
    "attn_k.weight": "self_attn.k_proj.weight",
    "attn_v.weight": "self_attn.v_proj.weight",
    "attn_output.weight": "self_attn.o_proj.weight",
    "ffn_gate.weight": "mlp.gate_proj.weight",
    "ffn_up.weight": "mlp.up_proj.weight",
    "ffn_down.weight": "mlp.down_proj.weight",
}
_AFTER_ATTENTION = {"ffn_norm.weight": "post_attention_layernorm.weight"}
_HEAD_NORMS = {"attn_q_norm.weight": "self_attn.q_norm.weight", "attn_k_norm.weight": "self_attn.k_norm.weight"}

LAYER = {
    "llama": _LAYER | _AFTER_ATTENTION,
    "qwen2": _LAYER | _AFTER_ATTENTION | {f"attn_{x}.bias": f"self_attn.{x}_proj.bias" for x in ("q", "k", "v")},
    "qwen3": _LAYER | _AFTER_ATTENTION | _HEAD_NORMS,
    "gemma3": _LAYER
    | _HEAD_NORMS
    | {
        "post_attention_norm.weight": "post_attention_layernorm.weight",
        "ffn_norm.weight": "pre_feedforward_layernorm.weight",
        "post_ffw_norm.weight": "post_feedforward_layernorm.weight",
    },
}
"""A layer's tensors in GGUF and in transformers, by architecture."""

WHOLE = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}

ROPE_FACTORS = "rope_freqs.weight"
"""Llama 3's long-context factors: they divide the rotary frequencies, and go into the config."""


def refusal(what: str) -> UnsupportedArchitecture:
    """`what` names the thing that is not known: "architecture 'mamba'"."""
    return UnsupportedArchitecture(f"Chat works with this model, learning does not: {what} is not supported.")


def tensor_name(name: str, architecture: str) -> str:
    """The transformers name of a GGUF tensor. Raises `UnsupportedArchitecture`."""
    if name in WHOLE:
        return WHOLE[name]
    match name.split(".", 2):
        case ["blk", layer, rest] if rest in LAYER[architecture]:
            return f"model.layers.{layer}.{LAYER[architecture][rest]}"
    raise refusal(f"its tensor {name!r}")


def config(reader: Any, floats: Callable[[Any], list[float]]) -> dict[str, Any]:
    """The config of an open GGUF; `floats(tensor)` gives a tensor's numbers.

    Raises `UnsupportedArchitecture`; `BaseError` when the file lacks what its architecture needs.
    """
    architecture = str(value(reader, "general.architecture", "unknown"))
    if architecture not in NAMES:
        raise refusal(f"architecture {architecture!r}")

    def of(key: str, default: Any = None) -> Any:
        found = value(reader, f"{architecture}.{key}", default)
        if found is None:
            raise BaseError(f"The model file lacks {architecture}.{key}.")
        return found

    tensors = {t.name: t for t in reader.tensors}
    if "token_embd.weight" not in tensors:
        raise BaseError("The model file has no embeddings.")
    heads, width = int(of("attention.head_count")), int(of("embedding_length"))
    head_dim = int(of("attention.key_length", width // heads))
    if int(of("attention.value_length", head_dim)) != head_dim:
        raise refusal("a head whose values are not as long as its keys")
    if int(of("rope.dimension_count", head_dim)) != head_dim:
        raise refusal("partial rotary embedding")
    name, kind = NAMES[architecture]
    return {
        "format": FORMAT,
        "architectures": [name],
        "model_type": kind,
        "gguf_architecture": architecture,
        "dtype": "float32",
        "vocab_size": int(tensors["token_embd.weight"].shape[1]),
        "hidden_size": width,
        "intermediate_size": int(of("feed_forward_length")),
        "num_hidden_layers": int(of("block_count")),
        "num_attention_heads": heads,
        "num_key_value_heads": int(of("attention.head_count_kv", heads)),
        "head_dim": head_dim,
        "max_position_embeddings": int(of("context_length")),
        "rms_norm_eps": float(of("attention.layer_norm_rms_epsilon")),
        "tie_word_embeddings": "output.weight" not in tensors,
        "rope_factors": floats(tensors[ROPE_FACTORS]) if ROPE_FACTORS in tensors else None,
        "bos_token_id": value(reader, "tokenizer.ggml.bos_token_id"),
        "eos_token_id": value(reader, "tokenizer.ggml.eos_token_id"),
        "control_ids": _control(reader),
        **(_gemma(of, width, heads, head_dim) if architecture == "gemma3" else _plain(of, architecture)),
    }


def value(reader: Any, key: str, default: Any = None) -> Any:
    """A metadata field's content."""
    field = reader.get_field(key)
    return default if field is None else field.contents()


def _plain(of: Callable[..., Any], architecture: str) -> dict[str, Any]:
    rope = _rope(of, 10000.0 if architecture == "llama" else 1000000.0)
    activation = {"hidden_act": "silu", "rope_parameters": rope, "rope_theta": rope["rope_theta"]}
    if architecture == "llama":
        return activation | {"attention_bias": False, "mlp_bias": False}
    return activation | {"attention_bias": architecture == "qwen2", "use_sliding_window": False}


def _gemma(of: Callable[..., Any], width: int, heads: int, head_dim: int) -> dict[str, Any]:
    whole = _rope(of, 1000000.0)
    local = float(of("rope.freq_base_swa", GEMMA_LOCAL_THETA))
    layers = int(of("block_count"))
    kinds = ["sliding_attention" if (i + 1) % GEMMA_PATTERN else "full_attention" for i in range(layers)]
    # The file may carry a bound on the last logits; none of the published models has one.
    if float(of("final_logit_softcapping", 0.0)):
        raise refusal("a bound on its last logits")
    return {
        "hidden_activation": "gelu_pytorch_tanh",
        "query_pre_attn_scalar": width // heads if layers == GEMMA_27B_LAYERS else head_dim,
        "sliding_window": int(of("attention.sliding_window")),
        "sliding_window_pattern": GEMMA_PATTERN,
        "layer_types": kinds,
        "rope_parameters": {
            "full_attention": whole,
            "sliding_attention": {"rope_type": "default", "rope_theta": local},
        },
        "rope_theta": whole["rope_theta"],
        "rope_local_base_freq": local,
        "attention_bias": False,
    }


def _rope(of: Callable[..., Any], theta: float) -> dict[str, Any]:
    # llama.cpp's defaults: a factor without a type is a linear one, and had another name once.
    factor = float(of("rope.scaling.factor", of("rope.scale_linear", 0.0)) or 1.0)
    kind, theta = of("rope.scaling.type", "linear" if factor != 1.0 else "none"), float(of("rope.freq_base", theta))
    match kind:
        case "none":
            return {"rope_type": "default", "rope_theta": theta}
        case "linear":
            return {"rope_type": "linear", "rope_theta": theta, "factor": factor}
    raise refusal(f"rotary scaling {kind!r}")


def _control(reader: Any) -> list[int]:
    """Ids of the control tokens: beginnings and ends of turns, tools and texts."""
    kinds = value(reader, "tokenizer.ggml.token_type") or []
    return [i for i, kind in enumerate(kinds) if kind == CONTROL]
