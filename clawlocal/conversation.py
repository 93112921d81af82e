"""The serving loop as a person meets it: a message in, a reply out, both kept. Knows no judge and no trainer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count

from clawlocal import provenance
from clawlocal.config import Settings
from clawlocal.engine.protocol import AdapterFile, Completion, Engine, Sampling, Stop
from clawlocal.errors import ClawlocalError, NotFound, OffloadError, PromptError, StoreError
from clawlocal.hearing import Heard, Hearing
from clawlocal.judge.lessons import applying, note
from clawlocal.prompting import Line, Prompt, build
from clawlocal.records import Message, SignalKind, Tool, Turn, TurnUse
from clawlocal.reply import Answer, Reply
from clawlocal.store import Store

TEMPORARY = "temp-"
TITLE_LENGTH = 60
PATIENCE_SECONDS = 2.0
"""For each of a judgement's few dozen layers: under steady load a verdict takes a minute, and the chat its cores."""
GLANCE_SECONDS = 0.02
OFF_FOR_CHAT = "made while learning was off for this chat"

Overrides = dict[str, float | int | None] | None
OnText = Callable[[str], None] | None
OnDone = Callable[[Answer | BaseException], None] | None
Keep = Callable[[Completion, Heard], str | None]


@dataclass(frozen=True)
class Wish:
    """How a reply is wanted."""

    sampling: Sampling
    adapter: AdapterFile | None
    lessons: bool = True
    why_not: str = ""
    """Why the turn is not to be learned from; empty when it may be."""
    notice: str = ""
    """A sentence to show with the reply."""
    tools: tuple[Tool, ...] = ()
    """Descriptions of the tools that the model may ask for."""
    thinking: bool = True
    """Whether the model thinks before it answers, where it can be told."""
    learner: str = ""
    """The model that the adapter is of; empty for the engine's own."""
    policy: str = ""
    """The model of this machine that a remote's was shown to be; empty for none."""


@dataclass
class Temporary:
    """A conversation that lives in memory alone: not kept, not learned from."""

    id: str
    system: str
    lines: list[Line] = field(default_factory=list)


