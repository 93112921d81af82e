"""An `Engine` whose replies are written on another machine. Scores nothing and samples nothing for this one.

Its prompts are messages, packed as numbers, since the tokenizer is there too. Knows no store but through consent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NoReturn

from clawlocal.engine.absent import AbsentEngine
from clawlocal.engine.protocol import BASE, AdapterFile, ChatMessage, Completion, Sampling
from clawlocal.engine.reply import Reply
from clawlocal.engine.speech import THOUGHTS, SpeechStyle
from clawlocal.errors import EngineClosed, OffloadError, PromptError
from clawlocal.offload import dialects
from clawlocal.offload.client import Client, Outgoing
from clawlocal.offload.consent import Consent
from clawlocal.offload.loop import LoopThread
from clawlocal.offload.packing import pack, unpack
from clawlocal.offload.redaction import Redaction
from clawlocal.offload.telling import Telling
from clawlocal.records import DataClass, Purpose, Remote, Tool


class RemoteEngine(AbsentEngine):
    """Chat with one model of one remote."""

    def __init__(
        self,
        remote: Remote,
        model: str,
        consent: Consent,
        redaction: Redaction,
        *,
        n_ctx: int,
        local: str,
        restore: Callable[[AdapterFile], None] | None = None,
    ) -> None:
        """`local` is the model of this machine that may take over; `restore` loads an adapter that is lost there."""
        super().__init__(f"{remote.name}/{model}")
        self.n_ctx = n_ctx
        self._remote = remote
        self._model = model
        self._consent = consent
        self._redaction = redaction
        self._client = Client(remote, consent, redaction)
        self._local = local
        self._restore = restore
        self._loop = LoopThread(f"remote {remote.name}")

    @property
    def stop_ids(self) -> tuple[int, ...]:
        return ()

    @property
    def speech(self) -> SpeechStyle:
        return SpeechStyle(THOUGHTS[0])

    def wait_ready(self, timeout: float | None = None) -> None:
        """Nothing is loaded here, and nothing is asked there before there is something to say."""

    def encode(
        self, messages: Sequence[ChatMessage], tools: Sequence[Tool] = (), thinking: bool = True
    ) -> tuple[int, ...]:
        """The messages, packed. Lessons stay here unless they are granted."""
        if tools:
            raise PromptError("Tools cannot be offered to a remote yet: leave them out, or choose a local model.")
        lessons = DataClass.LESSONS in self._consent.granted(self._remote, Purpose.CHAT)
        bare = [m.content if lessons or m.said is None else m.said for m in messages]
        said = [{"role": _role(m), "content": text} for m, text in zip(messages, bare, strict=True)]
        told = lessons and any(m.said is not None for m in messages)
        return pack({"lessons": told, "messages": said})

    def tokenize(self, text: str) -> tuple[int, ...]:
        self._refuse()

    def detokenize(self, ids: Sequence[int]) -> str:
        """Only the server knows: nothing. What was said is read as text."""
        return ""

    def outgoing(self, prompt_ids: Sequence[int], sampling: Sampling, adapter: AdapterFile | None = None) -> Outgoing:
        """The request for a reply, before redaction. An adapter is asked by the name of its folder."""
        packed = unpack(prompt_ids)
        data = {DataClass.PROMPTS, *([DataClass.LESSONS] if packed["lessons"] else [])}
        model = self._model if adapter is None else adapter.path.name
        payload = dialects.chat_payload(self._remote.kind, model, packed["messages"], sampling)
        return Outgoing(dialects.CHAT, Purpose.CHAT, frozenset(data), payload)

    def generate(
        self,
        prompt_ids: Sequence[int],
        sampling: Sampling,
        adapter: AdapterFile | None = None,
        on_text: Callable[[str], None] | None = None,
        on_done: Callable[[Completion], None] | None = None,
        session: str = "",
    ) -> Reply:
        """Raises `EngineClosed`. What consent or the remote refuses is in the completion."""
        outgoing = self.outgoing(prompt_ids, sampling, adapter)
        reply = Reply(on_text, on_done)
        here = f"`clawlocal --model {self._local}" + (f" --session {session}`" if session else "`")
        redacted = outgoing.redacted(self._redaction)
        version = adapter.version if adapter else BASE
        telling = Telling(self._remote, sampling, reply.push, here, version, redacted=redacted)
        cancel = self._loop.submit(
            lambda: self._told(outgoing, telling, adapter),
            lambda error: reply.finish(telling.completion(error)),
        )
        reply.when_cancelled(cancel)
        return reply

    async def _told(self, outgoing: Outgoing, telling: Telling, adapter: AdapterFile | None) -> None:
        """Once more where the server has lost the adapter, as one that was started anew: it has read nothing yet."""
        try:
            await self._client.stream(outgoing, telling.take, telling.ended)
        except OffloadError as e:
            if adapter is None or self._restore is None or e.outcome != "status 404":
                raise
            await asyncio.to_thread(self._restore, adapter)
            await self._client.stream(outgoing, telling.take, telling.ended)

    def close(self) -> None:
        """End every reply as cancelled, then the thread, then the tunnel."""
        self._loop.close()
        self._client.close()

    def _refuse(self) -> NoReturn:
        raise EngineClosed(f"{self.name} writes replies on {self._remote.name} and does nothing else here.")


def _role(message: ChatMessage) -> str:
    return message.role if message.role in ("system", "assistant") else "user"
