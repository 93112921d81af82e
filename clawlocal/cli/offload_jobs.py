"""`clawlocal offload train|jobs|logs|cancel|pull`: updates that a cluster trains."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from clawlocal import config, paths
from clawlocal.assistant import Assistant
from clawlocal.cli.learn import print_receipt
from clawlocal.cli.opening import serving, storing
from clawlocal.cli.output import as_data, json_option, plain, print_json, table, when
from clawlocal.errors import ClawlocalError, OffloadError, TrainerError
from clawlocal.offload.consent import MEGABYTE, Consent
from clawlocal.offload.redaction import Redaction
from clawlocal.offload.remotes import granted_to
from clawlocal.offload.shipment import Shipment, shipment
from clawlocal.records import DataClass, Purpose, Receipt, Remote, RemoteKind, UpdateStatus
from clawlocal.remote_job import OPEN_JOBS, JobState, RemoteJob
from clawlocal.store import Store

if TYPE_CHECKING:
    from clawlocal.offload.jobs import Jobs

POLL_SECONDS = 2.0
MOST_WORKERS = 1024
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""What Ray begins its lines with."""
_NEEDS = ("learning", "model", "something to learn")
"""Those of the conditions that say why there is nothing to send."""


@contextmanager
def _job(name: str) -> Iterator[tuple[Store, RemoteJob, Jobs]]:
    with storing() as store:
        job = store.remote_job(name)
        yield store, job, _jobs(store, store.remote(job.remote))


def _jobs(store: Store, remote: Remote) -> Jobs:
    # Imported here: who lists remotes needs no HTTP.
    from clawlocal.offload.jobs import Jobs

    return Jobs(store, paths.find(), remote)


@click.command()
@click.argument("name", required=False)
@click.option("-m", "--model", help="The model that learns, of this machine.")
@click.option("--workers", type=click.IntRange(1, MOST_WORKERS), default=1, show_default=True,
              help="How many work on it, one GPU or core each.")  # fmt: skip
@json_option
def train(name: str | None, model: str | None, workers: int, as_json: bool) -> None:
    """Have cluster NAME do the next update: it trains what waits here. `pull` brings the adapter home."""
    with storing() as store:
        remote = _cluster(store, name)
        Consent(store).check(remote, Purpose.TRAIN, {DataClass.SAMPLES})
        with serving(model) as assistant:
            job = _sent(store, assistant, remote, workers)
    if as_json:
        print_json(_told(job))
        return
    click.echo(plain(f"{job.id} is {job.state} on {job.remote}. {job.text}".strip()))
    click.echo(f"Next: `clawlocal offload jobs`, and when it is done `clawlocal offload pull {job.id}`.", err=True)


def _told(job: RemoteJob) -> dict[str, Any]:
    """As JSON, without what only this machine's next step needs."""
    return {name: value for name, value in as_data(job).items() if name != "batch"}


def _cluster(store: Store, name: str | None) -> Remote:
    if name is not None:
        remote = store.remote(name)
        if remote.kind is not RemoteKind.RAY:
            raise OffloadError(
                f"{name} is of the kind {remote.kind}, which does not train: add a cluster (--kind ray)."
            )
        return remote
    clusters = [remote for remote in store.remotes() if remote.kind is RemoteKind.RAY]
    if len(clusters) != 1:
        known = ", ".join(remote.name for remote in clusters)
        text = (
            f"Say on which cluster: {known}." if known else "There is no cluster yet: `clawlocal offload add` adds one."
        )
        raise OffloadError(text)
    return clusters[0]


def _sent(store: Store, assistant: Assistant, remote: Remote, workers: int) -> RemoteJob:
    """A new job, or the one that is under way, which is sent again where it never arrived."""
    jobs, job = _jobs(store, remote), store.open_job(assistant.model_name)
    if job is not None:
        job = _jobs(store, store.remote(job.remote)).reconcile(job)
        if job.state in OPEN_JOBS and (job.state is not JobState.PREPARED or job.remote != remote.name):
            click.echo(plain(f"{job.remote} has a job of this model already: one at a time."), err=True)
            return job
    if job is None or job.state not in OPEN_JOBS:
        found = _found(assistant)
        _say(remote, found)
        job = jobs.prepare(found, workers)
    model = assistant.trained_model()
    if jobs.lacks_model(model.path, model.sha256):
        size = model.path.stat().st_size / MEGABYTE
        click.echo(f"The storage does not have {model.name} yet: its {size:,.0f} MB are sent once.", err=True)
    return jobs.send(job, model.path)


