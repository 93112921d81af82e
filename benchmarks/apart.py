"""Yardsticks in a process of their own. Knows not what they measure.

OpenMP gives every thread that computes helpers of its own, and lets all of them wait less eagerly once there
are more than cores: two engines in one process make each other slow, even in turns.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

Opener = Callable[..., AbstractContextManager[Any]]


class Apart:
    """Stands for an object in another process: its methods are called there, one at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getattr__(self, method: str) -> Any:
        return partial(self._call, method)

    def _call(self, method: str, *args: Any, **options: Any) -> Any:
        self._connection.send((method, args, options))
        value, error = self._connection.recv()
        if error is not None:
            raise error
        return value


@contextmanager
def apart(kind: Opener, *args: Any) -> Iterator[Apart]:
    """`kind(*args)`, a context manager, opened in a process that ends with the block."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(theirs, kind, args), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Apart(ours)
    finally:
        ours.close()
        process.join()


def _serve(connection: Connection, kind: Opener, args: tuple[Any, ...]) -> None:
    with kind(*args) as one:
        while True:
            try:
                method, given, options = connection.recv()
            except EOFError:
                return
            connection.send(_answer(one, method, given, options))


def _answer(one: Any, method: str, given: tuple[Any, ...], options: dict[str, Any]) -> tuple[Any, Exception | None]:
    try:
        return getattr(one, method)(*given, **options), None
    except Exception as e:  # belongs to who called
        return None, e
