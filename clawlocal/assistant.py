"""The one object that an interface talks to: chat, feedback, learning, adapters.

Ties serving, environment, reward and training together over one data folder. Knows no terminal.
Every method may be called from any thread; none waits for learning except `learn_now(wait=True)`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from clawlocal import config, paths
from clawlocal.config import Settings
from clawlocal.conversation import TEMPORARY, Conversations, OnDone, OnText, Overrides, Wish, sampling
from clawlocal.engine import prefix_files
from clawlocal.engine.protocol import BASE, Engine
from clawlocal.errors import PromptError
from clawlocal.idle import Idleness
from clawlocal.judge import contradictions
from clawlocal.judge.candidates import CandidateHints
from clawlocal.judge.cascade import cascade
from clawlocal.judge.directives import DirectiveWriter
from clawlocal.judge.reward import Reward
from clawlocal.judge.small.judge import SmallJudge
from clawlocal.lock import FolderLock, take
from clawlocal.models.opened import OpenedModel
from clawlocal.offload import underway
from clawlocal.offload.automatic import Automatic
from clawlocal.offload.errands import Errands
from clawlocal.offload.model import open_model
from clawlocal.offload.proposal import Proposal
from clawlocal.offloading import Offloading
from clawlocal.paths import Paths
from clawlocal.records import (
    Message,
    Session,
    SignalKind,
    Tool,
    Turn,
)
from clawlocal.reply import Answer, Reply
from clawlocal.steering import MOST_MINUTES, Steering
from clawlocal.store import Store
from clawlocal.tools import described
from clawlocal.training.batch import BatchMaker
from clawlocal.training.cost import Cost
from clawlocal.training.learner import Learner
from clawlocal.training.need import Need
from clawlocal.training.relay import Relay
from clawlocal.training.status import Status, StatusReader
from clawlocal.training.update import Updater
from clawlocal.unlearning import Unlearning

__all__ = ["MOST_MINUTES", "Answer", "Assistant", "Proposal", "Reply", "Status"]

LOCK_PATIENCE_SECONDS = 1.0


class Assistant(Steering, Offloading):
    """Chat over one data folder, and what is learned from it. Make one with `open`."""

    def __init__(
        self,
        settings: Settings,
        where: Paths,
        store: Store,
        model: OpenedModel,
        lock: FolderLock | None,
        holder: str | None,
    ) -> None:
        self._settings = settings
        self._paths = where
        self._store = store
        self._model = model
        self._lock = lock
        self._holder = holder
        self._thinking = settings.thinking
        self._callbacks: list[Callable[[], None]] = []
        self._closed = threading.Event()
        engine = model.engine
        self._conversations = Conversations(store, engine, settings, self._changed)
        self._shelf = model.shelf(store)
        self._relay = Relay(store)
        self._need = Need(store, lambda: model.untrainable, model.name, settings.learning_method)
        cost = Cost(store, model)
        self._idle = Idleness(
            settings,
            cost.bytes,
            lambda: self._conversations.busy,
            trained=store.trained_seconds,
            paused=store.paused,
            paused_until=store.paused_until,
            takes=cost.seconds,
        )
        small = SmallJudge(settings.votes, self._conversations.give_way)
        self._candidates = CandidateHints(engine, self.live_file)
        self._reward = Reward(store, cascade(small), self._judged, DirectiveWriter(small, self._drawn))
        batches = BatchMaker(store, engine, self._conversations, settings.learning_method)
        memory = int(settings.training_memory_gb * 1e9)
        self._updater = Updater(store, where, model, batches, self._idle, self._reward.catch_up, self._changed, memory)
        self._unlearning = Unlearning(store, where, model.twin or model.name, engine, self._updater.discard)
        auto = self._automatic = Automatic(store, model, self._need, self._idle, self.shipment)
        self._errands = Errands(store, where, model, auto, self._idle, self.shipment, self._changed)
        self._learner = Learner(self._updater, self._idle, self._need, self._relay, self._changed, self._errands.step)
        reward, updater = (self._reward, self._updater) if lock is not None else (None, None)
        self._status = StatusReader(
            store,
            model.name,
            self._need,
            self._idle,
            holder,
            reward,
            updater,
            auto.words,
            auto.proposed,
            self._shelf.speaking,
        )

    @classmethod
    def open(
        cls,
        settings: Settings | None = None,
        *,
        model: str | None = None,
        serve: bool = True,
        engine: Engine | None = None,
    ) -> Self:
        """Open the data folder at once; the model loads in the engine's thread meanwhile.

        When another instance holds the folder, `status().holder` says who, and chat works without learning.
        Without `serve` no model is loaded and nothing is learned: for reading and for feedback.
        `engine` takes the place of the model's own, for tests. Raises `StoreError`, `ConfigError`, `ModelError`.
        """
        where = paths.find()
        settings = config.load(where.settings) if settings is None else settings
        where.ensure(where.data)
        with contextlib.ExitStack() as undo:
            lock, holder = take(where.lock, patience=LOCK_PATIENCE_SECONDS if serve else 0.0)
            if lock is not None:
                undo.callback(lock.release)
            store = undo.enter_context(Store.open(where.database))
            opened = open_model(model or settings.model, settings, where, store, serve=serve, engine=engine)
            if lock is not None and not serve:
                # Taken only to see whether it was free: who does not serve cannot learn.
                lock.release()
                lock = None
            assistant = cls(settings, where, store, opened, lock, holder)
            assistant._begin()
            undo.pop_all()
        return assistant

    def _begin(self) -> None:
        if self._lock is None:
            return
        self._store.recover()
        if not self._model.elsewhere:
            self._store.settle_lessons(self._model.name)
            self._unlearning.carry_over()
        self._reward.start()
        self._learner.start()
        underway.ask(self._store, self._paths)

    def wait_ready(self, timeout: float | None = None) -> None:
        """Until the model is loaded. Raises `ModelError` when it cannot be, `TimeoutError`.

        Of a remote one, whether it may be asked: raises `ConsentError`, `OffloadError`.
        """
        self._model.check()
        self._model.engine.wait_ready(timeout)

    def close(self) -> None:
        """End replies, loops and engine; what was acknowledged is on disk. Twice is harmless."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._conversations.cancel_all()
        self._updater.stop("clawlocal was closed")
        # A verdict in the making ends with the engine, and is made next time.
        self._model.engine.close()
        self._reward.close()
        self._learner.close()
        self._errands.close()
        # Another process may have deleted a session whose file was written only now.
        prefix_files.forget_others(self._paths.prefixes, self._store.has_session)
        self._unlearning.close()
        self._store.close()
        if self._lock is not None:
            self._lock.release()

    @property
    def engine(self) -> Engine:
        """The serving engine, for measurements."""
        return self._model.engine

    # chat
    @property
    def model_name(self) -> str:
        return self._model.name

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
        overrides: Overrides = None,
        tools: Sequence[Tool] = (),
        thinking: bool | None = None,
        on_text: OnText = None,
        on_done: OnDone = None,
        on_thought: OnText = None,
    ) -> Reply:
        """Send a message. Without `session` a new one starts (a temporary one lives in memory alone:
        its id starts with `temp-`). `parent` is the message to answer after (default: the newest).
        `tools` are descriptions of functions that the model may ask for; `thinking` is for this reply alone.

        Raises `PromptError` for an empty or overlong prompt, `NotFound`, `AdapterError`, of a remote model
        `ConsentError` and `OffloadError`; nothing is kept then. Where a remote serves what was learned here, it waits
        until what is live is loaded there.
        """
        self.activity()
        wish = self._wish(adapter, lessons, overrides, described(tools), thinking)
        if temporary or (session or "").startswith(TEMPORARY):
            return self._conversations.send_temporary(text, session, system, wish, on_text, on_done, on_thought)
        known = None if session is None else self._store.resolve_session(session)
        reply = self._conversations.send(text, known, parent, system, wish, on_text, on_done, on_thought)
        self._reward.look()
        return reply

    def retry(
        self,
        turn: str,
        *,
        adapter: str = "live",
        overrides: Overrides = None,
        on_text: OnText = None,
        on_done: OnDone = None,
        on_thought: OnText = None,
    ) -> Reply:
        """Another reply to the same message; the old one stays as a branch, and counts as -1."""
        self.activity()
        turn = self._store.resolve_turn(turn)
        wish = self._wish(adapter, True, overrides, self._store.turn(turn).tools)
        reply = self._conversations.again(turn, wish, on_text, on_done, on_thought, instead=True)
        self._reward.look()
        return reply

    def rival(
        self,
        turn: str,
        *,
        adapter: str | None = None,
        overrides: Overrides = None,
        on_text: OnText = None,
        on_done: OnDone = None,
        on_thought: OnText = None,
    ) -> Reply:
        """A reply to the same message to choose from (`vote`). By default the base's, or to one of the base the live
        version's; neither counts as anything yet.
        """
        self.activity()
        old = self._store.turn(self._store.resolve_turn(turn))
        other = adapter or ("live" if old.adapter == BASE else BASE)
        wish = self._wish(other, True, overrides, old.tools)
        return self._conversations.again(old.id, wish, on_text, on_done, on_thought, instead=False)

    @property
    def thinking(self) -> bool:
        """Whether the next replies begin with a thought, where the model can be told."""
        return self._thinking

    def set_thinking(self, on: bool) -> None:
        """For the next replies, as long as the program runs."""
        self._thinking = on

    def thinking_switch(self) -> bool:
        """Whether this model can be told to think or not. Waits until it is loaded."""
        return self._model.engine.speech.switch

    def _wish(
        self,
        adapter: str,
        lessons: bool,
        overrides: Overrides,
        tools: tuple[Tool, ...] = (),
        thinking: bool | None = None,
    ) -> Wish:
        self._model.check()
        file, damage = self._shelf.file(adapter)
        notice = " ".join(filter(None, (damage, self._unlearning.take_notice())))
        why_not = self._why_not_learned_from()
        thinks = self._thinking if thinking is None else thinking
        drawn = sampling(self._settings, overrides, self._model.repeat_after)
        learner = self._shelf.learner if file is not None else ""
        return Wish(drawn, file, lessons, why_not, notice, tools, thinks, learner, self._shelf.policy)

    def _why_not_learned_from(self) -> str:
        if self._holder is not None:
            return "made while another instance held the data folder"
        return "" if self._store.learning() else "made while learning was off"

    # feedback
    def rate(self, turn: str, rating: str) -> str:
        """`rating` is "good" or "bad". Returns one sentence: what becomes of it."""
        values = {"good": 1, "bad": -1}
        if rating not in values:
            raise PromptError(f"{rating!r} is not a rating. Say good or bad.")
        turn = self._store.resolve_turn(turn)
        self._store.set_rating(turn, values[rating])
        return f"Rated {rating}. {self._feedback(turn, SignalKind.THUMB, values[rating], '')}"

    def correct(self, turn: str, text: str) -> str:
        """What the reply should have been, in words. Returns one sentence: what becomes of it."""
        return self._feedback(self._store.resolve_turn(turn), SignalKind.CORRECTION, -1, _said(text))

    def edit(self, turn: str, text: str) -> str:
        """The reply as it should have been. Returns one sentence."""
        return self._feedback(self._store.resolve_turn(turn), SignalKind.EDIT, -1, _said(text))

    def vote(self, first: str, second: str, better: str | None) -> str:
        """Which of two replies to a message is better, or None for neither. Returns one sentence.

        The chat goes on from the better one, or from the first. Raises `PromptError` for replies to two messages.
        """
        turns = [self._store.turn(self._store.resolve_turn(turn)) for turn in (first, second)]
        if turns[0].id == turns[1].id or turns[0].user_message != turns[1].user_message:
            raise PromptError("Only two replies to the same message can be compared. `/compare` makes another one.")
        ids = [turn.id for turn in turns]
        if better is None:
            self._feedback(ids[1], SignalKind.VOTE, 0, ids[0])
            return "Neither is better: nothing is learned from it."
        won = self._store.resolve_turn(better)
        if won not in ids:
            raise PromptError(f"{better} is neither of the two replies: name the better one, or none.")
        lost = ids[1 - ids.index(won)]
        self._feedback(won, SignalKind.VOTE, 1, lost)
        return f"The better reply is kept. {self._feedback(lost, SignalKind.VOTE, -1, won)}"

    def _feedback(self, turn: str, kind: SignalKind, value: int, text: str) -> str:
        # Before the signal, which the reward loop may take first.
        began = self._store.last_event()
        self._reward.judge_explicit(self._store.add_signal(turn, kind, value, text))
        self._judged()
        return " ".join([self._need.becomes(turn), *contradictions.told(self._store, turn, began)])

    # sessions
    def sessions(self, limit: int = 100) -> list[Session]:
        """The latest used first."""
        return self._store.sessions(limit)

    def session(self, session: str) -> Session:
        return self._store.session(self._store.resolve_session(session))

    def latest_session(self) -> Session | None:
        """The session that was used last, for `--continue`."""
        return next(iter(self._store.sessions(1)), None)

    def messages(self, session: str) -> list[Message]:
        """The newest branch, oldest first."""
        return self._store.branch(self._store.resolve_session(session))

    def turn(self, turn: str) -> Turn:
        return self._store.turn(self._store.resolve_turn(turn))

    def rename_session(self, session: str, title: str) -> None:
        self._store.rename(self._store.resolve_session(session), " ".join(title.split()))

    def delete_session(self, session: str) -> None:
        """Delete a session with all its turns. What the weights learned from it stays in them: see `forget`."""
        session = self._store.resolve_session(session)
        self._store.delete_session(session)
        self._model.engine.forget_session(session)
        prefix_files.forget(self._paths.prefixes, session)
        self._updater.discard()
        self._changed()

    def search(self, text: str, limit: int = 50) -> list[Message]:
        """Messages that hold every word of `text`, the best match first."""
        return self._store.search(text, limit)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def _said(text: str) -> str:
    if not text.strip():
        raise PromptError("The correction is empty: say what the reply should have been.")
    return text.strip()
