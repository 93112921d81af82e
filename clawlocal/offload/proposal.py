"""What a user is asked before a cluster does an update: what leaves, where to, and why not here. Opens no socket."""

from __future__ import annotations

from dataclasses import dataclass

from clawlocal.offload.consent import MEGABYTE


@dataclass(frozen=True)
class Proposal:
    """One cluster, for what waits now."""

    remote: str
    to: str
    """Whom the grant names: the host, and the storage."""
    model: str
    why: str
    """Why this machine does not do it, as a clause; empty where it could."""
    waiting: str
    """What would be learned, as a clause."""
    sizes: dict[str, int]
    """Bytes of each part. `model` is the model's own file, which is sent where the storage does not have it."""
    kept_here: int
    """Replies, prompts and pairs in which redaction finds something."""

    def words(self) -> str:
        """All of it, for a person to read."""
        why = f"The next update is too much for this machine: {self.why}. " if self.why else ""
        parts = [f"{_size(size)} of {what}" for what, size in self.sizes.items() if size and what != "model"]
        return (
            f"{why}{self.remote} could do it. What waits: {self.waiting}.\n\n"
            f"What would be sent to {self.to}, within what you granted: {_listed(parts)}; and the file of "
            f"{self.model}, {_size(self.sizes.get('model', 0))}, where it is not there yet.{stays(self.kept_here)} "
            "Whoever runs it can read that.\n\n"
            "The adapter comes home and is measured here before it goes live."
        )


def stays(count: int) -> str:
    """A sentence with a space before it, of replies and prompts that redaction keeps here; empty for none."""
    return f" {count} more stay here: redaction finds something in them." if count else ""


def _size(size: int) -> str:
    return f"{size / MEGABYTE:,.1f} MB" if size >= MEGABYTE / 10 else f"{size:,} bytes"


def _listed(parts: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))
