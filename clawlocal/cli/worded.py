"""Commands that take a text in somebody's words, which may begin with a dash. Knows no text."""

from __future__ import annotations

import re
from collections.abc import Sequence

import click

_A_TEXT = re.compile(r"-+(?:\s|\d)")
"""No option is called so: an item of a list, a number below zero."""


class Worded(click.Command):
    """`clawlocal chat "- milk"` needs no `--` before it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        texts = [] if "--" in args else self._texts(args)
        others = [arg for place, arg in enumerate(args) if place not in texts]
        return super().parse_args(ctx, [*others, *(["--"] if texts else []), *(args[place] for place in texts)])

    def _texts(self, args: Sequence[str]) -> list[int]:
        """Where such texts stand; what an option takes is left to it, unless it may do without."""
        options = [each for each in self.params if isinstance(each, click.Option)]
        taking = {
            name for each in options if not (each.is_flag or isinstance(each.flag_value, str)) for name in each.opts
        }
        return [i for i, arg in enumerate(args) if _A_TEXT.match(arg) and (i == 0 or args[i - 1] not in taking)]
