"""An `Engine` whose replies are written on another machine. Scores nothing and samples nothing for this one.

One thread, begun with the first reply, over the streams of all replies. Knows no store but through consent.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from clawlocal.engine.absent import AbsentEngine
from clawlocal.engine.protocol import BASE, AdapterFile, ChatMessage, Completion, Sampling, Stop
from clawlocal.engine.reply import Reply
from clawlocal.engine.speech import THOUGHTS, SpeechStyle
from clawlocal.errors import ClawlocalError, EngineClosed, OffloadError, PromptError
from clawlocal.offload import dialects, faults
from clawlocal.offload.client import Client, Outgoing
from clawlocal.offload.consent import Consent
from clawlocal.offload.dialects import ChatStream
from clawlocal.offload.packing import pack, unpack
from clawlocal.offload.redaction import Redaction
from clawlocal.records import DataClass, Purpose, Remote, Tool

log = logging.getLogger(__name__)

STOPS = {"stop": Stop.END, "length": Stop.LENGTH}


class RemoteEngine(AbsentEngine):
    """Chat with one model of one remote."""

    def __init__(
        self, remote: Remote, model: str, consent: Consent, redaction: Redaction, *, n_ctx: int, local: str
    ) -> None:
        """`local` is the model of this machine that may take over."""
        super().__init__(f"{remote.name}/{model}")
        self.n_ctx = n_ctx
        self._remote = remote
        self._model = model
        self._consent = consent
        self._redaction = redaction
        self._client = Client(remote, consent, redaction)
        self._local = local
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        self._tasks: dict[Reply, asyncio.Task[None]] = {}

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

    def outgoing(self, prompt_ids: Sequence[int], sampling: Sampling) -> Outgoing:
        """The request for a reply, before redaction."""
        packed = unpack(prompt_ids)
        data = {DataClass.PROMPTS, *([DataClass.LESSONS] if packed["lessons"] else [])}
        payload = dialects.chat_payload(self._remote.kind, self._model, packed["messages"], sampling)
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
        outgoing = self.outgoing(prompt_ids, sampling)
        reply = Reply(on_text, on_done)
        loop = self._running()
        reply.when_cancelled(lambda: self._call(loop, self._interrupt, reply))
        asyncio.run_coroutine_threadsafe(self._answer(outgoing, sampling, reply, session), loop)
        return reply

    def close(self) -> None:
        """End every reply as cancelled, then the thread."""
        with self._guard:
            self._closed = True
            loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self._call(loop, self._end)
        thread.join()

    # on the engine's thread
    async def _answer(self, outgoing: Outgoing, sampling: Sampling, reply: Reply, session: str) -> None:
        heard, began, first = ChatStream(), time.perf_counter(), 0.0
        stopped, error = Stop.CANCELLED, None

        def take(event: Any) -> None:
            nonlocal first
            if isinstance(event, dict) and "error" in event:
                raise faults.failed(event, self._remote)
            reply.push(heard.take(event))
            first = first or time.perf_counter() - began

        task = asyncio.current_task()
        assert task is not None
        self._tasks[reply] = task
        try:
            if not reply.cancelled and not self._closed:
                await self._client.stream(outgoing, take, heard.ended)
                stopped = STOPS.get(heard.finish, Stop.END)
        except asyncio.CancelledError:
            pass
        except ClawlocalError as e:
            stopped, error = Stop.FAILED, self._told(e, heard, session)
        except Exception as e:
            # The last line of defence: who waits for the reply must hear of it.
            log.exception("a remote reply failed")
            stopped, error = Stop.FAILED, f"The reply of {self.name} failed ({type(e).__name__}): try again."
        finally:
            del self._tasks[reply]
        total = time.perf_counter() - began
        reply.finish(self._completion(heard, sampling, stopped, first or total, total, error))

    def _told(self, e: ClawlocalError, heard: ChatStream, session: str) -> str:
        """What went wrong, what becomes of a beginning that came, and who may take over."""
        if not heard.text or not isinstance(e, OffloadError):
            return str(e)
        here = f"`clawlocal --model {self._local}" + (f" --session {session}`" if session else "`")
        return f"{e} What came is kept and never trained on; retry, or go on here with the local model: {here}."

    def _completion(
        self, heard: ChatStream, sampling: Sampling, stopped: Stop, first: float, total: float, error: str | None
    ) -> Completion:
        ids, logprobs = heard.tokens
        return Completion(
            text=heard.text,
            prompt_ids=heard.prompt_ids,
            token_ids=ids,
            logprobs=logprobs,
            adapter=BASE,
            sampling=sampling,
            stopped=stopped,
            first_token_seconds=first,
            total_seconds=total,
            reused=0,
            error=error,
            remote=self._remote.name,
        )

    def _interrupt(self, reply: Reply) -> None:
        if reply in self._tasks:
            self._tasks[reply].cancel()

    def _end(self) -> None:
        assert self._loop is not None
        for task in self._tasks.values():
            task.cancel()
        self._loop.create_task(self._drain())

    async def _drain(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)
        asyncio.get_running_loop().stop()

    # the thread
    def _running(self) -> asyncio.AbstractEventLoop:
        with self._guard:
            if self._closed:
                raise EngineClosed(f"The link to {self._remote.name} was closed: open the chat again.")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._run, args=(self._loop,), name="remote", daemon=True)
                self._thread.start()
            return self._loop

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    def _call(self, loop: asyncio.AbstractEventLoop, call: Callable[..., None], *values: Any) -> None:
        # A loop that has ended has nothing to interrupt.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(call, *values)

    def _refuse(self) -> NoReturn:
        raise EngineClosed(f"{self.name} writes replies on {self._remote.name} and does nothing else here.")


def _role(message: ChatMessage) -> str:
    return message.role if message.role in ("system", "assistant") else "user"
