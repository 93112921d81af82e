"""What two machines make of the same texts, and which folders they may share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.engine.protocol import AdapterFile
from clawlocal.errors import OffloadError
from clawlocal.offload import fingerprint
from clawlocal.offload.common_folder import described
from clawlocal.offload.fingerprint import AGREEMENT, LIKENESS, TOLERANCE, Fingerprint
from tests.loras import random_lora
from trainers import adapter_import, adapter_peft, linears


@pytest.fixture(scope="module")
def taken(llama_engine: LlamaEngine) -> Fingerprint:
    return fingerprint.taken(llama_engine)


@pytest.fixture(scope="module")
def adapters(model_path: Path, tmp_path_factory: pytest.TempPathFactory) -> list[AdapterFile]:
    """Two that have nothing to do with one another."""
    model, found = linears.read(model_path), []
    for seed in (1, 2):
        folder = tmp_path_factory.mktemp("adapter")
        adapter_peft.write(random_lora(model, seed=seed), folder / "peft")
        adapter_import.convert(folder / "peft", model, folder)
        found.append(AdapterFile(f"v{seed}", folder / "adapter.gguf"))
    return found


def test_it_is_the_same_each_time_and_survives_being_kept(llama_engine: LlamaEngine, taken: Fingerprint) -> None:
    assert fingerprint.taken(llama_engine) == taken == Fingerprint.parse(taken.json())
    assert len(taken.base) == sum(len(row.reply) for row in taken.rows) > 90
    assert llama_engine.detokenize(taken.rows[0].reply) == fingerprint.TEXTS[0][1]
    assert llama_engine.detokenize(taken.plain) == fingerprint.PLAIN


def test_an_adapter_agrees_with_itself_on_other_weights_and_not_with_another(
    llama_engine: LlamaEngine, taken: Fingerprint, adapters: list[AdapterFile]
) -> None:
    """The other machine rounds otherwise: by as much as eight bits do."""
    noise = np.random.default_rng(7).normal(0, 0.09, (2, len(taken.base)))
    base_there = [p + n for p, n in zip(taken.base, noise[0], strict=True)]
    one, other = (fingerprint.scores(llama_engine, taken.rows, adapter) for adapter in adapters)
    there = [p + n for p, n in zip(one, noise[1], strict=True)]
    assert fingerprint.unlike(taken.base, base_there) == ""
    assert fingerprint.agreement(taken.base, one, base_there, there) > 0.7
    assert fingerprint.agreement(taken.base, other, base_there, there) < AGREEMENT
    assert fingerprint.agreement(taken.base, one, base_there, base_there) == 0


def test_what_makes_weights_unlike() -> None:
    here = [-(i % 5) - 0.5 for i in range(100)]
    assert fingerprint.unlike(here, here) == ""
    assert f"at most {TOLERANCE:g}" in fingerprint.unlike(here, [p - 1 for p in here])
    assert f"at least {LIKENESS:g}" in fingerprint.unlike(here, [p + 0.8 * (-1) ** i for i, p in enumerate(here)])


def test_an_adapter_that_hardly_changes_anything_is_taken_as_it_is() -> None:
    base = (-1.0, -2.0)
    assert fingerprint.agreement(base, (-1.001, -2.001), base, base) == 1


@pytest.mark.parametrize("text", ["", "shared", "=/srv", "/tmp=srv"])
def test_folders_that_are_none(text: str) -> None:
    with pytest.raises(OffloadError, match="whole, as /mnt/shared"):
        described(text)


def test_folders(tmp_path: Path) -> None:
    assert described(str(tmp_path)) == (str(tmp_path), str(tmp_path))
    assert described(f"{tmp_path}=/srv/shared/") == (str(tmp_path), "/srv/shared")
