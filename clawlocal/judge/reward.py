"""The reward loop: a background thread that judges what came after each reply. Knows no trainer.

It never stands in the way of a chat: the engine takes its questions between, and lets them wait.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from clawlocal.errors import ClawlocalError, EngineClosed, PromptError
from clawlocal.judge import contradictions, hints, lessons, topics
from clawlocal.judge.directives import DirectiveWriter
from clawlocal.judge.protocol import Exchange, Judge, Opinion, first_opinion
from clawlocal.judge.wishes.ordinary import brings_text
from clawlocal.records import TOPIC, LessonState, Signal, SignalKind, TurnUse, Verdict
from clawlocal.store import Store
from trainers.sense import is_sum

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How often to look for signals that another process wrote."""

NOT_SURE = "the judge was not sure"
NO_OPINION = "no opinion in what came next"

MAY_COME_BACK = ("", NOT_SURE, NO_OPINION, "rejected twice")
"""Why a turn was skipped, where a later verdict may queue it again. Any other reason is for good."""
_WORDED = (SignalKind.MESSAGE, SignalKind.CORRECTION)


class Reward:
    """Judges signals in the order in which they came; the first judge with an opinion decides."""

    def __init__(
        self,
        store: Store,
        judges: Sequence[Judge],
        on_change: Callable[[], None],
        writer: DirectiveWriter | None = None,
    ) -> None:
        """Without a `writer` hints are the user's own words."""
        self._store = store
        self._judges = judges
        self._writer = writer
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
        opinion = first_opinion(self._judges, exchange)
        hint = self._hint(signal, opinion, exchange)
        if hint.text and opinion.value == 0 and (opinion.abstained or hint.about_form) and opinion.leaning != 1:
            opinion = replace(
                opinion, value=-1, abstained=False, reason=f"{opinion.reason}, and you wished for something"
            )
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
            if turn.reason not in MAY_COME_BACK:
                self._store.add_verdict(verdict)
                return
            self._store.add_verdict(verdict, use, reason)
            if hint.text and signal.kind in _WORDED and not self._full(signal.turn, hint.text):
                self._remember(signal.turn, hint.text, exchange, _about_form(opinion, hint))

    def _exchange(self, signal: Signal) -> Exchange:
        turn = self._store.turn(signal.turn)
        return Exchange(
            request=self._store.message(turn.user_message).content,
            reply=self._store.message(turn.reply_message).content,
            kind=signal.kind,
            next_state=signal.text,
            value=signal.value,
        )

    def _hint(self, signal: Signal, opinion: Opinion, exchange: Exchange) -> hints.Hint:
        if signal.kind is SignalKind.EDIT:
            return hints.from_edit(signal.text)
        if signal.kind not in _WORDED:
            return hints.Hint()
        said = (exchange.request, exchange.reply, signal.text)
        if self._writer and (plain := self._writer.plain(*said)):
            return hints.Hint(plain, about_form=True)
        if opinion.value > 0 and not hints.asks(signal.text):
            # "Exactly the tone I wanted." says how it was, and asks for nothing.
            return hints.Hint()
        complains = opinion.value < 0 or (opinion.abstained and opinion.leaning == -1)
        if opinion.says_how and opinion.value and not _brings_work(signal, exchange.reply):
            if self._writer is None:
                return hints.from_correction(signal.text)
            # A correction is taken at its word, and on the caller's thread, where nothing may be waited for.
            return self._writer.hint(*said, ask=signal.kind is SignalKind.MESSAGE, complains=complains)
        # What says nothing plainly may still be a wish that is known: "my eyes glazed over".
        wish = self._writer.wish(*said, complains=complains) if self._writer else ""
        return hints.Hint(wish, about_form=True) if wish else hints.Hint()

    def _remember(self, turn: str, hint: str, exchange: Exchange, about_form: bool | None) -> None:
        if about_form is None:
            reach = lessons.scope(hint, exchange.request, exchange.reply)
            scope = lessons.THIS_TURN if hints.complains(hint) else reach
        else:
            scope = lessons.GENERAL if about_form else lessons.THIS_TURN
        topic = topics.topic(hint) or topics.topic(exchange.next_state)
        if topic and about_form is not False and not hints.complains(hint):
            scope = TOPIC + topic
        # A lesson about one exchange's subject would only disturb other prompts.
        state = LessonState.NEW if scope == lessons.THIS_TURN else LessonState.ACTIVE
        contradictions.settle(self._store, self._store.add_lesson(hint, scope, [turn], state))

    def _full(self, turn: str, hint: str) -> bool:
        """The chat of this turn has given as many lessons as one chat may, and the hint would make the list longer."""
        if self._store.lessons_of(self._store.turn(turn).session) < lessons.MOST_OF_A_CHAT:
            return False
        known = self._store.lesson_that_says(hint) is not None
        return not known and not contradictions.of(self._store, hint)


def _about_form(opinion: Opinion, hint: hints.Hint) -> bool | None:
    """None where nobody knows. A complaint that is no instruction stays with its turn: every prompt would carry it."""
    if hint.about_form is not None or not opinion.about_form:
        return opinion.about_form if hint.about_form is None else hint.about_form
    return hints.tells(hint.text)


def _use(opinion: Opinion, hint: hints.Hint) -> tuple[TurnUse, str]:
    if opinion.value != 0 or hint.text:
        return TurnUse.QUEUED, ""
    return TurnUse.SKIPPED, NOT_SURE if opinion.abstained else NO_OPINION


def _brings_work(signal: Signal, reply: str) -> bool:
    """A message with a text or a sum of its own is the next request, however it was judged: it is no lesson."""
    return signal.kind is SignalKind.MESSAGE and (is_sum(signal.text) or brings_text(signal.text, reply))
