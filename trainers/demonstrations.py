"""The student's own replies, mended until they obey: what it learns from where a lesson can be checked.

A small model does seldom what a line in its prompt asks for, so that the hinted teacher has little to show. Its own
reply, mended by rule and ended by its own words, shows just what was wished for, and stays near what it says anyway.
Rounds of drawing, keeping what is right and fine-tuning on it are STaR's (2203.14465) and ReST's (2308.08998); which
tokens are learned is ours: those that mending changed, and those at which a reply could have taken another turn (a
further sentence or line begins, or it ends). The rest is the model's own already: learned again it would only be
sharpened, until replies repeat themselves, and it is anchored to the base instead. Knows no framework.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import numpy as np

from trainers import replies, rules, sense
from trainers.chance import Chance
from trainers.drafts import Draft, local
from trainers.items import Ids
from trainers.job import Job, Rehearsal
from trainers.openers import opener
from trainers.policy import Drawing, Policy, Reply
from trainers.texts import Texts

DRAWS, OPENERS, CLOSERS, STUBS = range(10, 14)
REDRAWS = 15
"""What chance is used for, beside `update`'s."""

LEAST_WORDS, MOST_WORDS = 50, 110
"""Of a reply that something is to be added to: lengths differ, so that it is not one length that is learned."""
TRIES = 3
"""Ways to go on that are tried for one reply."""
REDRAWN = 3
"""Replies that are drawn in place of one that would read badly when mended."""
FEWEST = 4
"""Demonstrations in a round: of fewer, one reply would be learned by heart, and the teacher has to do. Not so where
words are changed and nothing else: then no more than those is learned.
"""
SENTENCES = 4
"""Sentences that are added to one reply at most."""
SENTENCE = 32
"""Tokens of one."""
MARKS = frozenset("-*•+")
"""Of items, where they are a token of their own."""
LEAST_WEIGHT = 0.1
"""Of a reply that obeyed as it was drawn, however many do (`need`)."""
LEAST_STUB = 4
"""Words of an added sentence."""

_CLOSING = re.compile(r"[.!?…:][\"'”’)*_]*\s*$|\n")
"""What a token is like behind which something else begins."""


@dataclass(frozen=True)
class Shown:
    """One demonstration: a reply to a rehearsal, by its place, and each token's weight."""

    rehearsal: int
    reply: Reply
    weight: tuple[float, ...]
    """0 where the base is to be kept to."""


@dataclass(frozen=True)
class Round:
    """What one drawing gave."""

    obeyed: float
    """Share of replies that obeyed as they were drawn."""
    shown: tuple[Shown, ...]
    count: int
    """Of them, also when they are kept no longer."""


