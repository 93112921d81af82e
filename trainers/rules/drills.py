"""Prompts that name words of a spelling, to be answered in the other one. Knows no lesson.

A wish about spelling is about hundreds of words, of which a reply has two or three: practice on everyday prompts alone
reaches the commonest few. Said in a prompt in the wrong spelling, a word comes back in the reply.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from trainers.rules.spelling import american, british

WORDS = 3
"""Of one prompt: a reply of a small model has room for them."""

_ASKED = (
    "Write two sentences with the words {}, {} and {}.",
    "Use {}, {} and {} in a short story.",
    "What do {}, {} and {} mean?",
    "Write a short text about {}, {} and {}.",
)

_COMMON = """
skeptical gray traveler cozy organization kilometer flavor realize theater fulfill analyze color jewelry
apologize neighbor center labeled behavior catalog recognize honor pajamas prioritize fiber canceled humor
specialize mold favorite mustache summarize liter modeling armor maneuver customize odor counselor emphasize
defense labor visualize marvelous savory characterize aluminum signaled rumor criticize centimeter fueled harbor
memorize skillful neighborhood generalize plow tunneling flavors normalize somber dialed vigor stabilize enroll
quarreled tumor standardize meager jeweler vapor utilize woolen paneled endeavor finalize artifacts pedaling
valor modernize airplane rivaled splendor personalize offense shoveled parlor socialize caliber spiraling candor
symbolize luster unraveled fervor sterilize specter dueling clamor optimize millimeter marveled savor fertilizer
pretense leveled colorful crystallize moldy traveling colors capitalize smoldering traveled favor civilization
anemia labeling organize colonize pediatrician modeled prioritization commercialize hemoglobin fueling
utilization equalize esophagus canceling optimization familiarize anesthesia travelers harmonize centers
hospitalize centered hypothesize liters idealize theaters immunize fibers industrialization kilometers
initialize centimeters legalize grayish localize mom mechanized moms mobilize fulfillment monopolize skillfully
neutralize enrollment popularize installment patronize defenses plagiarize catalogs polarize skepticism
pressurized chili publicize math randomize aging reorganize watercolor revitalize scrutinize subsidize
sympathize synchronize synthesize terrorize traumatized urbanization vandalize victimize jeopardize energize
globalization hypnotize magnetize materialize moisturizer nationalize oxidized appetizer categorize dramatize
economize fantasize paralyze
""".split()
"""American, from several families in turn. What both sides may write the same is not here."""


@cache
def drills(spell: Callable[[str], str]) -> tuple[str, ...]:
    """Prompts whose words `spell`, `spelling.british` or `spelling.american`, would write otherwise."""
    found = (british(word) if spell is american else word for word in _COMMON)
    words = [word for word in found if spell(word) != word]
    groups = [words[i : i + WORDS] for i in range(0, len(words) - WORDS + 1, WORDS)]
    return tuple(_ASKED[i % len(_ASKED)].format(*some) for i, some in enumerate(groups))
