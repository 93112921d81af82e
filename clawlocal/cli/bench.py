"""`clawlocal bench`: what the tables in the docs are made from. Knows no benchmark's insides."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click

from clawlocal.cli.figures import lines
from clawlocal.cli.output import json_option, plain, print_json
from clawlocal.errors import ClawlocalError

PARTS = ("speed", "bandwidth", "votes", "judge", "preempt", "swap", "switch_back", "turns")
"""Of `clawlocal bench engine`, as benchmarks.engine names them: what is measured is not imported for `--help`."""
PERSONAS = ("terse", "student", "teacher", "question", "british", "lists", "plain")
"""Of `clawlocal bench personalize`, as benchmarks.personas names them."""
METHODS = ("default", "binary", "opd", "combined", "overlap")
JUDGES = ("ours", "perfect", "noisy")
TRAIN_PARTS = ("speed", "gradient", "parity")
SCALE_PARTS = ("serving", "training", "queue", "checkpoints", "checks")
ROUTINGS = ("user", "least")
ORDERS = ("none", "first", "paying")
"""Both of `clawlocal bench scale`, as benchmarks.scale.assumptions names them."""
MOST_WORKERS = 64
"""Of this machine: each holds the model."""

repeats_option = click.option(
    "--repeats", type=click.IntRange(min=1), default=5, show_default=True, help="Rounds of every measurement."
)
model_option = click.option("--model", metavar="NAME", help="The model to measure; `clawlocal models list` names them.")


@click.group()
def bench() -> None:
    """Measure speed and quality on this machine. Run nothing else meanwhile."""


@bench.command()
@repeats_option
@model_option
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="Only this part; may be said more than once.")
@json_option
def engine(repeats: int, model: str | None, only: tuple[str, ...], as_json: bool) -> None:
    """Serving beside llama.cpp alone: decoding, first tokens, votes, interruption, changes of adapter and session."""
    _print(_load("engine")(repeats, model, only, _say), as_json)


@bench.command()
@repeats_option
@json_option
def latency(repeats: int, as_json: bool) -> None:
    """What a chat feels of the learning beside it: judge at work, trainer running, suspended, being suspended."""
    _print(_load("latency")(repeats, _say), as_json)


@bench.command()
@click.option("--count", type=click.IntRange(1, 10), default=8, show_default=True, help="Lessons.")
@click.option("--questions", type=click.IntRange(min=1), default=24, show_default=True, help="To be checked on.")
@json_option
def lessons(count: int, questions: int, as_json: bool) -> None:
    """Several lessons learned at once: how well replies obey each afterwards, and what the model forgot."""
    _print(_load("lessons")(count=count, questions=questions, say=_say), as_json)


@bench.command()
@repeats_option
@click.option("--swaps", type=click.IntRange(min=1), default=500, show_default=True, help="Changes of adapter.")
@model_option
@json_option
def memory(repeats: int, swaps: int, model: str | None, as_json: bool) -> None:
    """Memory after loading, chatting, judging and many changes of adapter, beside llama.cpp alone."""
    _print(_load("memory")(repeats, swaps, model, _say), as_json)


@bench.command()
@repeats_option
@model_option
@click.option("--only", type=click.Choice(TRAIN_PARTS), multiple=True, help="Only this part; may be said repeatedly.")
@json_option
def train(repeats: int, model: str | None, only: tuple[str, ...], as_json: bool) -> None:
    """The trainer beside transformers and PEFT on four replies to one prompt; log-probabilities beside llama.cpp's."""
    _print(_load("train")(repeats, model, only, _say), as_json)


@bench.command()
@click.option(
    "--workers",
    type=click.IntRange(1, MOST_WORKERS),
    multiple=True,
    default=(1, 2, 4),
    show_default=True,
    help="How many do the job, one core each; may be repeated, 1 is among them.",
)
@click.option("--repeats", type=click.IntRange(min=1), default=3, show_default=True, help="Jobs of each number.")
@click.option(
    "--steps", type=click.IntRange(min=2), default=6, show_default=True, help="Of a job; the first not counted."
)
@json_option
def workers(workers: tuple[int, ...], repeats: int, steps: int, as_json: bool) -> None:
    """A cluster's training job by one and by several workers of this machine, which take turns.

    Starts a Ray head of its own, and ends it. A job takes one to three minutes.
    """
    _print(_load("workers")(workers=workers, repeats=repeats, steps=steps, say=_say), as_json)


@bench.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def judge(file: Path, as_json: bool) -> None:
    """The judge against the labelled turns in FILE, one JSON object per line."""
    _print(_load("judge")(file), as_json)


@bench.command()
@click.argument("file", type=click.Path(path_type=Path))
@model_option
@click.option("--candidates", is_flag=True, help="Let the chat model propose hints too, however small it is.")
@json_option
def hints(file: Path, model: str | None, candidates: bool, as_json: bool) -> None:
    """What hints are worth to the chat model, on the corrections in FILE, one JSON object per line."""
    _print(_load("hints")(file, model, candidates, _say), as_json)


