"""The bytes that a message would send, to the last one: made by what sends them. Opens no socket."""

from __future__ import annotations

from clawlocal.config import Settings
from clawlocal.conversation import Conversations, Wish, sampling
from clawlocal.offload.consent import Consent
from clawlocal.offload.engine import RemoteEngine
from clawlocal.offload.model import remote_engine
from clawlocal.offload.redaction import Redaction
from clawlocal.offload.served import foreseen
from clawlocal.records import Remote
from clawlocal.store import Store


def preview(store: Store, settings: Settings, remote: Remote, model: str, text: str, session: str | None) -> bytes:
    """The body of the request for `text` as the next message of `session` (none: of a new one).

    Without a text it is the session's last message that would be sent again. Raises `PromptError`, `NotFound`.
    """
    engine = remote_engine(remote, model, settings, Consent(store))
    assert isinstance(engine, RemoteEngine)
    talks = Conversations(store, engine, settings, lambda: None)
    known = None if session is None else store.resolve_session(session)
    adapter, learner = foreseen(store, remote, model)
    wish = Wish(sampling(settings, None), adapter, learner=learner)
    prompt = talks.previewed(text, known, wish)
    return engine.outgoing(prompt.ids, wish.sampling, adapter).body(Redaction(settings.redact))
