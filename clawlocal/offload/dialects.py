"""What each kind of server is asked, and how its stream is read. Knows no network and no grant."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from clawlocal.engine.protocol import Sampling
from clawlocal.records import RemoteKind

CHAT = "/v1/chat/completions"
COMPLETIONS = "/v1/completions"
MODELS = "/v1/models"
_MOST_ID = 2**31 - 1


class Malformed(ValueError):
    """What came is not of the dialect."""


@dataclass(frozen=True)
class Dialect:
    """The fields beyond OpenAI's that a kind knows."""

    chat: dict[str, Any]
    """Asks for log-probabilities and token ids."""
    samples: bool = False
    """It takes top_k and min_p."""
    prompt_logprobs: bool = False
    lora: str = ""
    """Where adapters are loaded; empty for nowhere."""


_LOGPROBS = {"logprobs": True, "top_logprobs": 1}
_OF_VLLM = {**_LOGPROBS, "return_token_ids": True, "repetition_penalty": 1.0}
"""A penalty that the model's folder sets would be in what is drawn, and not in the log-probabilities that are told."""
DIALECTS = {
    RemoteKind.OPENAI: Dialect({}),
    RemoteKind.VLLM: Dialect(_OF_VLLM, True, True, "/v1/load_lora_adapter"),
    RemoteKind.SGLANG: Dialect(dict(_LOGPROBS), True, False, "/load_lora_adapter"),
}


def chat_payload(kind: RemoteKind, model: str, messages: list[dict[str, str]], sampling: Sampling) -> dict[str, Any]:
    """The body of a streamed chat."""
    dialect = DIALECTS[kind]
    payload: dict[str, Any] = {"model": model, "messages": messages, "stream": True}
    payload["stream_options"] = {"include_usage": True}
    payload |= {"temperature": sampling.temperature, "top_p": sampling.top_p, "max_tokens": sampling.max_tokens}
    if sampling.seed is not None:
        payload["seed"] = sampling.seed
    if sampling.stop:
        payload["stop"] = list(sampling.stop)
    if dialect.samples:
        # No limit is left to the server: its word for it differs between versions.
        payload |= {"top_k": sampling.top_k} if sampling.top_k else {}
        payload["min_p"] = sampling.min_p
    return payload | dialect.chat


@dataclass
class ChatStream:
    """A reply as it comes, event by event."""

    text: str = ""
    finish: str = ""
    """Why it ended; empty while it goes on."""
    prompt_ids: tuple[int, ...] = ()
    counted: tuple[int, int] = (0, 0)
    """Tokens of the prompt and of the reply, as the server counts them."""
    _ids: list[int] = field(default_factory=list)
    _logprobs: list[float] = field(default_factory=list)
    _thinks: bool = False

    def take(self, event: Any) -> str:
        """What it adds to the text. Raises `Malformed`; what the server says of an error is in it."""
        if not isinstance(event, dict):
            raise Malformed
        if event.get("prompt_token_ids"):
            self.prompt_ids = tuple(token_ids(event["prompt_token_ids"]))
        self.counted = _counted(event.get("usage")) or self.counted
        choices = event.get("choices")
        if not isinstance(choices, list):
            raise Malformed
        if not choices:
            # Figures of use, at the end.
            return ""
        choice = choices[0]
        delta = choice.get("delta") if isinstance(choice, dict) else None
        if not isinstance(delta, dict):
            raise Malformed
        self._ids += token_ids(choice.get("token_ids") or [])
        self._logprobs += _logprobs(choice.get("logprobs"))
        self.finish = str(choice.get("finish_reason") or self.finish)
        piece = self._said(delta)
        self.text += piece
        return piece

    def _said(self, delta: dict[str, Any]) -> str:
        """A server that takes thoughts apart by itself gets its marks back: the reply is heard as any other."""
        thought = delta.get("reasoning_content") or delta.get("reasoning") or ""
        said = delta.get("content") or ""
        if not (isinstance(thought, str) and isinstance(said, str)):
            raise Malformed
        opens = "<think>" if thought and not self._thinks else ""
        closes = "</think>" if said and self._thinks else ""
        self._thinks = bool(thought) or (self._thinks and not said)
        return f"{opens}{thought}{closes}{said}"

    def ended(self) -> bool:
        """Whether it says that it is complete."""
        return bool(self.finish)

    @property
    def has_ids(self) -> bool:
        return bool(self._ids and self.prompt_ids)

    @property
    def has_logprobs(self) -> bool:
        return bool(self._logprobs)

    @property
    def tokens(self) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Ids and log-probabilities, of one length; none where either is missing."""
        whole = len(self._ids) == len(self._logprobs) and all(map(math.isfinite, self._logprobs))
        return (tuple(self._ids), tuple(self._logprobs)) if whole else ((), ())


def _counted(usage: Any) -> tuple[int, int] | None:
    if not isinstance(usage, dict):
        return None
    prompt, reply = token_ids([usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0)])
    return prompt, reply


def token_ids(values: Any) -> list[int]:
    """A list of them as it came. Raises `Malformed`."""
    if not isinstance(values, list) or not all(type(v) is int and 0 <= v <= _MOST_ID for v in values):
        raise Malformed
    return values


def _logprobs(found: Any) -> list[float]:
    content = found.get("content") if isinstance(found, dict) else None
    if content is None:
        return []
    if not isinstance(content, list):
        raise Malformed
    values = [each.get("logprob") if isinstance(each, dict) else None for each in content]
    # No log-probability is a whole number too large to be a float.
    if not all(isinstance(v, float) or (type(v) is int and abs(v) < _MOST_ID) for v in values):
        raise Malformed
    return [float(v) for v in values if v is not None]
