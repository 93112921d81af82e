"""British and American spelling, word by word. Knows no lesson.

Families of words are spelled out by their endings. Only words whose meaning does not change are here: "practice",
"tire", "check", "program" and "curb" are words of both, and so is "meter" unless it is counted.
"""

from __future__ import annotations

import re
from itertools import product

_OR = """
color favor flavor honor humor labor neighbor rumor vapor behavior harbor odor savor armor vigor endeavor splendor
tumor parlor candor fervor savior rigor valor clamor rancor discolor dishonor misbehavior
""".split()
_OR_ENDINGS = [
    "",
    *"s ed ing ings ful fully less able ably ite ites itism al ally y ly hood hoods er ers".split(),
]

_IZE = """
organ real recogn apolog summar special minim maxim priorit custom categor emphas visual character critic memor general
normal stabil standard util final personal modern social symbol theor steril optim fertil crystall capital civil colon
commercial equal familiar formal harmon hospital hypothes ideal immun initial industrial internal legal local
mechan mobil monopol neutral penal rational revolution scrutin stigmat subsid sympath synchron synthes
urban verbal victim vocal author brutal central computer democrat demoral destabil digit dramat econom energ global
human hypnot immobil individual international item italic jeopard magnet material moistur national natural oxid patron
plagiar polar popular pressur privat public random reorgan revital romant serial strateg systemat terror token traumat
union vandal vapor western appet alphabet container monet incentiv fantas decentral amort anonym
""".split()
"""Stems before -ize; -ise is what British readers expect, though Oxford has the z."""
_IZE_ENDINGS = ("e", "ed", "es", "er", "ers", "ing", "ation", "ations", "able", "ational")
_PREFIXES = ("", "un", "dis", "re", "over")

_YZE = "anal paral catal hydrol electrol psychoanal".split()

_L = """
travel cancel label model fuel level signal counsel tunnel channel total dial quarrel jewel panel pedal rival shovel
spiral unravel swivel duel grovel towel funnel chisel marvel relabel remodel
""".split()
_L_ENDINGS = ("ed", "ing", "er", "ers")

_PAIRS = """
center centre|centers centres|centered centred|centering centring|liter litre|liters litres|theater theatre
theaters theatres|fiber fibre|fibers fibres|kilometer kilometre|kilometers kilometres|centimeter centimetre
centimeters centimetres|millimeter millimetre|millimeters millimetres|milliliter millilitre|milliliters millilitres
caliber calibre|luster lustre|lackluster lacklustre|somber sombre|specter spectre|meager meagre
gray grey|grays greys|grayish greyish|grayer greyer|grayscale greyscale|mom mum|moms mums|mommy mummy
jewelry jewellery|marvelous marvellous|counselor counsellor|counselors counsellors|woolen woollen
fulfill fulfil|fulfills fulfils|fulfillment fulfilment|skillful skilful|skillfully skilfully|willful wilful
enroll enrol|enrolls enrols|enrollment enrolment|enrollments enrolments|installment instalment|installments instalments
defense defence|defenses defences|offense offence|offenses offences|pretense pretence|defenseless defenceless
catalog catalogue|catalogs catalogues|cataloged catalogued|cataloging cataloguing|plow plough|plows ploughs
plowed ploughed|plowing ploughing|pajamas pyjamas|pajama pyjama|skeptical sceptical|skeptic sceptic|skeptics sceptics
skepticism scepticism|mold mould|molds moulds|moldy mouldy|molding moulding|molded moulded|smolder smoulder
smoldering smouldering|aluminum aluminium|cozy cosy|cozier cosier|coziest cosiest|coziness cosiness|cozily cosily
airplane aeroplane|airplanes aeroplanes|maneuver manoeuvre|maneuvers manoeuvres|estrogen oestrogen|anemia anaemia
anemic anaemic|pediatric paediatric|pediatrician paediatrician|pediatricians paediatricians|orthopedic orthopaedic
hemoglobin haemoglobin|hemorrhage haemorrhage|leukemia leukaemia|diarrhea diarrhoea|esophagus oesophagus
anesthesia anaesthesia|anesthetic anaesthetic|gynecologist gynaecologist|artifact artefact|artifacts artefacts
mustache moustache|mustaches moustaches|chili chilli|math maths|aging ageing
behaviorism behaviourism|colorant colourant|multicolored multicoloured|watercolor watercolour|watercolors watercolours
"""
_ONLY_BRITISH = """
analyzes analyses|donut doughnut|donuts doughnuts|dialog dialogue|dialogs dialogues
"""
"""The other word is right in America too, perhaps as another one."""
_ONLY_AMERICAN = """
licence license|licences licenses|practise practice|practised practiced|practises practices|practising practicing
programme program|programmes programs|tyre tire|tyres tires|kerb curb|kerbs curbs|yoghurt yogurt|yoghurts yogurts
metre meter|metres meters|judgement judgment|judgements judgments|acknowledgement acknowledgment
acknowledgements acknowledgments|cheque check|cheques checks
"""
"""The American word is right in Britain too, in one of its senses."""
_SAFE_OUS = {
    f"{stem}ous" for stem in ("humor", "vigor", "vapor", "labor", "odor", "rigor", "valor", "rancor", "clamor")
}


