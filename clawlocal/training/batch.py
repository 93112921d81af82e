"""From the queue to a job: which turns train, which do not and why. Knows no process and no files.

The prompts of student and teacher are rendered by the code that serves, so that what is trained is
what was served.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, cycle, islice, zip_longest

from clawlocal.conversation import Conversations
from clawlocal.engine.protocol import BASE, Engine
from clawlocal.errors import PromptError
from clawlocal.judge import hints
from clawlocal.judge.lessons import applying, note
from clawlocal.methods import Method
from clawlocal.prompting import Line, build, hinted
from clawlocal.provenance import why_none
from clawlocal.records import IN_USE, THIS_TURN, TOPIC, Lesson, LessonState, Queued, Rebuild, SignalKind, TurnUse
from clawlocal.store import Store
from clawlocal.store.lessons import key
from clawlocal.training import pairs, probes, recipes
from clawlocal.training.heed import Heed, checked, heed
from clawlocal.training.invented import invented
from clawlocal.training.kinds import alike, drilled, mostly, of_kinds, requests, spread
from clawlocal.training.prompts import EVERYDAY, NEUTRAL, OF_TOPIC
from trainers import rules, sift
from trainers.job import Pair, Probe, Rehearsal, Sample

MAX_TURNS = 16
"""Turns of one update; the rest waits for the next."""
MAX_PRACTICE = 600
"""Tokens of a prompt to practise on, lessons included."""
OWN_PROMPTS = 8
"""How many of the user's own earlier prompts are practised on, the newest first."""
ALIKE = 12
"""How many prompts of the kinds that the user asks for."""
MORE_ALIKE = 24
"""The same, where they ask for little else."""
INVENTED = 8
"""How many prompts that the model invents in the likeness of the user's own."""
PRACTICE = 40
"""Prompts to practise on: the user's own, those like them, invented and everyday ones together."""
DRILLS = 2
"""Drills before each prompt that is not the user's own; one, where more than words is to be practised."""
EXAMPLES, BEFORE = 110, 2
"""Drills that come with an example, where the user asks for little else, and prompts before them: as many as all rounds
take, and the others are measured on. What they show is far from what the model says by itself, and its own replies
would hold it to that.
"""
MAX_PROMPT = 1024
"""Tokens of prompt and reply that the trainer takes; a longer turn is skipped."""


@dataclass(frozen=True)
class Batch:
    """What one update learns from."""

    samples: tuple[Sample, ...]
    rehearsals: tuple[Rehearsal, ...]
    neutral: tuple[tuple[int, ...], ...]
    lessons: tuple[Lesson, ...]
    probes: tuple[Probe, ...] = ()
    skipped: dict[str, int] = field(default_factory=dict)
    own: tuple[str, ...] = ()
    """The user's own prompts that it may practise on."""
    rebuild: Rebuild | None = None
    """What it mends."""
    as_of: int = 0
    """The last event before it was made: what was forgotten since may be in it."""
    pairs: tuple[Pair, ...] = ()
    kept: tuple[str, ...] = ()
    """The turns whose replies were chosen in them: read, and not used up."""
    method: str = Method.DEFAULT
    """Of `recipes`."""
    unheeded: tuple[Lesson, ...] = ()
    """That the model does not follow even in its prompt (`heed`): nothing teaches them, and there they stay."""
    amplifiable: bool = True
    """What the lessons do in the prompt may be exaggerated."""

    @property
    def turns(self) -> list[str]:
        return [s.id for s in self.samples]

    def worth_training(self) -> bool:
        """Something to change: a bad verdict, a hint, an edit, a pair; for a rebuild also lessons.

        Of praise alone nothing follows but more of what the model does anyway: it is learned beside something else.
        """
        recipe = recipes.of(self.method)
        if self.rebuild is not None and self.rehearsals and recipe.rehearses:
            return True
        return bool(self.pairs) or any(recipe.learns_from(s) and not s.praised for s in self.samples)

    @property
    def praised(self) -> int:
        """How many replies the user only liked."""
        return sum(sample.praised for sample in self.samples)


@dataclass
class _Taken:
    """Of what waits, what an update can use."""

    kept: Mapping[str, str]
    """By reply that was not wanted the one that was kept."""
    samples: list[Sample] = field(default_factory=list)
    pairs: dict[str, Pair] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    carried: list[int] = field(default_factory=list)
    """Lessons of turns that cannot be used."""


