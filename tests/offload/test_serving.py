"""What is live here is served there under a name of its own, routed to, followed, and taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clawlocal.adapters import files
from clawlocal.assistant import Assistant
from clawlocal.config import Settings
from clawlocal.errors import ConsentError, NotFound, OffloadError
from clawlocal.offload import common_folder, departures, errands, following, remotes
from clawlocal.offload.consent import Consent
from clawlocal.offload.following import Following
from clawlocal.offload.preview import preview
from clawlocal.offload.served import name_of
from clawlocal.records import DataClass, LessonState, LoadState, Purpose, Remote, RemoteKind, Serving
from clawlocal.store import Store
from tests.offload.far_server import MODEL, WORDS, FarServer
from tests.offload.learned import Here, Learned
from tests.waiting import until
from trainers import adapter_peft

Open = Callable[..., Assistant]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The one that the server sees too."""
    found = tmp_path / "common"
    found.mkdir()
    return found


@pytest.fixture
def begin(follow: Following, folder: Path) -> Callable[[], Any]:
    """Serves what `tiny` learned."""
    return lambda: follow.begin("tiny", str(folder), str(folder))


def asked(far: FarServer, path: str = "/v1/chat/completions") -> list[Any]:
    """The bodies that came there, of chats that are streamed."""
    return [body for where, body in far.asked if where == path and (path[-4:] != "ions" or body.get("stream"))]


def test_the_live_version_is_loaded_and_routed_to(
    begin: Callable[[], Any], learned: Learned, far: FarServer, folder: Path, open_remote: Open, store: Store
) -> None:
    v1 = learned.publish()
    live, left = begin()
    name = f"clawlocal-{v1.sha256[:8]}-v1"
    assert (live.version, left, name_of(v1)) == ("v1", "", name)
    assert far.loras == {name: folder / name}
    assert adapter_peft.read_any(folder / name).rank == 8
    assert [path.name for path in folder.iterdir()] == [name]
    assistant = open_remote()
    assert assistant.status().live_version == "v1"
    answer = assistant.chat("What stands there?").result(60)
    assert (answer.text, answer.adapter, answer.remote, answer.notices) == ("".join(WORDS), "v1", "gpu", ())
    assert [body["model"] for body in asked(far)] == [name]
    turn = store.turn(answer.turn or "")
    assert (turn.adapter, turn.model, turn.remote) == ("v1", f"gpu/{MODEL}", "gpu")


def test_the_copy_into_the_folder_is_in_the_log_as_what_was_sent(
    begin: Callable[[], Any], learned: Learned, folder: Path, store: Store
) -> None:
    v1 = learned.publish()
    begin()
    size = sum(path.stat().st_size for path in (Path(v1.path) / files.PEFT).iterdir())
    sent = [entry for entry in store.egress() if entry.sent == size]
    assert [(entry.purpose, entry.outcome, entry.remote) for entry in sent] == [(Purpose.SERVE, "done", "gpu")]
    assert {entry.purpose for entry in store.egress()} == {Purpose.SERVE}
    before = len(store.egress())
    begin()
    assert all(entry.sent != size for entry in store.egress()[: len(store.egress()) - before])


def test_lessons_of_the_live_version_leave_the_prompt_there_too(
    begin: Callable[[], Any], learned: Learned, far: FarServer, open_remote: Open, store: Store, allowed: Remote
) -> None:
    Consent(store).give(allowed, Purpose.CHAT, {DataClass.PROMPTS, DataClass.LESSONS})
    told, other = (store.add_lesson(text, "general", state=LessonState.ACTIVE) for text in ("Be brief.", "Use dashes."))
    assistant = open_remote()
    assistant.chat("One").result(60)
    learned.publish(lessons=[told.id])
    assistant.chat("One").result(60)
    begin()
    seen = preview(store, Settings(model="tiny"), allowed, MODEL, "One", None)
    assistant.chat("One").result(60)
    assert far.bodies[-1] == seen
    assistant.chat("One", adapter="none").result(60)
    said = [body["messages"][-1]["content"] for body in asked(far)]
    both = "One\n\nBe brief.\nUse dashes."
    assert said == [both, both, f"One\n\n{other.text}", both]
    assert [body["model"] for body in asked(far)][2:] == [name_of(store.live("tiny")), MODEL]  # type: ignore[arg-type]


