"""Thoughts, tools and tool calls through the assistant, over a real store and an engine without a model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clawlocal.assistant import Assistant
from clawlocal.engine.fake import FakeEngine
from clawlocal.engine.protocol import Stop
from clawlocal.engine.speech import CallFormat, Said, SpeechStyle, Thought
from clawlocal.errors import PromptError
from clawlocal.hearing import Hearing
from clawlocal.judge.protocol import Exchange
from clawlocal.judge.small.judge import SmallJudge
from clawlocal.records import Message, ToolCall
from clawlocal.store import Store
from clawlocal.tools import described, read
from clawlocal.training.batch import BatchMaker
from tests.saying import say
from tests.waiting import until

STYLE = SpeechStyle(("<think>", "</think>"), CallFormat.HERMES, switch=True)
PARIS = ToolCall("get_weather", {"city": "Paris"})
CALL = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>'
WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "Now, in a city."}}


@pytest.fixture
def engine() -> Any:
    engine = FakeEngine(name="tiny")
    engine.speech = STYLE
    yield engine
    engine.close()


def kept(assistant: Assistant, session: str) -> Message:
    """The reply that was kept last."""
    return assistant.messages(session)[-1]


def test_a_thought_is_kept_apart_from_the_answer(assistant: Assistant, engine: FakeEngine) -> None:
    engine.enqueue("<think>\nA bird? Surely.\n</think>\n\nIt is a bird.")
    heard: list[tuple[str, str]] = []
    reply = assistant.chat(
        "A heron?",
        on_text=lambda piece: heard.append(("text", piece)),
        on_thought=lambda piece: heard.append(("thought", piece)),
    )
    assert "".join(reply) == "It is a bird."
    answer = reply.result(60)
    assert (answer.text, answer.thought, answer.tool_calls) == ("It is a bird.", "A bird? Surely.", ())
    assert answer.thought_seconds >= 0
    assert "".join(piece for kind, piece in heard if kind == "thought").strip() == "A bird? Surely."
    assert [kind for kind, _ in heard] == sorted((kind for kind, _ in heard), reverse=True)
    message = kept(assistant, answer.session)
    assert (message.content, message.thought) == ("It is a bird.", "A bird? Surely.")
    assert assistant.search("surely") == []
    turn = assistant.turn(answer.turn or "")
    assert engine.detokenize(turn.token_ids).startswith("<think>")
    assert (turn.thought_seconds, turn.thinking, turn.tools) == (answer.thought_seconds, True, ())


def test_a_thought_is_not_read_again_and_a_plain_reply_is_as_it_was_sampled(
    assistant: Assistant, engine: FakeEngine
) -> None:
    engine.enqueue("<think>hm</think>\n\nFirst.")
    engine.enqueue("\nSecond.")
    session = say(assistant, "one").session
    say(assistant, "two", session=session)
    say(assistant, "three", session=session)
    prompt = engine.requests[-1].prompt
    assert "hm" not in prompt and "think" not in prompt
    assert prompt == "user\noneassistant\nFirst.user\ntwoassistant\n\nSecond.user\nthreeassistant\n"


def test_an_empty_thought_counts_as_one(assistant: Assistant, engine: FakeEngine) -> None:
    engine.enqueue("<think>\n\n</think>\n\nYes.")
    answer = say(assistant, "one")
    assert (answer.text, answer.thought, kept(assistant, answer.session).thought) == ("Yes.", "", "")
    say(assistant, "two", session=answer.session)
    assert "think" not in engine.requests[-1].prompt


def test_a_reply_that_was_stopped_while_it_thought(assistant: Assistant, engine: FakeEngine) -> None:
    engine.enqueue("<think>one two", stopped=Stop.LENGTH)
    answer = say(assistant, "go")
    assert (answer.text, answer.thought, answer.stopped) == ("", "one two", "length")
    assert answer.turn is not None
    say(assistant, "on", session=answer.session)


def test_tools_are_offered_and_calls_are_kept(assistant: Assistant, engine: FakeEngine) -> None:
    engine.enqueue(f"I look.\n{CALL}\n")
    answer = say(assistant, "The weather?", tools=[WEATHER])
    assert '"get_weather"' in engine.requests[0].prompt
    assert (answer.text, answer.tool_calls) == ("I look.", (PARIS,))
    assert kept(assistant, answer.session).tool_calls == (PARIS,)
    assert assistant.turn(answer.turn or "").tools == (WEATHER,)
    say(assistant, "And?", session=answer.session)
    assert (
        'assistant\nI look.\n{"name": "get_weather", "arguments": {"city": "Paris"}}user' in engine.requests[-1].prompt
    )
    assert engine.requests[-1].prompt.count("Now, in a city.") == 0
    assert assistant.retry(answer.turn or "").result(60)
    assert "Now, in a city." in engine.requests[-1].prompt


def test_a_call_that_is_none_stays_text(assistant: Assistant, engine: FakeEngine) -> None:
    engine.enqueue("<tool_call>{oops}</tool_call>")
    answer = say(assistant, "go", tools=[WEATHER])
    assert (answer.text, answer.tool_calls) == ("<tool_call>{oops}</tool_call>", ())


def test_a_temporary_chat_reads_answers_and_calls_again(assistant: Assistant, engine: FakeEngine) -> None:
    engine.enqueue(f"<think>hm</think>\n{CALL}")
    session = say(assistant, "one", temporary=True).session
    say(assistant, "two", session=session)
    assert 'assistant\n{"name": "get_weather"' in engine.requests[-1].prompt
    assert "hm" not in engine.requests[-1].prompt


def test_thinking_is_switched_for_all_or_for_one_reply(
    open_assistant: Callable[..., Assistant], engine: FakeEngine
) -> None:
    assistant = open_assistant(engine, thinking=False)
    assert (assistant.thinking, assistant.thinking_switch()) == (False, True)
    off = say(assistant, "one")
    say(assistant, "two", thinking=True)
    assistant.set_thinking(True)
    say(assistant, "three")
    say(assistant, "four", thinking=False)
    assert ["no thinking" in asked.prompt for asked in engine.requests] == [True, False, False, True]
    assert assistant.turn(off.turn or "").thinking is False


def test_a_prompt_that_opens_the_thought(assistant: Assistant, engine: FakeEngine) -> None:
    engine.speech = SpeechStyle(("<think>", "</think>"), opened=frozenset({True}))
    engine.enqueue("why</think>Because.")
    engine.enqueue("Because.")
    first, second = say(assistant, "one"), say(assistant, "two", thinking=False)
    assert (first.thought, first.text) == ("why", "Because.")
    assert (second.thought, second.text) == ("", "Because.")


def test_the_judge_reads_the_answer_only(
    assistant: Assistant, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[Exchange] = []
    judge = SmallJudge.judge
    monkeypatch.setattr(SmallJudge, "judge", lambda self, exchange: (judged.append(exchange), judge(self, exchange))[1])
    engine.enqueue("<think>secret</think>Paris.")
    session = say(assistant, "The capital?").session
    say(assistant, "Hm, I wonder about that one.", session=session)
    until(lambda: judged)
    assert [exchange.reply for exchange in judged] == ["Paris."]


def test_what_is_trained_was_served_with_the_same_tools(assistant: Assistant, engine: FakeEngine) -> None:
    answer = say(assistant, "The weather?", tools=[WEATHER], thinking=False)
    assistant.correct(answer.turn or "", "Answer in one sentence please.")
    batch = BatchMaker(assistant._store, engine, assistant._conversations).make(None)
    [sample] = batch.samples
    hinted = engine.detokenize(sample.hinted_prompt_ids or ())
    assert "Now, in a city." in hinted and "no thinking" in hinted and "one sentence" in hinted


def test_thoughts_and_calls_survive_a_restart(store: Store) -> None:
    session = store.add_session("m", "").id
    call = ToolCall("f\ud800", {"a": [1, None, "ü\x00\ud800"], "b": {"c": True}})
    message = store.add_message(session, None, "assistant", "x", thought="t", tool_calls=[call])
    assert store.message(message.id) == message
    assert (message.thought, message.tool_calls) == ("t", (call,))


def test_a_thought_is_timed_from_its_first_to_its_last_piece() -> None:
    times = iter([10.0, 12.0, 15.0])
    hearing = Hearing(STYLE, clock=lambda: next(times))
    pieces = [hearing.feed(piece) for piece in ("<think>", "a", "b", "</think>", "c")]
    assert pieces[1:] == [[Thought("a")], [Thought("b")], [Thought("")], [Said("c")]]
    assert hearing.heard.thought_seconds == 5.0


BARE = {"name": "f", "parameters": {"type": "object"}}


def test_tools_come_bare_or_wrapped(tmp_path: Path) -> None:
    path = tmp_path / "tools.json"
    path.write_text(json.dumps([BARE, {"type": "function", "function": BARE}]))
    assert read(path) == ({"type": "function", "function": BARE},) * 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not JSON"),
        ("[" * 99999, "is not JSON"),
        ("{}", "tools.json: Tools must be a list"),
        ("[1]", "Tool 1 is no function"),
        ('[{"name": "f"}, {"type": "function"}]', "Tool 2 has no name"),
        ('[{"name": ""}]', "Tool 1 has no name"),
        ('[{"name": "f", "parameters": []}]', "parameters of the tool f must be"),
        ('[{"function": 1}]', "Tool 1 is no function"),
    ],
)
def test_what_is_wrong_with_tools_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "tools.json"
    path.write_text(text)
    with pytest.raises(PromptError, match=says):
        read(path)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="Cannot read"):
        read(tmp_path / "none.json")
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(PromptError, match="is not JSON"):
        read(tmp_path / "bytes")


def test_a_model_without_tools_refuses_them_before_anything_is_kept(assistant: Assistant, engine: FakeEngine) -> None:
    engine.speech = SpeechStyle()
    with pytest.raises(PromptError, match="takes no tools"):
        assistant.chat("hello", tools=[WEATHER])
    assert assistant.sessions() == []
    with pytest.raises(PromptError, match="list of functions"):
        described("tools")
