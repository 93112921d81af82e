"""What is live here is served there under a name of its own, routed to, followed, and taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clawlocal.adapters import files
from clawlocal.assistant import Assistant
from clawlocal.config import Settings
from clawlocal.errors import NotFound
from clawlocal.offload import common_folder, departures, errands
from clawlocal.offload.consent import Consent
from clawlocal.offload.following import Following
from clawlocal.offload.preview import preview
from clawlocal.offload.served import name_of
from clawlocal.records import DataClass, LessonState, Purpose, Remote
from clawlocal.store import Store
from tests.offload.far_server import MODEL, WORDS, FarServer
from tests.offload.learned import Here, Learned, asked
from tests.waiting import until
from trainers import adapter_peft

Open = Callable[..., Assistant]


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
