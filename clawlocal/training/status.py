"""Learning at this moment, in words: silence is the one thing that this program must not do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clawlocal.conditions import first_reason
from clawlocal.idle import Idleness
from clawlocal.judge.reward import Reward
from clawlocal.records import AdapterVersion, Receipt, UpdateStatus
from clawlocal.store import Store
from clawlocal.training.need import Need
from clawlocal.training.pace import PAUSE
from clawlocal.training.update import Updater


@dataclass(frozen=True)
class Status:
    """What `learn status --json` prints."""

    learning: bool
    state: str
    """`off`, `not kept`, `waiting`, `judging`, `training`, `paused` (an update, or all by the user), `elsewhere`."""
    why: str
    """One sentence: what happens next, or why nothing does."""
    queue: dict[str, int]
    """`open`, `queued`, `hints`, `hints_dropped`, `used`, `skipped`; `others` wait for the model that made them, and
    `foreign` ones teach no weights here.
    """
    judged: int
    live_version: str | None
    last_update: Receipt | None
    progress: float | None
    """Of the running update, 0 to 1."""
    holder: str | None
    """Who else holds the data folder; then nothing is learned here."""
    propose: str | None = None
    """The cluster that the user is to be asked about now, since an update is too much for this machine."""
    foreign: str = ""
    """Why those of the queue teach no weights here, in words."""


class StatusReader:
    """Reads the loops and the store. `reward` and `updater` are None where they do not run."""

    def __init__(
        self,
        store: Store,
        model: str,
        need: Need,
        idle: Idleness,
        holder: str | None,
        reward: Reward | None,
        updater: Updater | None,
        too_much: Callable[[], str] = str,
        propose: Callable[[], str | None] = lambda: None,
        speaking: Callable[[], AdapterVersion | None] | None = None,
    ) -> None:
        """`too_much` says why an update is not for this machine, and what else; empty where it is.

        `speaking` finds the version that answers, where that is not simply the live one of the model.
        """
        self._speaking = speaking or (lambda: store.live(model))
        self._too_much = too_much
        self._propose = propose
        self._store = store
        self._model = model
        self._need = need
        self._idle = idle
        self._holder = holder
        self._reward = reward
        self._updater = updater

    def read(self, temporary: bool = False, session_learns: bool = True) -> Status:
        """The state of learning for a chat that is temporary, or that may have learning turned off."""
        learning = self._store.learning()
        live = self._speaking()
        state, why = self._words(learning, temporary, session_learns)
        queue = self._store.queue_counts(self._model)
        return Status(
            learning=learning,
            state=state,
            why=why,
            queue=queue,
            judged=self._store.judged_count(),
            live_version=live.version if live else None,
            last_update=self._store.last_update(),
            progress=self._updater.progress if self._updater else None,
            holder=self._holder,
            propose=self._propose() if self._updater is not None and state == "waiting" else None,
            foreign=self._need.foreign(queue["foreign"]),
        )

    def _words(self, learning: bool, temporary: bool, session_learns: bool) -> tuple[str, str]:
        if self._updater is not None and self._updater.running:
            return self._training(self._updater)
        if temporary:
            return "not kept", "this chat is temporary: neither kept nor learned from"
        if not learning:
            return "off", "learning is off; nothing is judged or trained"
        if not session_learns:
            return "off", "learning is off for this chat"
        if self._updater is None:
            return self._elsewhere()
        if self._reward is not None and self._reward.judging:
            return "judging", "judging what came after a reply"
        return self._waiting()

    def _training(self, updater: Updater) -> tuple[str, str]:
        done = f"{100 * (updater.progress or 0):.0f} %"
        task = updater.task or "training"
        if updater.suspended:
            told = f"{task} paused" if updater.task else "paused"
            return "paused", f"{told} at {done}: {updater.why_paused}"
        return "training", f"{task} {done}: {updater.stage}"

    def _elsewhere(self) -> tuple[str, str]:
        running = any(r.status is UpdateStatus.RUNNING for r in self._store.history(1))
        if self._holder is not None and running:
            paused = self._store.get_state(PAUSE)
            return ("paused", paused) if paused else ("training", f"{self._holder} is training")
        if self._store.paused():
            return self._waiting()
        if self._holder is None:
            return "waiting", self._missing_or(lambda: "open clawlocal or say `clawlocal learn now`")
        return "elsewhere", f"{self._holder} does the learning"

    def _waiting(self) -> tuple[str, str]:
        if self._store.paused():
            return "paused", f"{self._need.readings()[-1].text}; {self._idle.not_paused().text}"
        return "waiting", self._missing_or(lambda: first_reason(self._idle.readings()) or "starts now")

    def _missing_or(self, then: Callable[[], str]) -> str:
        """What an update lacks; else what there is to learn, and what it waits for, or why it is not for here."""
        readings = self._need.readings()
        return first_reason(readings) or f"{readings[-1].text}; {self._too_much() or then()}"
