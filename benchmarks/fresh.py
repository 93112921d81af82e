"""Prompts that no cache has seen, of exactly so many tokens. Knows no template."""

from __future__ import annotations

import random
from itertools import cycle

from clawlocal.engine.protocol import Engine

WORDS = """about above across after again air all along also always animal another answer apple area around
autumn back ball bank beach bear because bed before begin below best bird blue boat body book box boy bread bridge
bring brother brown build call car carry cat chair change child city clean clear cloud cold color come cook corn
country course cover cross dance dark day deep dinner dog door down draw dream drive dry each early earth east eat
egg end evening every eye face fall family far farm fast father feel field find fire first fish floor flower food
foot forest form friend front fruit game garden girl give glass gold good grass great green ground group grow hand
happy hard head heart heavy hill home horse hot hour house ice island keep kind king lake land large last late
leaf learn left letter life light line list little live long""".split()


class Fresh:
    """Random words. No two prompts in a row begin alike, so that not one token of a cache is of use."""

    def __init__(self, engine: Engine, seed: int = 0) -> None:
        self._engine = engine
        self._random = random.Random(seed)
        encoded = [engine.tokenize(f" {word}") for word in WORDS]
        self._ids = [ids[0] for ids in encoded if len(ids) == 1]
        self._firsts = cycle(self._ids)

    def ids(self, n: int) -> tuple[int, ...]:
        """A prompt of `n` tokens, without a chat template."""
        return (next(self._firsts), *self._random.choices(self._ids, k=n - 1))

    def text(self, n: int) -> str:
        """Words that are about `n` tokens inside a message."""
        return self._engine.detokenize(self.ids(n)).strip()
