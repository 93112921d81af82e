"""What goes into the worker and what comes out. Plain data as JSON; knows no framework.

A job is a folder: `job.json` in; `adapter/` (PEFT), `adapter.gguf` and `result.json` out, and a checkpoint on
the way. What the worker says meanwhile is in `messages`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

GIVEN = "job.json"
"""The job's own file in its folder."""
RESULT = "result.json"
"""The result's file in a job's folder."""


@dataclass(frozen=True)
class Sample:
    """One turn. Ids and log-probabilities are the served policy's own, at temperature 1."""

    id: str
    prompt_ids: tuple[int, ...]
    response_ids: tuple[int, ...]
    old_logprobs: tuple[float, ...]
    reward: float
    """The verdict: -1, 0 or +1; 0 leaves binary RL out."""
    hinted_prompt_ids: tuple[int, ...] | None = None
    """The prompt with the hint in it: the teacher's view. None leaves distillation out."""
    on_policy: bool = True
    """False when another adapter version sampled it: then no binary RL on it."""
    hinted_options: tuple[tuple[int, ...], ...] = ()
    """Prompts with one hint each, for the method `overlap` to choose the teacher's view from."""
    edited_ids: tuple[int, ...] | None = None
    """The reply as the user rewrote it, to the token that ends it: a demonstration."""

    @property
    def rewarded(self) -> bool:
        """Whether binary RL learns from it."""
        return self.reward != 0.0 and self.on_policy and bool(self.response_ids)

    @property
    def hinted(self) -> bool:
        """Whether distillation learns from it."""
        return self.hinted_prompt_ids is not None and bool(self.response_ids)

    @property
    def edited(self) -> bool:
        """Whether it is demonstrated how it should have been."""
        return bool(self.edited_ids)

    @property
    def praised(self) -> bool:
        """Whether it was liked, and nothing more was said of it."""
        return self.reward > 0.0 and not self.hinted and not self.edited


@dataclass(frozen=True)
class Pair:
    """Two replies to one prompt, of which the user kept one: learned by preference (DPO)."""

    prompt_ids: tuple[int, ...]
    chosen_ids: tuple[int, ...]
    rejected_ids: tuple[int, ...]


@dataclass(frozen=True)
class Rehearsal:
    """A prompt to practise on: the student sees `prompt_ids`, the teacher `hinted_prompt_ids`."""

    prompt_ids: tuple[int, ...]
    hinted_prompt_ids: tuple[int, ...]
    text: str = ""
    """What the user asks in it."""
    lessons: tuple[str, ...] = ()
    """What holds for it, in words: some can be checked (`rules`)."""
    drill: bool = False
    """It was made to be practised on: how well lessons are obeyed is not measured on it."""


@dataclass(frozen=True)
class Probe:
    """A question with a known answer: passed by whoever finds `right` likelier than each of `wrong`."""

    prompt_ids: tuple[int, ...]
    right: tuple[int, ...]
    wrong: tuple[tuple[int, ...], ...]

    @property
    def answers(self) -> tuple[tuple[int, ...], ...]:
        """The right one first."""
        return (self.right, *self.wrong)


