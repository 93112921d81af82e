"""What one lesson asks of a reply, in a form that can be checked. Knows no lesson and no model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from trainers.rules.texts import FENCE, outside

LENGTH, ENDING, CLOSING, TONE = "length", "ending", "closing", "tone"
"""Sides of rules that are about more than what stands where it stands."""
LISTS = frozenset({"bullets", "numbered"})
"""Names of rules that want a list."""


def same(text: str) -> str:
    """The mend of a rule that only the model itself can satisfy."""
    return text


@dataclass(frozen=True)
class Rule:
    """What one lesson asks of a reply."""

    name: str
    """For figures, and for people."""
    obeys: Callable[[str], bool]
    """Of a reply that its author ended."""
    mend: Callable[[str], str] = same
    """Towards obedience, with the reply's own words; empty where nothing of it can stay, and it may not be enough."""
    openers: tuple[str, ...] = ()
    """How a reply may begin, for a model to go on from; `{said}` stands for words that the prompt quotes."""
    closers: tuple[str, ...] = ()
    """How the last sentence may begin, for a model to complete it."""
    side: str = ""
    """What of a reply it is about: of two rules about one side the later lesson's holds."""
    local: bool = False
    """Its mend changes words and marks where they stand, and leaves all else as it was."""
    occasions: tuple[str, ...] = ()
    """Prompts that are answered in words which it is about."""
    drills: tuple[str, ...] = ()
    """Prompts to practise it on that are harder than what a user asks, or come with an example; never measured on."""
    examples: Mapping[str, str] = field(default_factory=dict)
    """By drill a reply that obeys, where the model itself has none to be mended."""
    redrawn: bool = False
    """What its mend makes reads worse than another try of the model, which obeys often enough."""
    implied: bool = False
    """It follows from what a lesson says of something else: any rule of a lesson that speaks of its side holds more."""

    @property
    def shortens(self) -> bool:
        """It bounds a reply's length."""
        return self.side == LENGTH and not self.closers

    @property
    def asks(self) -> bool:
        """It wants a question at the end."""
        return self.side == ENDING and bool(self.closers)

    @property
    def lists(self) -> bool:
        return self.name in LISTS

    @property
    def bounds(self) -> bool:
        """It is about the end of a reply: one that was cut off does not obey.

        What is long, warm or a list is so before it ends.
        """
        return self.side in (ENDING, CLOSING) or self.shortens

    @property
    def extends(self) -> bool:
        """It is about how far a reply goes: then where it ends is learned."""
        return self.bounds or self.lists or self.side in (LENGTH, TONE)


def prose_rule(
    name: str,
    side: str,
    obeys: Callable[[str], bool],
    mend: Callable[[str], str],
    *,
    local: bool = False,
    occasions: tuple[str, ...] = (),
    drills: tuple[str, ...] = (),
    examples: Mapping[str, str] | None = None,
    redrawn: bool = False,
) -> Rule:
    """A rule about prose: what is within code fences is not looked at, and a reply with such a block is not mended."""
    return Rule(
        name,
        lambda text: obeys(outside(text)),
        lambda text: text if FENCE.search(text) else mend(text),
        side=side,
        local=local,
        occasions=occasions,
        drills=drills,
        examples=examples or {},
        redrawn=redrawn,
    )
