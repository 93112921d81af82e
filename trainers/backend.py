"""The frameworks that can train, and which one does: MLX on Apple silicon, torch elsewhere.

Neither is imported before it is chosen.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Protocol

from trainers.adapter_peft import Adapter
from trainers.errors import JobError
from trainers.gguf_base import Base
from trainers.machine import best
from trainers.plan import BFLOAT16, INT4, NF4, Plan
from trainers.policy import Policy
from trainers.shape import Shape


class Backend(Protocol):
    """One framework."""

    name: str
    activations: float
    """Times what `plan` counts for the backward pass."""

    def faster(self, shape: Shape) -> str:
        """The precision in which matrix products are faster here."""
        ...

    def frugal(self) -> str:
        """The precision that takes the least memory here."""
        ...

    def free(self) -> int:
        """Bytes that nothing uses, of the memory that the weights would be in."""
        ...

    def set_threads(self, count: int) -> None: ...

    def load(self, base: Base, adapter: Adapter, plan: Plan) -> Policy: ...


class Torch:
    """On the CPU, or on CUDA where there is one."""

    name = "torch"
    activations = 1.0

    def faster(self, shape: Shape) -> str:
        from trainers.torch_speed import faster

        return faster(shape.width, shape.inner)

    def frugal(self) -> str:
        import torch

        from trainers import torch_four_bits

        return NF4 if torch.cuda.is_available() and torch_four_bits.available() else BFLOAT16

    def free(self) -> int:
        import torch

        return int(torch.cuda.mem_get_info()[0]) if torch.cuda.is_available() else _free()

    def set_threads(self, count: int) -> None:
        import torch

        torch.set_num_threads(count)

    def load(self, base: Base, adapter: Adapter, plan: Plan) -> Policy:
        from trainers.torch_policy import TorchPolicy

        return TorchPolicy(base, adapter, plan)


class Mlx:
    """On Apple silicon; elsewhere on the CPU, slowly."""

    name = "mlx"
    activations = 2.0

    def faster(self, shape: Shape) -> str:
        from trainers.mlx_policy import faster

        return faster()

    def frugal(self) -> str:
        return INT4

    def free(self) -> int:
        """Apple's GPU has no memory of its own."""
        return _free()

    def set_threads(self, count: int) -> None:
        """MLX keeps its own."""

    def load(self, base: Base, adapter: Adapter, plan: Plan) -> Policy:
        from trainers.mlx_policy import MlxPolicy

        return MlxPolicy(base, adapter, plan)


BACKENDS: dict[str, type[Backend]] = {"torch": Torch, "mlx": Mlx}


def choose(name: str = "") -> Backend:
    """The backend called `name`, or the best one here. Raises `JobError` where it is not installed."""
    chosen = name or best()
    if chosen not in BACKENDS:
        raise JobError(f"There is no trainer {chosen!r}: it is one of {', '.join(BACKENDS)}.")
    if find_spec(chosen) is None:
        raise JobError(f"The trainer needs {chosen}: `pip install 'clawlocal[{chosen}]'` brings it.")
    return BACKENDS[chosen]()


def _free() -> int:
    import psutil

    return int(psutil.virtual_memory().available)