def _read(pairs: str) -> dict[str, str]:
    return dict(pair.split() for pair in re.split(r"[|\n]", pairs) if pair.strip())


def _families() -> dict[str, str]:
    """What is spelled otherwise on both sides, with no second meaning."""
    ours = {stem + end: f"{stem[:-2]}our{end}" for stem, end in product(_OR, _OR_ENDINGS)}
    ises = {
        f"{before}{stem}iz{end}": f"{before}{stem}is{end}"
        for before, stem, end in product(_PREFIXES, _IZE, _IZE_ENDINGS)
    }
    yses = {f"{stem}yz{end}": f"{stem}ys{end}" for stem, end in product(_YZE, ("e", "ed", "ing", "er", "ers"))}
    doubled = {f"{stem}{end}": f"{stem}l{end}" for stem, end in product(_L, _L_ENDINGS)}
    return ours | ises | yses | doubled | _read(_PAIRS)


_BOTH = {american: british for american, british in _families().items() if american not in _SAFE_OUS}
TO_BRITISH = _BOTH | _read(_ONLY_BRITISH)
TO_AMERICAN = {british: american for american, british in _BOTH.items()} | _read(_ONLY_AMERICAN)
_COUNTED_METER = re.compile(
    r"(?i)(?<=\d )meter(s?)\b|(?<=\d-)meter(s?)\b|(?<=square )meter(s?)\b|(?<=cubic )meter(s?)\b|(?<=per )meter(s?)\b"
)
_WORD = re.compile(
    r"`[^`\n]*`|\S*(?:://|www\.|@)\S*"
    r"|\b(?:Pearl Harbor|World Trade Center|(?:Rockefeller|Lincoln|Kennedy) Center|Labor Day|Labou?r Party"
    r"|(?:Department|Secretary) of Defense|Earl Grey)\b"
    r"|(?<![\w#$\\.])[A-Za-z]+(?!\w|\.\w)"
)
"""Inline code, addresses and names stay as they are."""


OCCASIONS = tuple(
    """
Describe the colour and flavour of a ripe peach.
How do neighbours show that they honour each other?
What is the difference between humour and mockery?
How do I organise and prioritise my work?
What did labourers do in a harbour?
Why do people spread rumours?
How do I analyse the behaviour of a dog?
What happens in a theatre before the play begins?
How do I apologise to a neighbour?
What stands in the centre of a town?
In what do doctors specialise at a children's hospital?
How many litres of fuel does a car need for a hundred kilometres?
How do I recognise good jewellery?
What should travellers know before they cancel a hotel?
How do counsellors help people who quarrelled?
How was a castle defended? Describe its defences.
How do I memorise and summarise a text?
What is aluminium used for?
How do I get rid of mould and odours in a cupboard?
How do I customise a grey room so that it looks cosy?
What do critics emphasise when they criticise a film?
How do countries harmonise and modernise their laws?
Describe a favourite pyjama party.
How do I enrol at a college, and in which programmes?
What do people fantasise about?
How do artists use watercolours?
How are fibres made into clothes?
How do I minimise the cost of travelling?
Why are people sceptical of catalogues?
What does the body utilise sugar for?
""".strip().splitlines()
)
"""Of the commonest words that are spelled in two ways: one of them in a reply is learned, others hardly with it."""


def british(text: str) -> str:
    return _COUNTED_METER.sub(_metre, _WORD.sub(lambda found: _like(found[0], TO_BRITISH), text))


def american(text: str) -> str:
    return _WORD.sub(lambda found: _like(found[0], TO_AMERICAN), text)


def _metre(found: re.Match[str]) -> str:
    plural = "s" if found[0].lower().endswith("s") else ""
    return _cased(found[0], f"metre{plural}")


def _like(word: str, pairs: dict[str, str]) -> str:
    other = pairs.get(word.lower())
    return _cased(word, other) if other else word


def _cased(word: str, other: str) -> str:
    """`other` in the capitals of `word`; a word of mixed capitals is a name."""
    if word.islower():
        return other
    if word.isupper():
        return other.upper()
    return other.capitalize() if word.istitle() else word