@dataclass(frozen=True)
class Recipe:
    """The hyperparameters. Defaults are for a 135M model; LEARNING in the docs says where from."""

    method: str = "rehearsal"
    """`combined` is the reference (binary RL plus token-level distillation, each by its weight); `overlap` chooses of
    several hints first; `rehearsal` adds practice, edits as demonstrations and preferences to `combined`."""
    rank: int = 16
    alpha: int = 32
    lr: float = 5e-4
    """Of a small model; wider ones take less (`steps.paced`)."""
    decay: float = 0.5
    """Share of the steps, the last ones, in which the learning rate falls."""
    steps: int = 4
    """Optimiser steps over the batch."""
    w_rl: float = 1.0
    """0 leaves the verdicts out."""
    w_opd: float = 1.0
    """0 leaves the hints out."""
    opd_clip: float = 1.0
    """Bound of the log-probability difference in the token-level advantage."""
    clip_low: float = 0.2
    clip_high: float = 0.28
    beta: float = 0.02
    """Weight of the k3 KL to the base."""
    amplify: float = 1.0
    """c of the amplified teacher."""
    rollouts: int = 4
    """Rehearsal replies to sample in each step."""
    max_new: int = 64
    """Tokens per rehearsal reply, at most."""
    rounds: int = 5
    """Of demonstrations, at most: fresh replies are drawn, mended, and learned from."""
    draws: int = 24
    """Replies of a round."""
    round_steps: int = 6
    """Optimiser steps of a round."""
    demonstrations: int = 6
    """Mended replies in each step."""
    longest: int = 160
    """Tokens of a reply to mend, at most: as long as those that people read."""
    served: float = 0.02
    """Weight of the served replies, by verdict and hint, beside demonstrations: a step that is right for those is far
    too large for a policy gradient on the same few replies, again and again.
    """
    copied: float = 0.2
    """Weight of a token that a user who rewrote a reply left as it was, beside one that they changed."""
    temperature: float = 0.7
    min_p: float = 0.05
    """How replies to mend are drawn: as the chat draws them, so that what is mended is what people would read."""
    repeat_after: int = 0
    """Phrases of so many tokens are kept from coming again in such a reply (`repeats`); 0 for as often as they like."""
    divergence: str = "reverse"
    """From the teacher, in practice: one of `objective.Divergence`."""
    top_k: int = 4
    """Of the divergence `top_k`, and of the overlap that chooses a hint."""
    preference_beta: float = 0.1
    """β of the preference loss (DPO)."""
    normalisation: str = "sequence"
    """What counts the same in a batch: one of `objective.Normalisation`."""
    frozen_prompt: bool = False
    """No gradient through the prompt's own positions: less work, and another gradient (cosine 0.755)."""
    anchor: float = 0.5
    """Weight of KL(base ‖ student) on neutral prompts."""
    kept: float = 1.0
    """The same on the tokens of a mended reply that are not learned, beside the cross-entropy of the others; means."""
    max_grad_norm: float = 1.0
    seed: int = 0
    threads: int = 2
    """At most; fewer while other programs use the cores."""
    backend: str = ""
    """`torch` or `mlx`; empty takes what is best on this machine."""

    @property
    def rehearses(self) -> bool:
        """Whether it learns from more than what the reference does: practice, edits, preferences."""
        return self.method == "rehearsal"

    def rewards(self, sample: Sample) -> bool:
        """Whether binary RL learns from a sample."""
        return self.w_rl != 0.0 and sample.rewarded

    def distils(self, sample: Sample) -> bool:
        """Whether distillation learns from it."""
        return self.w_opd != 0.0 and sample.hinted

    def shows(self, sample: Sample) -> bool:
        """Whether its edit is a demonstration."""
        return self.rehearses and sample.edited

    def learns_from(self, sample: Sample) -> bool:
        """Whether anything does."""
        return self.rewards(sample) or self.distils(sample) or self.shows(sample)


@dataclass(frozen=True)
class Job:
    """One run of the trainer."""

    model: str
    """Path of the served GGUF."""
    model_sha256: str
    bases: str
    """Folder that caches dequantised bases."""
    out: str
    parent: str | None
    """Path of the PEFT folder of the live adapter; None starts from the base."""
    samples: tuple[Sample, ...]
    rehearsals: tuple[Rehearsal, ...]
    neutral: tuple[tuple[int, ...], ...]
    """Prompts that have nothing to do with the lessons: anchor and gauge."""
    stop_ids: tuple[int, ...]
    """Tokens that end a reply."""
    lessons: tuple[str, ...] = ()
    """What the hinted prompts teach, in words: for whoever compares jobs."""
    recipe: Recipe = field(default_factory=Recipe)
    memory: int = 0
    """Bytes that the worker may use; 0 for what is free."""
    probes: tuple[Probe, ...] = ()
    """What the model must still know afterwards; measured, never learned from."""
    pairs: tuple[Pair, ...] = ()
    trained: str | None = None
    """Folder of an adapter and a result that another machine made of this job: measured here, and not trained."""

    @property
    def edits(self) -> tuple[Sample, ...]:
        """Samples whose edit is learned from."""
        return tuple(s for s in self.samples if self.recipe.shows(s))

    @property
    def preferences(self) -> tuple[Pair, ...]:
        """Pairs that are learned from."""
        return self.pairs if self.recipe.rehearses else ()

    def digest(self) -> str:
        """Names what is learned from what: where it is written and how much memory it may take do not count."""
        raw = {k: v for k, v in asdict(self).items() if k not in ("out", "memory", "bases")}
        return hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()

    def problem(self) -> str | None:
        """One sentence: why nothing could be learned from this job; None when something can."""
        practises = self.recipe.rehearses and bool(self.rehearsals or self.pairs)
        if not practises and not any(map(self.recipe.learns_from, self.samples)):
            return (
                "There is nothing to learn from: no reply has a verdict, a hint or an edit that the method "
                f"{self.recipe.method} uses, and nothing is to be rehearsed."
            )
        if not self.neutral:
            return "The job has no neutral prompts: what the model forgets could not be measured."
        return None

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), "utf-8")

    @staticmethod
    def read(path: Path) -> Job:
        """Raises `OSError`, and `ValueError`, `KeyError` or `TypeError` for a file that is not a job."""
        return Job.parse(path.read_bytes())

    @staticmethod
    def parse(content: bytes) -> Job:
        """Raises as `read` does, but for `OSError`."""
        raw = json.loads(content)
        return Job(
            **{
                **raw,
                "samples": tuple(_sample(s) for s in raw["samples"]),
                "rehearsals": tuple(_rehearsal(r) for r in raw["rehearsals"]),
                "neutral": tuple(tuple(n) for n in raw["neutral"]),
                "stop_ids": tuple(raw["stop_ids"]),
                "lessons": tuple(raw["lessons"]),
                "recipe": Recipe(**raw["recipe"]),
                "probes": tuple(_probe(p) for p in raw.get("probes", ())),
                "pairs": tuple(_pair(p) for p in raw.get("pairs", ())),
            }
        )