class Conversations:
    """All conversations over one store and one engine."""

    def __init__(self, store: Store, engine: Engine, settings: Settings, on_change: Callable[[], None]) -> None:
        self._store = store
        self._engine = engine
        self._settings = settings
        self._on_change = on_change
        self._temporary: dict[str, Temporary] = {}
        self._numbers = count(1)
        self._guard = threading.Lock()
        self._running: set[Reply] = set()

    @property
    def busy(self) -> bool:
        """A reply is being made."""
        return bool(self._running)

    def give_way(self) -> None:
        """Wait until no reply is being made: for work that can be done later. Not for ever, lest it never be done."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._running and time.monotonic() < deadline:
            time.sleep(GLANCE_SECONDS)

    def cancel_all(self) -> None:
        with self._guard:
            running = list(self._running)
        for reply in running:
            reply.cancel()

    # a kept conversation
    def send(
        self,
        text: str,
        session: str | None,
        parent: str | None,
        system: str | None,
        wish: Wish,
        on_text: OnText,
        on_done: OnDone,
        on_thought: OnText = None,
    ) -> Reply:
        """Keep the message, then start the reply. Raises `PromptError` before anything is kept."""
        text = _worth_sending(text)
        known = None if session is None else self._store.session(session)
        if known is not None and system is not None and system != known.system:
            raise PromptError("A session keeps the system prompt it began with. Start a new one to change it.")
        before = [] if known is None else self._store.branch(known.id, parent)
        used_system = known.system if known else (self._settings.system if system is None else system)
        lines = [*self.lines(before), Line("user", text, self._note(wish, text))]
        prompt = self._prompt(used_system, lines, wish)
        with self._store.transaction():
            if known is None:
                known = self._store.add_session(self._engine.name, used_system, _title(text))
            answered = before[-1] if before else None
            if answered is not None and answered.turn is not None and self._store.learning():
                self._store.add_signal(answered.turn, SignalKind.MESSAGE, 0, text)
            asked = self._store.add_message(known.id, answered.id if answered else None, "user", text, lines[-1].note)
        return self._start(known.id, asked, prompt, wish, on_text, on_done, on_thought)

    def again(
        self,
        turn: str,
        wish: Wish,
        on_text: OnText,
        on_done: OnDone,
        on_thought: OnText = None,
        *,
        instead: bool,
    ) -> Reply:
        """Another reply to the same message, in a branch of its own; `instead`: the old one counts as -1."""
        old = self._store.turn(turn)
        asked = self._store.message(old.user_message)
        lines = self.lines(self._store.branch_to(asked.id))
        prompt = self._prompt(self._store.session(old.session).system, lines, wish)
        if instead and self._store.learning():
            self._store.add_signal(turn, SignalKind.RETRY, -1, "")
        return self._start(old.session, asked, prompt, wish, on_text, on_done, on_thought)

    def lines(self, messages: list[Message]) -> list[Line]:
        """Kept messages as prompt lines; replies as the very tokens that were sampled.

        Where the model thought or asked for tools, the template writes the reply: it knows what becomes of that.
        """
        turns = self._store.turns_named(m.turn for m in messages if m.turn is not None)
        return [self._line(m, turns.get(m.turn or "")) for m in messages]

    def _line(self, message: Message, turn: Turn | None) -> Line:
        if turn is None:
            return Line(message.role, message.content, message.note)
        same = turn.model == self._engine.name and not turn.remote
        same = same and message.thought is None and not message.tool_calls
        ids = reply_ids(turn, self._engine) if same else None
        return Line(message.role, message.content, "", ids, message.tool_calls)

    def _prompt(self, system: str, lines: list[Line], wish: Wish) -> Prompt:
        return build(self._engine, system, lines, tools=wish.tools, thinking=wish.thinking)

    def _note(self, wish: Wish, text: str) -> str:
        if not wish.lessons:
            return ""
        return note([x.text for x in applying(self._store.prompt_lessons(wish.learner or self._engine.name), text)])

    def _start(
        self,
        session: str,
        asked: Message,
        prompt: Prompt,
        wish: Wish,
        on_text: OnText,
        on_done: OnDone,
        on_thought: OnText,
    ) -> Reply:
        began = self._store.last_event()

        def keep(done: Completion, heard: Heard) -> str | None:
            return self._keep(session, asked, wish, done, heard, began)

        return self._run(session, prompt, wish, keep, on_text, on_done, on_thought)

    def _keep(self, session: str, asked: Message, wish: Wish, done: Completion, heard: Heard, began: int) -> str | None:
        if done.stopped is Stop.FAILED and not done.text:
            return None
        with self._store.transaction():
            # The prompt of a reply that was being made may hold what was forgotten meanwhile.
            forgotten = self._store.forgotten_since(began, session)
            policy, no_policy = provenance.policy(done, wish.policy)
            turn = self._store.add_turn(
                session,
                asked.id,
                heard.text,
                model=self._engine.name,
                adapter=done.adapter,
                prompt_ids=() if forgotten else done.prompt_ids,
                token_ids=done.token_ids,
                logprobs=done.logprobs,
                temperature=done.sampling.temperature,
                stopped=done.stopped,
                first_token_seconds=done.first_token_seconds,
                total_seconds=done.total_seconds,
                thought=heard.thought,
                tool_calls=heard.calls,
                thought_seconds=heard.thought_seconds,
                tools=wish.tools,
                thinking=wish.thinking,
                remote=done.remote,
                policy=policy,
                no_policy=no_policy,
            )
            why_not = "prompt forgotten" if forgotten else wish.why_not
            why_not = why_not or ("" if self._store.session(session).learning else OFF_FOR_CHAT)
            if why_not and turn.use is TurnUse.OPEN:
                self._store.set_turn_use(turn.id, TurnUse.SKIPPED, why_not)
        return turn.id

    def previewed(self, text: str, session: str | None, wish: Wish) -> Prompt:
        """What `send` would have the model read; without a text, the session's last message once more.

        Nothing is kept. Raises `PromptError`, `NotFound`.
        """
        system = self._settings.system if session is None else self._store.session(session).system
        lines = [] if session is None else self.lines(self._store.branch(session))
        if text.strip():
            lines.append(Line("user", text.strip(), self._note(wish, text.strip())))
        while lines and lines[-1].role != "user":
            lines.pop()
        if not lines:
            raise PromptError("There is nothing to preview: say a TEXT, or name a session with --session.")
        return self._prompt(system, lines, wish)

    # a temporary conversation
    def send_temporary(
        self,
        text: str,
        session: str | None,
        system: str | None,
        wish: Wish,
        on_text: OnText,
        on_done: OnDone,
        on_thought: OnText = None,
    ) -> Reply:
        """As `send`, with nothing written anywhere."""
        text = _worth_sending(text)
        chat = self._temporary_chat(session, system)
        lines = [*chat.lines, Line("user", text, self._note(wish, text))]
        prompt = self._prompt(chat.system, lines, wish)
        self._temporary[chat.id] = chat

        def keep(done: Completion, heard: Heard) -> str | None:
            if done.text:
                chat.lines = [*lines, Line("assistant", heard.text, tool_calls=heard.calls)]
            return None

        return self._run(chat.id, prompt, wish, keep, on_text, on_done, on_thought)

    def _temporary_chat(self, session: str | None, system: str | None) -> Temporary:
        if session is None:
            return Temporary(f"{TEMPORARY}{next(self._numbers)}", self._settings.system if system is None else system)
        if session not in self._temporary:
            raise NotFound(f"The temporary chat {session} is gone: such chats end with the program.")
        return self._temporary[session]

    # both
    def _run(
        self,
        session: str,
        prompt: Prompt,
        wish: Wish,
        keep: Keep,
        on_text: OnText,
        on_done: OnDone,
        on_thought: OnText,
    ) -> Reply:
        hearing = Hearing(self._engine.speech, thinking=wish.thinking, tools=wish.tools)
        reply = Reply(session, on_text, on_done, on_thought, hearing)

        def finish(done: Completion) -> None:
            outcome: Answer | BaseException
            try:
                outcome = self._outcome(session, prompt, wish, keep, done, reply.hear_out())
            except Exception as e:
                # Whatever it was: who waits for the reply must hear of it.
                outcome = e
            with self._guard:
                self._running.discard(reply)
            reply.end(outcome)
            self._on_change()

        with self._guard:
            self._running.add(reply)
        try:
            # What a temporary chat said must not reach the disk in any form.
            kept = "" if session.startswith(TEMPORARY) else session
            generation = self._engine.generate(prompt.ids, wish.sampling, wish.adapter, reply.add_text, finish, kept)
        except ClawlocalError:
            with self._guard:
                self._running.discard(reply)
            raise
        reply.cancels_with(generation.cancel)
        self._on_change()
        return reply

    def _outcome(
        self,
        session: str,
        prompt: Prompt,
        wish: Wish,
        keep: Keep,
        done: Completion,
        heard: Heard,
    ) -> Answer | BaseException:
        notices = [wish.notice] if wish.notice else []
        if prompt.left_out:
            notices.append(_left_out(prompt.left_out, session))
        if done.error:
            notices.append(done.error)
        turn = None
        try:
            turn = keep(done, heard)
        except (StoreError, NotFound) as e:
            # A full disk, or the session was deleted meanwhile: the reply is shown all the same.
            notices.append(f"This reply could not be saved. {e}")
        if done.stopped is Stop.FAILED and not done.text:
            error = OffloadError if done.remote else PromptError
            return error(done.error or "The model gave no reply. Try again.")
        return Answer(
            session=session,
            turn=turn,
            text=heard.text,
            model=self._engine.name,
            adapter=done.adapter,
            prompt_tokens=len(done.prompt_ids) or done.counted[0],
            completion_tokens=len(done.token_ids) or done.counted[1],
            first_token_seconds=done.first_token_seconds,
            total_seconds=done.total_seconds,
            stopped=str(done.stopped),
            notices=tuple(notices),
            thought=heard.thought or "",
            thought_seconds=heard.thought_seconds,
            tool_calls=heard.calls,
            remote=done.remote,
        )


def reply_ids(turn: Turn, engine: Engine) -> tuple[int, ...]:
    """The sampled ids of a reply without the token that ended it: the template writes that itself."""
    ids = turn.token_ids
    return ids[:-1] if ids and turn.stopped == Stop.END and not engine.detokenize(ids[-1:]) else ids


def sampling(settings: Settings, overrides: Overrides, repeat_after: int = 0) -> Sampling:
    """The settings' sampling, and the model's, with what this request says otherwise."""
    base = Sampling(
        temperature=settings.temperature,
        top_p=settings.top_p,
        top_k=settings.top_k,
        min_p=settings.min_p,
        repeat_after=repeat_after,
        max_tokens=settings.max_tokens,
    )
    return replace(base, **{k: v for k, v in (overrides or {}).items() if v is not None})  # type: ignore[arg-type]


def _worth_sending(text: str) -> str:
    if not any(letter.isprintable() and not letter.isspace() for letter in text):
        raise PromptError("There is nothing to send: write a message first.")
    return text.strip()


def _left_out(messages: int, session: str) -> str:
    oldest = "The oldest message no longer fits" if messages == 1 else f"The {messages} oldest messages no longer fit"
    kept = "this chat" if session.startswith(TEMPORARY) else "this chat and in search"
    return f"{oldest} into the prompt, so the reply was made without. What was said stays in {kept}."


def _title(text: str) -> str:
    first = " ".join(text.split())
    return first if len(first) <= TITLE_LENGTH else first[: TITLE_LENGTH - 1].rstrip() + "…"
