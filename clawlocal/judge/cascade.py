"""The judges in the order in which they are asked."""

from __future__ import annotations

from clawlocal.engine.protocol import Engine
from clawlocal.judge.explicit import ExplicitJudge
from clawlocal.judge.protocol import Judge
from clawlocal.judge.votes import VotingJudge
from clawlocal.judge.wording import WordingJudge


def cascade(engine: Engine, votes: int) -> list[Judge]:
    """Explicit signals first: they are exact. Then wording that leaves no doubt; the model's votes last."""
    return [ExplicitJudge(), WordingJudge(), VotingJudge(engine, votes)]
