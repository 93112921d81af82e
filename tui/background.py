"""Calls into the assistant from worker threads, so that the screen never waits.

A worker only posts messages: the value, or the error, comes back to the interface's own thread. When the
widget that asked is gone by then, the message is dropped with it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import TypeVar

from textual.dom import DOMNode
from textual.message import Message
from textual.message_pump import MessagePump

from clawlocal.errors import ClawlocalError

T = TypeVar("T")


class Answered(Message):
    """A call came back: `then` takes its value to the widgets."""

    def __init__(self, node: DOMNode, then: Callable[[], object]) -> None:
        super().__init__()
        self.node = node
        self.then = then


class Raised(Message):
    """A call failed: to be said, and `undo` puts back what was on its way."""

    def __init__(self, node: DOMNode, error: ClawlocalError, undo: Callable[[], object] | None) -> None:
        super().__init__()
        self.node = node
        self.error = error
        self.undo = undo


def post(pump: MessagePump, message: Message) -> None:
    """Post from any thread, also in the moment in which the interface ends."""
    with suppress(RuntimeError):  # the loop is closed: nobody is there to read it
        pump.post_message(message)


def ask(
    node: DOMNode,
    call: Callable[[], T],
    then: Callable[[T], object] | None = None,
    *,
    group: str,
    undo: Callable[[], object] | None = None,
    long: bool = False,
) -> None:
    """Run `call` in a thread, then `then(value)` here; a `ClawlocalError` is shown, then `undo()` runs.

    A `long` call may take minutes: quitting does not wait for it.
    """

    def work() -> None:
        try:
            value = call()
        except CancelledError:  # the assistant was closed
            return
        except ClawlocalError as e:
            post(node, Raised(node, e, undo))
            return
        if then is not None:
            post(node, Answered(node, partial(then, value)))

    if long:
        Thread(target=work, name=group, daemon=True).start()
    else:
        node.run_worker(work, group=group, thread=True)
