"""What a remote can do, found out by asking it: each answer is a yes or no with the reason. Says nothing of the user.

What it sends is made up here, and is granted and logged as everything that leaves.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from clawlocal.engine.protocol import Sampling
from clawlocal.errors import OffloadError
from clawlocal.offload import dialects
from clawlocal.offload.client import Client, Outgoing
from clawlocal.offload.consent import Consent
from clawlocal.offload.dialects import DIALECTS, ChatStream
from clawlocal.offload.redaction import Redaction
from clawlocal.offload.remotes import through
from clawlocal.records import Purpose, Remote

HELLO = "Say hello."
UNKNOWN = "not asked, since what comes before it does not work"


@dataclass(frozen=True)
class Finding:
    """One thing that works or does not."""

    name: str
    works: bool
    text: str


class Probe:
    """Asks one remote. `model` is one of its models; empty takes the first."""

    def __init__(self, remote: Remote, consent: Consent, model: str = "") -> None:
        self._remote = remote
        self._client = Client(remote, consent, Redaction())
        self._dialect = DIALECTS[remote.kind]
        self._model = model
        self._answers = f"it answers{through(remote)}"
        self.models: tuple[str, ...] = ()

    async def findings(self) -> list[Finding]:
        """In the order in which one needs them. Raises `ConsentError`."""
        found = await self._access()
        if not all(finding.works for finding in found):
            rest = ("chat", "logprobs", "token ids", "prompt logprobs", "LoRA loading")
            return [*found, *(Finding(name, False, UNKNOWN) for name in rest)]
        return [*found, *await self._chat(), await self._prompt_logprobs(), await self._lora()]

    async def _access(self) -> list[Finding]:
        try:
            listed = await self._client.ask(self._outgoing(dialects.MODELS))
            self.models = _names(listed)
        except OffloadError as e:
            answered = e.outcome.startswith("status")
            reachable = Finding("reachable", answered, self._answers if answered else str(e))
            return [reachable, Finding("authentication", False, str(e) if answered else UNKNOWN)]
        self._model = self._model or next(iter(self.models), "")
        how = "the key is accepted" if self._remote.api_key_env else "it asks for no key"
        return [Finding("reachable", True, self._answers), Finding("authentication", True, how)]

    async def _chat(self) -> list[Finding]:
        heard = ChatStream()
        sampling = Sampling(temperature=0.0, max_tokens=4)
        payload = dialects.chat_payload(self._remote.kind, self._model, [{"role": "user", "content": HELLO}], sampling)
        try:
            await self._client.stream(self._outgoing(dialects.CHAT, payload), heard.take, heard.ended)
        except OffloadError as e:
            return [Finding("chat", False, str(e)), *(Finding(n, False, UNKNOWN) for n in ("logprobs", "token ids"))]
        chat = Finding("chat", True, f"{self._model} answers")
        if not self._dialect.chat:
            why = f"the kind {self._remote.kind} has none: replies can be read and judged, not trained on"
            return [chat, Finding("logprobs", False, why), Finding("token ids", False, why)]
        return [chat, *_tokens(heard)]

    async def _prompt_logprobs(self) -> Finding:
        name = "prompt logprobs"
        if not self._dialect.prompt_logprobs:
            return Finding(name, False, f"the kind {self._remote.kind} is not asked for them")
        payload = {"model": self._model, "prompt": HELLO, "max_tokens": 1, "prompt_logprobs": 0}
        return await self._tried(name, "it can score a prompt", self._scored(payload))

    async def _scored(self, payload: dict[str, Any]) -> None:
        found = await self._client.ask(self._outgoing(dialects.COMPLETIONS, payload))
        choices = found.get("choices") if isinstance(found, dict) else None
        first = choices[0] if isinstance(choices, list) and choices else None
        if not (isinstance(first, dict) and first.get("prompt_logprobs")):
            raise OffloadError(f"{self._remote.name} gave none.")

    async def _lora(self) -> Finding:
        """An order without a name: whoever loads adapters says what is missing, and loads nothing."""
        if not self._dialect.lora:
            return Finding("LoRA loading", False, f"the kind {self._remote.kind} loads none")
        try:
            await self._client.ask(self._outgoing(self._dialect.lora, {}))
        except OffloadError as e:
            if e.outcome in ("status 400", "status 422"):
                return Finding("LoRA loading", True, "adapters can be loaded while it runs")
            if e.outcome in ("status 404", "status 405"):
                why = "it was started without: start it with runtime loading of LoRA on"
                return Finding("LoRA loading", False, why)
            return Finding("LoRA loading", False, str(e))
        return Finding("LoRA loading", False, "it accepted an order that names no adapter: it is no loader")

    async def _tried(self, name: str, works: str, trial: Awaitable[None]) -> Finding:
        try:
            await trial
        except OffloadError as e:
            return Finding(name, False, str(e))
        return Finding(name, True, works)

    def _outgoing(self, path: str, payload: dict[str, Any] | None = None) -> Outgoing:
        return Outgoing(path, Purpose.CHAT, frozenset(), payload)


def _names(listed: Any) -> tuple[str, ...]:
    rows = listed.get("data") if isinstance(listed, dict) else None
    if not isinstance(rows, list):
        raise OffloadError("It answered with no list of models: check that its address ends before /v1.", "malformed")
    return tuple(row["id"] for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str))


def _tokens(heard: ChatStream) -> list[Finding]:
    logprobs = Finding(
        "logprobs", heard.has_logprobs, "of each sampled token" if heard.has_logprobs else "it gave none"
    )
    ids = heard.has_ids
    why = "of the prompt and the reply" if ids else "it gave none: replies can be read and judged, not trained on"
    return [logprobs, Finding("token ids", ids, why)]
