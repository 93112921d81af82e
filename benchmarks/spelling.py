"""American spellings and the British ones. Knows no word that is at home in both (practice, program, meter, tire)."""

from __future__ import annotations

import re
from itertools import product

_OUR = """arm behav cand clam col demean endeav fav ferv flav glam harb hon hum lab misdemean neighb od parl ranc rig
rum sav savi splend tum val vap vig""".split()
_OUR_ENDINGS = (
    "",
    "s",
    "ed",
    "ing",
    "ful",
    "less",
    "er",
    "ers",
    "able",
    "ably",
    "al",
    "ite",
    "ites",
    "ly",
    "hood",
    "y",
)

_RE = "calib cent centimet epicent fib kilomet lit lust meag millimet och sab scept somb spect theat".split()
_RE_ENDINGS = (("er", "re"), ("ers", "res"), ("ered", "red"))

_ISE = """agon apolog author capital caramel categor central character civil colon critic crystall custom dramat
econom emphas energ equal familiar fantas fertil final general harmon hospital hypnot ideal immun jeopard legal local
maxim memor minim mobil modern moistur neutral normal optim organ oxid pasteur personal popular pressur priorit random
real recogn revital revolution romantic scrutin social special stabil standard steril summar symbol sympath synchron
util vapor visual""".split()
_YSE = "anal paral catal".split()
_ISE_ENDINGS = ("e", "es", "ed", "ing", "er", "ers", "ation", "ations", "able")

_LL = """bevel cancel carol channel chisel counsel dial duel enamel equal fuel grovel initial jewel label level marvel
model panel pedal quarrel rival shovel shrivel signal spiral swivel total towel travel tunnel unravel""".split()
_LL_ENDINGS = ("ed", "ing", "er", "ers", "or", "ors", "ous", "ously")

_OTHERS = """acknowledgment:acknowledgement aging:ageing aluminum:aluminium anemia:anaemia anemic:anaemic
anesthesia:anaesthesia anesthetic:anaesthetic appall:appal artifact:artefact artifacts:artefacts ax:axe
catalog:catalogue catalogs:catalogues cozier:cosier cozy:cosy defense:defence defenses:defences diarrhea:diarrhoea
distill:distil donut:doughnut donuts:doughnuts drafty:draughty enroll:enrol enrollment:enrolment enrolls:enrols
estrogen:oestrogen esophagus:oesophagus fulfill:fulfil fulfillment:fulfilment fulfills:fulfils gray:grey
grayish:greyish grays:greys hemoglobin:haemoglobin hemorrhage:haemorrhage instill:instil jewelry:jewellery
leukemia:leukaemia licorice:liquorice maneuver:manoeuvre maneuvers:manoeuvres math:maths mold:mould molded:moulded
molding:moulding molds:moulds moldy:mouldy mollusk:mollusc mom:mum mommy:mummy moms:mums mustache:moustache
mustaches:moustaches offense:offence offenses:offences omelet:omelette omelets:omelettes orthopedic:orthopaedic
pajama:pyjama pajamas:pyjamas pediatric:paediatric pediatrician:paediatrician phony:phoney plow:plough plowed:ploughed
plowing:ploughing plows:ploughs pretense:pretence skeptic:sceptic skeptical:sceptical skepticism:scepticism
skeptics:sceptics skillful:skilful skillfully:skilfully smolder:smoulder smoldering:smouldering willful:wilful
woolen:woollen woolens:woollens""".split()


def _pairs() -> dict[str, str]:
    ours = ((f"{stem}or{end}", f"{stem}our{end}") for stem, end in product(_OUR, _OUR_ENDINGS))
    centres = ((stem + us, stem + uk) for stem, (us, uk) in product(_RE, _RE_ENDINGS))
    ise = ((f"{stem}iz{end}", f"{stem}is{end}") for stem, end in product(_ISE, _ISE_ENDINGS))
    yse = ((f"{stem}yz{end}", f"{stem}ys{end}") for stem, end in product(_YSE, _ISE_ENDINGS))
    doubled = ((stem + end, f"{stem}l{end}") for stem, end in product(_LL, _LL_ENDINGS))
    others = dict(pair.split(":") for pair in _OTHERS)
    return dict((*ours, *centres, *ise, *yse, *doubled)) | others


AMERICAN = _pairs()
"""From an American spelling to the British one: some 250 words with their inflections, a few of which nobody uses."""


def american(text: str) -> set[str]:
    """The words of a text that are spelt as in America."""
    return AMERICAN.keys() & set(re.findall(r"[a-z]+", text.lower()))