def test_a_newer_version_is_followed_with_the_next_message(
    begin: Callable[[], Any], learned: Learned, far: FarServer, folder: Path, open_remote: Open, here: Here
) -> None:
    v1 = learned.publish()
    begin()
    assistant = open_remote()
    assistant.chat("One").result(60)
    v2 = learned.publish()
    orders = len(far.asked)
    assert assistant.chat("Two").result(60).adapter == "v2"
    loaded = [(path, body["lora_name"]) for path, body in far.asked[orders:] if "lora_adapter" in path]
    assert loaded == [("/v1/load_lora_adapter", name_of(v2)), ("/v1/unload_lora_adapter", name_of(v1))]
    assert list(far.loras) == [path.name for path in folder.iterdir()] == [name_of(v2)]
    opened, requests = len(here.asked), len(far.asked)
    assert assistant.chat("Three").result(60).adapter == "v2"
    assert (len(here.asked), len(far.asked)) == (opened, requests + 1)


def test_a_rollback_is_followed(
    begin: Callable[[], Any], learned: Learned, far: FarServer, open_remote: Open, store: Store
) -> None:
    v1, _ = learned.publish(), learned.publish()
    begin()
    assistant = open_remote()
    store.set_live("v1", "tiny")
    assert assistant.chat("One").result(60).adapter == "v1"
    assert list(far.loras) == [name_of(v1)]
    store.set_live(None, "tiny")
    assert assistant.chat("Two").result(60).adapter == "base"
    assert (far.loras, store.loads(), asked(far)[-1]["model"]) == ({}, [], MODEL)


def test_what_is_forgotten_is_unloaded_at_once(
    begin: Callable[[], Any], learned: Learned, far: FarServer, folder: Path, open_remote: Open, store: Store
) -> None:
    turn = learned.turn()
    learned.publish([turn])
    begin()
    assistant = open_remote()
    told = assistant.forget(turn)
    assert "still loaded" not in told
    assert (far.loras, list(folder.iterdir()), store.loads()) == ({}, [], [])
    assert assistant.chat("One").result(60).adapter == "base"


def test_what_is_forgotten_and_cannot_be_unloaded_is_said_and_tried_again(
    begin: Callable[[], Any], learned: Learned, far: FarServer, folder: Path, open_remote: Open, store: Store
) -> None:
    turn = learned.turn()
    v1 = learned.publish([turn])
    begin()
    assistant = open_remote()
    far.fault = "stuck"
    told = assistant.forget(turn)
    assert f"v1 of tiny is still loaded on gpu, as {name_of(v1)}: gpu failed (500)" in told
    assert "tried again at the next opportunity" in told
    assert (list(far.loras), list(folder.iterdir())) == ([name_of(v1)], [])
    answer = assistant.chat("One").result(60)
    assert answer.adapter == "base" and "v1 of tiny is still loaded on gpu" in answer.notices[0]
    far.fault = ""
    assert assistant.chat("Two").result(60).notices == ()
    assert (far.loras, store.loads()) == ({}, [])


def test_what_was_forgotten_while_the_server_was_away_is_unloaded_at_the_next_start(
    begin: Callable[[], Any], learned: Learned, far: FarServer, open_assistant: Open, store: Store
) -> None:
    turn = learned.turn()
    learned.publish([turn])
    begin()
    store.forget([turn], "tiny")
    assert len(store.outdated_loads()) == 1
    open_assistant()
    until(lambda: not far.loras and not store.loads())


