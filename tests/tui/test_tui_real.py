"""The interface over the real assistant, with an engine that needs no model."""

from __future__ import annotations

from pathlib import Path

import gguf
import pytest
from waiting import chat_of, idle, said, send, shown, until

from clawlocal.assistant import Assistant
from clawlocal.config import Settings
from clawlocal.engine.fake import FakeEngine
from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.engine.speech import CallFormat, SpeechStyle
from tui.app import ClawlocalApp
from tui.screens.panel import PanelScreen
from tui.widgets.reply import ReplyLine


async def test_chat_feedback_and_panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAWLOCAL_HOME", str(tmp_path))
    engine = FakeEngine(name=Settings().model)
    engine.enqueue("Take the hotel by the river.")
    with Assistant.open(Settings(), engine=engine) as assistant:
        app = ClawlocalApp(assistant)
        async with app.run_test() as pilot:
            chat = chat_of(pilot)
            await send(pilot, "a quiet hotel")
            await idle(pilot)
            assert chat.transcript.exchanges[0].source == "Take the hotel by the river."
            await pilot.press("alt+g")
            await said(pilot, "Rated good.")
            await until(pilot, lambda: "✓ rated good" in shown(chat.query_one(ReplyLine)))
            await send(pilot, "/correct Give prices in euros.")
            await said(pilot, "Give prices in euros")
            await until(pilot, lambda: "1 new example" in shown(chat, "StatusLine"))
            await pilot.press("ctrl+s")
            await until(pilot, lambda: isinstance(app.screen, PanelScreen) and app.screen.learned)
            assert "nobody is typing" in shown(app.screen)
            await pilot.press("escape")
            session = chat.talk.session
            await pilot.press("ctrl+n")
            await until(pilot, lambda: not chat.transcript.exchanges)
            assert session is not None
            chat.open(session)
            await until(pilot, lambda: len(chat.transcript.exchanges) == 1)
            await until(pilot, lambda: "tok" in shown(chat.query_one(ReplyLine)))


async def test_the_end_of_the_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAWLOCAL_HOME", str(tmp_path))
    with Assistant.open(Settings(), engine=FakeEngine(n_ctx=300)) as assistant:
        app = ClawlocalApp(assistant)
        async with app.run_test() as pilot:
            chat = chat_of(pilot)
            for number in range(4):
                await send(pilot, f"question {number} " + "x" * 60)
                await until(pilot, lambda number=number: len(chat.transcript.exchanges) == number + 1)
                await idle(pilot)
            last = chat.transcript.exchanges[-1]
            assert "oldest messages no longer fit into the prompt" in shown(last, "#notices")
            assert "stays in this chat and in search." in shown(last, "#notices")
            overlong = "a long question " * 30
            await send(pilot, overlong)
            await said(pilot, "Shorten it or send it in parts.")
            await until(pilot, lambda: chat.prompt.text == overlong)
            assert len(chat.transcript.exchanges) == 4
            assert chat.talk.session is not None
            assert len(assistant.messages(chat.talk.session)) == 8


async def test_a_model_that_llama_cpp_does_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAWLOCAL_HOME", str(tmp_path))
    writer = gguf.GGUFWriter(str(tmp_path / "odd.gguf"), "unheardof")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    engine = LlamaEngine(tmp_path / "odd.gguf", name="odd", n_ctx=256)
    with Assistant.open(Settings(), engine=engine) as assistant:
        async with ClawlocalApp(assistant).run_test() as pilot:
            chat = chat_of(pilot)
            await said(pilot, "unknown model architecture: 'unheardof'")
            await until(pilot, lambda: "no model" in shown(chat, "StatusLine"))
            await send(pilot, "hello")
            await until(pilot, lambda: chat.prompt.text == "hello" and not chat.transcript.exchanges)
            assert assistant.sessions() == []


async def test_thoughts_and_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAWLOCAL_HOME", str(tmp_path))
    engine = FakeEngine()
    engine.speech = SpeechStyle(("<think>", "</think>"), CallFormat.HERMES, switch=True)
    engine.enqueue("<think>\nThe river?\n</think>\n\nBy the **river**.")
    engine.enqueue('<tool_call>{"name": "book", "arguments": {"nights": 2}}</tool_call>')
    with Assistant.open(Settings(), engine=engine) as assistant:
        async with ClawlocalApp(assistant).run_test() as pilot:
            chat = chat_of(pilot)
            await send(pilot, "a quiet hotel")
            await idle(pilot)
            await until(pilot, lambda: chat.talk.session)
            await pilot.press("ctrl+t")
            await said(pilot, "Thinking is off for the next replies.")
            await send(pilot, "book it")
            await idle(pilot)
            assert ["no thinking" in asked.prompt for asked in engine.requests] == [False, True]
            first, second = chat.transcript.exchanges
            assert (first.source, first.facts.thought) == ("By the **river**.", "The river?")
            assert shown(second, "#calls") == "asked for book(nights: 2)"
            chat.open(chat.talk.session or "")
            await until(pilot, lambda: first not in chat.transcript.exchanges and len(chat.transcript.exchanges) == 2)
            await pilot.press("alt+o")
            await until(pilot, lambda: "The river?" in shown(chat.transcript, "#thought"))
