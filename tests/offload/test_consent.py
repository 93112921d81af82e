"""No grant, no socket: shown at the sockets themselves, for every way to ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clawlocal.assistant import Assistant
from clawlocal.errors import ClawlocalError, ConsentError, OffloadError
from clawlocal.offload import remotes
from clawlocal.offload.client import Client, Outgoing
from clawlocal.offload.consent import Consent
from clawlocal.offload.redaction import Redaction
from clawlocal.records import DataClass, Purpose, Remote, RemoteKind
from clawlocal.store import Store, stamp
from clawlocal.store.remotes import BEGUN
from tests.offload.conftest import PROMPTS
from tests.offload.far_server import MODEL

LESSONS = frozenset({DataClass.PROMPTS, DataClass.LESSONS})
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


class Clock:
    """A clock to turn."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def named(store: Store) -> Remote:
    """A remote by a name that would have to be looked up."""
    remote = remotes.described("far", RemoteKind.VLLM, "https://gpu.example.org:8000")
    store.add_remote(remote)
    return remote


def ask(remote: Remote, consent: Consent, data: frozenset[DataClass] = PROMPTS) -> None:
    said = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
    client = Client(remote, consent, Redaction())
    asyncio.run(client.ask(Outgoing("/v1/chat/completions", Purpose.CHAT, data, said)))


def test_the_doors_of_these_tests_are_watched(named: Remote, store: Store, tries: list[Any]) -> None:
    consent = Consent(store)
    consent.give(named, Purpose.CHAT, PROMPTS)
    with pytest.raises(OffloadError):
        ask(named, consent)
    assert [arguments[0] for arguments in tries] == ["gpu.example.org"] or b"gpu.example.org" in tries[0]


def nothing(consent: Consent, remote: Remote) -> None:
    """No grant at all."""


def expired(consent: Consent, remote: Remote) -> None:
    consent.give(remote, Purpose.CHAT, PROMPTS, days=1)
    clock = consent._clock
    assert isinstance(clock, Clock)
    clock.now += timedelta(days=1)


def turned_back(consent: Consent, remote: Remote) -> None:
    """It ended, that was seen, and then the clock was turned back."""
    expired(consent, remote)
    consent.note_time()
    assert isinstance(consent._clock, Clock)
    consent._clock.now -= timedelta(days=300)


def spent(consent: Consent, remote: Remote) -> None:
    grant = consent.give(remote, Purpose.CHAT, PROMPTS, megabytes=0.001)
    consent._store.begin_egress(grant, 990)


def revoked(consent: Consent, remote: Remote) -> None:
    consent.give(remote, Purpose.CHAT, PROMPTS)
    consent._store.revoke(remote.name)


def removed_and_added(consent: Consent, remote: Remote) -> None:
    consent.give(remote, Purpose.CHAT, PROMPTS)
    consent._store.remove_remote(remote.name)
    consent._store.add_remote(remote)


def of_another_host(consent: Consent, remote: Remote) -> None:
    consent.give(remote, Purpose.CHAT, PROMPTS)
    consent._store._db.execute("UPDATE remotes SET url = 'https://other.example.org'")


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (nothing, "you have granted it nothing"),
        (expired, "the grant ended on 2026-11-27"),
        (turned_back, "the grant ended on 2026-11-27"),
        (spent, "more than the 10 that are left"),
        (revoked, "you have granted it nothing"),
        (removed_and_added, "you have granted it nothing"),
        (of_another_host, "the grant is for gpu.example.org:8000, not for other.example.org:443"),
    ],
)
def test_without_a_grant_nothing_is_tried(
    state: Callable[[Consent, Remote], None], says: str, named: Remote, store: Store, tries: list[Any]
) -> None:
    consent = Consent(store, Clock())
    state(consent, named)
    logged = store.egress()
    with pytest.raises(ConsentError, match=says) as raised:
        ask(store.remote("far"), consent)
    assert "`clawlocal offload grant far --purpose chat" in str(raised.value)
    assert tries == []
    assert store.egress() == logged


def test_a_class_of_data_that_was_not_granted(named: Remote, store: Store, tries: list[Any]) -> None:
    consent = Consent(store)
    consent.give(named, Purpose.CHAT, PROMPTS)
    with pytest.raises(ConsentError, match=r"leaves out lessons.*--data lessons,prompts"):
        ask(named, consent, LESSONS)
    assert tries == []


