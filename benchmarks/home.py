"""An empty data folder, and an assistant over it that never trains by itself. Knows no measurement."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clawlocal import paths
from clawlocal.assistant import Assistant
from clawlocal.config import Settings
from clawlocal.models import Catalog, locate
from clawlocal.models.catalog import ModelEntry, Source


@contextmanager
def empty_home(model: str) -> Iterator[None]:
    """`CLAWLOCAL_HOME` is a new folder in which that model is known, and as before afterwards.

    Raises `ModelError`, `ConfigError` for a model that is not there.
    """
    where = paths.find()
    entry = Catalog.load(where).entry(model)
    file = locate(entry, where).absolute()
    before = os.environ.get("CLAWLOCAL_HOME")
    with tempfile.TemporaryDirectory(prefix="clawlocal-bench-") as home:
        if entry.source is not Source.PACKAGE:
            _introduce(Path(home), entry, file)
        os.environ["CLAWLOCAL_HOME"] = home
        try:
            yield
        finally:
            os.environ.pop("CLAWLOCAL_HOME")
            if before is not None:
                os.environ["CLAWLOCAL_HOME"] = before


@contextmanager
def assistant_of(settings: Settings) -> Iterator[Assistant]:
    """Over the folder that is set, with nothing in it but what can be made again. Its model is loaded."""
    with Assistant.open(settings) as assistant:
        assistant.purge()
        assistant.wait_ready()
        yield assistant


@contextmanager
def assistant_in_empty_home(max_tokens: int) -> Iterator[Assistant]:
    """Both, of the model that comes with the program."""
    settings = Settings(idle_seconds=86400, max_tokens=max_tokens)
    with empty_home(settings.model), assistant_of(settings) as assistant:
        yield assistant


def _introduce(home: Path, entry: ModelEntry, file: Path) -> None:
    """Where it lies: a large file is not copied."""
    (home / "config").mkdir(mode=0o700)
    # Strings and numbers of JSON are some of TOML as well.
    said = {"source": "file", "file": str(file), "context": entry.context, "repeat_after": entry.repeat_after}
    lines = [f"[models.{json.dumps(entry.name)}]", *(f"{key} = {json.dumps(value)}" for key, value in said.items())]
    (home / "config" / "models.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