@bench.command()
@click.option("--persona", "personas", type=click.Choice(PERSONAS), multiple=True, help="Who uses it; may be repeated.")
@click.option("--method", "methods", type=click.Choice(METHODS), multiple=True, help="How it learns; may be repeated.")
@model_option
@click.option("--seeds", type=click.IntRange(min=1), default=1, show_default=True, help="Users of each kind.")
@click.option("--interactions", type=click.IntRange(min=1), default=8, show_default=True, help="Questions asked.")
@click.option(
    "--judge",
    type=click.Choice(JUDGES),
    default=JUDGES[0],
    show_default=True,
    help="Who judges: the product from what is said, or the user outright, without or with mistakes.",
)
@click.option("--user", metavar="URL", help="An OpenAI-compatible endpoint that speaks for the user.")
@click.option("--user-model", metavar="NAME", default="user", help="The model to ask for there.")
@click.option("--prompts", type=click.Path(path_type=Path), help='Questions of your own: lines of {"question": …}.')
@click.option("--first-seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the first user.")
@click.option("--held-out", type=click.IntRange(min=1), help="Measure on so many questions only.  [default: all]")
@click.option(
    "--at",
    type=click.IntRange(min=0),
    multiple=True,
    help="Learn and measure after so many questions; may be repeated.  [default: 0, 2, 4, 8, 12, 24, 36 and the last]",
)
@click.option(
    "--weights-only",
    is_flag=True,
    help="Measure neither the lessons in the prompt nor, but for `--at 0`, the base: half of the time.",
)
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the scores over the interactions to this SVG file.")
@click.option(
    "--reported",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Run nothing: sum up a report written with --json; may be repeated.",
)
@json_option
def personalize(personas: tuple[str, ...], methods: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Simulated users who want something of every reply: how many interactions until they get it.

    Each asks, reacts, and goes away while it learns; then others of their questions are asked of the base, of the base
    with the lessons in the prompt, and of the weights that learned them.
    """
    chosen = {"personas": personas or PERSONAS[:1], "methods": methods or METHODS[:1]}
    _print(_load("personalize")(**chosen, **options, say=_say), as_json)


@bench.command()
@click.option("--users", type=int, help="Active on the day.  [default: 10000]")
@click.option("--requests-per-day", type=float, help="Of a user.  [default: 20]")
@click.option("--tokens-per-reply", type=float, help="Mean.  [default: 400]")
@click.option("--jobs-per-day", type=float, help="Updates of a user's adapter.  [default: 1]")
@click.option("--day-profile", metavar="NAME", help="flat, evening, office, or 24 numbers.  [default: evening]")
@click.option("--model", metavar="NAME", help="Whose adapters' size is computed.  [default: qwen3-8b]")
@click.option("--rank", type=int, help="Of the adapters.  [default: 16]")
@click.option("--adapter-mib", type=click.FloatRange(min=0), help="Size of an adapter, in place of the computed one.")
@click.option("--serving-gpus", type=click.IntRange(min=1), help="That serve.  [default: as many as are needed]")
@click.option("--tokens-per-second", type=float, help="Of a GPU, all replies together.  [default: 2000]")
@click.option("--slots", type=int, help="Adapters on a GPU at once.  [default: 64]")
@click.option("--load-seconds", type=float, help="To bring an adapter to a GPU.  [default: from its size, 0.18]")
@click.option("--routing", type=click.Choice(ROUTINGS), help="Requests go to the user's GPU, or to the least busy one.")
@click.option("--gpus", type=click.IntRange(min=1), help="That train.  [default: as many as are needed]")
@click.option("--steps", type=int, help="Of a job.  [default: 20]")
@click.option("--step-seconds", type=float, help="Of a step on one GPU, if you measured it.  [default: 60]")
@click.option("--checkpoint-every", type=int, help="Steps; 0 is never.  [default: 1]")
@click.option("--checkpoint-seconds", type=float, help="To write one.  [default: from its size, 2]")
@click.option("--minutes-between-preemptions", type=float, help="Mean for a machine; 0 is never.  [default: 30]")
@click.option("--priorities", type=click.Choice(ORDERS), help="Whose jobs go first.  [default: none]")
@click.option("--first-token-seconds", type=float, help="Target for 95 % in the busiest hour.  [default: 1]")
@click.option("--adapter-minutes", type=float, help="Target for 95 % of the adapters.  [default: 30]")
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="Simulated days.")
@click.option("--first-seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the first day.")
@click.option("--only", type=click.Choice(SCALE_PARTS), multiple=True, help="Only this part; may be said repeatedly.")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw when adapters are live to this SVG file.")
@json_option
def scale(as_json: bool, **options: Any) -> None:
    """Many users on shared GPUs, simulated: how many it takes, what a queue does, what checkpoints cost.

    Nothing is measured: every figure follows from assumptions, which are printed with their units and origins.
    """
    _print(_load("scale")(**options, say=_say), as_json)


def _load(name: str) -> Any:
    found = entry_points(group="clawlocal.benchmarks", name=name)
    if not found:
        raise ClawlocalError("The benchmarks are not installed. Run them from a checkout, after `make run`.")
    return next(iter(found)).load()


def _say(stage: str) -> None:
    """Which part has begun: the whole takes minutes."""
    click.echo(f"… {stage}", err=True)


def _print(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    for line in lines(report):
        click.echo(plain(line))
