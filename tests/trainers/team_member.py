"""One worker of a team: `python -m tests.trainers.team_member RANK SIZE FOLDER BASE`. Leaves what it saw in FOLDER."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist

from tests.policies import PLAN, busy, chance
from trainers.gguf_base import Base
from trainers.items import Demonstrated, Distilled, Item, View
from trainers.job import Recipe
from trainers.objective import Divergence
from trainers.policy import Policy
from trainers.torch_policy import TorchPolicy
from trainers.torch_team import TorchTeam

RECIPE = Recipe(lr=1e-3)
IDS = tuple(range(300, 360))


def items() -> list[Item]:
    """Unlike in length; the second and third are about one reply."""
    shapes = ((0, 12, 25), (3, 20, 28), (3, 20, 28), (5, 9, 50), (7, 30, 33))
    found: list[Item] = []
    for number, (start, middle, end) in enumerate(shapes):
        prompt, reply = IDS[start:middle], IDS[middle:end]
        mask = np.ones(len(reply), np.bool_)
        if number % 2:
            found.append(Demonstrated(prompt, reply, np.ones(len(reply), np.float32), mask, 0.2))
        else:
            found.append(Distilled(prompt, reply, View(prompt), Divergence.REVERSE, mask, 0.2, "distance"))
    return found


def seen(policy: Policy) -> dict[str, Any]:
    """What a policy says and becomes."""
    said = policy.logprobs([(View(item.prompt, base=False), item.response) for item in items()])
    drawn = policy.sample([IDS[:9], IDS[4:15], IDS[2:8]], (), chance(3, 5), lambda n: None)
    learned = policy.accumulate(items(), RECIPE)
    norm = policy.step(RECIPE)
    weights: Sequence[float] = [float(np.abs(t).sum()) for _, t in sorted(policy.adapter().tensors.items())]
    return {
        "logprobs": [float(x) for each in said for x in each],
        "drawn": [list(reply) for reply in drawn],
        "losses": [each.loss for each in learned],
        "norm": norm,
        "weights": list(weights),
    }


def policy(base: Base) -> TorchPolicy:
    return TorchPolicy(base, busy(base.shape), PLAN)


def main(rank: int, size: int, folder: Path, base: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder / 'meet'}", rank=rank, world_size=size)
    team = TorchTeam()
    found = Base(base, json.loads((base / "config.json").read_text()))
    told = {**seen(team.shared(policy(found))), "agreed": team.agreed(rank), **team.words()}
    (folder / f"{rank}.json").write_text(json.dumps(told))
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
