"""The reward loop: a background thread that judges what came after each reply. Knows no trainer.

It never stands in the way of a chat: the engine takes its questions between, and lets them wait.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from clawlocal.errors import ClawlocalError, EngineClosed, PromptError
from clawlocal.judge import hints, lessons
from clawlocal.judge.protocol import Exchange, Judge, Opinion
from clawlocal.judge.votes import VOTES
from clawlocal.records import LessonState, Signal, SignalKind, TurnUse, Verdict
from clawlocal.store import Store

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How often to look for signals that another process wrote."""

NOT_SURE = "the judge was not sure"
NO_OPINION = "no opinion in what came next"

_MAY_COME_BACK = ("", NOT_SURE, NO_OPINION, "rejected twice")
"""Why a turn was skipped, where a later verdict may queue it again. Any other reason is for good."""
_WORDED = (SignalKind.MESSAGE, SignalKind.CORRECTION)


class Reward:
    """Judges signals in the order in which they came; the first judge with an opinion decides."""

    def __init__(self, store: Store, judges: Sequence[Judge], on_change: Callable[[], None]) -> None:
        self._store = store
        self._judges = judges
        self._on_change = on_change
        self._work = threading.Event()
        self._closing = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._busy = False
        self._thread = threading.Thread(target=self._run, name="reward", daemon=True)

    @property
    def judging(self) -> bool:
        """A verdict is being made at this moment."""
        return self._busy

    def start(self) -> None:
        self._work.set()
        self._thread.start()

    def close(self) -> None:
        """End after the signal at hand; the rest is judged next time."""
        self._closing.set()
        self._work.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """There may be something new."""
        self._work.set()

    def catch_up(self) -> None:
        """Judge all that waits, on the caller's thread. Raises `EngineClosed`."""
        with self._one_at_a_time:
            waiting = self._store.unjudged() if self._store.learning() else []
            for signal in waiting:
                if self._closing.is_set() or not self._store.learning():
                    return
                self._busy = True
                try:
                    self._judge(signal)
                except PromptError as e:
                    # It stays unjudged, for a model that can read it; the others do not wait for that.
                    log.warning("a signal could not be judged: %s", e)
                    continue
                finally:
                    self._busy = False
                self._on_change()

    def judge_explicit(self, signal: Signal) -> None:
        """Judge an explicit signal on the caller's thread: it needs no model, so it waits for nothing.

        Where nothing is learned (turned off, a reply that was cut off) it stays unjudged, as any signal does.
        """
        if self._store.learning() and signal in self._store.unjudged():
            self._judge(signal)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._work.wait(LOOK_SECONDS)
            self._work.clear()
            try:
                self.catch_up()
            except EngineClosed:
                return
            except ClawlocalError as e:
                # The signals stay unjudged and are taken up again with the next look.
                log.warning("judging stopped: %s", e)
            except Exception:
                # The last line of defence: one signal that cannot be judged must not end all judging.
                log.exception("judging stopped")

    def _judge(self, signal: Signal) -> None:
        exchange = self._exchange(signal)
        opinion = next(o for judge in self._judges if (o := judge.judge(exchange)) is not None)
        hint = _hint(signal, opinion)
        use, reason = _use(opinion, hint)
        verdict = Verdict(
            turn=signal.turn,
            signal=signal.id,
            value=opinion.value,
            votes=opinion.votes,
            margin=opinion.margin,
            abstained=opinion.abstained,
            stage=opinion.stage,
            reason=opinion.reason,
            hint=hint.text,
            hint_dropped=hint.dropped,
        )
        with self._store.transaction():
            turn = self._store.turn(signal.turn)
            if turn.reason not in _MAY_COME_BACK:
                self._store.add_verdict(verdict)
                return
            self._store.add_verdict(verdict, use, reason)
            if hint.text and signal.kind in _WORDED:
                self._remember(signal.turn, hint.text, exchange, opinion.stage)

    def _exchange(self, signal: Signal) -> Exchange:
        turn = self._store.turn(signal.turn)
        return Exchange(
            request=self._store.message(turn.user_message).content,
            reply=self._store.message(turn.reply_message).content,
            kind=signal.kind,
            next_state=signal.text,
            value=signal.value,
        )

    def _remember(self, turn: str, hint: str, exchange: Exchange, stage: str) -> None:
        scope = lessons.scope(hint, exchange.request, exchange.reply)
        if stage == VOTES and not lessons.about_form(hint):
            # The votes are wrong often enough to take a new question for a complaint.
            scope = lessons.THIS_TURN
        # A lesson about one exchange's subject would only disturb other prompts.
        state = LessonState.ACTIVE if scope == lessons.GENERAL else LessonState.NEW
        self._store.add_lesson(hint, scope, [turn], state)


def _hint(signal: Signal, opinion: Opinion) -> hints.Hint:
    if opinion.value >= 0:
        return hints.Hint()
    if signal.kind is SignalKind.EDIT:
        return hints.from_edit(signal.text)
    return hints.from_correction(signal.text) if signal.kind in _WORDED else hints.Hint()


def _use(opinion: Opinion, hint: hints.Hint) -> tuple[TurnUse, str]:
    if opinion.value != 0 or hint.text:
        return TurnUse.QUEUED, ""
    return TurnUse.SKIPPED, NOT_SURE if opinion.abstained else NO_OPINION
