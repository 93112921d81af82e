"""The judges in the order in which they are asked."""

from __future__ import annotations

from clawlocal.judge.explicit import ExplicitJudge
from clawlocal.judge.protocol import Judge
from clawlocal.judge.reask import ReaskJudge
from clawlocal.judge.results import ResultJudge
from clawlocal.judge.small.judge import SmallJudge
from clawlocal.judge.wording import WordingJudge


def cascade(small: SmallJudge) -> list[Judge]:
    """Explicit signals first: they are exact. Then rules that leave no doubt; the small judge's votes last."""
    return [ExplicitJudge(), ResultJudge(), WordingJudge(), ReaskJudge(), small]
