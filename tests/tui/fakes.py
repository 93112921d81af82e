"""An assistant without a model: replies come from a queue, streamed from a thread. Nothing is on disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clawlocal.assistant import Answer, Proposal, Status
from clawlocal.errors import ClawlocalError, ModelError, NotFound, PromptError
from clawlocal.records import (
    AdapterState,
    AdapterVersion,
    Event,
    Lesson,
    LessonState,
    Message,
    Offload,
    Receipt,
    Session,
    ToolCall,
    Turn,
    UpdateStatus,
)
from clawlocal.remote_job import JobState, RemoteJob

NOW = "2025-06-01T12:30:00Z"
CHECK = {"name": "kl_base", "value": 0.031, "limit": 0.1, "passed": True, "text": "how far it drifted"}
RECEIPT = Receipt(
    update=2,
    status=UpdateStatus.PUBLISHED,
    version="v2",
    parent="v1",
    samples={"rl": 6, "opd": 2, "rehearsed": 4, "skipped": {"stopped by the user": 1, "no clear verdict": 3}},
    lessons=[{"id": 1, "text": "Give prices in euros."}],
    metrics={"loss": 0.412, "kl_base": 0.031},
    gate={"passed": True, "checks": [CHECK]},
    seconds=84.0,
    created=NOW,
)


@dataclass
class Script:
    """One reply: its pieces, and what happens around them."""

    pieces: list[str]
    error: BaseException | None = None
    """Raised at the end instead of an answer."""
    hold: threading.Event = field(default_factory=threading.Event)
    """Set it to let a held reply go on after its first piece."""
    held: bool = False
    notices: tuple[str, ...] = ()
    thought: list[str] = field(default_factory=list)
    """Pieces before those of the answer."""
    tool_calls: tuple[ToolCall, ...] = ()
    gap: float = 0.0
    """Seconds between two pieces, for looking at it."""


class FakeReply:
    def __init__(self, session: str, turn: str | None) -> None:
        self.session = session
        self.turn_id = turn
        self.cancelled = threading.Event()
        self.thread: threading.Thread | None = None
        self.outcome: Answer | BaseException | None = None

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def cancel(self) -> None:
        self.cancelled.set()

    def result(self, timeout: float | None = None) -> Answer:
        assert self.thread is not None
        self.thread.join(timeout)
        if self.outcome is None:
            raise TimeoutError
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


class FakeAssistant:
    """What the interface knows of `Assistant`. `calls` is what it was asked to do."""

    def __init__(self, *, ready: bool = True) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.scripts: list[Script] = []
        self.ready = threading.Event()
        if ready:
            self.ready.set()
        self.broken: str | None = None
        self.thinking = True
        self.switch = False
        """What `thinking_switch` says."""
        self.chats: dict[str, Session] = {}
        self.log: dict[str, list[Message]] = {}
        self.turns: dict[str, Turn] = {}
        self.versions: list[AdapterVersion] = []
        self.known_lessons: list[Lesson] = []
        self.failing: dict[str, ClawlocalError] = {}
        """Errors by the name of the method that raises them."""
        self.keys = 0
        self._callbacks: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self.state = Status(
            learning=True,
            state="waiting",
            why="Next when idle.",
            queue={"open": 0, "queued": 0, "hints": 0, "skipped": 0},
            judged=0,
            live_version=None,
            last_update=None,
            progress=None,
            holder=None,
        )

    # control

    def enqueue(self, *pieces: str, **more: Any) -> Script:
        script = Script(list(pieces), **more)
        self.scripts.append(script)
        return script

    def set(self, **changes: Any) -> None:
        """Change the status, and tell the listeners from another thread."""
        self.state = replace(self.state, **changes)
        thread = threading.Thread(target=self._changed)
        thread.start()
        thread.join()

    def _changed(self) -> None:
        for callback in self._callbacks:
            callback()

    def learned(self) -> None:
        """As it is after two updates."""
        self.versions = [
            AdapterVersion("v1", "tiny", AdapterState.KEPT, "2025-05-30T08:00:00Z", 8, "a" * 64, None, "/v1"),
            AdapterVersion("v2", "tiny", AdapterState.LIVE, NOW, 8, "b" * 64, "v1", "/v2"),
        ]
        self.add_chat("s-lisbon", "Trip to Lisbon", [("find a hotel", "Hotel X costs 90 dollars.")])
        turn = next(iter(self.turns))
        self.known_lessons = [Lesson(1, "Give prices in euros.", "all", LessonState.LEARNED, (turn,), NOW, 2)]
        self.state = replace(self.state, live_version="v2", last_update=RECEIPT)

    def add_chat(self, id: str, title: str, exchanges: list[tuple[str, str]]) -> None:
        self.chats[id] = Session(id, title, NOW, NOW, "tiny", "", True, 0)
        self.log[id] = []
        for prompt, reply in exchanges:
            self._keep(id, prompt, reply, "end")

    def called(self, name: str) -> list[tuple[Any, ...]]:
        return [call[1:] for call in self.calls if call[0] == name]

    def _note(self, name: str, *arguments: Any) -> None:
        if name in self.failing:
            raise self.failing[name]
        self.calls.append((name, *arguments))

    # chat

    model_name = "tiny"

    def wait_ready(self, timeout: float | None = None) -> None:
        if self.broken:
            raise ModelError(self.broken)
        if not self.ready.wait(timeout):
            raise TimeoutError

    def thinking_switch(self) -> bool:
        self.ready.wait()
        return self.switch

    def set_thinking(self, on: bool) -> None:
        self._note("set_thinking", on)
        self.thinking = on

    def close(self) -> None:
        self._note("close")

    def activity(self) -> None:
        self.keys += 1
        if self.state.state == "training":
            share = 100 * (self.state.progress or 0)
            self.state = replace(self.state, state="paused", why=f"paused at {share:.0f} %: you are typing")

    def chat(
        self,
        text: str,
        *,
        session: str | None = None,
        parent: str | None = None,
        temporary: bool = False,
        system: str | None = None,
        adapter: str = "live",
        lessons: bool = True,
        overrides: dict[str, float | int | None] | None = None,
        on_text: Callable[[str], None] | None = None,
        on_done: Callable[[Answer | BaseException], None] | None = None,
        on_thought: Callable[[str], None] | None = None,
    ) -> FakeReply:
        self._note("chat", text, session, temporary)
        if not text.strip():
            raise PromptError("The prompt is empty.")
        if session is None:
            session = f"{'temp' if temporary else 's'}-{len(self.log) + 1}"
            self.log[session] = []
            if not temporary:
                self.chats[session] = Session(session, text[:30], NOW, NOW, "tiny", "", True, 0)
        return self._start(session, text, temporary, on_text, on_done, on_thought)

    def retry(self, turn: str, **kwargs: Any) -> FakeReply:
        self._note("retry", turn)
        old = self.turns[turn]
        log = self.log[old.session]
        at = next(i for i, message in enumerate(log) if message.turn == turn)
        prompt = log[at - 1].content
        del log[at - 1 :]
        calls = (kwargs.get(name) for name in ("on_text", "on_done", "on_thought"))
        return self._start(old.session, prompt, False, *calls)

    def rival(self, turn: str, *, adapter: str | None = None, **kwargs: Any) -> FakeReply:
        self._note("rival", turn, adapter)
        log = self.log[self.turns[turn].session]
        prompt = next(log[i - 1].content for i, message in enumerate(log) if message.turn == turn)
        calls = (kwargs.get(name) for name in ("on_text", "on_done", "on_thought"))
        return self._start(self.turns[turn].session, prompt, False, *calls)

    def vote(self, first: str, second: str, better: str | None) -> str:
        self._note("vote", first, second, better)
        log = self.log[self.turns[first].session]
        lost = second if better != second else first
        at = next(i for i, message in enumerate(log) if message.turn == lost)
        del log[at - 1 : at + 1]
        return "The better reply is kept." if better else "Neither is better: nothing is learned from it."

    def _start(
        self, session: str, text: str, temporary: bool, on_text: Any, on_done: Any, on_thought: Any
    ) -> FakeReply:
        script = self.scripts.pop(0) if self.scripts else Script([f"You said: {text}"])
        reply = FakeReply(session, None if temporary else f"t-{len(self.turns) + 1}")
        work = (reply, script, text, on_text, on_done, on_thought)
        reply.thread = threading.Thread(target=self._run, args=work, daemon=True)
        reply.thread.start()
        return reply

    def _run(self, reply: FakeReply, script: Script, text: str, on_text: Any, on_done: Any, on_thought: Any) -> None:
        self.ready.wait()
        said = ""
        pieces = [(on_thought, piece) for piece in script.thought] + [(on_text, piece) for piece in script.pieces]
        for deliver, piece in pieces:
            if reply.cancelled.wait(script.gap) if script.gap else reply.cancelled.is_set():
                break
            said += piece if deliver is on_text else ""
            deliver(piece)
            while script.held and not script.hold.wait(0.01) and not reply.cancelled.is_set():
                pass
        stopped = "cancelled" if reply.cancelled.is_set() else "end"
        outcome: Answer | BaseException
        if script.error is not None:
            outcome = script.error
        else:
            outcome = Answer(
                reply.session, reply.turn_id, said, "tiny", self.state.live_version or "base", 10,
                max(1, len(said) // 4), 0.5, 1.5, stopped, script.notices, "".join(script.thought).strip(),
                3.2 if script.thought else 0.0, script.tool_calls,
            )  # fmt: skip
            if reply.turn_id is not None:
                self._keep(reply.session, text, said, stopped, outcome)
        reply.outcome = outcome
        on_done(outcome)
        self._changed()

    def _keep(self, session: str, prompt: str, reply: str, stopped: str, answer: Answer | None = None) -> None:
        with self._lock:
            turn = f"t-{len(self.turns) + 1}"
            user, bot = f"{turn}-user", f"{turn}-bot"
            tokens = tuple(range(max(1, len(reply) // 4)))
            self.turns[turn] = Turn(
                turn, session, user, bot, "tiny", "base", (), tokens, (), 0.7, stopped, 0.5, 1.5, NOW,
                thought_seconds=answer.thought_seconds if answer else 0.0,
            )  # fmt: skip
            self.log[session] += [
                Message(user, session, None, "user", prompt, NOW),
                Message(
                    bot,
                    session,
                    user,
                    "assistant",
                    reply,
                    NOW,
                    turn=turn,
                    thought=(answer.thought or None) if answer else None,
                    tool_calls=answer.tool_calls if answer else (),
                ),
            ]
            known = self.chats[session]
            self.chats[session] = replace(known, turns=known.turns + 1)

    # feedback

    def rate(self, turn: str, rating: str) -> str:
        self._note("rate", turn, rating)
        self.turns[turn] = replace(self.turns[turn], rating=1 if rating == "good" else -1)
        queue = {**self.state.queue, "queued": self.state.queue["queued"] + 1}
        self.set(queue=queue)
        return f"Rated {rating}. It is learned from when the machine is idle."

    def correct(self, turn: str, text: str) -> str:
        self._note("correct", turn, text)
        return f"Noted: {text}. It is in every prompt from now on."

    def edit(self, turn: str, text: str) -> str:
        self._note("edit", turn, text)
        return "Your version of the reply will be learned."

    # sessions

    def sessions(self, limit: int = 100) -> list[Session]:
        return list(reversed(self.chats.values()))[:limit]

    def session(self, session: str) -> Session:
        if session not in self.chats:
            raise NotFound(f"No chat {session}. `clawlocal sessions list` shows them.")
        return self.chats[session]

    def messages(self, session: str) -> list[Message]:
        return list(self.log[session])

    def turn(self, turn: str) -> Turn:
        if turn not in self.turns:
            raise NotFound(f"No turn {turn}.")
        return self.turns[turn]

    def search(self, text: str, limit: int = 50) -> list[Message]:
        everything = [message for log in self.log.values() for message in log]
        return [message for message in everything if text.casefold() in message.content.casefold()][:limit]

    def rename_session(self, session: str, title: str) -> None:
        self._note("rename_session", session, title)
        self.chats[session] = replace(self.chats[session], title=title)

    def delete_session(self, session: str) -> None:
        self._note("delete_session", session)
        del self.chats[session]

    # learning

    def status(self, session: str | None = None) -> Status:
        return self.state

    def set_learning(self, on: bool) -> None:
        self._note("set_learning", on)
        why = "Next when idle." if on else "Learning is off."
        self.set(learning=on, state="waiting" if on else "off", why=why)

    def set_session_learning(self, session: str, on: bool) -> None:
        self._note("set_session_learning", session, on)
        self.chats[session] = replace(self.chats[session], learning=on)

    def pause(self, minutes: int | None = None) -> str:
        self._note("pause", minutes)
        if minutes == 0:
            raise PromptError("Say for how many minutes.")
        self.set(state="paused", why="no update starts until `clawlocal learn resume`")
        return "Paused: no update starts until `clawlocal learn resume`."

    def resume(self) -> str:
        self._note("resume")
        self.set(state="waiting", why="Next when idle.")
        return "Resumed: updates start when the machine is idle."

    def forget(self, name: str) -> str:
        self._note("forget", name)
        if name in self.turns:
            turn = self.turns.pop(name)
            self.log[turn.session] = [m for m in self.log[turn.session] if not m.id.startswith(f"{name}-")]
            name = turn.session
        if name in self.chats and (not self.log[name] or self.called("forget")[-1] == (name,)):
            del self.chats[name]
        return "It is forgotten. The weights had learned nothing from it."

    local_model = ""
    """Of a remote: what goes on here."""
    offered: Proposal | None = None

    def too_much(self) -> str:
        return ""

    def proposal(self) -> Proposal:
        self._note("proposal")
        assert self.offered is not None
        return self.offered

    def offload(self, remote: str) -> RemoteJob:
        self._note("offload", remote)
        self.set(propose=None)
        return RemoteJob("clawlocal-03f8-1", "03f8", remote, "tiny", None, "", {}, 1, 1, NOW, NOW, JobState.PENDING)

    def decline(self, remote: str) -> None:
        self._note("decline", remote)
        self.set(propose=None)

    def answer_offload(self, remote: str, answer: Offload) -> str:
        self._note("answer_offload", remote, answer)
        self.set(propose=None)
        return f"{remote} {answer}."

    def learn_now(self, wait: bool = False, timeout: float | None = None) -> Receipt | None:
        self._note("learn_now", wait)
        return Receipt(None, UpdateStatus.NOTHING, reason="Nothing to learn from yet.") if wait else None

    def why(self) -> list[tuple[str, str, bool]]:
        return [("idle", "for 72 of 60 seconds", True), ("power", "on battery", False)]

    def history(self) -> list[Receipt]:
        return [self.state.last_update] if self.state.last_update else []

    def lessons(self) -> list[Lesson]:
        return list(self.known_lessons)

    def set_lesson_state(self, lesson: int, state: LessonState) -> None:
        self._note("set_lesson_state", lesson, state)
        self.known_lessons = [replace(x, state=state) if x.id == lesson else x for x in self.known_lessons]
        self.set()

    def veto(self, lesson: int) -> str:
        self._note("veto", lesson)
        self.set_lesson_state(lesson, LessonState.VETOED)
        return "It is out of the prompt, and no update is taught it."

    def events(self, after: int = 0) -> list[Event]:
        return []

    def on_change(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    # adapters

    def adapters(self) -> list[AdapterVersion]:
        return list(self.versions)

    def rollback(self, to: str | None = None) -> str:
        to = to or "v1"
        self._note("rollback", to)
        self.versions = [
            replace(known, state=AdapterState.LIVE if known.version == to else AdapterState.KEPT)
            for known in self.versions
        ]
        self.set(live_version=None if to == "base" else to)
        return f"{to} is live again."

    def export(self, version: str | None, format: str, out: Path) -> Path:
        self._note("export", version, format, out)
        return out
