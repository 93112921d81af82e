"""A job's way to a cluster and back, and what can go wrong on it. The cluster is a fake; store and gate are not."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from clawlocal.assistant import Assistant
from clawlocal.cli import cli
from clawlocal.cli.offload import offload
from clawlocal.engine.fake import FakeEngine
from clawlocal.errors import AdapterError, ConsentError, OffloadError
from clawlocal.offload.consent import Consent
from clawlocal.offload.jobs import MOST_ATTEMPTS, PATIENCE_MINUTES, Jobs
from clawlocal.offload.package import packed
from clawlocal.offload.redaction import Redaction
from clawlocal.offload.shipment import Shipment, shipment
from clawlocal.offload.storage import FULL
from clawlocal.paths import Paths
from clawlocal.records import DataClass, Purpose, Remote, TurnUse, UpdateStatus
from clawlocal.remote_job import JobState, RemoteJob
from clawlocal.store import Store, stamp
from clawlocal.training import arrivals
from tests.offload.cluster_jobs import WISH, rewrite, write_model, write_result
from tests.offload.far_cluster import FarCluster
from tests.waiting import until
from trainers.adapter_peft import WEIGHTS
from trainers.job import Job
from trainers.manifest import Part


@pytest.fixture
def corrected(correcting: Callable[..., Assistant]) -> Assistant:
    """An assistant with one corrected reply, which waits."""
    return correcting(idle_seconds=86400)


@pytest.fixture
def jobs(store: Store, where: Paths, trusted: Remote) -> Jobs:
    return Jobs(store, where, trusted)


def waits(assistant: Assistant, own: str = "") -> Shipment | None:
    waiting = assistant.waiting_job()
    assert waiting is not None
    return shipment(waiting, assistant.engine, Redaction(own))


@pytest.fixture
def sent(corrected: Assistant, jobs: Jobs, gguf: Path) -> RemoteJob:
    """A job that the cluster has taken."""
    return send(corrected, jobs, gguf)


def send(assistant: Assistant, jobs: Jobs, gguf: Path) -> RemoteJob:
    found = waits(assistant)
    assert found is not None
    return jobs.send(jobs.prepare(found, 2), gguf)


def base(gguf: Path) -> str:
    return hashlib.sha256(gguf.read_bytes()).hexdigest()


@pytest.fixture
def done(sent: RemoteJob, cluster: FarCluster, shared: Path, gguf: Path) -> Iterator[RemoteJob]:
    """One that the cluster has done."""
    write_result(shared, sent, gguf)
    cluster.status[sent.id] = "SUCCEEDED"
    yield sent


def state(store: Store, job: RemoteJob) -> JobState:
    return store.remote_job(job.id).state


def test_what_is_sent_is_what_waits_and_the_trainer_and_nothing_else(
    sent: RemoteJob, corrected: Assistant, cluster: FarCluster, shared: Path, gguf: Path, store: Store
) -> None:
    files = {path.relative_to(shared).as_posix() for path in shared.rglob("*") if path.is_file()}
    assert files == {f"jobs/{sent.name}/job.json", f"models/{base(gguf)}.gguf"}
    content = (shared / "jobs" / sent.name / "job.json").read_bytes()
    job = Job.parse(content)
    assert hashlib.sha256(content).hexdigest() == sent.sha256
    assert sent.sha256.startswith(sent.name) and sent.id == f"clawlocal-{sent.name}-1"
    assert [s.hinted for s in job.samples] == [True]
    assert (job.model, job.bases, job.out, job.parent) == ("", "", "", None)
    assert str(gguf.parent) not in content.decode()
    [order] = cluster.orders
    [(package, zipped)] = cluster.packages.items()
    assert order["runtime_env"] == {"working_dir": f"gcs://{package}"}
    assert order["entrypoint"] == f"python -m trainers.ray_job file://{shared} {sent.name} {sent.sha256} 2"
    names = zipfile.ZipFile(io.BytesIO(zipped)).namelist()
    assert {"trainers/ray_job.py", "trainers/rules/__init__.py"} <= set(names)
    assert all(name.startswith("trainers/") and name.endswith(".py") for name in names)
    assert packed() == (package, zipped), "the same bytes for the same code"
    assert state(store, sent) is JobState.PENDING
    assert sum(entry.sent for entry in store.egress()) > len(content) + len(zipped)


def test_without_a_grant_nothing_leaves_and_nothing_is_written_down(
    corrected: Assistant, jobs: Jobs, store: Store, shared: Path, tries: list[Any]
) -> None:
    store.revoke("cluster")
    found = waits(corrected)
    assert found is not None
    with pytest.raises(ConsentError, match="clawlocal offload grant cluster --purpose train"):
        jobs.prepare(found, 1)
    assert (tries, store.remote_jobs(), list(shared.iterdir())) == ([], [], [])


def test_a_grant_without_the_model_keeps_it_here(
    corrected: Assistant, jobs: Jobs, store: Store, ray: Remote, gguf: Path, cluster: FarCluster, shared: Path
) -> None:
    Consent(store).give(ray, Purpose.TRAIN, {DataClass.SAMPLES})
    with pytest.raises(ConsentError, match="leaves out model"):
        send(corrected, jobs, gguf)
    assert (cluster.orders, list(shared.iterdir())) == ([], [])


def test_the_model_is_sent_once(sent: RemoteJob, jobs: Jobs, corrected: Assistant, gguf: Path) -> None:
    assert not jobs.lacks_model(gguf, base(gguf))


def test_a_preview_is_what_is_sent_to_the_last_byte(
    trusted: Remote, store: Store, shared: Path, cluster: FarCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the embedded model, whose practice prompts are invented, and with something that stays here."""

    def run(*words: str) -> Any:
        result = CliRunner().invoke(cli, list(words), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result

    monkeypatch.setenv("CLAWLOCAL_IDLE_SECONDS", "86400")
    Consent(store).give(trusted, Purpose.TRAIN, {DataClass.SAMPLES, DataClass.MODEL}, megabytes=150)
    for question in ("What is a heron?", "Who is ada@example.org?"):
        turn = json.loads(run("chat", question, "--max-tokens", "40", "--seed", "7", "--json").stdout)["turn"]
        run("correct", turn, WISH)
    seen = run("offload", "preview", "cluster")
    assert (shared.exists(), list(shared.iterdir()), cluster.asked) == (True, [], [])
    assert "more stay here: redaction finds something in them" in seen.stderr
    assert b"ada@example.org" not in seen.stdout_bytes
    sent = json.loads(run("offload", "train", "--json").stdout)
    content = (shared / "jobs" / sent["name"] / "job.json").read_bytes()
    assert seen.stdout_bytes == content + b"\n"
    assert len(Job.parse(content).samples) == 1 and len(Job.parse(content).rehearsals) > 10
    assert (sent["state"], sent["model"]) == ("pending", "smollm2-135m")
    assert "one at a time" in run("offload", "train", "cluster").stderr


def test_what_redaction_finds_keeps_a_reply_here(corrected: Assistant) -> None:
    whole = waits(corrected)
    assert whole is not None and whole.kept_here == 0
    assert waits(corrected, own="heron") is None, "nothing else waits"


def test_a_cluster_that_is_open_is_sent_nothing(
    corrected: Assistant, jobs: Jobs, cluster: FarCluster, shared: Path, gguf: Path
) -> None:
    cluster.fault = "open"
    with pytest.raises(OffloadError, match="answers without a key"):
        send(corrected, jobs, gguf)
    assert (cluster.orders, cluster.packages, list(shared.iterdir())) == ([], {}, [])


def test_a_wrong_token(
    corrected: Assistant, jobs: Jobs, cluster: FarCluster, gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_TOKEN", "another")
    with pytest.raises(OffloadError, match=r"does not accept the key \(403\): correct the key in RAY_TOKEN"):
        send(corrected, jobs, gguf)
    assert cluster.orders == []


def test_an_answer_that_is_lost_is_one_job(
    corrected: Assistant, jobs: Jobs, cluster: FarCluster, gguf: Path, store: Store
) -> None:
    cluster.fault = "lost"
    with pytest.raises(OffloadError, match="broke off"):
        send(corrected, jobs, gguf)
    [job] = store.remote_jobs()
    assert job.state is JobState.PREPARED
    assert jobs.reconcile(job).state is JobState.PENDING
    assert jobs.send(job, gguf).state is JobState.PENDING
    assert len(cluster.orders) == 1


def test_one_that_was_faster_with_the_same_id_is_the_same_job(
    corrected: Assistant, jobs: Jobs, cluster: FarCluster, gguf: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked whether it is there it says no, and when it is ordered it is there."""
    found = waits(corrected)
    assert found is not None
    job = jobs.prepare(found, 1)
    cluster.hidden = 1
    cluster.status[job.id] = "RUNNING"
    assert jobs.send(job, gguf).state is JobState.RUNNING
    assert cluster.orders == []


def test_a_cluster_that_takes_no_jobs(corrected: Assistant, jobs: Jobs, cluster: FarCluster, gguf: Path) -> None:
    cluster.fault = "status"
    with pytest.raises(OffloadError, match=r"cluster failed \(500\)"):
        send(corrected, jobs, gguf)


def test_a_job_that_never_arrived_waits_for_another_try(
    corrected: Assistant, jobs: Jobs, cluster: FarCluster, gguf: Path, store: Store
) -> None:
    found = waits(corrected)
    assert found is not None
    job = jobs.reconcile(jobs.prepare(found, 1))
    assert (job.state, "it never reached cluster" in job.text) == (JobState.PREPARED, True)
    assert jobs.send(job, gguf).state is JobState.PENDING


def test_a_job_that_does_not_begin(sent: RemoteJob, jobs: Jobs, store: Store) -> None:
    long_ago = stamp.of(datetime.now(UTC) - timedelta(minutes=PATIENCE_MINUTES + 20))
    store._db.execute("UPDATE remote_jobs SET created = ?", (long_ago,))
    job = jobs.reconcile(store.remote_job(sent.id))
    assert (job.state, "has not begun it for 30 minutes" in job.text) == (JobState.PENDING, True)
    assert jobs.cancel(job).state is JobState.CANCELLED


def test_a_storage_that_is_full(
    corrected: Assistant, jobs: Jobs, cluster: FarCluster, shared: Path, gguf: Path, store: Store
) -> None:
    (shared / "models").mkdir()
    (shared / "models" / f"{base(gguf)}.gguf.part").symlink_to("/dev/full")
    with pytest.raises(OffloadError, match="is full: free some space there") as raised:
        send(corrected, jobs, gguf)
    assert (raised.value.outcome, cluster.orders) == (FULL, [])
    assert store.egress()[0].outcome == FULL
    [job] = store.remote_jobs()
    assert list((shared / "models").iterdir()) == []
    assert jobs.send(job, gguf).state is JobState.PENDING


def test_home_again_through_the_gate_and_live(
    done: RemoteJob, corrected: Assistant, jobs: Jobs, gguf: Path, store: Store, where: Paths
) -> None:
    assert jobs.pull(done, gguf, base(gguf)).state is JobState.ARRIVED
    assert any("an adapter that cluster trained waits for the gate" in text for _, text, _ in corrected.why())
    receipt = corrected.learn_now(wait=True, timeout=60)
    assert receipt is not None and receipt.status is UpdateStatus.PUBLISHED, receipt
    assert (receipt.version, receipt.gate["passed"]) == ("v1", True)
    assert (state(store, done), corrected.status().live_version) == (JobState.PUBLISHED, "v1")
    assert corrected.status().queue["used"] == 1
    assert not arrivals.folder(where, done.name).exists()


def test_what_is_measured_here_counts_not_what_the_cluster_says(
    done: RemoteJob, corrected: Assistant, jobs: Jobs, gguf: Path, store: Store, works_as: Callable[[str], None]
) -> None:
    works_as("reject")
    jobs.pull(done, gguf, base(gguf))
    receipt = corrected.learn_now(wait=True, timeout=60)
    assert receipt is not None and receipt.status is UpdateStatus.REJECTED
    assert (state(store, done), store.live("tiny")) == (JobState.REJECTED, None)


def test_the_trainer_is_told_to_measure_what_came(
    done: RemoteJob, corrected: Assistant, jobs: Jobs, gguf: Path, where: Paths, works_as: Callable[[str], None]
) -> None:
    works_as("gated")
    jobs.pull(done, gguf, base(gguf))
    corrected.learn_now()
    folder = where.jobs / "update"
    until(lambda: (folder / "begun").exists())
    job = Job.read(folder / "job.json")
    (folder / "go").touch()
    made = arrivals.folder(where, done.name) / "made"
    assert (job.trained, job.model, job.parent) == (str(made), str(gguf), None)
    assert arrivals.sent(job) != b"" and [s.hinted for s in job.samples] == [True]
    until(lambda: corrected.status().live_version == "v1")


def test_nothing_is_learned_here_while_a_cluster_does(sent: RemoteJob, corrected: Assistant) -> None:
    why = {name: (text, holds) for name, text, holds in corrected.why()}
    assert why["something to learn"] == (
        "cluster trains what waits (pending): `clawlocal offload jobs` says how far it is",
        False,
    )


def test_a_download_goes_on_where_it_broke_off(
    done: RemoteJob, jobs: Jobs, gguf: Path, where: Paths, store: Store
) -> None:
    made = arrivals.folder(where, done.name) / "made"
    made.mkdir()
    (made / f"{WEIGHTS}.part").write_bytes(b"weights of")
    jobs.pull(done, gguf, base(gguf))
    assert (made / WEIGHTS).read_bytes() == b"weights of the cluster"
    assert len(b" the cluster") in [entry.received for entry in store.egress()]


def test_a_file_that_comes_damaged_is_thrown_away_and_can_be_pulled_again(
    done: RemoteJob, jobs: Jobs, gguf: Path, where: Paths, shared: Path, store: Store
) -> None:
    made, there = arrivals.folder(where, done.name) / "made", shared / "jobs" / done.name / "result" / WEIGHTS
    there.write_bytes(b"weights of an intruder")
    with pytest.raises(OffloadError, match="came home damaged"):
        jobs.pull(done, gguf, base(gguf))
    assert (not (made / WEIGHTS).exists(), state(store, done)) == (True, JobState.DONE)
    there.write_bytes(b"weights of the cluster")
    assert jobs.pull(done, gguf, base(gguf)).state is JobState.ARRIVED


@pytest.mark.parametrize("part", ["job", "base", "tokenizer", "template", "parent"])
def test_a_manifest_that_does_not_match_names_what_differs(
    sent: RemoteJob, jobs: Jobs, gguf: Path, shared: Path, cluster: FarCluster, store: Store, part: str
) -> None:
    write_result(shared, sent, gguf, changed={part: "0" * 64})
    cluster.status[sent.id] = "SUCCEEDED"
    with pytest.raises(OffloadError, match=f"it was made from another {part}"):
        jobs.pull(sent, gguf, base(gguf))
    assert state(store, sent) is JobState.REFUSED


def test_a_model_that_was_swapped_here_meanwhile(done: RemoteJob, jobs: Jobs, gguf: Path) -> None:
    write_model(gguf, ("a", "c"), "{{ other }}")
    with pytest.raises(OffloadError, match="made from another base, tokenizer and template"):
        jobs.pull(done, gguf, base(gguf))


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"../../evil": Part("0" * 64, 1)}, "has other files than"),
        ({"adapter.bin": Part("0" * 64, 1)}, "has other files than"),
        ({WEIGHTS: Part("0" * 64, 10**11)}, "far too large: adapter_model.safetensors"),
    ],
)
def test_files_that_do_not_belong_there(
    done: RemoteJob, jobs: Jobs, gguf: Path, shared: Path, files: dict[str, Part], says: str
) -> None:
    rewrite(shared / "jobs" / done.name / "result", files)
    with pytest.raises(OffloadError, match=says):
        jobs.pull(done, gguf, base(gguf))


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 100_000, b'{"format": 1, "origin": {}, "files": {}}', b"\xff"])
def test_a_manifest_that_is_none(
    done: RemoteJob, jobs: Jobs, gguf: Path, shared: Path, store: Store, content: bytes
) -> None:
    (shared / "jobs" / done.name / "result" / "manifest.json").write_bytes(content)
    with pytest.raises(OffloadError, match="what it says of itself cannot be read"):
        jobs.pull(done, gguf, base(gguf))
    assert state(store, done) is JobState.REFUSED


def test_an_adapter_of_a_version_that_is_live_no_more(
    done: RemoteJob, corrected: Assistant, jobs: Jobs, gguf: Path, store: Store
) -> None:
    """Somebody learned here meanwhile, all the same."""
    receipt = corrected.learn_now(wait=True, timeout=60)
    assert receipt is not None and receipt.version == "v1", receipt
    with pytest.raises(AdapterError, match="went on from the base, and v1 is live since"):
        jobs.pull(done, gguf, base(gguf))
    assert state(store, done) is JobState.REFUSED


def test_one_that_grew_stale_while_it_waited_for_the_gate(
    done: RemoteJob, corrected: Assistant, jobs: Jobs, gguf: Path, store: Store
) -> None:
    receipt = corrected.learn_now(wait=True, timeout=60)
    assert receipt is not None and receipt.version == "v1"
    corrected.rollback("base")
    jobs.pull(done, gguf, base(gguf))
    corrected.rollback("v1")
    refused = corrected.learn_now(wait=True, timeout=60)
    assert refused is not None and refused.status is UpdateStatus.FAILED
    assert "v1 is live since" in refused.reason
    assert state(store, done) is JobState.REFUSED


def test_it_goes_on_from_the_live_version_under_a_grant_of_its_own(
    corrected: Assistant, jobs: Jobs, store: Store, ray: Remote, gguf: Path, shared: Path, cluster: FarCluster
) -> None:
    corrected.learn_now(wait=True, timeout=60)
    answer = corrected.chat("What is a stork?").result(60)
    corrected.correct(answer.turn or "", "Please answer in two sentences.")
    with pytest.raises(ConsentError, match="leaves out adapter"):
        send(corrected, jobs, gguf)
    Consent(store).give(ray, Purpose.TRAIN, set(DataClass) - {DataClass.PROMPTS, DataClass.LESSONS})
    job = send(corrected, jobs, gguf)
    assert (job.parent, sorted(p.name for p in (shared / "jobs" / job.name / "parent").iterdir())) == (
        "v1",
        ["adapter_config.json", "adapter_model.safetensors"],
    )
    write_result(shared, job, gguf, parent=hashlib.sha256(b"weights").hexdigest())
    cluster.status[job.id] = "SUCCEEDED"
    assert jobs.pull(job, gguf, base(gguf)).state is JobState.ARRIVED
    receipt = corrected.learn_now(wait=True, timeout=60)
    assert receipt is not None and (receipt.version, receipt.parent) == ("v2", "v1")


def test_a_job_that_failed_goes_on_under_a_new_id_in_the_same_folder(
    sent: RemoteJob, corrected: Assistant, jobs: Jobs, cluster: FarCluster, gguf: Path, store: Store
) -> None:
    job = sent
    for attempt in range(2, MOST_ATTEMPTS + 1):
        cluster.status[job.id], cluster.message = "FAILED", "the driver died"
        assert jobs.reconcile(job).text == "the driver died"
        job = send(corrected, jobs, gguf)
        assert (job.id, job.name, job.sha256) == (f"clawlocal-{sent.name}-{attempt}", sent.name, sent.sha256)
    cluster.status[job.id] = "FAILED"
    jobs.reconcile(job)
    with pytest.raises(OffloadError, match=f"gave this up {MOST_ATTEMPTS} times"):
        send(corrected, jobs, gguf)


def test_one_that_was_cancelled_can_be_sent_anew(
    sent: RemoteJob, corrected: Assistant, jobs: Jobs, gguf: Path, store: Store
) -> None:
    assert jobs.cancel(sent).state is JobState.CANCELLED
    again = send(corrected, jobs, gguf)
    assert (again.id, again.state) == (f"clawlocal-{sent.name}-2", JobState.PENDING)
    assert store.remote_job(sent.id).batch == {}, "nothing is kept of what it learned from"


def test_a_job_that_nobody_knows_has_no_log(sent: RemoteJob, jobs: Jobs, cluster: FarCluster) -> None:
    cluster.status.clear()
    with pytest.raises(OffloadError, match="does not know"):
        jobs.logs(sent)


def test_a_cluster_that_was_started_anew_does_not_know_it(
    sent: RemoteJob, jobs: Jobs, cluster: FarCluster, store: Store
) -> None:
    cluster.status.clear()
    assert jobs.reconcile(sent).state is JobState.FAILED
    assert "does not know it any more" in store.remote_job(sent.id).text


def test_forgetting_what_it_learns_from_withdraws_it(
    sent: RemoteJob,
    corrected: Assistant,
    jobs: Jobs,
    store: Store,
    where: Paths,
    shared: Path,
    gguf: Path,
    dump: Callable[[], list[str]],
) -> None:
    assert any("heron" in line for line in dump())
    [session] = corrected.sessions()
    corrected.forget(session.id)
    job = store.remote_job(sent.id)
    assert (job.state, f"`clawlocal offload cancel {sent.id}`" in job.text) == (JobState.REFUSED, True)
    assert not any("heron" in line for line in dump())
    assert not arrivals.folder(where, sent.name).exists()
    with pytest.raises(OffloadError, match="There is nothing to pull"):
        jobs.pull(job, gguf, base(gguf))
    jobs.cancel(job)
    assert not (shared / "jobs" / sent.name).exists()


def test_the_next_start_asks_how_far_it_is(
    done: RemoteJob, corrected: Assistant, store: Store, open_assistant: Callable[..., Assistant]
) -> None:
    assert state(store, done) is JobState.PENDING
    corrected.close()
    open_assistant(FakeEngine(name="tiny"))
    until(lambda: state(store, done) is JobState.DONE)


def test_a_cluster_that_is_away_keeps_its_last_state(
    sent: RemoteJob, corrected: Assistant, cluster: FarCluster, store: Store
) -> None:
    cluster.shutdown()
    cluster.server_close()
    said = CliRunner().invoke(offload, ["jobs", "--json"], catch_exceptions=False)
    assert f"{sent.id} was not asked after: Nothing answers" in said.stderr
    [told] = json.loads(said.stdout)
    assert (told["id"], told["state"]) == (sent.id, "pending")
    assert "batch" not in told


def test_at_the_command_line(
    sent: RemoteJob, corrected: Assistant, cluster: FarCluster, store: Store, shared: Path
) -> None:
    def run(*words: str) -> str:
        return CliRunner().invoke(offload, list(words), catch_exceptions=False).output

    cluster.status[sent.id] = "RUNNING"
    assert "running" in run("jobs")
    cluster.logs = "one\n\x1b[31mtwo\n"
    assert run("logs", sent.id[:14]) == "one\ntwo\n"
    cluster.status[sent.id] = "SUCCEEDED"
    assert run("logs", sent.id, "-f") == "one\ntwo\n"
    assert "is ended, and what was sent for it deleted" in run("cancel", sent.id)
    assert cluster.status[sent.id] == "STOPPED"
    assert list((shared / "jobs").iterdir()) == []
    assert [turn.use for turn in store.turns(corrected.sessions()[0].id)] == [TurnUse.QUEUED]