def test_a_chat_without_a_grant_tries_nothing_and_keeps_nothing(
    open_remote: Callable[..., Assistant], store: Store, tries: list[Any]
) -> None:
    assistant = open_remote()
    for call in (assistant.wait_ready, lambda: assistant.chat("hello"), lambda: assistant.chat("x", temporary=True)):
        with pytest.raises(ConsentError):
            call()
    assert (tries, store.sessions()) == ([], [])


def test_a_grant_that_is_taken_back_while_the_chat_is_open(
    open_remote: Callable[..., Assistant], granted: Remote, store: Store, tries: list[Any]
) -> None:
    assistant = open_remote()
    assistant.wait_ready()
    store.revoke("gpu")
    with pytest.raises(ConsentError):
        assistant.chat("hello")
    assert (tries, store.sessions()) == ([], [])


def test_a_reply_that_no_longer_fits_into_the_grant(
    open_remote: Callable[..., Assistant], remote: Remote, store: Store, tries: list[Any]
) -> None:
    Consent(store).give(remote, Purpose.CHAT, PROMPTS, megabytes=0.0001)
    reply = open_remote().chat("hello")
    with pytest.raises(OffloadError, match="more than the 100 that are left"):
        reply.result(60)
    assert tries == []


def test_a_grant_that_is_used_up_keeps_nothing(
    open_remote: Callable[..., Assistant], granted: Remote, store: Store, tries: list[Any]
) -> None:
    [grant] = store.grants()
    store.begin_egress(grant, grant.max_bytes)
    with pytest.raises(ConsentError, match=r"the 0 that are left.*`clawlocal offload grant .* --max-mb N`"):
        open_remote().chat("hello")
    assert (tries, store.sessions()) == ([], [])


def test_a_remote_without_its_key_is_not_asked(
    open_remote: Callable[..., Assistant], granted: Remote, tries: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GPU_KEY")
    with pytest.raises(OffloadError, match=r"environment variable GPU_KEY, which is not set.*export GPU_KEY=…"):
        open_remote().chat("hello")
    assert tries == []


def test_a_grant_ends_by_bytes_to_the_last_one(named: Remote, store: Store) -> None:
    consent = Consent(store)
    consent.give(named, Purpose.CHAT, PROMPTS, megabytes=0.001)
    consent.begin(named, Purpose.CHAT, PROMPTS, 600)
    consent.begin(named, Purpose.CHAT, PROMPTS, 400)
    with pytest.raises(ConsentError):
        consent.begin(named, Purpose.CHAT, PROMPTS, 1)
    assert [entry.sent for entry in store.egress()] == [400, 600]


def test_a_request_that_a_crash_cut_short_is_in_the_log(named: Remote, store: Store) -> None:
    consent = Consent(store)
    consent.give(named, Purpose.CHAT, PROMPTS)
    consent.begin(named, Purpose.CHAT, PROMPTS, 10)
    assert [(entry.sent, entry.outcome) for entry in store.egress()] == [(10, BEGUN)]


def test_a_new_grant_takes_the_old_ones_place_and_a_clock_that_was_ahead_does_no_harm(
    named: Remote, store: Store
) -> None:
    clock = Clock()
    consent = Consent(store, clock)
    clock.now = NOW + timedelta(days=20_000)
    consent.give(named, Purpose.CHAT, LESSONS)
    clock.now = NOW
    grant = consent.give(named, Purpose.CHAT, PROMPTS, days=2)
    assert grant.expires == stamp.of(NOW + timedelta(days=2))
    assert (store.grants(), grant.data) == ([grant], PROMPTS)
    consent.check(named, Purpose.CHAT, PROMPTS, 10)


def test_what_has_ended_does_not_come_back_with_another_grant(named: Remote, remote: Remote, store: Store) -> None:
    clock = Clock()
    consent = Consent(store, clock)
    consent.give(named, Purpose.CHAT, PROMPTS, days=1)
    clock.now += timedelta(days=2)
    consent.note_time()
    clock.now -= timedelta(days=2)
    consent.give(remote, Purpose.CHAT, PROMPTS)
    with pytest.raises(ConsentError):
        consent.check(named, Purpose.CHAT)


def test_a_redirect_is_not_followed_and_a_proxy_not_used(
    open_remote: Callable[..., Assistant], granted: Remote, far: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1:1")
    far.fault = "redirect"
    with pytest.raises(ClawlocalError, match="points to another address"):
        open_remote(model=f"gpu/{MODEL}").chat("hello").result(60)
    assert (len(far.asked), store.egress()[0].outcome) == (1, "status 307")
