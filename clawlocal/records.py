"""The rows of the store as the rest of the program sees them: frozen, typed, without SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Tool = Mapping[str, Any]
"""The description of a function, as OpenAI's interface has it: `{"type": "function", "function": {…}}`."""


class SignalKind(StrEnum):
    """What came after a reply."""

    MESSAGE = "message"
    """The user's next message: goes through the judge."""
    THUMB = "thumb"
    """A rating: value +1 or -1, exact."""
    CORRECTION = "correction"
    """The user says in words what the reply should have been: -1 and a hint, exact."""
    EDIT = "edit"
    """The user rewrote the reply: -1, and the new text is the demonstration."""
    RETRY = "retry"
    """The user asked for another reply: -1, exact."""
    VOTE = "vote"
    """Of two replies to the same message the user chose one: +1 for it, -1 for the other, 0 for neither. The text names
    the other turn.
    """
    TOOL = "tool"
    """What a tool gave back: goes through the judge."""


class LessonState(StrEnum):
    """How far a lesson has come."""

    NEW = "new"
    """Seen and not used yet, or set aside by a rollback or a later lesson: not in the prompt, and not taught."""
    ACTIVE = "active"
    """A line in the prompt, at once."""
    LEARNED = "learned"
    """In the weights of the live adapter; dropped from the prompt."""
    VETOED = "vetoed"
    """The user does not want it."""


IN_USE = (LessonState.ACTIVE, LessonState.LEARNED)
"""In the prompt or in the weights."""


class UpdateStatus(StrEnum):
    """How a run of the trainer ended."""

    RUNNING = "running"
    PUBLISHED = "published"
    REJECTED = "rejected"
    NOTHING = "nothing_to_do"
    FAILED = "failed"


class AdapterState(StrEnum):
    """Exactly one version is live for a model, or none: then the base speaks."""

    LIVE = "live"
    KEPT = "kept"


class TurnUse(StrEnum):
    """What became of a turn as a sample."""

    OPEN = "open"
    """No next state yet, or not judged yet."""
    QUEUED = "queued"
    """Judged and waiting for the trainer."""
    USED = "used"
    """Went into an update, once."""
    SKIPPED = "skipped"
    """Not trained on; `reason` says why."""


class NoPolicy(StrEnum):
    """Why no weights of this machine count as those that wrote a remote's reply."""

    NO_IDS = "no ids"
    """It tells no token ids, or not one log-probability for each."""
    UNKNOWN = "unknown"
    """Its model was not shown to be one of this machine when it replied."""
    REDACTED = "redacted"
    """What it read is not what stands here."""


class RemoteKind(StrEnum):
    """The dialect that a remote speaks."""

    OPENAI = "openai"
    """Chat alone, as OpenAI's interface has it."""
    VLLM = "vllm"
    """With token ids, log-probabilities, scoring of prompts, and LoRA adapters."""
    SGLANG = "sglang"
    """With log-probabilities and LoRA adapters."""
    RAY = "ray"
    """A cluster that trains, and a storage that this machine and the cluster share. It does not chat."""


class Purpose(StrEnum):
    """What a grant is for."""

    CHAT = "chat"
    """Replies are written there."""
    TRAIN = "train"
    """An adapter is trained there."""
    SERVE = "serve"
    """Replies there are made with an adapter that was learned here."""


class Offload(StrEnum):
    """Whether a remote trains what is too much for this machine, as the user answered."""

    ASK = "ask"
    """Each time."""
    ALWAYS = "always"
    """By itself, when the machine is idle and as far as it is granted."""
    NEVER = "never"
    """Nor is it proposed."""


class DataClass(StrEnum):
    """What may leave the machine."""

    PROMPTS = "prompts"
    """What is said in a chat that goes on there, from its beginning, and the system prompt."""
    LESSONS = "lessons"
    """The active lessons, which stand behind a message."""
    SAMPLES = "samples"
    """What an update learns from, as token ids and text: replies with their chats, verdicts, lessons, prompts."""
    ADAPTER = "adapter"
    """The live adapter, which may hold what it was trained on: to train on from it, or to be served there."""
    MODEL = "model"
    """The model's own file, where the storage does not have it yet."""


@dataclass(frozen=True)
class Session:
    id: str
    title: str
    created: str
    updated: str
    model: str
    system: str
    learning: bool
    turns: int = 0


