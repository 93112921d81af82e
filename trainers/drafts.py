"""A reply on its way to obedience: whether it obeys, whether it may be shown, and what it lacks. Draws nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trainers import rules, sense
from trainers.job import Rehearsal
from trainers.openers import takes_up
from trainers.policy import Reply
from trainers.rules import Rule

LEAST_ITEMS = 3
"""Of a list: a model that is shown shorter ones ends after the first item."""
LEAST_ANSWER, FULL_ANSWER = 15, 40
"""Words before a question with which a reply may end: at least, and where the student says as much. Who is shown less
asks after one sentence, sooner in each round.
"""


@dataclass(frozen=True)
class Draft:
    """A reply on its way to obedience."""

    place: int
    rehearsal: Rehearsal
    rules: tuple[Rule, ...]
    drawn: Reply
    """What of it the student said itself."""
    text: str
    ended: bool
    added: Reply = ()
    """What of the text is the base's, which went on from a few given words."""

    @property
    def obeys(self) -> bool:
        ends = self.ended or not any(rule.bounds for rule in self.rules)
        return ends and rules.obeyed(self.rules, self.text) and self._works_out()

    def _works_out(self) -> bool:
        """Who wants to see the steps of a sum is not content with a reply that calculates nothing."""
        asked = any(rule.side == rules.STEPS for rule in self.rules) and sense.is_sum(self.rehearsal.text)
        return not asked or rules.works_out(self.text)

    @property
    def right(self) -> bool:
        """It obeys, answers, and asks something that leads on where it is to ask; a list comes to its end."""
        answers = self.obeys and sense.answers(self.rehearsal.text, self.text)
        fits = (not self.asks or self._leads_on()) and (not self.warm or self._takes_up())
        return answers and self.worked and fits and (not self._lists or self._whole_list())

    @property
    def worked(self) -> bool:
        """How a sum was worked out is said: whatever else is learned from the reply, nobody wants that unlearned.

        Whoever wants short answers may want the result alone, and where words are respelled nothing else changes.
        """
        free = local(self.rules) or self._shortens
        return free or not sense.is_sum(self.rehearsal.text) or rules.shows_steps(self.text)

    @property
    def asks(self) -> bool:
        return any(rule.asks for rule in self.rules)

    @property
    def curt(self) -> bool:
        """It asks back when it has said little, and nobody wanted it short."""
        return self.asks and not self._shortens and _words(rules.unquestioned(self.text)) < FULL_ANSWER

    @property
    def warm(self) -> bool:
        return any(rule.side == rules.TONE for rule in self.rules)

    def _takes_up(self) -> bool:
        # Warm words that would do for anybody's text are hollow.
        return takes_up(self.rehearsal.text, self.text)

    def _leads_on(self) -> bool:
        rest = rules.unquestioned(self.text)
        asked = self.text[len(rest) :]
        # Who is shown two questions in a row goes on asking.
        return bool(rest) and len(rules.sentences(asked)) == 1 and sense.leads_on(self.rehearsal.text, rest, asked)

    def _whole_list(self) -> bool:
        return self.ended and len(rules.marks(self.text)) >= LEAST_ITEMS

    @property
    def _lists(self) -> bool:
        return any(rule.lists for rule in self.rules)

    @property
    def _shortens(self) -> bool:
        return any(rule.shortens for rule in self.rules)

    @property
    def hopeless(self) -> bool:
        """Another try is better than a mend of what it lacks."""
        wrong = any(rule.redrawn and not rule.obeys(self.text) for rule in self.rules)
        return wrong or not self.worked or not self._works_out()

    @property
    def lacking(self) -> Rule | None:
        """What more sentences may mend; endings come last among a lesson's rules."""
        return next((rule for rule in self.rules if rule.closers and not rule.obeys(self.text)), None)

    def own_ending(self) -> str:
        """Up to the question that the student asked first itself, where it only had to stop there; else empty.

        It learns that one is enough just where it went on.
        """
        least = LEAST_ANSWER if self._shortens or _words(self.text) < FULL_ANSWER else FULL_ANSWER
        for end in sense.ends(self.text):
            text = rules.mended(self.rules, self.text[:end])
            if (rest := rules.unquestioned(text)) != text:
                return text if _words(rest) >= least and replace(self, text=text, ended=True).right else ""
        return ""

    def with_room(self, words: int) -> str:
        """The first so many words, in whole sentences, without the last ones where one more would be too many."""
        limits = [rule for rule in self.rules if rule.shortens]
        text = sense.within(self.text, words)
        while text and not all(rule.obeys(f"{text} And so on?") for rule in limits):
            text = text[: max(sense.ends(text)[:-1], default=0)].rstrip()
        return text


def local(found: Sequence[Rule]) -> bool:
    """Whether they change nothing but words where they stand."""
    return all(rule.local for rule in found)


def _words(text: str) -> int:
    return len(text.split())
