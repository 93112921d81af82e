"""An assistant over an empty data folder that never trains by itself. Knows no measurement."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from clawlocal.assistant import Assistant
from clawlocal.config import Settings


@contextmanager
def assistant_in_empty_home(max_tokens: int) -> Iterator[Assistant]:
    """Its model is loaded. `CLAWLOCAL_HOME` is as before afterwards."""
    before = os.environ.get("CLAWLOCAL_HOME")
    with tempfile.TemporaryDirectory(prefix="clawlocal-bench-") as home:
        os.environ["CLAWLOCAL_HOME"] = home
        try:
            with Assistant.open(Settings(idle_seconds=86400, max_tokens=max_tokens)) as assistant:
                assistant.wait_ready()
                yield assistant
        finally:
            os.environ.pop("CLAWLOCAL_HOME")
            if before is not None:
                os.environ["CLAWLOCAL_HOME"] = before
