"""Learning and adapters, asked for from the chat or from the panel: the call, and the word about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual.widget import Widget

from clawlocal.assistant import Assistant
from clawlocal.records import LessonState, Receipt, UpdateStatus
from tui.background import ask
from tui.plain import plain


def say(node: Widget, sentence: str) -> None:
    node.notify(plain(sentence), markup=False)


def tell(node: Widget, call: Callable[[], str]) -> None:
    """Make the call, and show the sentence that it returns."""
    ask(node, call, lambda sentence: say(node, sentence), group="learning")


def set_learning(node: Widget, assistant: Assistant, on: bool) -> None:
    words = "Learning is on: it trains while you are away." if on else "Learning is off: nothing is trained."
    ask(node, lambda: assistant.set_learning(on), lambda _: say(node, words), group="learning")


def learn_now(node: Widget, assistant: Assistant) -> None:
    """An update that ends with a new version, or without, is in the status line; only the rest is said here."""
    say(node, "Looking for something to learn. Chat goes on meanwhile.")
    # Whoever asks for an update gets it, though a cluster would do better.
    ask(node, assistant.too_much, lambda words: say(node, words) if words else None, group="learning")
    ask(
        node,
        lambda: assistant.learn_now(wait=True),
        lambda receipt: _ended(node, receipt),
        group="learning",
        long=True,
    )


def _ended(node: Widget, receipt: Receipt | None) -> None:
    if receipt is not None and receipt.status is UpdateStatus.NOTHING:
        say(node, receipt.reason or "There is nothing new to learn from.")


def rollback(node: Widget, assistant: Assistant, to: str | None) -> None:
    ask(node, lambda: assistant.rollback(to), lambda sentence: say(node, sentence), group="adapters")


def export(node: Widget, assistant: Assistant, version: str | None, format: str, path: Path) -> None:
    say(node, f"Writing {version or 'the live version'} as {format}…")
    ask(
        node,
        lambda: assistant.export(version, format, path),
        lambda written: say(node, f"{version or 'The live version'} is written to {written}"),
        group="adapters",
    )


def veto(node: Widget, assistant: Assistant, lesson: int) -> None:
    tell(node, lambda: assistant.veto(lesson))


def restore(node: Widget, assistant: Assistant, lesson: int) -> None:
    ask(
        node,
        lambda: assistant.set_lesson_state(lesson, LessonState.ACTIVE),
        lambda _: say(node, "The lesson is in the prompt again."),
        group="learning",
    )
