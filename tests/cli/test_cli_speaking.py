"""`clawlocal chat` with a model that thinks and asks for tools: the answer on stdout, the thought never."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from clawlocal.assistant import Assistant
from clawlocal.cli import chat as command
from clawlocal.engine.fake import FakeEngine
from clawlocal.engine.speech import CallFormat, SpeechStyle
from clawlocal.errors import PromptError

Invoke = Callable[..., Result]
CALL = '<tool_call>{"name": "get_weather", "arguments": {"city": "Zürich \\u009b\\ud800"}}</tool_call>'
LINE = '{"name": "get_weather", "arguments": {"city": "Zürich \\u009b\\ud800"}}'


@pytest.fixture
def speaking(engine: FakeEngine, open_assistant: Any, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """The engine that `clawlocal chat` talks to."""
    engine.speech = SpeechStyle(("<think>", "</think>"), CallFormat.HERMES, switch=True)

    assistant = open_assistant(engine)

    @contextmanager
    def serving(_: str | None) -> Iterator[Assistant]:
        yield assistant

    monkeypatch.setattr(command, "serving", serving)
    return engine


@pytest.fixture
def tools(tmp_path: Path) -> str:
    path = tmp_path / "tools.json"
    path.write_text('[{"name": "get_weather", "description": "Now, in a city."}]')
    return str(path)


@pytest.mark.parametrize("more", [[], ["--no-stream"]])
def test_a_thought_is_not_printed_unless_asked_for(invoke: Invoke, speaking: FakeEngine, more: list[str]) -> None:
    for _ in range(2):
        speaking.enqueue("<think>\nfirst I\x1b[2J think\n</think>\n\nYes.")
    quiet, shown = (invoke("chat", "so?", *more, *flag) for flag in ([], ["--show-thinking"]))
    assert quiet.stdout == shown.stdout == "Yes.\n"
    assert "think" not in quiet.stderr and quiet.stderr.startswith("session ")
    assert shown.stderr.startswith("first I[2J think\nsession ")


def test_a_thought_that_never_ended_ends_its_line(invoke: Invoke, speaking: FakeEngine) -> None:
    speaking.enqueue("<think>on and on")
    ran = invoke("chat", "so?", "--show-thinking")
    assert ran.stdout == "\n"
    assert ran.stderr.startswith("on and on\nsession ")


def test_thinking_can_be_left_out(invoke: Invoke, speaking: FakeEngine) -> None:
    invoke("chat", "so?", "--no-thinking")
    invoke("chat", "so?")
    assert ["no thinking" in asked.prompt for asked in speaking.requests] == [True, False]


@pytest.mark.parametrize("more", [[], ["--no-stream"]])
def test_a_reply_that_is_a_call_is_one_line_of_json(
    invoke: Invoke, speaking: FakeEngine, tools: str, more: list[str]
) -> None:
    speaking.enqueue(f"<think>look</think>\n{CALL}\n")
    ran = invoke("chat", "the weather?", "--tools", tools, *more)
    assert ran.stdout == LINE + "\n"
    assert "Now, in a city." in speaking.requests[0].prompt


def test_calls_stand_behind_what_is_said(invoke: Invoke, speaking: FakeEngine, tools: str) -> None:
    speaking.enqueue(f"I look.{CALL}\n{CALL}")
    assert invoke("chat", "the weather?", "--tools", tools).stdout == f"I look.\n{LINE}\n{LINE}\n"


def test_json_has_thought_and_calls(invoke: Invoke, speaking: FakeEngine, tools: str) -> None:
    speaking.enqueue(f"<think>look</think>{CALL}")
    ran = invoke("chat", "the weather?", "--tools", tools, "--json")
    found = json.loads(ran.stdout)
    assert (found["text"], found["thought"], found["tool_calls"]) == ("", "look", [json.loads(LINE)])
    assert ran.stderr == ""


def test_tools_that_cannot_be_read_are_one_sentence(invoke: Invoke, speaking: FakeEngine, tmp_path: Path) -> None:
    with pytest.raises(PromptError, match=r"Cannot read .*none.json: No such file"):
        invoke("chat", "x", "--tools", str(tmp_path / "none.json"))
    assert speaking.requests == []


def test_a_session_shows_its_calls_and_not_its_thoughts(invoke: Invoke, speaking: FakeEngine, tools: str) -> None:
    speaking.enqueue(f"<think>secret</think>{CALL}")
    ran = json.loads(invoke("chat", "the weather?", "--tools", tools, "--json").stdout)
    shown = invoke("sessions", "show", ran["session"]).stdout
    assert shown.endswith(f"assistant (turn {ran['turn']})\n{LINE}\n")
    assert "secret" not in shown
    message = json.loads(invoke("sessions", "show", ran["session"], "--json").stdout)["messages"][-1]
    assert (message["thought"], message["tool_calls"]) == ("secret", [json.loads(LINE)])
