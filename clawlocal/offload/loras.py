"""What a vLLM server is asked about adapters: loaded and unloaded by name, and what it makes of fixed texts.

Everything passes the client. Knows no store, no folder and no model of this machine.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from clawlocal.errors import OffloadError
from clawlocal.offload import dialects
from clawlocal.offload.client import Client, Outgoing
from clawlocal.offload.dialects import DIALECTS, Malformed, token_ids
from clawlocal.offload.faults import nonsense
from clawlocal.offload.fingerprint import Row
from clawlocal.records import Purpose, Remote

T = TypeVar("T")

GONE = "status 404"
_NO_LOADER = (GONE, "status 405")


class Loras:
    """Of one remote. Every call blocks, and raises `ConsentError` and `OffloadError`."""

    def __init__(self, remote: Remote, client: Client) -> None:
        self._remote = remote
        self._client = client

    def load(self, name: str, path: str, rank: int) -> None:
        """From a folder of the server's. One of this name that is there already is left as it is."""
        try:
            self._tell(self._loader, {"lora_name": name, "lora_path": path})
        except OffloadError as e:
            if "already been loaded" in str(e):
                return
            if words := self._why_not_loaded(e, path, rank):
                raise OffloadError(words, e.outcome) from e
            raise

    def unload(self, name: str) -> None:
        """Harmless where it is not there: nor does it answer then."""
        try:
            self._tell(self._loader.replace("load", "unload", 1), {"lora_name": name})
        except OffloadError as e:
            if e.outcome not in _NO_LOADER:
                raise

    def plain_ids(self, model: str, text: str) -> tuple[int, ...]:
        """The tokens of a text, with none around it."""
        payload = {"model": model, "prompt": text, "max_tokens": 1, "return_token_ids": True}
        return self._read(_prompt_ids, self._ask(dialects.COMPLETIONS, payload | {"add_special_tokens": False}))

    def chat_ids(self, model: str, text: str) -> tuple[int, ...]:
        """The tokens of a chat with one message, as its template writes it."""
        payload = {"model": model, "messages": [{"role": "user", "content": text}]}
        return self._read(_prompt_ids, self._ask(dialects.CHAT, payload | {"max_tokens": 1, "return_token_ids": True}))

    def scores(self, model: str, rows: Sequence[Row]) -> tuple[float, ...]:
        """The log-probability of each token of each reply, in order."""
        # One after the other: vLLM 0.32 on CPUs, with LoRA enabled, ends at several such prompts at once.
        return tuple(p for row in rows for p in self._score(model, row))

    def _score(self, model: str, row: Row) -> list[float]:
        payload = {"model": model, "prompt": [*row.prompt, *row.reply], "max_tokens": 1, "prompt_logprobs": 0}
        return self._read(lambda found: _row(found, row), self._ask(dialects.COMPLETIONS, payload))

    @property
    def _loader(self) -> str:
        return DIALECTS[self._remote.kind].lora

    def _ask(self, path: str, payload: dict[str, Any]) -> Any:
        return asyncio.run(self._client.ask(Outgoing(path, Purpose.SERVE, frozenset(), payload)))

    def _tell(self, path: str, payload: dict[str, Any]) -> None:
        asyncio.run(self._client.tell(Outgoing(path, Purpose.SERVE, frozenset(), payload)))

    def _read(self, read: Callable[[Any], T], answer: Any) -> T:
        try:
            return read(answer)
        except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError) as e:
            raise nonsense(self._remote) from e

    def _why_not_loaded(self, e: OffloadError, path: str, rank: int) -> str:
        """In one sentence; empty where the error says it already."""
        name, said = self._remote.name, str(e)
        if "max_lora_rank" in said:
            return f"{name} takes no adapter of rank {rank}: have it started with --max-lora-rank {rank} or more."
        if "No adapter found" in said:
            return (
                f"{name} finds nothing at {path}: say with --folder HERE=THERE how it calls the folder that it shares "
                "with this machine."
            )
        if e.outcome in _NO_LOADER or "not enabled" in said:
            return (
                f"{name} loads no adapters: have it started with --enable-lora, and VLLM_ALLOW_RUNTIME_LORA_UPDATING=1 "
                "in its environment."
            )
        if e.outcome == "status 500":
            return f"{name} could not load the adapter from {path}, and goes on without: {said[:1].lower()}{said[1:]}"
        return ""


def _prompt_ids(found: Any) -> tuple[int, ...]:
    """vLLM tells them with the choice, for a chat beside it."""
    first = found["choices"][0]
    ids = tuple(token_ids(first.get("prompt_token_ids") or found.get("prompt_token_ids")))
    if not ids:
        raise Malformed
    return ids


def _row(found: Any, row: Row) -> list[float]:
    told = found["choices"][0]["prompt_logprobs"]
    if len(told) != len(row.prompt) + len(row.reply):
        raise Malformed
    values = [each[str(token)]["logprob"] for each, token in zip(told[len(row.prompt) :], row.reply, strict=True)]
    if not all(isinstance(v, (int, float)) and math.isfinite(v) for v in values):
        raise Malformed
    return [float(v) for v in values]
