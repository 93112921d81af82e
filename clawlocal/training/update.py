"""One update from the batch to the receipt: job, worker, gate, publish. Knows not when to run."""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clawlocal.adapters import files
from clawlocal.engine.protocol import AdapterFile
from clawlocal.errors import ClawlocalError, NotFound, StoreError, TrainerError
from clawlocal.idle import Idleness
from clawlocal.models.opened import OpenedModel, TrainedModel
from clawlocal.paths import Paths
from clawlocal.records import AdapterState, AdapterVersion, Receipt, TurnUse, UpdateStatus
from clawlocal.store import Store
from clawlocal.store.updates import MAX_ATTEMPTS, TRAINED_ELSEWHERE
from clawlocal.training import arrivals, gate, holdings, jobs, nothing, rebuild, recipes
from clawlocal.training.batch import Batch, BatchMaker
from clawlocal.training.pace import PAUSE, TYPING, Pace
from clawlocal.training.process import TrainerProcess
from trainers.job import GIVEN, Job, Result
from trainers.messages import MEMORY, Failed, Planned, Progress

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2

JOB = "update"
"""The folder of the one job that runs, or was interrupted and goes on."""

LESS_MEMORY = 0.7
"""Of what an update had planned to use when memory ran out: what the next one may use."""

_SPANS = {
    "preparing": (0.0, 0.08),
    "loading": (0.08, 0.1),
    "measuring": (0.1, 0.25),
    "training": (0.26, 0.85),
    "measuring again": (0.85, 0.98),
    "writing": (0.98, 1.0),
}
"""What share of an update each stage takes, roughly. It measures before and after it trains."""