class Demonstrator:
    """Draws and mends replies of one policy to a job's rehearsals."""

    def __init__(self, policy: Policy, job: Job, texts: Texts) -> None:
        self._policy, self._job, self._texts = policy, job, texts
        self._stop_ids = frozenset(job.stop_ids)
        self._closing: dict[int, bool] = {}
        self.drawing = Drawing(job.recipe.temperature, job.recipe.min_p, job.recipe.repeat_after)

    def obedience(self, rehearsals: Sequence[Rehearsal], said: Sequence[Reply]) -> float:
        """Share of replies that obey every rule of their rehearsal and are not broken; of those with rules."""
        return self._obeyed(self._drafts(rehearsals, said))

    def obedience_to(self, lesson: str, rehearsals: Sequence[Rehearsal], said: Sequence[Reply]) -> float:
        """The same of one lesson, of those replies that it holds for."""
        drafts = [d for d in self._drafts(rehearsals, said) if lesson in d.rehearsal.lessons]
        return self._obeyed([replace(d, rules=rules.of_one(lesson, d.rehearsal.lessons)) for d in drafts])

    def round(self, rehearsals: Sequence[Rehearsal], number: int, tell: Callable[[int], None]) -> Round:
        """Fresh replies of the student, mended; those that cannot be are left out."""
        given = self._given(rehearsals)
        own = [i for i in range(len(rehearsals)) if i not in given]
        said = self._draw([rehearsals[i].prompt_ids for i in own], DRAWS, number, self._job.recipe.longest, tell)
        drafts = [self._draft(i, rehearsals[i], reply) for i, reply in zip(own, said, strict=True)]
        right = [draft.right and self._exemplary(draft) for draft in drafts]
        wrong = [draft for draft, good in zip(drafts, right, strict=True) if not good]
        kept = [draft for draft, good in zip(drafts, right, strict=True) if good and not local(draft.rules)]
        redrawn = self._redrawn([draft for draft in wrong if draft.hopeless], number, tell)
        if len(kept) + len(redrawn) >= FEWEST:
            wrong = [draft for draft in wrong if not draft.hopeless]
        mended = self._closed(self._mended([*self._opened(wrong, number, tell), *given.values()]), number, tell)
        # Of sums and the like there may be nothing but short ones.
        if sum(not draft.curt for draft in (*mended, *kept)) >= FEWEST:
            mended, kept = ([draft for draft in some if not draft.curt] for some in (mended, kept))
        obeyed = self._obeyed(drafts)
        shown = [self._mended_reply(draft) for draft in mended]
        shown += [self._drawn(draft, 1.0, again=True) for draft in redrawn]
        shown += [self._drawn(draft, need(obeyed)) for draft in kept]
        shown = [each for each in shown if not replies.repetitive(each.reply, self._stop_ids)]
        return Round(obeyed, tuple(shown), len(shown))

    def _given(self, rehearsals: Sequence[Rehearsal]) -> dict[int, Draft]:
        """Replies that nobody draws: what a rule has as an example, by the place of its drill."""
        found = {}
        for i, rehearsal in enumerate(rehearsals):
            of_it = rules.of_all(rehearsal.lessons) if rehearsal.drill else ()
            if text := rules.example(of_it, rehearsal.text):
                found[i] = Draft(i, rehearsal, of_it, (), text, True)
        return found

    def _drafts(self, rehearsals: Sequence[Rehearsal], said: Sequence[Reply]) -> list[Draft]:
        return [self._draft(i, r, reply) for i, (r, reply) in enumerate(zip(rehearsals, said, strict=True))]

    def _obeyed(self, drafts: Sequence[Draft]) -> float:
        return _share([draft.obeys and self._whole(draft) for draft in drafts if draft.rules])

    def _draft(self, place: int, rehearsal: Rehearsal, reply: Reply, opener: str = "") -> Draft:
        ended = bool(reply) and reply[-1] in self._stop_ids
        text = opener + self._texts.read(reply[:-1] if ended else reply)
        found = rules.of_all(rehearsal.lessons)
        return Draft(place, rehearsal, found, reply, text if ended else sense.finished(text), ended)

    def _whole(self, draft: Draft) -> bool:
        return not replies.degenerate(draft.drawn, self._stop_ids)

    def _exemplary(self, draft: Draft) -> bool:
        return not replies.repetitive(draft.drawn, self._stop_ids)

    def _redrawn(self, drafts: Sequence[Draft], number: int, tell: Callable[[int], None]) -> list[Draft]:
        """For each the first right one of a few more tries, if any: rejection sampling, as in RAFT (2304.06767)."""
        asked = [draft for draft in drafts for _ in range(REDRAWN)]
        prompts = [draft.rehearsal.prompt_ids for draft in asked]
        said = self._draw(prompts, REDRAWS, number, self._job.recipe.longest, tell)
        found: dict[int, Draft] = {}
        for draft, reply in zip(asked, said, strict=True):
            tried = self._draft(draft.place, draft.rehearsal, reply)
            if tried.right and self._exemplary(tried):
                found.setdefault(draft.place, tried)
        return list(found.values())

    # mending
    def _opened(self, drafts: Sequence[Draft], number: int, tell: Callable[[int], None]) -> list[Draft]:
        """Drawn again behind a beginning, where a rule has one and is not obeyed."""
        chance = np.random.default_rng([self._job.recipe.seed, STUBS, number, OPENERS])
        openers = [[o for rule in d.rules if not rule.obeys(d.text) for o in rule.openers] for d in drafts]
        chosen = [opener(o, d.rehearsal.text, chance) for d, o in zip(drafts, openers, strict=True)]
        begun = [(d, o) for d, o in zip(drafts, chosen, strict=True) if o]
        prompts = [(*d.rehearsal.prompt_ids, *self._texts.ids(o.rstrip())) for d, o in begun]
        said = self._draw(prompts, OPENERS, number, self._job.recipe.longest, tell)
        again = [self._draft(d.place, d.rehearsal, r, o.rstrip()) for (d, o), r in zip(begun, said, strict=True)]
        found = {draft.place: draft for draft in again}
        return [found.get(d.place, d) for d in drafts]

    def _mended(self, drafts: Sequence[Draft]) -> list[Draft]:
        """By rule alone."""
        chance = np.random.default_rng([self._job.recipe.seed, STUBS, len(drafts)])
        found = []
        for draft in drafts:
            text = rules.mended(draft.rules, rules.unquestioned(draft.text) if draft.asks else draft.text)
            if draft.asks:
                # Where it ended by itself it is to ask just there.
                room = MOST_WORDS if draft.ended else int(chance.integers(LEAST_WORDS, MOST_WORDS))
                text = draft.own_ending() or replace(draft, text=text).with_room(room)
            found.append(replace(draft, text=text))
        return [draft for draft in found if draft.text]

    def _closed(self, drafts: list[Draft], number: int, tell: Callable[[int], None]) -> list[Draft]:
        """With sentences added, where a rule needs them; only those that obey in the end."""
        done: list[Draft] = []
        for attempt in range(SENTENCES + 1):
            right = [replace(draft, ended=True).right for draft in drafts]
            done += [draft for draft, good in zip(drafts, right, strict=True) if good]
            if attempt < SENTENCES:
                lacking = [d for d, good in zip(drafts, right, strict=True) if not good and d.lacking]
                drafts = self._longer(lacking, SENTENCES * number + attempt, tell)
        return done

    def _longer(self, drafts: Sequence[Draft], number: int, tell: Callable[[int], None]) -> list[Draft]:
        """One sentence more, of the base's: the student would soon end its own endings with endings."""
        chance = np.random.default_rng([self._job.recipe.seed, STUBS, number, CLOSERS])
        tries = [(draft, rule) for draft in drafts for _ in range(TRIES) if (rule := draft.lacking)]
        stubs = [rule.closers[int(chance.integers(len(rule.closers)))].rstrip() for _, rule in tries]
        begun = [f"{draft.text}{_gap(draft.text)}{stub}" for (draft, _), stub in zip(tries, stubs, strict=True)]
        prompts = [(*d.rehearsal.prompt_ids, *self._texts.ids(text)) for (d, _), text in zip(tries, begun, strict=True)]
        said = self._draw(prompts, CLOSERS, number, SENTENCE, tell, base=True)
        found: dict[int, Draft] = {}
        for (draft, rule), stub, reply in zip(tries, stubs, said, strict=True):
            sentence = _sentence(stub + self._texts.read(reply))
            # What a question at the end asks is chosen to fit; any other sentence is as the base would go on.
            own = () if rule.asks else self._texts.ids(sentence[len(stub) :])
            text = f"{draft.text}{_gap(draft.text)}{sentence}"
            longer = replace(draft, text=text, added=(*draft.added, *own))
            ends = not rule.asks or rule.obeys(longer.text)
            if ends and sentence not in draft.text and sense.leads_on(draft.rehearsal.text, draft.text, sentence):
                found.setdefault(draft.place, longer)
        return list(found.values())

    def _draw(
        self,
        prompts: Sequence[Ids],
        purpose: int,
        number: int,
        tokens: int,
        tell: Callable[[int], None],
        *,
        base: bool = False,
    ) -> list[Reply]:
        chance = Chance(self._job.recipe.seed, purpose, number).of(len(prompts), tokens)
        return self._policy.sample(prompts, self._job.stop_ids, chance, tell, base=base, drawing=self.drawing)

    def _mended_reply(self, draft: Draft) -> Shown:
        ended = draft.ended or any(rule.extends for rule in draft.rules)
        reply = (*self._texts.ids(draft.text), *([self._end(draft)] if ended else []))
        # Where a few words were changed nothing else was at stake.
        drawn = self._draft(draft.place, draft.rehearsal, draft.drawn)
        cut = ended and not draft.ended
        words_only = local([r for r in draft.rules if not r.obeys(drawn.text)]) and not cut
        own = (*draft.drawn, *draft.added)
        return Shown(draft.place, reply, weights(own, reply, () if words_only else self._turns(reply)))

    def _drawn(self, draft: Draft, weight: float, *, again: bool = False) -> Shown:
        """As the student said it; `again` where it said something wrong before, and began otherwise."""
        found = weights(draft.drawn, draft.drawn, [*([0] if again else []), *self._turns(draft.drawn)])
        return Shown(draft.place, draft.drawn, tuple(weight * each for each in found))

    def _turns(self, reply: Reply) -> list[int]:
        """Places of the tokens with which a further sentence, a line, an item or the end of the reply begins.

        Not the first of all: how a reply begins is no other turn, and learned again replies begin ever more alike.
        """
        found: list[int] = []
        for i in range(1, len(reply)):
            # Behind a list's mark as well: who has learned the marks alone writes lists of nothing.
            marked = bool(found) and found[-1] == i - 1 and self._texts.read((reply[i - 1],)).strip() in MARKS
            if marked or self._closes(reply[i - 1]):
                found.append(i)
        return found

    def _closes(self, token: int) -> bool:
        if token not in self._closing:
            self._closing[token] = bool(_CLOSING.search(self._texts.read((token,))))
        return self._closing[token]

    def _end(self, draft: Draft) -> int:
        return draft.drawn[-1] if draft.ended and draft.drawn else self._job.stop_ids[0]


