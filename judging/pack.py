"""The trained weights as files: a GGUF, a vocabulary, what is calibrated. Knows no training.

Layers that were not trained keep the four bits they came with, the others get eight.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter
from gguf.quants import quantize
from tokenizers import Tokenizer
from torch import nn

from clawlocal.judge.small.encoder import HEADS, WISH
from clawlocal.judge.small.judge import CALIBRATION, VOCABULARY, WEIGHTS, WISHES, Calibration
from judging.network import FROZEN, LINEARS, NORMS, Network
from judging.start import Start
from judging.wishes import DEPTH, Head

FULL, EIGHT, FOUR = GGMLQuantizationType.F32, GGMLQuantizationType.Q8_0, GGMLQuantizationType.Q4_0


def write(network: Network, start: Start, wishes: Head, folder: Path) -> None:
    """All but the calibration, which is made with what this writes."""
    folder.mkdir(parents=True, exist_ok=True)
    writer = _writer(start, folder / WEIGHTS)
    _add_packed(writer, "token_embd.weight", start.tensors["emb.word"])
    _add(writer, "position_embd.weight", start.dense("emb.pos").astype(np.float16))
    _add(writer, "token_types.weight", start.dense("emb.type").reshape(-1, start.width))
    _add_part(writer, network, "first_norm", "token_embd_norm")
    for number in range(start.layers):
        _add_layer(writer, network, start, number)
    writer.add_tensor("judge.dense.weight", quantize(_numbers(network, "dense.weight"), EIGHT), raw_dtype=EIGHT)
    _add(writer, "judge.dense.bias", _numbers(network, "dense.bias"))
    for name in HEADS:
        _add_part(writer, network, f"heads.{name}", f"judge.{name}")
    _finish(writer, wishes, folder / WISHES)
    start.tokenizer.save(str(folder / VOCABULARY), pretty=False)


def replace_wishes(start: Start, wishes: Head, folder: Path) -> None:
    """Those of the weights in `folder`; all else stays as it is, byte for byte. Raises `OSError`."""
    kept = [tensor for tensor in GGUFReader(folder / WEIGHTS).tensors if not _is_of_wishes(tensor.name)]
    made = folder / f"{WEIGHTS}.new"
    writer = _writer(start, made)
    for tensor in kept:
        writer.add_tensor(tensor.name, np.array(tensor.data), raw_dtype=tensor.tensor_type)
    _finish(writer, wishes, folder / f"{WISHES}.new")
    made.replace(folder / WEIGHTS)
    (folder / f"{WISHES}.new").replace(folder / WISHES)


def check_vocabulary(start: Start, folder: Path) -> None:
    """Raises `ValueError` where the weights in `folder` were made with other pieces.

    Their scores are not compared: versions of the library that reads them differ in the last digit.
    """
    if Tokenizer.from_file(str(folder / VOCABULARY)).get_vocab() != start.tokenizer.get_vocab():
        raise ValueError(f"The labelled turns have changed since {folder} was made: make all weights (`make judge`).")


def _writer(start: Start, file: Path) -> GGUFWriter:
    writer = GGUFWriter(file, "bert")
    writer.add_name("clawlocal's small judge")
    writer.add_license("MIT")
    writer.add_block_count(start.layers)
    writer.add_embedding_length(start.width)
    writer.add_head_count(start.heads)
    writer.add_layer_norm_eps(start.eps)
    return writer


def _finish(writer: GGUFWriter, wishes: Head, names: Path) -> None:
    """The layers that choose a directive come last, and then the file is written, and what they choose from."""
    for number in range(DEPTH):
        _add_trained(writer, wishes, f"layers.{number}", f"{WISH}.blk.{number}")
    _add_part(writer, wishes, "linear", f"judge.{WISH}")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    names.write_text(json.dumps(wishes.wishes, indent=1) + "\n", "utf-8")


def _is_of_wishes(tensor: str) -> bool:
    return tensor.startswith((f"{WISH}.blk.", f"judge.{WISH}."))


def write_calibration(calibration: Calibration, folder: Path) -> None:
    rounded = {name: round(value, 4) for name, value in asdict(calibration).items()}
    (folder / CALIBRATION).write_text(json.dumps(rounded, indent=2) + "\n", "utf-8")


def _add_layer(writer: GGUFWriter, network: Network, start: Start, number: int) -> None:
    ours, block = f"layers.{number}", f"blk.{number}"
    if number >= FROZEN:
        _add_trained(writer, network, ours, block)
        return
    for short, name in LINEARS.items():
        _add_packed(writer, f"{block}.{name}.weight", start.tensors[f"l{number}.{short}.w"])
    _add_rest(writer, network, ours, block)


def _add_trained(writer: GGUFWriter, network: nn.Module, ours: str, block: str) -> None:
    for name in LINEARS.values():
        found = _numbers(network, f"{ours}.linears.{name}.weight")
        writer.add_tensor(f"{block}.{name}.weight", quantize(found, EIGHT), raw_dtype=EIGHT)
    _add_rest(writer, network, ours, block)


def _add_rest(writer: GGUFWriter, network: nn.Module, ours: str, block: str) -> None:
    """A layer's biases and norms."""
    for name in LINEARS.values():
        _add(writer, f"{block}.{name}.bias", _numbers(network, f"{ours}.linears.{name}.bias"))
    for name in NORMS.values():
        _add_part(writer, network, f"{ours}.norms.{name}", f"{block}.{name}")


def _add_part(writer: GGUFWriter, network: nn.Module, ours: str, theirs: str) -> None:
    for kind in ("weight", "bias"):
        _add(writer, f"{theirs}.{kind}", _numbers(network, f"{ours}.{kind}"))


def _add(writer: GGUFWriter, name: str, numbers: npt.NDArray[np.float32] | npt.NDArray[np.float16]) -> None:
    writer.add_tensor(name, np.ascontiguousarray(numbers))


def _add_packed(writer: GGUFWriter, name: str, packed: npt.NDArray[np.float32] | npt.NDArray[np.uint8]) -> None:
    writer.add_tensor(name, np.ascontiguousarray(packed), raw_dtype=FOUR)


def _numbers(network: nn.Module, name: str) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float32] = network.state_dict()[name].detach().numpy().astype(np.float32)
    return found
