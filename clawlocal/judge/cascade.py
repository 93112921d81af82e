"""The judges in the order in which they are asked."""

from __future__ import annotations

from clawlocal.engine.protocol import Engine
from clawlocal.judge.explicit import ExplicitJudge
from clawlocal.judge.protocol import Judge
from clawlocal.judge.votes import VotingJudge


def cascade(engine: Engine, votes: int) -> list[Judge]:
    """Explicit signals first: they are exact. The model's votes last: they always have an opinion."""
    return [ExplicitJudge(), VotingJudge(engine, votes)]
