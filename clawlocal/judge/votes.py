"""A first judge: the language model's own votes, by the likelihood of labels. Knows no store."""

from __future__ import annotations

from clawlocal.engine.protocol import Engine
from clawlocal.judge.protocol import Exchange, Opinion


class VotingJudge:
    def __init__(self, engine: Engine, votes: int) -> None:
        self._engine = engine

    def judge(self, exchange: Exchange) -> Opinion | None:
        return Opinion(0, (), 0.0, True, "votes", "draft")
