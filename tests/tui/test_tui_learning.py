"""The status line, the learning panel, and what can be done from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fakes import NOW, RECEIPT, FakeAssistant
from textual.widgets import Input, RadioButton
from waiting import Open, chat_of, idle, said, send, shown, until

from clawlocal.errors import AdapterError, ModelError
from clawlocal.records import LessonState, UpdateStatus
from tui.screens.confirm import ConfirmScreen
from tui.screens.export import ExportScreen
from tui.screens.holder import HolderScreen
from tui.screens.panel import PanelScreen


async def test_the_status_line_follows_in_words(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        chat = chat_of(pilot)

        async def says(words: str) -> None:
            await until(pilot, lambda: words in shown(chat, "StatusLine"), words)

        fake.set(queue={"queued": 3})
        await says("learning on · 3 new examples · next when idle")
        fake.set(state="training", progress=0.41)
        await says("training 41 %")
        await pilot.press("a")
        await says("paused at 41 %: you are typing")
        fake.set(state="waiting", progress=None, why="3 judged replies, 1 with a correction; on battery, 50 % left")
        await says("3 new examples · on battery, 50 % left")
        rejected = replace(RECEIPT, status=UpdateStatus.REJECTED, version=None, reason="It forgot too much.")
        fake.set(last_update=rejected)
        await says("update rejected, kept v1")
        fake.set(last_update=replace(RECEIPT, update=3), live_version="v2")
        await says("learned: v2 is live")
        await said(pilot, "Learned: v2 is live. ctrl+s shows the receipt.")
        await until(pilot, lambda: "tiny · v2" in shown(chat, "#model"))
        await send(pilot, "hello")
        await until(pilot, lambda: "learned:" not in shown(chat, "StatusLine"))
        await idle(pilot)


async def test_an_update_from_before_is_no_news(opened: Open, fake: FakeAssistant) -> None:
    fake.learned()
    async with opened() as pilot:
        assert "learned:" not in shown(chat_of(pilot), "StatusLine")


async def test_learning_is_turned_off_and_on(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        chat = chat_of(pilot)
        await pilot.press("ctrl+l")
        await said(pilot, "Learning is off")
        await until(pilot, lambda: "learning off" in shown(chat, "StatusLine"))
        await pilot.press("ctrl+l")
        await said(pilot, "Learning is on")
        await until(pilot, lambda: "learning on" in shown(chat, "StatusLine"))


async def test_the_panel_shows_what_was_learned(opened: Open, fake: FakeAssistant) -> None:
    fake.learned()
    async with opened(size=(100, 50)) as pilot:
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, PanelScreen) and pilot.app.screen.learned)
        words = shown(pilot.app.screen)
        assert "✓ idle   for 72 of 60 seconds" in words
        assert "✗ power  on battery" in words
        assert "learned: v2 is live (from v1) · 84 s" in words
        assert "learned from 6 judged turns, 2 corrections, 4 rehearsed turns" in words
        assert "left out: 1 stopped by the user, 3 no clear verdict" in words
        assert "lesson: Give prices in euros. (from “Trip to Lisbon”)" in words
        assert "✓ gate: drift ▓▓░░░░░░ 0.031 of 0.1 nats" in words
        lesson = pilot.app.screen.lessons.get_option_at_index(0).prompt
        assert lesson == "Give prices in euros. — learned: in the weights (from “Trip to Lisbon”)"
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is chat_of(pilot))


async def test_the_panel_follows_changes(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "No update yet." in shown(pilot.app.screen))
        fake.learned()
        fake.set(queue={"queued": 5})
        await until(pilot, lambda: "5 examples ready" in shown(pilot.app.screen))
        await until(pilot, lambda: "v2 is live" in shown(pilot.app.screen))


async def panel(pilot: object) -> PanelScreen:
    await pilot.press("ctrl+s")  # type: ignore[attr-defined]
    screen = pilot.app.screen  # type: ignore[attr-defined]
    await until(pilot, lambda: screen.learned)  # type: ignore[arg-type]
    return screen


async def test_rolling_back_from_the_panel(opened: Open, fake: FakeAssistant) -> None:
    fake.learned()
    async with opened() as pilot:
        screen = await panel(pilot)
        assert screen.versions.marked == "v2"
        await pilot.press("r")
        await said(pilot, "v1 is live again.")
        assert fake.called("rollback") == [("v1",)], "with the live version marked, its parent comes back"
        await until(pilot, lambda: screen.learned and screen.learned.status.live_version == "v1")
        assert screen.versions.marked == "v2", "the mark stays, so that the same key brings it back"
        await pilot.press("r")
        await until(pilot, lambda: screen.learned and screen.learned.status.live_version == "v2")
        assert fake.called("rollback") == [("v1",), ("v2",)]


async def test_a_lesson_is_vetoed_and_restored(opened: Open, fake: FakeAssistant) -> None:
    fake.learned()
    async with opened() as pilot:
        screen = await panel(pilot)
        await pilot.press("tab", "v")
        await said(pilot, "out of the prompt")
        await until(pilot, lambda: "vetoed" in str(screen.lessons.get_option_at_index(0).prompt))
        await pilot.press("v")
        await said(pilot, "in the prompt again")
        assert fake.called("set_lesson_state")[-1] == (1, LessonState.ACTIVE)


async def test_a_lesson_that_a_later_one_replaced_says_by_what(opened: Open, fake: FakeAssistant) -> None:
    fake.learned()
    (first, *others) = fake.known_lessons
    later = replace(first, id=99, text="Give long answers.", scope="topic: code", state=LessonState.ACTIVE)
    fake.known_lessons = [replace(first, state=LessonState.NEW, replaced_by=99), *others, later]
    async with opened() as pilot:
        screen = await panel(pilot)
        assert "replaced by “Give long answers.”" in str(screen.lessons.get_option_at_index(0).prompt)
        last = screen.lessons.get_option_at_index(screen.lessons.option_count - 1)
        assert "active: in prompts about code" in str(last.prompt)


async def test_exporting_from_the_panel(opened: Open, fake: FakeAssistant) -> None:
    fake.learned()
    async with opened() as pilot:
        await panel(pilot)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, ExportScreen))
        form = pilot.app.screen
        assert form.query_one(Input).value == "~/clawlocal-v2-peft"
        buttons = {button.name: button for button in form.query(RadioButton)}
        await pilot.click(buttons["ollama"])
        await until(pilot, lambda: form.query_one(Input).value == "~/clawlocal-v2-ollama")
        await pilot.click(buttons["gguf"])
        await until(pilot, lambda: form.query_one(Input).value == "~/clawlocal-v2.gguf")
        form.query_one(Input).value = "/tmp/mine.gguf"
        form.query_one(Input).focus()
        await pilot.press("enter")
        await said(pilot, "v2 is written to /tmp/mine.gguf")
        assert fake.called("export") == [("v2", "gguf", Path("/tmp/mine.gguf"))]


async def test_learning_now_and_an_error(opened: Open, fake: FakeAssistant) -> None:
    fake.learned()
    async with opened() as pilot:
        await panel(pilot)
        await pilot.press("n")
        await said(pilot, "Nothing to learn from yet.")
        fake.failing["rollback"] = AdapterError("v1 is damaged on disk. Choose another version.")
        await pilot.press("escape")
        await send(pilot, "/rollback v1")
        await said(pilot, "Adapter v1 is damaged on disk.")


async def test_another_instance_holds_the_folder(opened: Open, fake: FakeAssistant) -> None:
    fake.state = replace(fake.state, holder="clawlocal serve (process 4711)")
    async with opened() as pilot:
        await until(pilot, lambda: "clawlocal serve (process 4711)" in shown(pilot.app.screen))
        assert isinstance(pilot.app.screen, HolderScreen)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is chat_of(pilot))
        await until(pilot, lambda: "not learning here" in shown(chat_of(pilot), "StatusLine"))
        await send(pilot, "hello")
        await idle(pilot)


async def test_quitting_since_another_instance_holds_the_folder(opened: Open, fake: FakeAssistant) -> None:
    fake.state = replace(fake.state, holder="another one")
    async with opened() as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, HolderScreen) and pilot.app.screen.query("#quit"))
        await pilot.click("#quit")
        await until(pilot, lambda: pilot.app._exit)
        assert pilot.app.return_code == 0


async def test_a_model_that_cannot_be_loaded(opened: Open, fake: FakeAssistant) -> None:
    fake.broken = "The file of tiny is cut short. Run `clawlocal models pull tiny`."
    fake.failing["chat"] = ModelError(fake.broken)
    async with opened() as pilot:
        chat = chat_of(pilot)
        await said(pilot, "Model The file of tiny is cut short.")
        await until(pilot, lambda: "no model" in shown(chat, "StatusLine"))
        await send(pilot, "hello")
        await until(pilot, lambda: chat.prompt.text == "hello")


async def test_this_chat_is_left_out_of_learning(opened: Open, fake: FakeAssistant) -> None:
    fake.add_chat("s-1", "Letters", [("a", "b")])
    async with opened(session="s-1") as pilot:
        await until(pilot, lambda: chat_of(pilot).talk.session == "s-1")
        await send(pilot, "/learn here")
        await said(pilot, "kept, but not learned from")
        assert fake.called("set_session_learning") == [("s-1", False)]
        assert fake.chats["s-1"].created == NOW


async def test_paused_by_command(opened: Open, fake: FakeAssistant) -> None:
    async with opened() as pilot:
        await send(pilot, "/learn pause 30")
        await said(pilot, "Paused: no update starts")
        await until(pilot, lambda: "no update starts" in shown(chat_of(pilot), "StatusLine"))
        await send(pilot, "/learn pause")
        await until(pilot, lambda: fake.called("pause") == [(30,), (None,)])
        await send(pilot, "/learn pause a while")
        await said(pilot, "Say /learn pause, or /learn pause 30 for half an hour.")
        await send(pilot, "/learn pause 0")
        await said(pilot, "Say for how many minutes.")
        await send(pilot, "/learn resume")
        await said(pilot, "Resumed: updates start")
        assert fake.called("chat") == []


async def test_a_chat_is_forgotten_after_asking(opened: Open, fake: FakeAssistant) -> None:
    fake.add_chat("s-1", "Letters", [("one", "first"), ("two", "second")])
    async with opened(session="s-1") as pilot:
        chat = chat_of(pilot)
        await until(pilot, lambda: chat.talk.session == "s-1" and chat.transcript.current)
        await send(pilot, "/forget turn")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        assert "Forget the selected turn?" in shown(pilot.app.screen)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is chat)
        assert fake.called("forget") == []
        await send(pilot, "/forget turn")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("ctrl+s")
        await said(pilot, "It is forgotten.")
        await until(pilot, lambda: fake.called("forget") == [("t-2",)] and chat.talk.session == "s-1")
        await send(pilot, "/forget")
        await until(pilot, lambda: "Forget “Letters”?" in shown(pilot.app.screen))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: fake.called("forget")[-1] == ("s-1",) and chat.talk.session is None)
        await send(pilot, "/forget")
        await said(pilot, "Nothing of this chat is kept")
        await send(pilot, "/forget everything")
        await said(pilot, "Say /forget for this chat")
