"""The one object that an interface talks to: chat, feedback, learning, adapters.

Ties serving, environment, reward and training together over one data folder. Knows no terminal.
Every method may be called from any thread; none of them waits for learning except `learn_now(wait=True)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from clawlocal.config import Settings
from clawlocal.records import AdapterVersion, Event, Lesson, Message, Receipt, Session, Turn


@dataclass(frozen=True)
class Status:
    """Learning at this moment, in words and figures: what `learn status --json` prints."""

    learning: bool
    state: str
    """`off`, `waiting`, `judging`, `training`, `paused`, `not kept`."""
    why: str
    """One sentence: what happens next, or why nothing does."""
    queue: dict[str, int]
    """`open`, `queued`, `hints`, `skipped`."""
    judged: int
    live_version: str | None
    last_update: Receipt | None
    progress: float | None
    """Of the running update, 0 to 1."""
    holder: str | None
    """Who else holds the data folder; then nothing is learned here."""


class Reply:
    """A reply in the making. `turn_id` is set once the turn is on disk (never, for a temporary chat)."""

    session: str
    turn_id: str | None

    def __iter__(self) -> Iterator[str]:
        """Pieces of text as they come."""
        ...

    def cancel(self) -> None: ...

    def result(self, timeout: float | None = None) -> "Answer": ...


@dataclass(frozen=True)
class Answer:
    """A finished reply, already on disk (unless temporary)."""

    session: str
    turn: str | None
    text: str
    model: str
    adapter: str
    prompt_tokens: int
    completion_tokens: int
    first_token_seconds: float
    total_seconds: float
    stopped: str
    notices: tuple[str, ...]
    """Sentences for the user: older messages left out, the rest of the reply was lost, …"""


class Assistant:
    @classmethod
    def open(cls, settings: Settings | None = None, *, model: str | None = None, learn: bool = True) -> "Assistant":
        """Open the data folder at once; the model loads in the engine's thread meanwhile.

        With `learn`, take the lock; when another instance holds it, `status().holder` says who and chat
        works without learning. Raises `StoreError`, `ConfigError`, `ModelError`.
        """
        ...

    def wait_ready(self, timeout: float | None = None) -> None:
        """Until the model is loaded. Raises `ModelError` when it cannot be."""
        ...

    def close(self) -> None: ...

    # chat
    def chat(
        self,
        text: str,
        *,
        session: str | None = None,
        parent: str | None = None,
        temporary: bool = False,
        system: str | None = None,
        adapter: str = "live",
        lessons: bool = True,
        overrides: dict[str, float | int | None] | None = None,
        on_text: Callable[[str], None] | None = None,
        on_done: Callable[[Answer | BaseException], None] | None = None,
    ) -> Reply:
        """Send a message. Without `session` a new one starts (a temporary one lives in memory only:
        its id starts with `temp-`). `parent` is the message to answer after (default: the newest).
        Raises `PromptError` for an empty or overlong prompt; nothing is kept then."""
        ...

    def retry(self, turn: str, **kwargs: object) -> Reply:
        """Another reply to the same message; the old one stays as a branch, and counts as -1."""
        ...

    # feedback
    def rate(self, turn: str, rating: str) -> None:
        """`rating` is "good" or "bad"."""
        ...

    def correct(self, turn: str, text: str) -> str:
        """What the reply should have been, in words. Returns one sentence: what becomes of it."""
        ...

    def edit(self, turn: str, text: str) -> str:
        """The reply as it should have been. Returns one sentence."""
        ...

    # sessions
    def sessions(self, limit: int = 100) -> list[Session]: ...
    def session(self, session: str) -> Session: ...
    def messages(self, session: str) -> list[Message]:
        """The newest branch, oldest first."""
        ...
    def turn(self, turn: str) -> Turn: ...
    def rename_session(self, session: str, title: str) -> None: ...
    def delete_session(self, session: str) -> None: ...

    # learning
    def status(self, session: str | None = None) -> Status: ...
    def set_learning(self, on: bool) -> None: ...
    def set_session_learning(self, session: str, on: bool) -> None: ...
    def activity(self) -> None:
        """A key was pressed: training is suspended at once. Cheap; call it for every key."""
        ...
    def learn_now(self, wait: bool = False) -> Receipt | None: ...
    def why(self) -> list[tuple[str, str, bool]]:
        """Each condition for training: its name, its reading in words, and whether it holds."""
        ...
    def history(self) -> list[Receipt]: ...
    def lessons(self) -> list[Lesson]: ...
    def events(self, after: int = 0) -> list[Event]: ...
    def on_change(self, callback: Callable[[], None]) -> None:
        """Called, on any thread, whenever `status()` may have changed."""
        ...

    # adapters
    def adapters(self) -> list[AdapterVersion]: ...
    def rollback(self, to: str | None = None) -> str:
        """To `to` ("base" or a version; default: the live version's parent). Returns one sentence."""
        ...
    def export(self, version: str | None, format: str, out: Path) -> Path:
        """`format` is "peft" (a folder) or "gguf" (a file)."""
        ...

    def __enter__(self) -> "Assistant":
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
