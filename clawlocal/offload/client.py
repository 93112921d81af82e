"""The one way to another machine: every byte that leaves goes through `Client`. Knows no chat.

No grant, no socket: redaction, then consent and the log's entry, then the name is looked up and the connection (or
the SSH tunnel that it goes through) opened. Nothing else in this program imports an HTTP client (a contract in
pyproject.toml).
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import httpx_sse

from clawlocal import __version__
from clawlocal.errors import ClawlocalError, OffloadError
from clawlocal.offload import faults
from clawlocal.offload.consent import Consent
from clawlocal.offload.redaction import Redaction
from clawlocal.offload.remotes import check_encryption, key_of, tls
from clawlocal.offload.tunnel import TUNNELS
from clawlocal.records import DataClass, Purpose, Remote

CONNECT_SECONDS = 10.0
SILENT_SECONDS = 60.0
"""Without a byte, a remote is given up."""
MOST_BYTES = 32_000_000
"""Of one answer; more is no reply to a chat."""
_CONTROL = re.compile(r"[\x7f-\x9f]")
_SAID = ("messages", "prompt")
"""The parts of a request that a person, a model or a tool wrote."""


@dataclass(frozen=True)
class Outgoing:
    """One request as it will leave, before redaction."""

    path: str
    purpose: Purpose
    data: frozenset[DataClass]
    payload: dict[str, Any] | None = None
    """JSON; without one it is a GET."""
    content: bytes | None = None
    """A file of ours in place of JSON; it is PUT."""
    anonymous: bool = False
    """Without the key: to see whether the remote answers all the same."""

    def body(self, redaction: Redaction) -> bytes:
        """The very bytes."""
        if self.payload is None:
            return self.content or b""
        text = json.dumps(self._clean(redaction), ensure_ascii=False, separators=(",", ":"))
        # JSON lets these stand, and a terminal that shows the bytes may obey them.
        return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode("utf-8", "replace")

    def redacted(self, redaction: Redaction) -> bool:
        """Whether placeholders take the place of anything in it."""
        return self._clean(redaction) != (self.payload or {})

    def _clean(self, redaction: Redaction) -> dict[str, Any]:
        return {k: redaction.within(v) if k in _SAID else v for k, v in (self.payload or {}).items()}

    @property
    def method(self) -> str:
        if self.payload is not None:
            return "POST"
        return "GET" if self.content is None else "PUT"

    @property
    def model(self) -> str:
        return str((self.payload or {}).get("model", ""))


class Passage:
    """One thing that passes the gate, and what came back by it."""

    received = 0
    """Bytes."""


class Client:
    """Requests to one remote. Redirects are not followed and proxies not used: both are other machines."""

    def __init__(self, remote: Remote, consent: Consent, redaction: Redaction) -> None:
        self._remote = remote
        self._consent = consent
        self._redaction = redaction

    async def ask(self, outgoing: Outgoing) -> Any:
        """The JSON that comes back. Raises `ConsentError`, `OffloadError`."""
        async with self._sent(outgoing) as response:
            body = await self._read(response)
            return json.loads(body)

    async def tell(self, outgoing: Outgoing) -> None:
        """That it was taken; whatever comes back says no more. Raises `ConsentError`, `OffloadError`."""
        async with self._sent(outgoing) as response:
            await self._read(response)

    async def stream(
        self, outgoing: Outgoing, on_event: Callable[[Any], object], ended: Callable[[], bool] = bool
    ) -> None:
        """Each event's JSON, to the end of the stream. What `on_event` raises ends it too.

        `ended` says whether it was complete where no mark comes. Raises `ConsentError`, `OffloadError`.
        """
        async with self._sent(outgoing) as response, aclosing(httpx_sse.EventSource(response).aiter_sse()) as events:
            async for event in events:
                if event.data == "[DONE]":
                    return
                on_event(json.loads(event.data))
                self._check_size(response)
            if not ended():
                text = (
                    f"{self._remote.name} broke off before its reply was complete: check the network, then try again."
                )
                raise OffloadError(text, "cut off")

    def close(self) -> None:
        """The tunnel, where there is one; a later request opens another."""
        if self._remote.ssh:
            TUNNELS.close(self._remote)

    @asynccontextmanager
    async def _sent(self, outgoing: Outgoing) -> AsyncIterator[httpx.Response]:
        check_encryption(self._remote)
        body, head, context = outgoing.body(self._redaction), self._head(outgoing), tls(self._remote)
        with self.passage(outgoing.purpose, outgoing.data, len(body)) as passage:
            async with self._connected(context) as http:
                url = self._remote.url + outgoing.path
                async with http.stream(outgoing.method, url, content=body or None, headers=head) as response:
                    try:
                        if response.headers.get("Content-Encoding", "identity") != "identity":
                            raise faults.nonsense(self._remote)
                        if response.status_code != httpx.codes.OK:
                            said = await self._read(response)
                            raise faults.refused(response.status_code, said, self._remote, outgoing.model)
                        yield response
                    finally:
                        passage.received = response.num_bytes_downloaded

    @asynccontextmanager
    async def _connected(self, context: ssl.SSLContext) -> AsyncIterator[httpx.AsyncClient]:
        """For one request, inside the gate: without a grant there is no `ssh` either."""
        timeout = httpx.Timeout(SILENT_SECONDS, connect=CONNECT_SECONDS)
        if not self._remote.ssh:
            async with httpx.AsyncClient(verify=context, timeout=timeout, trust_env=False) as http:
                yield http
            return
        async with TUNNELS.through(self._remote) as tunnel:
            mark = tunnel.mark()
            # The socket is there an instant before it listens: connecting to it, and no more, may be tried again.
            transport = httpx.AsyncHTTPTransport(verify=context, trust_env=False, uds=str(tunnel.socket), retries=1)
            try:
                async with httpx.AsyncClient(transport=transport, timeout=timeout, trust_env=False) as http:
                    yield http
            except (httpx.TransportError, OffloadError) as e:
                # A link that is lost may look like the end of an answer: ssh knows better.
                if isinstance(e, httpx.TransportError) or e.outcome == "cut off":
                    tunnel.failed = True
                    if (why := await tunnel.last_words(mark)) is not None:
                        raise why from e
                raise

    @contextmanager
    def passage(self, purpose: Purpose, data: Collection[DataClass], size: int) -> Iterator[Passage]:
        """The gate: inside, `size` bytes leave, and none without a grant.

        What goes wrong is logged and said in words; nothing is tried twice. Raises `ConsentError`, `OffloadError`.
        """
        entry = self._consent.begin(self._remote, purpose, data, size)
        outcome, passage = "failed", Passage()
        try:
            yield passage
            outcome = "done"
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        except OffloadError as e:
            outcome = e.outcome
            raise
        except ClawlocalError:
            # Said in words already, of this machine.
            raise
        except (httpx.HTTPError, httpx_sse.SSEError, OSError, ValueError, RecursionError) as e:
            error = faults.in_words(e, self._remote)
            outcome = error.outcome
            raise error from e
        finally:
            self._consent.end(entry, passage.received, outcome)

    def _head(self, outgoing: Outgoing) -> dict[str, str]:
        key = "" if outgoing.anonymous else key_of(self._remote)
        kind = "application/json" if outgoing.content is None else "application/octet-stream"
        head = {"Content-Type": kind, "User-Agent": f"clawlocal/{__version__}"}
        # Packed answers could be of any size once they are unpacked.
        head["Accept-Encoding"] = "identity"
        return {**head, "Authorization": f"Bearer {key}"} if key else head

    async def _read(self, response: httpx.Response) -> bytes:
        parts: list[bytes] = []
        async for part in response.aiter_bytes():
            parts.append(part)
            self._check_size(response)
        return b"".join(parts)

    def _check_size(self, response: httpx.Response) -> None:
        if response.num_bytes_downloaded > MOST_BYTES:
            text = f"{self._remote.name} does not come to an end and was cut off: set --max-tokens, then try again."
            raise OffloadError(text, "too long")
