"""Whether there is something to learn, and what becomes of a turn, in words. Knows no machine and no process."""

from __future__ import annotations

from collections.abc import Callable

from clawlocal.conditions import Reading
from clawlocal.judge.reward import NOT_SURE
from clawlocal.methods import Method
from clawlocal.provenance import why_none
from clawlocal.records import LessonState, Turn, TurnUse
from clawlocal.remote_job import JobState
from clawlocal.store import Store
from clawlocal.training import nothing, pairs, rebuild, recipes
from clawlocal.training.rebuild import ENOUGH_VERDICTS

BINARY_ALONE = "method binary, which learns from verdicts alone"
_WHY_SKIPPED = {"cancelled": "you stopped this reply", "failed": "this reply broke off"}


class Need:
    """What the queue holds against what an update needs."""

    def __init__(
        self, store: Store, untrainable: Callable[[], str] = str, model: str = "", method: str = Method.DEFAULT
    ) -> None:
        """`untrainable()` says why the model cannot learn; empty where it can."""
        self._method = method
        self._recipe = recipes.of(method)
        self._store = store
        self._model = model
        self._untrainable = untrainable

    @property
    def wanted(self) -> bool:
        """Learning is on."""
        return self._store.learning()

    @property
    def carried(self) -> bool:
        """The next update is to bring on lessons that are known, and no more than that."""
        wanted = self._store.rebuild(self._model)
        return wanted is not None and not wanted.anew

    @property
    def material(self) -> bool:
        """There is something to learn."""
        return self._material().holds

    def readings(self) -> list[Reading]:
        """The conditions on the user's side: learning is on, the model can learn, and there is something to learn."""
        on = self._store.learning()
        why_not = self._untrainable()
        can = Reading("model", why_not or "this model can learn", not why_not)
        return [Reading("learning", "learning is on" if on else "learning is off", on), can, self._material()]

    def _material(self) -> Reading:
        elsewhere = self._store.open_job(self._model)
        if elsewhere is not None and elsewhere.state is JobState.ARRIVED:
            return Reading("something to learn", f"an adapter that {elsewhere.remote} trained waits for the gate", True)
        if elsewhere is not None:
            text = (
                f"{elsewhere.remote} trains what waits ({elsewhere.state}): `clawlocal offload jobs` says how far it is"
            )
            return Reading("something to learn", text, False)
        wanted = self._store.rebuild(self._model)
        if wanted is not None:
            return Reading("something to learn", rebuild.material(self._store, wanted), True)
        counts = self._store.queue_counts(self._model or None)
        queued, bad = counts["queued"], counts["bad"]
        hints = counts["hints"] if self._recipe.w_opd else 0
        preferred = len(pairs.preferred(self._store, self._model)) if self._recipe.rehearses else 0
        if hints or preferred or (bad and queued >= ENOUGH_VERDICTS and self._recipe.w_rl):
            return Reading("something to learn", _examples(queued, hints, preferred), True)
        if queued and not self._recipe.w_rl:
            text = f"{_judged(queued)} {recipes.lacking(self._method)}"
            return Reading("something to learn", text, False)
        if queued and not bad:
            return Reading("something to learn", nothing.liked(queued), False)
        if queued:
            more = f"{queued} of {ENOUGH_VERDICTS} rated replies"
            more += "; one correction in words would be enough" if self._recipe.w_opd else f" for the {BINARY_ALONE}"
            return Reading("something to learn", more, False)
        parts = (self._elsewhere(counts["others"]), self.foreign(counts["foreign"]), self._unsure())
        return Reading("something to learn", "; ".join(["nothing new to learn from", *filter(None, parts)]), False)

    def _elsewhere(self, others: int) -> str:
        replies = "one reply waits" if others == 1 else f"{others} replies wait"
        return f"{replies} for the model that made {'it' if others == 1 else 'them'}" if others else ""

    def foreign(self, count: int) -> str:
        """Why so many judged replies of remotes are no samples of any model here; empty for none."""
        if not count:
            return ""
        why = "; ".join(dict.fromkeys(map(why_none, self._store.foreign())))
        return f"{'one reply teaches' if count == 1 else f'{count} replies teach'} no weights here: {why}"

    def _unsure(self) -> str:
        count = self._store.skip_counts().get(NOT_SURE, 0)
        replies = "one reply: rate or correct it" if count == 1 else f"{count} replies: rate or correct them"
        return f"the judge was not sure of {replies}" if count else ""

    def becomes(self, turn: str) -> str:
        """What becomes of a turn that feedback was given on: one sentence."""
        found = self._store.turn(turn)
        if found.use is TurnUse.USED:
            return f"This reply was learned from before, so it is kept but not used a second time.{self._said(turn)}"
        if found.use is TurnUse.SKIPPED:
            return f"It is kept but not learned from: {_WHY_SKIPPED.get(found.reason, found.reason)}."
        if why := why_none(found):
            return f"It is kept; no weights here are trained on this reply: {why}.{self._said(turn)}"
        if not self._store.learning():
            return "Learning is off: it is kept, and learned from when you turn learning on."
        if not self._store.session(found.session).learning:
            return "Learning is off for this chat: it is kept, and learned from when you turn it on."
        verdict = self._store.effective_verdict(turn)
        if verdict is None:
            return "It is judged in the background."
        if not found.token_ids:
            return f"The reply is empty: there is nothing in it to learn from.{self._said(turn)}"
        when = self._when(found)
        if verdict.hint:
            return f"Lesson: “{verdict.hint}”. It is learned {when}."
        if verdict.hint_dropped:
            return (
                f"It counts as a bad reply; your words are no lesson ({verdict.hint_dropped}): say what to do instead."
            )
        if verdict.value > 0:
            return "It is learned from together with the next correction or bad reply."
        return f"It is learned from {when}."

    def _when(self, turn: Turn) -> str:
        """Of a remote's reply while the model that it is a sample of is not open, as when the remote's is."""
        own = not turn.remote or self._model in ("", turn.policy)
        return "when the machine is idle" if own else f"when {turn.policy} is open and the machine is idle"

    def _said(self, turn: str) -> str:
        """What is in the prompt of what was said last of a reply that teaches nothing itself."""
        last = max(self._store.verdicts(turn), key=lambda verdict: verdict.signal, default=None)
        lesson = self._store.lesson_that_says(last.hint) if last and last.hint else None
        active = lesson is not None and lesson.state is LessonState.ACTIVE
        return f" Lesson: “{lesson.text}” is in the prompt from now on." if lesson and active else ""


def _examples(queued: int, hints: int, preferred: int) -> str:
    parts = [_judged(queued)]
    parts += [f"{hints} with a correction"] if hints else []
    parts += [f"{preferred} that you preferred to another"] if preferred else []
    return ", ".join(parts)


def _judged(queued: int) -> str:
    return f"{queued} judged {'reply' if queued == 1 else 'replies'}"
