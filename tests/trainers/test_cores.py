"""How many threads the trainer takes."""

from __future__ import annotations

import subprocess
import sys
from shutil import which

import pytest

from trainers.cores import Cores, threads


@pytest.mark.parametrize(
    ("cores", "free", "most", "expected"),
    [(2, 1.0, 2, 2), (2, 0.5, 2, 1), (2, 0.0, 2, 1), (16, 1.0, 4, 4), (16, 0.1, 4, 2)],
)
def test_a_thread_for_each_free_core(cores: int, free: float, most: int, expected: int) -> None:
    assert threads(cores, free, most) == expected


def test_the_machine_can_be_read() -> None:
    assert Cores(1).threads() == 1
    assert 1 <= Cores(4).threads() <= 4


@pytest.mark.skipif(which("taskset") is None, reason="needs Linux's taskset")
def test_no_more_threads_than_cores_that_it_may_run_on() -> None:
    said = "from trainers.cores import Cores, allowed; print(allowed(), Cores(8).threads())"
    done = subprocess.run(["taskset", "-c", "0", sys.executable, "-c", said], capture_output=True, text=True)
    assert done.stdout.split() == ["1", "1"], done.stderr
