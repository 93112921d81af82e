"""The command line: as a process of its own, and inside the test for what needs no model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from clawlocal.cli import cli

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "clawlocal")


def environment(**more: str) -> dict[str, str]:
    """This process's, with the checkout on the path and threads that do not spin."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_WAIT_POLICY": "PASSIVE", **more}


@pytest.fixture
def clawlocal(home: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`clawlocal("chat", "Hello")` runs a process to its end. Half a surrogate stands for a byte that is no text."""

    def run(*arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            env=environment(**more),
            timeout=300,
        )

    return run


@pytest.fixture
def started(home: Path) -> Callable[..., subprocess.Popen[str]]:
    """`started("chat", "Hello")` starts a process; the test ends it."""
    # Where the tests run in the background, interrupts are ignored, and children would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def start(*arguments: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *arguments], stdin=subprocess.DEVNULL, text=True, env=environment(), **options
        )

    return start


@pytest.fixture
def invoke(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command inside the test, for the model `tiny`; an error is raised."""
    monkeypatch.setenv("CLAWLOCAL_MODEL", "tiny")

    def run(*arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(cli, arguments, input=stdin, catch_exceptions=False, standalone_mode=False)

    return run


@pytest.fixture
def data(invoke: Callable[..., Result]) -> Callable[..., Any]:
    """As `invoke` with `--json`: the one value that was printed."""

    def run(*arguments: str) -> Any:
        result = invoke(*arguments, "--json")
        assert result.stderr == ""
        return json.loads(result.stdout)

    return run
