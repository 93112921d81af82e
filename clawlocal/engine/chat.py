"""One reply: prefill, then token by token, with the log-probability of each. Knows no queue or thread."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from clawlocal.engine.context import Aborted, Context, DecodeError
from clawlocal.engine.draw import draw
from clawlocal.engine.logprob import Normaliser
from clawlocal.engine.protocol import BASE, AdapterFile, Completion, Sampling, Stop
from clawlocal.engine.reply import Reply
from clawlocal.engine.sampler import Sampler
from clawlocal.engine.stream import TextStream
from clawlocal.engine.tokens import Vocabulary


@dataclass
class ChatRequest:
    """What was asked for, and what has come of it so far."""

    prompt_ids: tuple[int, ...]
    sampling: Sampling
    adapter: AdapterFile | None
    reply: Reply
    session: str = ""
    asked: float = field(default_factory=time.perf_counter)
    token_ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    first_token: float | None = None
    reused: int = 0
    prefill_seconds: float = 0.0
    """0 until the whole prompt is evaluated."""

    def __post_init__(self) -> None:
        self.stream = TextStream(self.sampling.stop)

    def completion(self, stopped: Stop, error: str | None = None) -> Completion:
        """The reply as it stands, with the text that was held back."""
        self.reply.push(self.stream.finish())
        total = time.perf_counter() - self.asked
        return Completion(
            text=self.stream.text,
            prompt_ids=self.prompt_ids,
            token_ids=tuple(self.token_ids),
            logprobs=tuple(self.logprobs),
            adapter=BASE if self.adapter is None else self.adapter.version,
            sampling=self.sampling,
            stopped=stopped,
            first_token_seconds=total if self.first_token is None else self.first_token,
            total_seconds=total,
            reused=self.reused,
            error=error,
        )

    def take(self, token: int, logprob: float) -> None:
        if not self.token_ids:
            self.first_token = time.perf_counter() - self.asked
        self.token_ids.append(token)
        self.logprobs.append(logprob)


def answer(context: Context, vocabulary: Vocabulary, request: ChatRequest, n_ctx: int) -> Completion:
    """Compute the reply; `context` holds a beginning of the prompt. What goes wrong is in the completion."""
    try:
        _prefill(context, request)
        return request.completion(_decode(context, vocabulary, request, n_ctx))
    except Aborted:
        return request.completion(Stop.CANCELLED)
    except DecodeError as e:
        return request.completion(Stop.FAILED, f"The model could not go on, {e}: ask again.")


def _prefill(context: Context, request: ChatRequest) -> None:
    began = time.perf_counter()
    while context.advance(request.prompt_ids):
        if request.reply.cancelled:
            raise Aborted
    request.prefill_seconds = time.perf_counter() - began


def _decode(context: Context, vocabulary: Vocabulary, request: ChatRequest, n_ctx: int) -> Stop:
    room = min(request.sampling.max_tokens, n_ctx - len(request.prompt_ids))
    normaliser = Normaliser(vocabulary.size)
    with Sampler(request.sampling) as sampler:
        while len(request.token_ids) < room:
            if request.reply.cancelled:
                return Stop.CANCELLED
            if request.token_ids:
                context.append(request.token_ids[-1])
            token, logprob = draw(sampler, normaliser, context.row())
            request.take(token, logprob)
            if vocabulary.ends(token):
                return Stop.END
            request.reply.push(request.stream.feed(vocabulary.heard(token)))
            if request.stream.stopped:
                return Stop.END
    return Stop.LENGTH
