"""What keeps an adapter from being served, each in a sentence; and that nothing of it leaves without a grant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clawlocal.assistant import Assistant
from clawlocal.errors import ConsentError, OffloadError
from clawlocal.offload import common_folder, departures, following, remotes
from clawlocal.offload.consent import Consent
from clawlocal.offload.following import Following
from clawlocal.offload.served import name_of
from clawlocal.records import DataClass, Purpose, Remote, RemoteKind
from clawlocal.served_adapter import LoadState, Serving
from clawlocal.store import Store
from tests.offload.far_server import MODEL, FarServer
from tests.offload.learned import Here, Learned, asked
from trainers import adapter_peft

Open = Callable[..., Assistant]


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