class Updater:
    """Runs updates, one at a time."""

    def __init__(
        self,
        store: Store,
        paths: Paths,
        model: OpenedModel,
        batches: BatchMaker,
        idle: Idleness,
        catch_up: Callable[[], None],
        on_change: Callable[[], None],
        memory: int = 0,
    ) -> None:
        """`memory` is what the trainer may use, in bytes; 0 for what is free."""
        self._store = store
        self._memory = memory
        self._tighter = 0
        """Less than that, after an update that ran out of memory; 0 for no need."""
        self._paths = paths
        self._batches = batches
        self._model = model
        self._idle = idle
        self._catch_up = catch_up
        self._on_change = on_change
        self._guard = threading.Lock()
        self._process: TrainerProcess | None = None
        self._stopped = ""
        self._discard = False
        """Nothing of the update that runs is to be gone on from."""
        self.spoiled = False
        """The last update learned from what is gone or not wanted any more: no reason to wait before the next."""
        self._suspend_at_start = False
        self._pace = Pace(idle, bool)
        self.stage = ""
        """What the trainer is doing, in a word or two; empty when none runs."""
        self.task = ""
        """What the update is for, as `rebuilding without …`; empty for one that learns from what waits."""
        self.progress: float | None = None

    @property
    def running(self) -> bool:
        return self.progress is not None

    @property
    def suspended(self) -> bool:
        process = self._process
        return process is not None and process.suspended

    @property
    def why_paused(self) -> str:
        """What a suspended trainer waits for, in words."""
        return self._pace.why or TYPING.text

    def suspend(self) -> None:
        # First the flag, then the look: a process that is being started looks the other way round.
        self._suspend_at_start = self.running
        process = self._process
        if process is not None and not process.suspended:
            process.suspend()
            self._on_change()

    def stop(self, reason: str) -> None:
        """End the running trainer; its update fails with `reason` and uses nothing up."""
        with self._guard:
            if self.running:
                self._stopped = reason
            if self._process is not None:
                self._process.kill()

    def discard(self, why: str = "a chat that it may learn from was deleted") -> None:
        """Throw away what an interrupted update left behind to go on from: what it learned from is gone.

        An update that runs ends, and says `why`: its job may hold what was deleted. So may jobs that are elsewhere.
        """
        arrivals.withdraw(self._store, self._paths, why)
        if not self.running:
            shutil.rmtree(self._paths.jobs / JOB, ignore_errors=True)
            return
        self._discard = self.spoiled = True
        self.stop(why)

    def run(self, closing: Callable[[], bool], urgent: Callable[[], bool] = bool) -> Receipt:
        """One update, start to end. A failure of the trainer is a receipt, not an error.

        `urgent` says whether the user asked for it: then it waits for memory and for replies alone.
        """
        self.spoiled = False
        if not self._store.learning():
            return nothing.off()
        if self._model.elsewhere:
            return nothing.elsewhere(self._model.name, self._model.elsewhere, self._model.twin)
        self._catch_up()
        model = self._model.for_training()
        try:
            arrival = arrivals.waiting(self._store, self._paths, model.name)
        except ClawlocalError as e:
            return Receipt(None, UpdateStatus.FAILED, reason=str(e))
        if arrival is not None:
            live, batch = arrival.parent, arrival.batch
        else:
            live, batch = rebuild.next_batch(self._store, self._batches, model.name)
        if not batch.worth_training():
            return nothing.of(self._store, batch)
        update = self._store.start_update(model.name, live.version if live else None)
        began = time.monotonic()
        folder = self._paths.jobs / JOB
        self._stopped, self._suspend_at_start, self._discard = "", False, False
        self._pace = Pace(self._idle, urgent)
        self.progress, self.stage = 0.0, "starting"
        self.task = rebuild.doing(self._store, batch.rebuild) if batch.rebuild else ""
        if arrival is not None:
            self.task = f"measuring what {arrival.remote_job.remote} trained"
        self._on_change()
        try:
            # Who forgot or vetoed before this update was seen to run could not end it.
            rebuild.check_wanted(self._store, batch)
            job = jobs.made(self._store, self._paths, folder, model, live, batch, self._tighter or self._memory)
            self._train(folder, arrivals.measured(arrival, job) if arrival else job, closing)
            receipt = self._conclude(update, folder, model, live, batch, began, measured=arrival is not None)
            self._discard = True
        except ClawlocalError as e:
            if isinstance(e, NotFound):
                # A chat that it learned from was deleted meanwhile.
                self._discard = self.spoiled = True
            receipt = self._fail(update, self._told(str(e)), self._seconds(began))
        finally:
            if self._discard:
                shutil.rmtree(folder, ignore_errors=True)
            self.progress, self.stage, self.task = None, "", ""
            self._on_change()
        if arrival is not None:
            arrivals.settle(self._store, self._paths, arrival, receipt, stopped=bool(self._stopped))
        return receipt

    def waiting(self) -> jobs.Waiting | None:
        """None where learning is off, or nothing is worth an update. Raises `ModelError`."""
        if not self._store.learning():
            return None
        self._catch_up()
        model = self._model.for_training()
        live, batch = rebuild.next_batch(self._store, self._batches, model.name)
        if not batch.worth_training():
            return None
        rebuild.check_wanted(self._store, batch)
        job = jobs.made(self._store, self._paths, self._paths.jobs / JOB, model, live, batch, 0)
        return jobs.Waiting(model, live, batch, job)

    # the worker
    def _train(self, folder: Path, job: Job, closing: Callable[[], bool]) -> None:
        self._write_job(folder, job)
        process = TrainerProcess(folder)
        with self._guard:
            self._process = process
        try:
            # Whoever stopped it while it was being started found no process to kill.
            if closing() or self._stopped:
                process.kill()
            elif self._suspend_at_start:
                process.suspend()
            self._follow(process, folder)
        finally:
            with self._guard:
                process.kill()
                self._process = None
        log.info("trainer: %s", process.last_words())

    def _write_job(self, folder: Path, job: Job) -> None:
        jobs.write(self._paths, folder, job)

    def _follow(self, process: TrainerProcess, folder: Path) -> None:
        """Until the worker ends. Raises `TrainerError`."""
        failed: Failed | None = None
        planned: Planned | None = None
        while not process.finished():
            if not (folder / GIVEN).exists():
                # Another process took away what it learns from.
                self.discard()
            if self._pace.keep(process):
                self._say_pause()
            match process.next_message(POLL_SECONDS):
                case Progress() as message:
                    self._note_progress(message)
                case Failed() as failed:
                    if failed.needs:
                        self._store.note_memory(self._model.name, failed.needs)
                case Planned() as planned:
                    self._pace.planned = planned.bytes
                    self._store.note_memory(self._model.name, 0)
                    log.info("trainer: %s", planned)
        if self._stopped:
            raise TrainerError(
                f"The update was stopped: {self._stopped}. What it would have learned from waits for the next one."
            )
        self._learn_from_memory(planned, killed=process.killed, short=failed is not None and failed.short_of == MEMORY)
        if failed is not None:
            if not failed.short_of:
                # What failed of itself would fail again after the same steps.
                shutil.rmtree(folder, ignore_errors=True)
            raise TrainerError(failed.reason)

    def _say_pause(self) -> None:
        """Also to other processes. What is only said does not end an update."""
        why = f"paused at {100 * (self.progress or 0):.0f} %: {self._pace.why}" if self._pace.why else None
        with contextlib.suppress(StoreError):
            self._store.set_state(PAUSE, why)
        self._on_change()

    def _seconds(self, began: float) -> float:
        """Since `began`, without the pauses."""
        return time.monotonic() - began - self._pace.paused_seconds

    def _learn_from_memory(self, planned: Planned | None, *, killed: bool, short: bool) -> None:
        """A plan that did not hold is not tried again; the system kills a process when memory runs out."""
        if planned is not None and (killed or short):
            self._tighter = int(LESS_MEMORY * planned.bytes)
        elif short:
            # Nothing fits into so little: it was too much caution, or there is less free than before.
            self._tighter = 0

    def _note_progress(self, message: Progress) -> None:
        self.stage = message.stage
        trained = (self.progress or 0.0) >= _SPANS["training"][0] and self.stage == "measuring"
        first, last = _SPANS.get("measuring again" if trained else self.stage, (0.0, 0.0))
        done = min(1.0, message.done / max(1, message.total))
        self.progress = max(self.progress or 0.0, first + done * (last - first))
        self._on_change()

    # the end
    def _conclude(
        self,
        update: int,
        folder: Path,
        model: TrainedModel,
        live: AdapterVersion | None,
        batch: Batch,
        began: float,
        *,
        measured: bool,
    ) -> Receipt:
        result = jobs.result(folder)
        metrics = {**result.metrics, "trainer_seconds": result.seconds}
        metrics |= {TRAINED_ELSEWHERE: 1.0} if measured else {}
        report = gate.examine(metrics, result.lessons, practised=recipes.of(batch.method).rehearses)
        turns = [turn for turn in batch.turns if turn not in result.dropped]
        self._skip(batch, result)
        skipped = Counter(batch.skipped) + Counter(result.dropped.values())
        record: dict[str, Any] = {
            "samples": {**result.counts, "skipped": dict(skipped)},
            "metrics": metrics,
            "gate": report.as_dict(),
        }
        weighed = holdings.weigh(batch.lessons, result.lessons, batch.unheeded)
        lessons = weighed.learned
        if not report.passed:
            reason = self._told(f"the gate did not let it through: {report.reason}")
            record |= {"seconds": self._seconds(began), "reason": reason}
            return self._reject(batch, update, turns, record)
        version = self._store.next_version(model.name)
        self._model.engine.check(AdapterFile(version, folder / files.GGUF))
        adapter = self._install(version, folder, model, live, result)
        record |= {"seconds": self._seconds(began), "practised": batch.own, "beside": batch.kept}
        record |= {"others": weighed.others, "shares": weighed.shares, "reason": weighed.words()}
        try:
            rebuild.check_wanted(self._store, batch)
            with self._store.transaction():
                receipt = self._publish(batch, update, adapter, turns, lessons, record)
                holdings.carry_on(self._store, model.name, weighed)
            return receipt
        except ClawlocalError:
            # It may hold what was forgotten meanwhile.
            shutil.rmtree(adapter.path, ignore_errors=True)
            raise

    def _reject(self, batch: Batch, update: int, turns: list[str], record: dict[str, Any]) -> Receipt:
        lessons = [x.id for x in batch.lessons]
        if rebuild.tried(self._store, batch) + 1 >= MAX_ATTEMPTS:
            record |= {"reason": ". ".join(filter(None, (record["reason"], holdings.question(batch.lessons))))}
        if batch.rebuild:
            return self._store.reject_rebuild(batch.rebuild, update, turns, lessons, **record)
        return self._store.reject(update, turns, lessons, **record)

    def _publish(
        self,
        batch: Batch,
        update: int,
        adapter: AdapterVersion,
        turns: list[str],
        lessons: list[int],
        record: dict[str, Any],
    ) -> Receipt:
        if batch.rebuild is None:
            return self._store.publish(update, adapter, turns, lessons, **record)
        why = "; ".join(filter(None, (rebuild.done(self._store, batch.rebuild), record["reason"])))
        return self._store.publish_rebuild(batch.rebuild, update, adapter, turns, lessons, **{**record, "reason": why})

    def _skip(self, batch: Batch, result: Result) -> None:
        """What could not be learned from waits no longer; what was learned from before stays as it is."""
        if batch.rebuild and batch.rebuild.anew:
            return
        for turn, why in result.dropped.items():
            self._store.set_turn_use(turn, TurnUse.SKIPPED, why)

    def _told(self, reason: str) -> str:
        """Why an update did not end well, with what it was for."""
        return f"While {self.task}: {reason}" if self.task else reason

    def _install(
        self,
        version: str,
        folder: Path,
        model: TrainedModel,
        live: AdapterVersion | None,
        result: Result,
    ) -> AdapterVersion:
        try:
            home = files.install(folder, self._paths.adapters / model.name / version)
            digest = files.sha256(home / files.GGUF)
        except OSError as e:
            raise StoreError(
                f"The new adapter cannot be written ({e.strerror}). Free some space; the old one stays."
            ) from e
        return AdapterVersion(
            version=version,
            model=model.name,
            state=AdapterState.LIVE,
            created="",
            rank=result.rank,
            sha256=digest,
            parent=live.version if live else None,
            path=str(home),
            metrics=result.metrics,
        )

    def _fail(self, update: int, reason: str, seconds: float) -> Receipt:
        self._store.add_event("failed", f"Update {update} failed: {reason}", {"update": update})
        try:
            return self._store.finish_update(update, UpdateStatus.FAILED, seconds=seconds, reason=reason)
        except StoreError:
            # Who forgot what it learned from has ended it.
            self._discard = self.spoiled = True
            return self._store.update(update)