class BatchMaker:
    """Makes the batch for one model from the store."""

    def __init__(
        self, store: Store, engine: Engine, conversations: Conversations, method: str = Method.DEFAULT
    ) -> None:
        self._method = method
        self._recipe = recipes.of(method)
        self._store = store
        self._engine = engine
        self._conversations = conversations

    def make(self, live: str | None, rebuild: Rebuild | None = None) -> Batch:
        """All that waits and can be used, for a policy that is at version `live` (None: the base).

        What can never be used waits no longer: it is skipped for good. For a `rebuild` from the base it is all
        that was used before and remains.
        """
        again = rebuild is not None and rebuild.anew
        taught = self.lessons()
        taken = self._taken(live or BASE, taught, again=again)
        if not taken.samples and rebuild is None:
            self._want(taken.carried)
            return Batch((), (), self._neutral(), (), skipped=dict(taken.skipped), method=self._method)
        own = requests(self._store.recent_prompts(2 * OWN_PROMPTS))[:OWN_PROMPTS]
        heard = self._heard(taught, own)
        unheeded = tuple(x for x in taught if x.id in heard and heard[x.id].deaf)
        taught = [x for x in taught if x not in unheeded]
        rehearsals, practised = self._rehearsals(taught, own)
        # What no prompt is about was not taught, and stays in the prompt until one is.
        lessons = tuple(x for x in taught if x.id in practised or not x.scope.startswith(TOPIC))
        # Without distillation none is taught; without practice they are measured on these prompts, and no more.
        lessons = lessons if self._recipe.w_opd else ()
        own = own if rehearsals and self._recipe.rehearses else []
        batch = Batch(
            tuple(taken.samples),
            rehearsals,
            self._neutral(),
            lessons,
            probes.rendered(self._engine),
            dict(taken.skipped),
            tuple(own),
            rebuild,
            pairs=tuple(taken.pairs.values()),
            kept=tuple(dict.fromkeys(taken.kept[turn] for turn in taken.pairs)),
            method=self._method,
            unheeded=unheeded,
            amplifiable=all(each.amplifiable for each in heard.values() if not each.deaf),
        )
        # What this very update teaches needs none of its own.
        at_hand = {x.id for x in lessons} if batch.worth_training() else set()
        self._want([x for x in taken.carried if x not in at_hand])
        return batch

    def _taken(self, policy: str, taught: Sequence[Lesson], *, again: bool) -> _Taken:
        """What waits and can be used; what can never be used is skipped for good."""
        taken = _Taken(self._kept(again))
        for queued in self._store.ledger(self._engine.name) if again else self._store.queue():
            not_now = "" if again else self._not_now(queued, len(taken.samples))
            if not_now:
                taken.skipped[not_now] += 1
                continue
            sample = self._sample(queued, policy, taught)
            pair = self._pair(queued, taken.kept)
            never = _never(sample, paired=pair is not None)
            if never:
                if not again:
                    self._store.set_turn_use(sample.id, TurnUse.SKIPPED, never)
                    taken.carried += self._carried(queued)
                taken.skipped[never] += 1
                continue
            if not self._recipe.rehearses and not self._recipe.learns_from(sample):
                # It waits: another method may learn from it.
                taken.skipped[recipes.lacking(self._method)] += 1
                continue
            taken.samples.append(sample)
            if pair is not None:
                taken.pairs[sample.id] = pair
        return taken

    def _heard(self, taught: Sequence[Lesson], own: Sequence[str]) -> dict[int, Heed]:
        """What the model makes of each lesson that only its own example could teach it, and that is not learned yet."""
        if not (self._recipe.rehearses and self._recipe.w_opd):
            return {}
        new = [x for x in taught if x.state is LessonState.ACTIVE and x.scope != THIS_TURN and not checked(x)]
        return {x.id: heed(self._engine, x.text, self._in_scope(x, own)) for x in new}

    def _in_scope(self, lesson: Lesson, own: Sequence[str]) -> list[str]:
        topic = lesson.scope.removeprefix(TOPIC)
        return [text for text in (*own, *OF_TOPIC.get(topic, ()), *EVERYDAY) if applying([lesson], text)]

    def _carried(self, queued: Queued) -> list[int]:
        """A turn that cannot be learned from, as one late in a long chat, may have made a lesson: that can.

        Or it shows that one is not learned well enough, which is practised again.
        """
        lesson = self._store.lesson_that_says(queued.verdict.hint) if queued.verdict.hint else None
        if lesson is None or lesson.scope == THIS_TURN:
            return []
        missed = lesson.state is LessonState.LEARNED and queued.verdict.value < 0
        return [lesson.id] if lesson.state is LessonState.ACTIVE or missed else []

    def _want(self, lessons: Sequence[int]) -> None:
        """Have the next idle time bring these on."""
        if lessons:
            self._store.want_rebuild(self._engine.name, carried=lessons)

    def lessons(self) -> list[Lesson]:
        """What the weights should hold after the update: learned before, and active now."""
        return [x for x in self._store.lessons() if x.state in IN_USE]

    def _not_now(self, queued: Queued, taken: int) -> str:
        turn = queued.turn
        if turn.policy != self._engine.name:
            foreign = why_none(turn)
            return f"made by {turn.remote}: {foreign}" if foreign else f"made by another model ({turn.policy})"
        return "waits for the next update" if taken >= MAX_TURNS else ""

    def _sample(self, queued: Queued, policy: str, taught: Sequence[Lesson]) -> Sample:
        turn = queued.turn
        return Sample(
            id=turn.id,
            prompt_ids=turn.prompt_ids,
            response_ids=turn.token_ids,
            old_logprobs=turn.logprobs,
            reward=float(queued.verdict.value),
            hinted_prompt_ids=self._hinted(queued, taught, queued.verdict.hint),
            on_policy=turn.adapter == policy,
            hinted_options=self._options(queued, taught) if self._recipe.method == "overlap" else (),
            edited_ids=self._edited(queued) if self._recipe.rehearses else None,
        )

    def _edited(self, queued: Queued) -> tuple[int, ...] | None:
        """The reply as the user rewrote it last, as the engine would write it, to the token that ends it.

        None where it was not, where a later verdict is good, and where the model thought or asked for tools: a
        template writes those, and what it thought does not lead to the new reply.
        """
        turn = queued.turn
        texts = [s.text for s in self._store.signals(turn.id) if s.kind is SignalKind.EDIT and s.text.strip()]
        message = self._store.message(turn.reply_message)
        if queued.verdict.value >= 0 or not texts or message.thought is not None or message.tool_calls:
            return None
        ids = written(self._engine, texts[-1], turn.token_ids)
        return ids if len(turn.prompt_ids) + len(ids) <= MAX_PROMPT else None

    def _kept(self, again: bool) -> dict[str, str]:
        use = TurnUse.USED if again else TurnUse.QUEUED
        return pairs.preferred(self._store, self._engine.name, use) if self._recipe.rehearses else {}

    def _pair(self, queued: Queued, kept: Mapping[str, str]) -> Pair | None:
        turn = queued.turn
        if turn.id not in kept:
            return None
        chosen = self._store.turn(kept[turn.id]).token_ids
        fits = chosen and len(turn.prompt_ids) + max(len(chosen), len(turn.token_ids)) <= MAX_PROMPT
        return Pair(turn.prompt_ids, chosen, turn.token_ids) if fits else None

    def _options(self, queued: Queued, taught: Sequence[Lesson]) -> tuple[tuple[int, ...], ...]:
        """Teachers' prompts with other hints of the same verdict: the directives, and the user's own words."""
        said = {signal.id: signal.text for signal in self._store.signals(queued.turn.id)}
        told = [v for v in self._store.verdicts(queued.turn.id) if v.hint and v.value == queued.verdict.value]
        texts = [text for v in told for text in (v.hint, hints.from_correction(said.get(v.signal, "")).text)]
        others = [text for text in dict.fromkeys(texts) if text != queued.verdict.hint]
        found = (self._hinted(queued, taught, text) for text in others) if queued.verdict.hint else ()
        return tuple(dict.fromkeys(ids for ids in found if ids is not None))

    def _hinted(self, queued: Queued, taught: Sequence[Lesson], hint: str) -> tuple[int, ...] | None:
        if not hint or key(hint) in self._store.vetoed_keys():
            return None
        # Every lesson, not only the newest: the teacher is the base, and must not unteach the others.
        lasting = [x for x in taught if x.scope != THIS_TURN]
        known = [x.text for x in applying(lasting, self._store.message(queued.turn.user_message).content)]
        lines = note(known if key(hint) in map(key, known) else [*known, hint])
        messages = self._store.branch_to(queued.turn.user_message)
        system = self._store.session(queued.turn.session).system
        turn, said = queued.turn, hinted(self._conversations.lines(messages), lines)
        # A remote is not told to leave thinking out.
        thinking = turn.thinking or bool(turn.remote)
        try:
            return build(self._engine, system, said, tools=turn.tools, thinking=thinking).ids
        except PromptError:
            return None

    def _rehearsals(self, lessons: Sequence[Lesson], own: Sequence[str]) -> tuple[tuple[Rehearsal, ...], set[int]]:
        """Each prompt with the lessons that hold for it, and which lessons those are; others are not practised on."""
        lasting = [x for x in lessons if x.scope != THIS_TURN]
        named = sorted({x.scope.removeprefix(TOPIC) for x in lasting if x.scope.startswith(TOPIC)})
        general = [x for x in lasting if not x.scope.startswith(TOPIC)]
        little_else = mostly(own)
        like = alike(own, MORE_ALIKE if little_else else ALIKE)
        drills = _drill_texts(general, own)
        room = max(0, PRACTICE - OWN_PROMPTS - len(like))
        occasions = islice((prompt for x in general for prompt in rules.occasions(x.text)), room)
        first = [*islice(of_kinds(named), PRACTICE // 4), *own]
        exemplary = little_else and _exemplified(general, drills)
        # Who asks for little else is measured on nothing else.
        others = [] if exemplary else list(dict.fromkeys([*occasions, *self._invented(lasting, own), *EVERYDAY]))
        between = max(0, PRACTICE - len(first) - len(like))
        texts = dict.fromkeys([*first, *spread(like, others[:between]), *others[between:]])
        found: list[Rehearsal] = []
        practised: set[int] = set()
        for text in texts:
            if len(found) == PRACTICE:
                break
            holding = applying(lasting, text)
            rehearsal = self._rehearsal(text, [x.text for x in holding]) if holding else None
            if rehearsal is not None:
                found.append(rehearsal)
                practised |= {x.id for x in holding}
        said = [x.text for x in general]
        if exemplary:
            shown = self._drills(islice(cycle(drills), EXAMPLES), said)
            return (*found[:BEFORE], *shown, *found[BEFORE:]), practised
        return self._mixed(found, drills, said), practised

    def _mixed(
        self, found: Sequence[Rehearsal], drills: Iterable[str], lessons: Sequence[str]
    ) -> tuple[Rehearsal, ...]:
        """With the drills of the lessons between the prompts behind the user's own."""
        each = DRILLS if all(rule.local for lesson in lessons for rule in rules.rules(lesson)) else 1
        chosen = iter(drills)
        mixed = list(found[:OWN_PROMPTS])
        for rehearsal in found[OWN_PROMPTS:]:
            mixed += [*self._drills(islice(chosen, each), lessons), rehearsal]
        return tuple(mixed)

    def _drills(self, texts: Iterable[str], lessons: Sequence[str]) -> list[Rehearsal]:
        found = (self._rehearsal(text, lessons) for text in texts)
        return [replace(drill, drill=True) for drill in found if drill is not None]

    def _invented(self, lessons: Sequence[Lesson], own: Sequence[str]) -> list[str]:
        return invented(self._engine, own, min(INVENTED, PRACTICE // 4)) if lessons else []

    def _rehearsal(self, text: str, lessons: Sequence[str]) -> Rehearsal | None:
        """None for a prompt that is too long to practise on: one pasted document would set the memory of all."""
        plain = [Line("user", text)]
        try:
            found = Rehearsal(
                build(self._engine, "", plain).ids,
                build(self._engine, "", hinted(plain, note(lessons))).ids,
                text,
                tuple(lessons),
            )
        except PromptError:
            return None
        return found if len(found.hinted_prompt_ids) <= MAX_PRACTICE else None

    def _neutral(self) -> tuple[tuple[int, ...], ...]:
        return tuple(build(self._engine, "", [Line("user", text)]).ids for text in NEUTRAL)


def _drill_texts(lessons: Sequence[Lesson], own: Sequence[str]) -> list[str]:
    """Drills of the lessons that are for who asks `own`, one of each in turn: there is room for some of them only."""
    turns = chain.from_iterable(zip_longest(*(rules.drills(x.text) for x in lessons)))
    return [text for text in dict.fromkeys(turns) if text and drilled(text, own)]


def _exemplified(lessons: Sequence[Lesson], drills: Iterable[str]) -> bool:
    """Whether some drill comes with an example."""
    of_each = [rule for lesson in lessons for rule in rules.rules(lesson.text)]
    return any(rules.example(of_each, text) for text in drills)


def written(engine: Engine, text: str, own: Sequence[int]) -> tuple[int, ...]:
    """A reply that somebody wrote, as a prompt would hold it: ended as the model's `own`, else by the template."""
    ending = tuple(own[-1:]) if set(own[-1:]) & set(engine.stop_ids) else probes.end(engine)
    return (*engine.tokenize(text), *ending)


def _never(sample: Sample, *, paired: bool) -> str:
    """Why no update can use a turn; empty when one can."""
    if not sample.response_ids:
        return "empty reply"
    if not sample.prompt_ids:
        return "prompt forgotten"
    if len(sample.prompt_ids) + len(sample.response_ids) > MAX_PROMPT:
        return "too long to train on"
    if broken := sift.why(sample):
        return broken
    # A verdict alone teaches only the version that made the reply; a hint, an edit and a preference teach any.
    any_version = paired or sample.edited or sample.hinted_prompt_ids is not None
    return "" if sample.on_policy or any_version else "made by another adapter version"