def _rehearsal(raw: dict[str, Any]) -> Rehearsal:
    prompts = tuple(raw["prompt_ids"]), tuple(raw["hinted_prompt_ids"])
    return Rehearsal(*prompts, raw.get("text", ""), tuple(raw.get("lessons", ())), raw.get("drill", False))


def _probe(raw: dict[str, Any]) -> Probe:
    return Probe(tuple(raw["prompt_ids"]), tuple(raw["right"]), tuple(tuple(answer) for answer in raw["wrong"]))


def _pair(raw: dict[str, Any]) -> Pair:
    return Pair(tuple(raw["prompt_ids"]), tuple(raw["chosen_ids"]), tuple(raw["rejected_ids"]))


def _sample(raw: dict[str, Any]) -> Sample:
    hinted, edited = raw["hinted_prompt_ids"], raw.get("edited_ids")
    return Sample(
        id=raw["id"],
        prompt_ids=tuple(raw["prompt_ids"]),
        response_ids=tuple(raw["response_ids"]),
        old_logprobs=tuple(raw["old_logprobs"]),
        reward=raw["reward"],
        hinted_prompt_ids=None if hinted is None else tuple(hinted),
        on_policy=raw["on_policy"],
        hinted_options=tuple(tuple(option) for option in raw.get("hinted_options", ())),
        edited_ids=None if edited is None else tuple(edited),
    )


@dataclass(frozen=True)
class Result:
    """What the worker measured. Log-probabilities are natural logs, KL in nats per token."""

    metrics: dict[str, float]
    """`loss`, `kl_base` (neutral prompts, KL(base ‖ student)), `margin_before`, `margin_after`, `clip_fraction`,
    `distance_base`, `distance_before`, `distance_after` (KL(policy ‖ teacher) on the base's replies to held prompts),
    `degenerate`, `degenerate_base` (share of sampled replies that are empty or repeat themselves),
    `entropy_before`, `entropy_after`, `length_base`, `length_before`, `length_after` (tokens of a reply to a held
    rehearsal), `tokens` (of the samples' replies). Where lessons can be checked: `obedience_base`,
    `obedience_before`, `obedience_after` (share of replies to held rehearsals that obey them all and still answer),
    `obedience_round_0` and so on (of the fresh replies of each round). Of a job with probes: `probes` (how many),
    `probes_base`, `probes_before`, `probes_after` (share passed), `probes_margin_base` and so on (`gauge.probes`,
    mean), `probes_lost`, `probes_gained` (how many were passed by one of base and student alone). Where replies were
    rewritten: `edit_before`, `edit_after` (log-probability of the new ones, nats per token). Of a job with pairs:
    `preference_before`, `preference_after` (`objective.preference_margin`, mean over pairs). Without rehearsal there is
    no obedience. Where some of the adapter was taken back, `part` is what was left of it (`repair`)."""
    counts: dict[str, int]
    """`rl`, `opd`, `rehearsed`, `demonstrated` (mended replies and edits), `edited` (of these), `preferred` (pairs)."""
    rank: int
    seconds: float
    lessons: dict[str, tuple[float, float]] = field(default_factory=dict)
    """How far each was in the weights before, and is after, from 0 to 1: the share of replies to held rehearsals that
    obey it where that can be checked, else 1 − KL(student ‖ teacher) / KL(base ‖ teacher) on the base's replies.
    """
    dropped: dict[str, str] = field(default_factory=dict)
    """Samples that could not be learned from, by id, and why."""
    computed: dict[str, Any] = field(default_factory=dict)
    """How: `backend`, `precision`, `exact`, `positions`, `checkpointing`."""

    def json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @staticmethod
    def read(path: Path) -> Result:
        """Raises `OSError`, and `ValueError`, `KeyError` or `TypeError` for a file that is not a result."""
        raw = json.loads(path.read_text("utf-8"))
        lessons = {text: (before, after) for text, (before, after) in raw.get("lessons", {}).items()}
        return Result(**{**raw, "lessons": lessons})