@dataclass(frozen=True)
class ToolCall:
    """A tool that a model asked for, with its arguments by name."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Message:
    id: str
    session: str
    parent: str | None
    role: str
    content: str
    created: str
    note: str = ""
    """The active lessons that were appended to a user message when it was sent."""
    turn: str | None = None
    """For an assistant message: the turn that made it."""
    thought: str | None = None
    """What the model thought before it answered; None when it wrote no thought, empty when an empty one."""
    tool_calls: tuple[ToolCall, ...] = ()
    """The tools that it asked for."""


@dataclass(frozen=True)
class Turn:
    """A prompt and its reply, with all that the trainer needs."""

    id: str
    session: str
    user_message: str
    reply_message: str
    model: str
    adapter: str
    prompt_ids: tuple[int, ...]
    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    temperature: float
    stopped: str
    first_token_seconds: float
    total_seconds: float
    created: str
    use: TurnUse = TurnUse.OPEN
    reason: str = ""
    """Why the turn was skipped."""
    rating: int = 0
    """The user's thumb: +1, -1, or 0 for none."""
    thought_seconds: float = 0.0
    """How long the model thought."""
    tools: tuple[Tool, ...] = ()
    """The descriptions of the tools that were offered."""
    thinking: bool = True
    """Whether the model was let think, where it can be told."""
    remote: str = ""
    """The remote that wrote the reply; empty for this machine."""
    policy: str | None = None
    """The model of this machine whose weights wrote it, here or on a remote: the one that learns from it."""
    no_policy: str = ""
    """Why there is none, of `NoPolicy`; empty where there is one."""


@dataclass(frozen=True)
class Signal:
    id: int
    turn: str
    kind: SignalKind
    value: int
    text: str
    created: str


@dataclass(frozen=True)
class Verdict:
    """The judge's opinion of a turn. `hint` is what the next state says the reply should have been like."""

    turn: str
    signal: int
    value: int
    votes: tuple[int, ...]
    margin: float
    abstained: bool
    stage: str
    reason: str
    hint: str = ""
    hint_dropped: str = ""
    """Why a hint was dropped: too short, empty of content."""


THIS_TURN = "this turn"
"""The scope of a lesson about the subject of one exchange; teaches that exchange alone."""
TOPIC = "topic: "
"""Begins the scope of a lesson that holds for a topic: `topic: code`."""


@dataclass(frozen=True)
class Lesson:
    id: int
    text: str
    scope: str
    state: LessonState
    turns: tuple[str, ...]
    created: str
    update: int | None = None
    replaced_by: int | None = None
    """The later lesson, in use, that contradicts it and took its place."""
    share: float | None = None
    """How far it is in the live version's weights, from 0 to 1; None where that was not measured."""


@dataclass(frozen=True)
class Receipt:
    """The record of an update: what `learn now --wait --json` prints."""

    update: int | None
    status: UpdateStatus
    version: str | None = None
    parent: str | None = None
    samples: dict[str, Any] = field(default_factory=lambda: {"rl": 0, "opd": 0, "rehearsed": 0, "skipped": {}})
    lessons: list[dict[str, Any]] = field(default_factory=list)
    """`id`, `text`, and where it was measured `share`, as of a lesson."""
    metrics: dict[str, float] = field(default_factory=dict)
    gate: dict[str, Any] = field(default_factory=lambda: {"passed": False, "checks": []})
    seconds: float = 0.0
    reason: str = ""
    """In words: why rejected, why nothing to do, what failed."""
    created: str = ""


@dataclass(frozen=True)
class AdapterVersion:
    version: str
    model: str
    state: AdapterState
    created: str
    rank: int
    sha256: str
    parent: str | None
    path: str
    metrics: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Rebuild:
    """What is to be mended in a model's weights, though no turn waits for it."""

    forgotten: bool = False
    """The live version had seen what was forgotten: made anew from what remains."""
    vetoed: tuple[int, ...] = ()
    """Learned lessons that were vetoed: made anew without them."""
    carried: tuple[int, ...] = ()
    """Lessons to teach on top of what is live: another model had learned them, or they were said outright."""
    attempts: int = 0
    """How often the gate rejected it."""

    @property
    def anew(self) -> bool:
        """Whether it starts from the base."""
        return self.forgotten or bool(self.vetoed)


@dataclass(frozen=True)
class Event:
    id: int
    kind: str
    text: str
    created: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Queued:
    """A turn that waits for the trainer, with the verdict that counts (its hint included)."""

    turn: Turn
    verdict: Verdict
    attempts: int = 0
    """Rejected updates that it was part of."""


@dataclass(frozen=True)
class Remote:
    """An endpoint that the user added. Its key is in the environment, and nowhere else."""

    name: str
    kind: RemoteKind
    url: str
    """Without `/v1` and without a slash at its end."""
    created: str
    api_key_env: str = ""
    """The variable that holds the key; empty for none."""
    ca: str = ""
    """The file with the certificates to trust, and no others; empty for the system's."""
    plain: bool = False
    """Plain http to another machine was asked for."""
    storage: str = ""
    """Of a cluster: the folder that it and this machine read and write, as an address."""
    storage_endpoint: str = ""
    """The server of a storage that is `s3://`, as its URL; empty for others."""
    ssh: str = ""
    """The SSH host from which `url` is reached, as `user@host:port`; empty for straight from here."""


@dataclass(frozen=True)
class Grant:
    """What may be sent to a remote."""

    id: int
    remote: str
    host: str
    """With the port."""
    purpose: Purpose
    data: frozenset[DataClass]
    max_bytes: int
    expires: str
    created: str
    spent: int = 0
    """Bytes that were sent under it."""


@dataclass(frozen=True)
class Egress:
    """One request that left the machine, without its content."""

    id: int
    remote: str
    host: str
    purpose: Purpose
    sent: int
    received: int
    """Bytes, without the headers."""
    outcome: str
    created: str