def test_it_is_asked_again_while_the_program_runs(
    begin: Callable[[], Any], learned: Learned, far: FarServer, open_assistant: Open, store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(errands, "FOLLOW_SECONDS", 0.0)
    turn = learned.turn()
    learned.publish([turn])
    begin()
    far.fault = "stuck"
    assistant = open_assistant()
    assert "still loaded" in assistant.forget(turn)
    far.fault = ""
    until(lambda: not far.loras and not store.loads())


def test_taking_it_back(
    begin: Callable[[], Any], follow: Following, learned: Learned, far: FarServer, folder: Path, open_remote: Open
) -> None:
    learned.publish()
    begin()
    assert follow.end() == ""
    assert (far.loras, list(folder.iterdir())) == ({}, [])
    learned.publish()
    assert open_remote().chat("One").result(60).adapter == "base"
    assert far.loras == {}


def test_a_model_that_has_learned_nothing_is_followed_from_its_first_version_on(
    begin: Callable[[], Any], learned: Learned, far: FarServer, open_remote: Open
) -> None:
    assert begin() == (None, "")
    assistant = open_remote()
    assert assistant.chat("One").result(60).adapter == "base"
    learned.publish()
    assert assistant.chat("Two").result(60).adapter == "v1"


def test_a_server_that_was_started_anew_gets_it_once_more(
    begin: Callable[[], Any], learned: Learned, far: FarServer, open_remote: Open, here: Here
) -> None:
    v1 = learned.publish()
    begin()
    assistant = open_remote()
    opened = len(here.asked)
    far.loras.clear()
    answer = assistant.chat("One").result(60)
    assert (answer.text, answer.adapter, list(far.loras)) == ("".join(WORDS), "v1", [name_of(v1)])
    assert [body["model"] for body in asked(far)] == [name_of(v1)] * 2
    assert len(here.asked) == opened, "what it makes of the texts here is known"


def test_a_server_that_was_started_anew_without_lora(
    begin: Callable[[], Any], learned: Learned, far: FarServer, open_remote: Open
) -> None:
    learned.publish()
    begin()
    assistant = open_remote()
    far.loras.clear()
    far.lora = False
    with pytest.raises(OffloadError, match="gpu loads no adapters: have it started with --enable-lora"):
        assistant.chat("One").result(60)
    answer = assistant.chat("One").result(60)
    assert (answer.adapter, asked(far)[-1]["model"]) == ("base", MODEL)
    assert "gpu answers with its own weights, not with what was learned here: gpu loads no" in answer.notices[0]


def test_what_cannot_be_loaded_is_not_tried_with_each_message(
    begin: Callable[[], Any], learned: Learned, far: FarServer, open_remote: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin()
    assistant = open_remote()
    learned.publish(rank=32)
    for count in (1, 1):
        answer = assistant.chat("One").result(60)
        assert "takes no adapter of rank 32" in answer.notices[0]
        assert len(asked(far, "/v1/load_lora_adapter")) == count
    monkeypatch.setattr(following, "AGAIN_SECONDS", 0.0)
    learned.publish(rank=32)
    for count in (2, 3):
        assistant.chat("One").result(60)
        assert len(asked(far, "/v1/load_lora_adapter")) == count


def test_another_server_out_of_reach_is_no_reason_to_wait(
    begin: Callable[[], Any], learned: Learned, far: FarServer, open_remote: Open, store: Store, folder: Path
) -> None:
    v1 = learned.publish()
    begin()
    store.add_remote(remotes.described("away", RemoteKind.VLLM, "http://127.0.0.1:9"))
    gone = replace(store.loads()[0], remote="away", state=LoadState.LEAVING)
    store.keep_load(gone)
    assert open_remote().chat("One").result(60).adapter == v1.version
    assert store.load("away", gone.name) == gone


def test_a_server_without_lora(begin: Callable[[], Any], learned: Learned, far: FarServer, store: Store) -> None:
    learned.publish()
    far.lora = False
    with pytest.raises(OffloadError, match="gpu loads no adapters: have it started with --enable-lora"):
        begin()
    assert (store.servings(), store.loads()) == ([], [])


def test_a_rank_that_is_too_large(begin: Callable[[], Any], learned: Learned, folder: Path, store: Store) -> None:
    learned.publish(rank=32)
    with pytest.raises(OffloadError, match="takes no adapter of rank 32: have it started with --max-lora-rank 32"):
        begin()
    assert (store.servings(), list(folder.iterdir())) == ([], [])


def test_a_half_written_adapter(
    begin: Callable[[], Any], learned: Learned, far: FarServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    v1 = learned.publish()
    put = common_folder.put

    def cut(*arguments: Any) -> str:
        path = put(*arguments)
        whole = Path(path) / adapter_peft.WEIGHTS
        whole.write_bytes(whole.read_bytes()[:-100])
        return path

    with monkeypatch.context() as patched:
        patched.setattr(common_folder, "put", cut)
        with pytest.raises(OffloadError, match=r"gpu could not load the adapter from .*: gpu failed \(500\)"):
            begin()
    begin()
    assert list(far.loras) == [name_of(v1)]


def test_a_name_that_is_loaded_already_is_ours(
    begin: Callable[[], Any], learned: Learned, far: FarServer, folder: Path, open_remote: Open
) -> None:
    v1 = learned.publish()
    far.loras[name_of(v1)] = folder / name_of(v1)
    begin()
    assert open_remote().chat("One").result(60).adapter == "v1"


def test_a_mount_that_is_missing_when_something_is_forgotten(
    begin: Callable[[], Any], learned: Learned, far: FarServer, folder: Path, open_remote: Open, store: Store
) -> None:
    turn = learned.turn()
    v1 = learned.publish([turn])
    begin()
    folder.rename(folder.with_name("elsewhere"))
    told = open_remote().forget(turn)
    assert f"The folder {folder} is not there: mount it, so that {name_of(v1)} can be deleted." in told
    assert (far.loras, len(store.outdated_loads())) == ({}, 1), "it answers no more all the same"
    folder.with_name("elsewhere").rename(folder)
    (folder / f".{name_of(v1)}.123.part").mkdir()
    assert departures.depart(store) == ""
    assert (list(folder.iterdir()), store.loads()) == ([], [])


def test_what_is_forgotten_while_it_is_loaded_does_not_answer(
    begin: Callable[[], Any], learned: Learned, far: FarServer, open_remote: Open, store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    begin()
    turn = learned.turn()
    learned.publish([turn])
    put = common_folder.put

    def forgetting(*arguments: Any) -> str:
        path = put(*arguments)
        store.forget([turn], "tiny")
        return path

    monkeypatch.setattr(common_folder, "put", forgetting)
    assert open_remote().chat("One").result(60).adapter == "base"
    assert (far.loras, store.loads()) == ({}, [])


def test_a_full_disk(begin: Callable[[], Any], learned: Learned, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learned.publish()

    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(common_folder.shutil, "copyfile", full)
    with pytest.raises(OffloadError, match=r"common cannot be written \(No space left on device\): free some space"):
        begin()
    assert list(folder.iterdir()) == []


def test_a_folder_that_the_server_does_not_see(follow: Following, learned: Learned, folder: Path) -> None:
    learned.publish()
    with pytest.raises(
        OffloadError, match=r"gpu finds nothing at /srv/elsewhere/clawlocal-.*say with --folder HERE=THERE"
    ):
        follow.begin("tiny", str(folder), "/srv/elsewhere")


def test_a_folder_that_is_not_there(follow: Following, learned: Learned, tmp_path: Path, store: Store) -> None:
    learned.publish()
    with pytest.raises(OffloadError, match=r"The folder .*/nowhere is not there: mount it"):
        follow.begin("tiny", str(tmp_path / "nowhere"), "/srv")
    assert not (tmp_path / "nowhere").exists()


def test_another_folder_leaves_nothing_in_the_old_one(
    begin: Callable[[], Any], follow: Following, learned: Learned, folder: Path, tmp_path: Path
) -> None:
    v1 = learned.publish()
    begin()
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(OffloadError, match="gpu finds nothing at /srv/wrong"):
        follow.begin("tiny", str(other), "/srv/wrong")
    follow.begin("tiny", str(other), str(other))
    assert (list(folder.iterdir()), [path.name for path in other.iterdir()]) == ([], [name_of(v1)])


def test_a_wrong_key(
    begin: Callable[[], Any], learned: Learned, open_remote: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned.publish()
    monkeypatch.setenv("GPU_KEY", "another")
    with pytest.raises(OffloadError, match=r"gpu does not accept the key \(401\)"):
        begin()


def test_a_link_that_is_lost(
    begin: Callable[[], Any], learned: Learned, far: FarServer, folder: Path, store: Store
) -> None:
    learned.publish()
    begin()
    learned.publish()
    far.shutdown()
    far.server_close()
    with pytest.raises(OffloadError, match=r"Nothing answers at 127\.0\.0\.1"):
        begin()
    assert store.serving("gpu", MODEL) is not None, "what was followed before still is"


@pytest.mark.parametrize(
    ("spoil", "differs"),
    [
        (lambda mind: setattr(mind, "tokenize", lambda text: [*text.encode(), 0]), "it differs in the tokenizer."),
        (lambda mind: setattr(mind, "encode", lambda text: [1, *text.encode()]), "it differs in the chat template."),
        (lambda mind: setattr(mind, "shift", 3.0), "it differs in the weights (1.48 nats a token"),
    ],
)
def test_another_model_is_refused_with_the_names_of_what_differs(
    begin: Callable[[], Any], learned: Learned, far: FarServer, folder: Path, spoil: Callable[[Any], None], differs: str
) -> None:
    learned.publish()
    spoil(far.mind)
    with pytest.raises(OffloadError) as raised:
        begin()
    assert f"gpu/{MODEL} is not the model that learned here, so no adapter is loaded: {differs}" in str(raised.value)
    assert (far.loras, list(folder.iterdir())) == ({}, [])


def test_another_base_after_a_restart_is_refused_once(
    begin: Callable[[], Any], learned: Learned, far: FarServer, open_remote: Open
) -> None:
    learned.publish()
    begin()
    assistant = open_remote()
    far.loras.clear()
    far.mind.shift = 3.0
    with pytest.raises(OffloadError, match="is not the model that learned here"):
        assistant.chat("One").result(60)
    requests = len(far.asked)
    answer = assistant.chat("One").result(60)
    assert "is not the model that learned here" in answer.notices[0]
    assert (answer.adapter, len(far.asked)) == ("base", requests + 1), "it is not measured again for each message"


def test_an_adapter_that_does_nothing_there_is_unloaded(
    begin: Callable[[], Any], learned: Learned, far: FarServer, folder: Path, store: Store
) -> None:
    v1 = learned.publish()
    far.fault = "deaf"
    with pytest.raises(OffloadError, match=r"v1 does not do on gpu what it does here \(agreement 0.00.*was unloaded"):
        begin()
    assert (far.loras, list(folder.iterdir())) == ({}, [])
    assert [(load.name, load.state) for load in store.loads()] == [(name_of(v1), LoadState.REFUSED)]
    far.fault = ""
    begin()
    assert list(far.loras) == [name_of(v1)]


def test_without_a_grant_nothing_is_written_and_no_socket_opened(
    begin: Callable[[], Any], learned: Learned, folder: Path, store: Store, tries: list[Any], here: Here
) -> None:
    v1 = learned.publish()
    store.revoke("gpu")
    Consent(store).give(store.remote("gpu"), Purpose.CHAT, {DataClass.PROMPTS})
    says = "granted it no adapter. `clawlocal offload grant gpu --purpose serve --data adapter` does"
    with pytest.raises(ConsentError, match=says):
        begin()
    client = Following(store, store.remote("gpu"), MODEL, here)._client
    serving = _serving(folder)
    with pytest.raises(ConsentError):
        common_folder.put(serving, name_of(v1), v1, client)
    assert (tries, list(folder.iterdir()), store.egress(), here.asked) == ([], [], [], [])


def _serving(folder: Path) -> Any:
    return Serving("gpu", MODEL, "tiny", str(folder), str(folder), "{}")


def test_a_grant_that_is_too_small_writes_nothing(
    begin: Callable[[], Any], learned: Learned, folder: Path, store: Store, granted: Remote
) -> None:
    learned.publish(rank=16)
    Consent(store).give(granted, Purpose.SERVE, {DataClass.ADAPTER}, megabytes=0.004)
    with pytest.raises(ConsentError, match="--purpose serve --data adapter --max-mb N` renews it with more"):
        begin()
    assert [path for path in folder.iterdir() if path.is_dir()] == []


def test_a_grant_that_has_ended_leaves_the_plain_model_with_lessons(
    begin: Callable[[], Any], learned: Learned, far: FarServer, open_remote: Open, store: Store
) -> None:
    learned.publish()
    begin()
    assistant = open_remote()
    store.revoke("gpu")
    Consent(store).give(store.remote("gpu"), Purpose.CHAT, {DataClass.PROMPTS})
    answer = assistant.chat("One").result(60)
    assert (answer.adapter, asked(far)[-1]["model"]) == ("base", MODEL)
    assert "granted it no adapter" in answer.notices[0]


def test_a_version_by_name_is_not_asked_for_there(
    begin: Callable[[], Any], learned: Learned, open_remote: Open
) -> None:
    learned.publish()
    begin()
    with pytest.raises(NotFound, match=f"gpu/{MODEL} has no adapter version v1"):
        open_remote().chat("One", adapter="v1")


def test_two_chats_at_once_load_it_once(
    begin: Callable[[], Any], learned: Learned, far: FarServer, open_remote: Open
) -> None:
    begin()
    learned.publish()
    assistant = open_remote()
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda n=n: answers.append(assistant.chat(f"{n}").result(60))) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.adapter for answer in answers] == ["v1"] * 3
    assert len(asked(far, "/v1/load_lora_adapter")) == 1


def test_all_is_unloaded_before_the_way_there_is_forgotten(
    begin: Callable[[], Any], learned: Learned, far: FarServer, open_assistant: Open, store: Store
) -> None:
    learned.publish()
    begin()
    assert open_assistant().purge() == ""
    assert (far.loras, store.remotes()) == ({}, [])


def test_what_stays_when_the_way_there_is_forgotten_is_said(
    begin: Callable[[], Any], learned: Learned, far: FarServer, store: Store
) -> None:
    v1 = learned.publish()
    begin()
    far.fault = "stuck"
    told = departures.last(store, "gpu")
    assert f"as {name_of(v1)}: gpu failed (500)" in told and told.endswith("Have it unloaded by who runs it.")
