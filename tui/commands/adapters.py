"""Learning and adapters, asked for from the chat or from the panel: the call, and the word about it."""

from __future__ import annotations

from pathlib import Path

from textual.widget import Widget

from clawlocal.assistant import Assistant
from clawlocal.records import Receipt, UpdateStatus
from tui.background import ask
from tui.plain import plain
from tui.receipt import receipt_lines


def say(node: Widget, sentence: str) -> None:
    node.notify(plain(sentence), markup=False)


def set_learning(node: Widget, assistant: Assistant, on: bool) -> None:
    words = "Learning is on: it trains while you are away." if on else "Learning is off: nothing is trained."
    ask(node, lambda: assistant.set_learning(on), lambda _: say(node, words), group="learning")


def learn_now(node: Widget, assistant: Assistant) -> None:
    ask(node, lambda: assistant.learn_now(), lambda receipt: _started(node, receipt), group="learning")


def _started(node: Widget, receipt: Receipt | None) -> None:
    if receipt is None or receipt.status is UpdateStatus.RUNNING:
        say(node, "An update begins. Chat goes on meanwhile.")
    else:
        say(node, "\n".join(receipt_lines(receipt)[:2]))


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
