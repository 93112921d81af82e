"""What the speed benchmarks work on: a served model, its file, and a supply of fresh prompts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.fresh import Fresh
from benchmarks.timeline import Timeline, Watch
from clawlocal import config, paths
from clawlocal.config import Settings
from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.engine.protocol import AdapterFile, Completion, Sampling
from clawlocal.errors import ModelError
from clawlocal.models import Catalog, locate
from clawlocal.models.opened import OpenedModel

GREEDY = Sampling(temperature=0)


@dataclass(frozen=True)
class Part:
    """What one part of a benchmark found."""

    results: dict[str, Any] = field(default_factory=dict)
    ratios: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Served:
    """An engine that is ready, and what surrounds it."""

    engine: LlamaEngine
    path: Path
    fresh: Fresh
    settings: Settings

    def reply(
        self,
        prompt: Sequence[int],
        sampling: Sampling = GREEDY,
        adapter: AdapterFile | None = None,
        session: str = "",
    ) -> tuple[Timeline, Completion]:
        """A whole reply, and when its pieces came. Raises `ModelError` for one that failed."""
        watch = Watch()
        done = self.engine.generate(prompt, sampling, adapter, watch.tick, session=session).result()
        if done.error is not None:
            raise ModelError(done.error)
        timeline = watch.timeline()
        if not timeline.stamps:
            # A first token without text of its own, such as the end of the turn.
            timeline = Timeline(timeline.asked, (timeline.asked + done.first_token_seconds,))
        return timeline, done

    def first(self, prompt: Sequence[int], adapter: AdapterFile | None = None, session: str = "") -> float:
        """Seconds to the first token of a reply of one token."""
        return self.reply(prompt, Sampling(temperature=0, max_tokens=1), adapter, session)[0].first


@contextmanager
def served(model: str | None = None) -> Iterator[Served]:
    """Open the model of that name, or the settings' own. Raises `ModelError`, `ConfigError`."""
    where = paths.find()
    settings = config.load(where.settings)
    name = model or settings.model
    opened = OpenedModel.open(name, settings, where)
    try:
        opened.engine.wait_ready()
        path = locate(Catalog.load(where).entry(name), where)
        assert isinstance(opened.engine, LlamaEngine)
        yield Served(opened.engine, path, Fresh(opened.engine), settings)
    finally:
        opened.engine.close()