def weights(own: Reply, mended: Reply, turns: Collection[int], copied: float = 0.0) -> tuple[float, ...]:
    """Of each token of `mended`: 1 where it is not `own`'s, follows something that was left out, or is one of `turns`
    (places), else `copied`; scaled to a mean of 1.
    """
    found = np.full(len(mended), copied)
    for kind, _, _, first, last in SequenceMatcher(None, own, mended, autojunk=False).get_opcodes():
        if kind != "equal":
            found[first : max(last, first + 1)] = 1.0
    found[list(turns)] = 1.0
    return tuple((found / found.mean()).tolist()) if found.any() else tuple(found.tolist())


def checkable(rehearsal: Rehearsal) -> bool:
    """Whether a rule can say of a reply to it that it obeys."""
    return bool(rehearsal.text and rules.of_all(rehearsal.lessons))


def wordless(rehearsal: Rehearsal) -> bool:
    """Whether some lesson of it has no rule, so that only a teacher can show it."""
    return not rehearsal.lessons or not all(rules.rules(lesson) for lesson in rehearsal.lessons)


def need(obeyed: float) -> float:
    """What a reply weighs that teaches nothing new, beside one that was mended.

    Where most obey as they are, more of them would only make the likely likelier, until replies repeat themselves.
    """
    return max(LEAST_WEIGHT, 1 - obeyed)


def _gap(text: str) -> str:
    """Between a reply and a sentence that is added: a list gets a paragraph behind it."""
    return "\n\n" if rules.marks(text.rpartition("\n")[2]) else " "


def _sentence(text: str) -> str:
    """The first sentence, if it has an end and some words."""
    ends = sense.ends(text)
    sentence = text[: ends[0]].strip() if ends else ""
    return sentence if len(sentence.split()) >= LEAST_STUB and "\n" not in sentence else ""


def _share(found: Collection[bool]) -> float:
    return sum(found) / len(found) if found else 0.0
