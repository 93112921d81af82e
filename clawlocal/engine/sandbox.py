"""Where a template from a model file runs: it reaches nothing, and what it does has an end.

Rounds, numbers and texts are bounded, so that a template's mistake is an error and not a program that
hangs. It is no wall against somebody who means harm. Knows no messages.
"""

from __future__ import annotations

from typing import Any

from jinja2 import Template, TemplateError, nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

MOST_ROUNDS = 300_000
"""Of all loops of one rendering, and calls of macros."""
MOST_TEXT = 5_000_000
"""Letters."""
MOST_BITS = 10_000
"""Of a whole number."""

MISTAKES = (
    TemplateError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    SyntaxError,
    RecursionError,
    MemoryError,
    NotImplementedError,
)
"""What a template's own mistakes raise, when it is read and when it is rendered."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja as chat templates expect it, with bounds."""

    intercepted_binops = frozenset({"*", "**"})

    def __init__(self) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
        self._rounds = 0

    def read(self, source: str) -> Template:
        """Compile. Raises one of `MISTAKES`."""
        tree = self.parse(source)
        for loop in tree.find_all(nodes.For):
            loop.body.insert(0, nodes.ExprStmt(_count()))
            if loop.test is not None:
                loop.test = nodes.And(_count(), loop.test)
        macros: list[nodes.Macro | nodes.CallBlock] = [*tree.find_all(nodes.Macro), *tree.find_all(nodes.CallBlock)]
        for macro in macros:
            macro.body.insert(0, nodes.ExprStmt(_count()))
        return self.from_string(tree)

    def render(self, template: Template, values: dict[str, Any]) -> str:
        """Raises one of `MISTAKES`."""
        self._rounds = 0
        parts, length = [], 0
        for part in template.generate(values):
            parts.append(part)
            length += len(part)
            if length > MOST_TEXT:
                raise TemplateError("it writes too much")
        return "".join(parts)

    def count_round(self) -> bool:
        """Called in every loop. Always true, so that it can stand in a loop's condition."""
        self._rounds += 1
        if self._rounds > MOST_ROUNDS:
            raise TemplateError("it does not come to an end")
        return True

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """`*` and `**`, with which a few letters of a template would fill the memory."""
        if _large(operator, left, right):
            raise TemplateError("it makes something too large")
        return super().call_binop(context, operator, left, right)


def _count() -> nodes.Call:
    """`count_round()` by a name that no template can take for itself."""
    return nodes.Call(nodes.EnvironmentAttribute("count_round"), [], [], None, None)


def _large(operator: str, left: Any, right: Any) -> bool:
    """The result would be larger than any template needs."""
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * right if operator == "**" else left.bit_length() + right.bit_length()
        return bits > MOST_BITS
    for many, times in ((left, right), (right, left)):
        if isinstance(many, (str, list, tuple)) and isinstance(times, int):
            return len(many) * times > MOST_TEXT
    return False
