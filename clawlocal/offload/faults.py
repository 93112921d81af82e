"""What can go wrong on the way to a remote, in words: classified once, here. Opens no socket."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import httpx_sse

from clawlocal.errors import OffloadError
from clawlocal.offload.remotes import host_of, reached
from clawlocal.records import Remote

_EXPIRED, _UNKNOWN, _OTHER_HOST = (10,), (18, 19, 20), (62, 64)
"""OpenSSL's codes for what is wrong with a certificate."""
_SHOWN = 200


def in_words(e: Exception, remote: Remote) -> OffloadError:
    """The error that a person may meet for `e`."""
    name, host = remote.name, reached(remote)
    chain = list(causes(e))
    for cause in chain:
        match cause:
            case ssl.SSLCertVerificationError():
                return _certificate(cause, remote)
            case socket.gaierror():
                text = f"The host {host} of {name} is not known: check the address with `clawlocal offload list`."
                return OffloadError(text, "unknown host")
    match e:
        case httpx.ConnectTimeout():
            return OffloadError(f"{name} ({host}) cannot be reached: check that it runs, then try again.", "no answer")
        case httpx.TimeoutException():
            text = f"{name} fell silent and was given up: it may be overloaded, so try again later."
            return OffloadError(text, "stalled")
        case httpx.ConnectError() if any(isinstance(cause, ssl.SSLError) for cause in chain):
            text = f"{name} ({host}) speaks no TLS that fits: check whether its address begins with http or https."
            return OffloadError(text, "no TLS")
        case httpx.ConnectError():
            return OffloadError(f"Nothing answers at {host}: check that {name} runs, then try again.", "refused")
        case httpx_sse.SSEError() | ValueError() | RecursionError():
            return nonsense(remote)
        case _:
            return OffloadError(f"The link to {name} broke off: check the network, then try again.", "cut off")


def nonsense(remote: Remote) -> OffloadError:
    """It answered, and not as its kind does."""
    return OffloadError(
        f"{remote.name} answered with something that a server of the kind {remote.kind} does not say: "
        f"check its address and kind with `clawlocal offload test {remote.name}`.",
        "malformed",
    )


def refused(status: int, body: bytes, remote: Remote, model: str = "") -> OffloadError:
    """An answer with a status that is no success. What the server says of it is shown, cut short."""
    name, said = remote.name, _said(body)
    test = f"`clawlocal offload test {name}`"
    match status:
        case 401 | 403:
            key = f"correct the key in {remote.api_key_env}" if remote.api_key_env else "add it with --api-key-env"
            text = f"{name} does not accept the key ({status}): {key}, then try again."
        case 404 if model:
            text = f"{name} has no model {model!r}, or no such service{said}: {test} lists what it has."
        case 429:
            text = f"{name} takes no more requests for now (429){said}: try again later."
        case _ if 300 <= status < 400:
            text = f"{name} points to another address ({status}), which was not granted: add that address instead."
        case _ if status >= 500:
            text = f"{name} failed ({status}){said}: try again later, or ask who runs it."
        case _:
            text = f"{name} refused the request ({status}){said}: {test} says what works."
    return OffloadError(text, f"status {status}")


def failed(event: dict[str, Any], remote: Remote) -> OffloadError:
    """A server that fails while it streams says so in an event."""
    said = _said(json.dumps(event).encode())
    return OffloadError(f"{remote.name} failed in the middle of its reply{said}: try again later.", "failed midway")


def _said(body: bytes) -> str:
    """The message of an error in OpenAI's form or vLLM's, on one line; empty for none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    inner = found.get("error", found) if isinstance(found, dict) else None
    said = inner.get("message") if isinstance(inner, dict) else inner
    line = " ".join(said.split()).rstrip(".")[:_SHOWN] if isinstance(said, str) else ""
    return f", it says “{line}”" if line else ""


def _certificate(e: ssl.SSLCertVerificationError, remote: Remote) -> OffloadError:
    host = host_of(remote)
    match e.verify_code:
        case code if code in _EXPIRED:
            text = f"The certificate of {host} has expired: have it renewed, or check this machine's clock."
        case code if code in _UNKNOWN:
            text = f"The certificate of {host} is signed by nobody known here: add the remote again with --ca FILE."
        case code if code in _OTHER_HOST:
            text = f"The certificate of {host} is for another host: use the address that it names."
        case _:
            text = (
                f"The certificate of {host} cannot be trusted ({e.verify_message}): add the remote with --ca FILE, "
                "or have it mended."
            )
    return OffloadError(text, "certificate")


def causes(e: BaseException) -> Iterator[BaseException]:
    """`e`, and what it came of."""
    found: BaseException | None = e
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
