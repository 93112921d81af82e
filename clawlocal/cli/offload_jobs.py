"""`clawlocal offload train|jobs|logs|cancel|pull|auto`: updates that a cluster trains."""

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
from clawlocal.models.catalog import Catalog
from clawlocal.offload import answers
from clawlocal.offload.consent import Consent
from clawlocal.offload.model import local_model
from clawlocal.offload.shipment import told
from clawlocal.records import DataClass, Offload, Purpose, Receipt, Remote, RemoteKind, UpdateStatus
from clawlocal.remote_job import OPEN_JOBS, RemoteJob
from clawlocal.store import Store

if TYPE_CHECKING:
    from clawlocal.offload.jobs import Jobs

POLL_SECONDS = 2.0
MOST_WORKERS = 1024
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""What Ray begins its lines with."""


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
    # Imported here: who lists remotes needs no HTTP.
    from clawlocal.offload.sending import Sending

    sending = Sending(store, paths.find(), remote, assistant.trained_model(), _say)
    return sending.send(assistant.shipment, workers)


def _say(sentence: str) -> None:
    click.echo(plain(sentence), err=True)


def preview(store: Store, remote: Remote, model: str | None) -> None:
    """The bytes of the samples on stdout; what goes along with them on stderr. Sends nothing."""
    with serving(model) as assistant:
        found = assistant.shipment()
    _say(told(remote, found))
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
    with _job(job) as (store, found, remote):
        by_itself = store.offload_answer(found.model, found.remote) is Offload.ALWAYS
        remote.cancel(found)
    click.echo(plain(f"{found.id} is ended, and what was sent for it deleted. What it would have learned from waits."))
    if by_itself:
        click.echo(plain(f"{found.remote} does no more by itself: `clawlocal offload auto always` takes that back."))


@click.command()
@click.argument("answer", type=click.Choice([answer.value for answer in Offload]), required=False)
@click.option("--remote", "name", metavar="NAME", help="Which cluster, where there are several.")
@click.option("-m", "--model", help="The model that learns, of this machine.")
@json_option
def auto(answer: str | None, name: str | None, model: str | None, as_json: bool) -> None:
    """Whether a cluster does what is too much for this machine: ask first, always or never. Without a word, what is."""
    where = paths.find()
    model = model or local_model(config.load(where.settings))
    Catalog.load(where).entry(model)
    with storing() as store:
        clusters = [remote for remote in store.remotes() if remote.kind is RemoteKind.RAY]
        named = [_cluster(store, name)] if name or answer else clusters
        if answer:
            answers.keep(store, model, named[0], Offload(answer))
        rows = [{"remote": r.name, "model": model, "answer": store.offload_answer(model, r.name)} for r in named]
        said = [answers.told(store, model, remote) for remote in named]
    if as_json:
        print_json(rows)
        return
    click.echo(plain("\n".join(said) or "There is no cluster yet: `clawlocal offload add` adds one."))


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


COMMANDS = (train, jobs, logs, cancel, pull, auto)