def _found(assistant: Assistant) -> Shipment:
    """Raises `OffloadError` where there is nothing to send."""
    settings, waiting = config.load(paths.find().settings), assistant.waiting_job()
    found = shipment(waiting, assistant.engine, Redaction(settings.redact)) if waiting is not None else None
    if found is None:
        lacks = next((text for name, text, holds in assistant.why() if name in _NEEDS and not holds), "")
        if waiting is not None:
            lacks = "redaction finds something in all that waits, so that it stays here"
        raise OffloadError(f"Nothing is sent: {lacks or 'nothing that waits is worth an update'}.", "nothing")
    return found


def _say(remote: Remote, found: Shipment) -> None:
    """What leaves, and how much of it."""
    parts = [f"{size:,} bytes of {what}" for what, size in found.sizes().items() if size and what != "model"]
    kept = f" {found.kept_here} more stay here: redaction finds something in them." if found.kept_here else ""
    click.echo(plain(f"To {granted_to(remote)}: {', '.join(parts)}.{kept}"), err=True)


def preview(store: Store, remote: Remote, model: str | None) -> None:
    """The bytes of the samples on stdout; what goes along with them on stderr. Sends nothing."""
    with serving(model) as assistant:
        found = _found(assistant)
    _say(remote, found)
    size, first = found.base.stat().st_size, f"{found.model} goes along where the storage does not have it"
    click.echo(plain(f"{first}: {size:,} bytes."), err=True)
    if lacking := sorted(found.data - Consent(store).granted(remote, Purpose.TRAIN)):
        click.echo(f"Not granted: {', '.join(lacking)}.", err=True)
    sys.stdout.flush()
    sys.stdout.buffer.write(found.job + b"\n")
    sys.stdout.buffer.flush()


@click.command()
@json_option
def jobs(as_json: bool) -> None:
    """The jobs on clusters, the latest first, after asking the clusters how far they are."""
    from clawlocal.offload.jobs import reconcile_all

    with storing() as store:
        problems, found = reconcile_all(store, paths.find()), store.remote_jobs()
    for job, problem in problems.items():
        click.echo(plain(f"{job} was not asked after: {problem}"), err=True)
    if as_json:
        print_json([_told(job) for job in found])
        return
    rows = [(j.id, when(j.created), j.remote, j.model, j.workers, j.state, j.text) for j in found]
    table(("JOB", "WHEN", "REMOTE", "MODEL", "WORKERS", "STATE", ""), rows, "No job yet. `clawlocal offload train`.")


@click.command()
@click.argument("job")
@click.option("-f", "--follow", is_flag=True, help="Go on until it ends.")
def logs(job: str, follow: bool) -> None:
    """What a job has written on its cluster."""
    with _job(job) as (_, found, remote):
        shown = 0
        while True:
            text, ended = remote.logs(found)
            click.echo("\n".join(plain(_COLOUR.sub("", line)) for line in text[shown:].split("\n")), nl=False)
            shown = len(text)
            if ended or not follow:
                return
            time.sleep(POLL_SECONDS)


@click.command()
@click.argument("job")
def cancel(job: str) -> None:
    """End a job, and delete what was sent for it from the storage."""
    with _job(job) as (_, found, remote):
        remote.cancel(found)
    click.echo(plain(f"{found.id} is ended, and what was sent for it deleted. What it would have learned from waits."))


@click.command()
@click.argument("job")
@json_option
def pull(job: str, as_json: bool) -> None:
    """Bring the adapter of a job home. It is measured here, and goes live if it passes the gate."""
    with _job(job) as (store, found, remote):
        with serving(found.model) as assistant:
            model = assistant.trained_model()
            remote.pull(found, model.path, model.sha256)
            receipt = assistant.learn_now(wait=True)
        assert receipt is not None
        after = store.remote_job(found.id)
        if after.state in OPEN_JOBS and receipt.status is not UpdateStatus.FAILED:
            raise TrainerError("It waits for the gate: the instance that holds the data folder has another model open.")
        _tell(receipt, as_json)
        if after.state not in OPEN_JOBS:
            _clean(remote, found)
    if receipt.status is UpdateStatus.FAILED:
        raise TrainerError(receipt.reason)


def _clean(remote: Jobs, job: RemoteJob) -> None:
    """What is left there is worth a word, and no failure."""
    try:
        remote.clean(job)
    except ClawlocalError as e:
        click.echo(plain(f"What was sent for {job.id} is still there: {e}"), err=True)


def _tell(receipt: Receipt, as_json: bool) -> None:
    if as_json:
        print_json(receipt)
    else:
        print_receipt(receipt)


COMMANDS = (train, jobs, logs, cancel, pull)
