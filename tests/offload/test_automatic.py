"""An update that is too much for this machine: what is said, what is asked, and what goes to a cluster by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clawlocal.assistant import Assistant
from clawlocal.errors import ConsentError, OffloadError
from clawlocal.offload import errands, remotes
from clawlocal.offload.choice import Choice
from clawlocal.offload.consent import Consent
from clawlocal.offload.jobs import Jobs
from clawlocal.paths import Paths
from clawlocal.records import (
    AdapterState,
    AdapterVersion,
    DataClass,
    Offload,
    Purpose,
    Remote,
    RemoteKind,
    UpdateStatus,
)
from clawlocal.remote_job import JobState
from clawlocal.store import Store
from tests.offload.cluster_jobs import write_result
from tests.offload.far_cluster import FarCluster
from tests.waiting import until

Opens = Callable[..., Assistant]
LITTLE = {"training_memory_gb": 0.1}
"""GB, of the 0.75 that any model needs."""
AWAY = {**LITTLE, "idle_seconds": 0}
COMMAND = "`clawlocal offload train cluster`"
TRAIN = {DataClass.SAMPLES, DataClass.MODEL}


def slow(store: Store, minutes: float = 20) -> None:
    """An update took so long here."""
    store.finish_update(store.start_update("tiny", None), UpdateStatus.REJECTED, seconds=60 * minutes)


def row(assistant: Assistant) -> tuple[str, bool]:
    """What `learn why` says of clusters."""
    return next(((text, holds) for name, text, holds in assistant.why() if name == "on a cluster"), ("", True))


def test_without_a_cluster_it_says_how_to_add_one(correcting: Opens) -> None:
    assistant = correcting(**LITTLE)
    text, holds = row(assistant)
    assert "`clawlocal offload add NAME --kind ray --address URL --storage ADDRESS` adds one" in text
    assert (holds, assistant.status().propose) == (False, None)
    assert text in assistant.status().why and text in assistant.too_much()
    with pytest.raises(OffloadError, match="Nothing can be sent: a Ray cluster could do it"):
        assistant.proposal()


def test_what_fits_here_needs_no_cluster(correcting: Opens, trusted: Remote) -> None:
    assistant = correcting(idle_seconds=86400)
    assert (row(assistant), assistant.too_much(), assistant.status().propose) == (("", True), "", None)


def test_where_nothing_waits_nothing_is_too_much(open_assistant: Opens, trusted: Remote) -> None:
    assistant = open_assistant(**AWAY)
    assert (row(assistant), assistant.status().propose) == (("", True), None)


def test_without_a_grant_it_says_what_to_grant_and_asks_nobody(
    correcting: Opens, ray: Remote, store: Store, tries: list[Any]
) -> None:
    store.set_offload_answer("tiny", "cluster", Offload.ALWAYS)
    assistant = correcting(**AWAY)
    grant = "`clawlocal offload grant cluster --purpose train --data samples,model`"
    assert row(assistant) == (f"cluster could do it, once {grant} allows that", False)
    assert assistant.status().propose is None
    assistant._errands.step()
    assert (store.remote_jobs(), tries) == ([], [])
    with pytest.raises(ConsentError):
        assistant.offload("cluster")
    assert (store.remote_jobs(), tries) == ([], [])


def test_a_grant_that_leaves_out_the_live_adapter_is_not_enough(store: Store, trusted: Remote) -> None:
    choice = Choice(store, "tiny")
    assert choice.best() == trusted
    adapter = AdapterVersion("v1", "tiny", AdapterState.LIVE, "", 16, "0" * 64, None, "/nowhere")
    store.publish(store.start_update("tiny", None), adapter, [], samples={}, metrics={}, gate={}, seconds=1.0)
    assert choice.best() is None
    assert "--data samples,model,adapter`" in choice.words()[0]


def test_who_is_away_is_to_be_asked_with_all_that_would_leave(
    correcting: Opens, trusted: Remote, tries: list[Any], gguf: Path
) -> None:
    assistant = correcting(**AWAY)
    assert row(assistant) == (f"cluster could do it: {COMMAND}", False)
    assert f"; cluster could do it: {COMMAND} (too much for this machine: " in assistant.status().why
    assert assistant.status().propose == "cluster"
    found = assistant.proposal()
    assert (found.remote, found.to, found.model) == ("cluster", remotes.granted_to(trusted), "tiny")
    assert "training needs 0.8 GB" in found.why and found.waiting == "1 judged reply, 1 with a correction"
    assert found.sizes == assistant.shipment().sizes() and found.sizes["model"] == gguf.stat().st_size
    assert f"{found.sizes['samples']:,} bytes of samples" in found.words()
    assert found.to in found.words() and "where it is not there yet" in found.words()
    assert tries == [], "a question opens no socket"


def test_who_is_there_is_not_asked(correcting: Opens, trusted: Remote) -> None:
    assistant = correcting(**LITTLE, idle_seconds=86400)
    assert row(assistant) == (f"cluster could do it: {COMMAND}", False)
    assert assistant.status().propose is None


def test_not_now_is_for_what_waits_now(correcting: Opens, trusted: Remote, store: Store) -> None:
    assistant = correcting(**AWAY)
    assistant.decline("cluster")
    assert assistant.status().propose is None
    assert row(assistant) == (f"cluster could do it: {COMMAND}", False), "it is said all the same"
    answer = assistant.chat("What is a stork?").result(60)
    assistant.correct(answer.turn or "", "Answer in two sentences, please.")
    until(lambda: assistant.status().propose == "cluster")


def test_never_is_kept_until_it_is_changed(correcting: Opens, trusted: Remote, store: Store, where: Paths) -> None:
    assistant = correcting(**AWAY)
    assert assistant.answer_offload("cluster", Offload.NEVER).startswith("cluster never does an update of tiny")
    with Store.open(where.database) as later:
        assert later.offload_answer("tiny", "cluster") is Offload.NEVER
        assert later.offload_answer("other", "cluster") is Offload.ASK
    assert assistant.status().propose is None
    assert row(assistant)[0].startswith("you want cluster never to do it: `clawlocal offload auto ask")
    assistant.answer_offload("cluster", Offload.ASK)
    assert assistant.status().propose == "cluster"


def test_an_answer_goes_with_its_remote(store: Store, ray: Remote) -> None:
    store.set_offload_answer("tiny", "cluster", Offload.ALWAYS)
    store.remove_remote("cluster")
    store.add_remote(ray)
    assert store.offload_answer("tiny", "cluster") is Offload.ASK


def test_an_answer_of_what_does_not_train(correcting: Opens, remote: Remote) -> None:
    with pytest.raises(OffloadError, match="gpu is of the kind vllm, which does not train"):
        correcting(**LITTLE).answer_offload("gpu", Offload.ALWAYS)


def test_the_one_that_is_wanted_always_goes_first(store: Store, trusted: Remote, shared: Path) -> None:
    other = remotes.described("another", RemoteKind.RAY, trusted.url, storage=str(shared))
    store.add_remote(other)
    Consent(store).give(other, Purpose.TRAIN, TRAIN)
    choice = Choice(store, "tiny")
    assert choice.best() == other
    store.set_offload_answer("tiny", "cluster", Offload.ALWAYS)
    assert (choice.best(), choice.words()[1]) == (trusted, True)


def test_yes_sends_it_once(correcting: Opens, trusted: Remote, cluster: FarCluster, store: Store) -> None:
    assistant = correcting(**AWAY)
    assert assistant.offload("cluster").state is JobState.PENDING
    assert len(cluster.orders) == 1
    assert (assistant.status().propose, row(assistant)) == (None, ("", True)), "a cluster has it"
    assert assistant.offload("cluster").state is JobState.PENDING
    assert len(cluster.orders) == 1
    assert store.offload_answer("tiny", "cluster") is Offload.ASK


def test_what_is_too_large_for_the_grant_leaves_no_job_behind(
    correcting: Opens, ray: Remote, cluster: FarCluster, store: Store, shared: Path
) -> None:
    Consent(store).give(ray, Purpose.TRAIN, TRAIN, megabytes=0.01)
    with pytest.raises(ConsentError, match="are more than the"):
        correcting(**AWAY).offload("cluster")
    assert (store.remote_jobs(), cluster.orders, list(shared.iterdir())) == ([], [], [])


def test_always_sends_follows_and_brings_home_by_itself(
    correcting: Opens,
    trusted: Remote,
    cluster: FarCluster,
    shared: Path,
    store: Store,
    gguf: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(errands, "FOLLOW_SECONDS", 0.0)
    slow(store)
    store.set_offload_answer("tiny", "cluster", Offload.ALWAYS)
    assistant = correcting(learning_max_minutes=10, idle_seconds=0)
    until(lambda: cluster.orders)
    until(lambda: store.remote_jobs()[0].state is JobState.PENDING)
    [job] = store.remote_jobs()
    write_result(shared, job, gguf)
    cluster.status[job.id] = "SUCCEEDED"
    until(lambda: assistant.status().live_version == "v1")
    until(lambda: store.remote_job(job.id).state is JobState.PUBLISHED)
    until(lambda: not (shared / "jobs" / job.name).exists())
    assert assistant.history()[0].metrics["trained_elsewhere"] == 1.0
    assert len(cluster.orders) == 1


def test_always_waits_until_nobody_types(correcting: Opens, trusted: Remote, store: Store, tries: list[Any]) -> None:
    store.set_offload_answer("tiny", "cluster", Offload.ALWAYS)
    assistant = correcting(**LITTLE, idle_seconds=86400)
    assert row(assistant) == ("cluster does it by itself when the machine is idle", True)
    assistant._errands.step()
    assert (store.remote_jobs(), tries) == ([], [])


def test_a_cluster_that_is_not_there_is_tried_again_after_a_rest_and_that_is_said(
    correcting: Opens, trusted: Remote, cluster: FarCluster, store: Store
) -> None:
    cluster.fault = "status"
    store.set_offload_answer("tiny", "cluster", Offload.ALWAYS)
    assistant = correcting(**AWAY)
    until(lambda: any("cluster failed (500)" in text for _, text, _ in assistant.why()))
    [job] = store.remote_jobs()
    assert (job.state, cluster.orders) == (JobState.PREPARED, [])
    cluster.fault = ""
    assistant._idle.end_rest()
    until(lambda: store.remote_jobs()[0].state is JobState.PENDING)
    assert len(cluster.orders) == 1


def test_what_was_cancelled_is_asked_about_again(
    correcting: Opens, trusted: Remote, cluster: FarCluster, store: Store, where: Paths
) -> None:
    store.set_offload_answer("tiny", "cluster", Offload.ALWAYS)
    correcting(**AWAY)
    until(lambda: store.remote_jobs() and store.remote_jobs()[0].state is JobState.PENDING)
    Jobs(store, where, trusted).cancel(store.remote_jobs()[0])
    assert store.offload_answer("tiny", "cluster") is Offload.ASK


def test_an_update_asked_for_is_done_here_all_the_same(correcting: Opens, trusted: Remote) -> None:
    receipt = correcting(**LITTLE, idle_seconds=86400).learn_now(wait=True, timeout=60)
    assert receipt is not None and receipt.status is UpdateStatus.PUBLISHED


def test_a_remote_model_has_nothing_to_learn_here(open_remote: Opens, granted: Remote, trusted: Remote) -> None:
    assistant = open_remote(**AWAY)
    receipt = assistant.learn_now(wait=True, timeout=60)
    assert receipt is not None and (receipt.update, receipt.status) == (None, UpdateStatus.NOTHING)
    assert receipt.reason.startswith("There is nothing to do here: the weights of gpu/heron-8b are on gpu.")
    assert (assistant.too_much(), assistant.status().propose, assistant.local_model) == ("", None, "tiny")


def test_without_a_token_nothing_is_sent_and_no_job_is_left(
    correcting: Opens, trusted: Remote, store: Store, cluster: FarCluster, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_TOKEN")
    with pytest.raises(OffloadError, match="RAY_TOKEN, which is not set"):
        correcting(**AWAY).offload("cluster")
    assert (store.remote_jobs(), cluster.asked, list(shared.iterdir())) == ([], [], [])


def test_each_failure_rests_for_longer(correcting: Opens, trusted: Remote, cluster: FarCluster, store: Store) -> None:
    cluster.fault = "status"
    store.set_offload_answer("tiny", "cluster", Offload.ALWAYS)
    assistant = correcting(**AWAY)

    def rest() -> str:
        return next(text for name, text, _ in assistant.why() if name == "no failure just now")

    until(lambda: rest().startswith("next try in 10 min"))
    assistant._idle.end_rest()
    until(lambda: rest().startswith("next try in 20 min"))
