"""How people speak of the length and the form of a reply: "wall of text", "reads like a slide deck". Knows no reply."""

from __future__ import annotations

from clawlocal.judge.wishes import subjects as s
from clawlocal.judge.wishes.phrase import WHOLE, phrase

_SO = r"(?:(?:way|much|far|so|still|again|really|just|somewhat|quite|a lot|very|super|too) )*"
_IT = (
    r"(?:it|this|that|them|the (?:answer|reply|text|whole thing|thing)|your (?:answers?|replies|responses?)|answers"
    r"|replies|everything|things|these)"
)
_LOOKS = (
    r"(?:looks?|looking|sounds?|sounding|reads?|reading|smells?|feels?|seems?|screams?|written|wrote|writes"
    r"|talk(?:s|ing)?|speak(?:s|ing)?|write|writing)"
)
_SLIDES = (
    r"(?:slide ?(?:deck|show|s)?|power ?point|ppt|presentation|shopping list|check ?list|to-?do list|telegram"
    r"|instruction manual|manual|brochure|leaflet|flyer|poster|memo|agenda|menu|table of contents|outline)"
)

FORM = (
    # length
    phrase(
        "length",
        s.SHORT,
        r"\btl ?;? ?dr\b|\b(?:a |big |huge |another |giant |such a |massive )*(?:wall|walls|block|mountain|flood"
        r"|sea) of (?:text|words|letters)\b",
        there="long",
    ),
    phrase(
        "length",
        s.SHORT,
        r"\b(?:not|never|no one is|nobody is|who is|who has time to|is not) (?:going to |gonna )?read(?:ing"
        r"|s)? (?:all )?(?:of )?(?:that|this|it all|all)\b"
        r"|\btoo much (?:text|to read|reading|writing|blah|waffle|waffling|talk|info|information|words|at once"
        r"|rambling|yapping)\b|\b(?:so|too) many words\b|\bstop (?:rambling|waffling|yapping|blathering)\b"
        r"|\bless (?:text|words|talk|waffle|waffling|blah|rambling|yapping|chatter|wordy|verbose|long"
        r"|long[- ]?winded|detail(?:ed|s)?)\b|\bfewer words\b|\bnobody (?:reads|has time for) (?:all )?(?:that"
        r"|this)(?= long| much|$)"
        r"|\bdo not (?:ramble|waffle|write (?:so much|a novel|novels|an essay|essays|a book))\b"
        r"|\bshort(?:er)? (?:and sweet|version|answers?|replies|reply|responses?|messages?)\b"
        r"|\bkeep (?:it|this|that|answers|replies|your \w+|things|them|everything) (?:\w+ ){0,2}?(?:short|brief"
        r"|concise|snappy|to the point)(?:er)?\b"
        r"|\b(?:got|get) lost (?:half ?way|in the middle)\b|\bwrote (?:me )?(?:a|an) (?:whole )?(?:novel|essay"
        r"|book|thesis|bible)\b",
        2,
        there="long",
    ),
    phrase(
        "length",
        s.SHORT,
        rf"\b{_SO}(?:shorter|briefer|more concise|more brief|less long)\b(?! (?:will|would|is|was|does|did"
        rf"|can) (?:not|be)\b)(?! (?:sentences?|words?|paragraphs?|lines?|titles?|name|poem|story|code|route"
        rf"|than (?:that|this) one|list|intro|trip|walk|way|time|version of|form)\b)"
        rf"|\b(?:cut|trim|boil|slim|cutting) (?:{_IT}|your \w+|all)(?: \w+)? ?(?:down|short)\b"
        rf"|\bshorten\b(?= (?:it|this|that|your|please)|$)"
        r"|\b(?:be|stay|more) (?:\w+ ){0,2}?(?:brief|concise|succinct|terse|to the point)\b|^(?:please |just "
        r"|ok |make it |keep it )+(?:short|brief|concise)$|^(?:short|brief|concise|briefly) (?:please"
        r"|next time|answers?)(?: please| next time)*$",
        0,
    ),
    phrase(
        "length",
        s.SHORT,
        rf"\b{_SO}too (?:long|wordy|verbose|lengthy|long[- ]?winded|detailed)\b(?! (?:ago|sentences?)\b)|\b(?:so|very"
        rf"|way|really) (?:long|wordy|verbose|lengthy|long[- ]?winded)$"
        r"|\btoo much detail\b|\b(?:my )?eyes? (?:just )?(?:glaz\w+|hurt from reading)|\b(?:i )?(?:scrolled"
        r"|scrolling) (?:and|for)\b",
        0,
        there="long",
    ),
    phrase(
        "length",
        s.SHORT,
        r"\bget (?:straight |right |just )?to the (?:\w+ )?point\b|\bcut to the chase\b|\bwaffl\w+|\bramb(?:le"
        r"|ling)\b|\blong[- ]?winded\b|\bverbose\b|\bdrones? on\b|\bgoes on and on\b|\bgo on and on\b"
        r"|\bblah blah\b|\blosing the will to\b",
        1,
        there="long",
    ),
    phrase(
        "length",
        s.LONG,
        rf"\b{_SO}(?:longer|lengthier|more (?:detail(?:ed|s)?|elaborate|thorough|in-?depth|comprehensive|substance"
        rf"|meat|text|depth|words|sentences|info|information|explanation|to it)(?! (?:on|about|of|for|regarding"
        rf"|than)\b)|fuller|(?:less|not so|not that) (?:short|brief|terse))\b"
        r"(?! (?:than (?!that|this)|lasting|sentences?|term|a|in)\b)|\b(?:elaborate|flesh (?:it|this|that) out"
        r"|go (?:\w+ )?deeper|go into (?:more )?detail|^more(?! than)|^somewhat more(?! than)|write more"
        r"|(?<!me to )say more|dig deeper|in (?:more |greater |much more )?(?:detail|depth)|expand)(?= (?:please"
        r"|next time|more|somewhat|than that|everything|it|this|that|than)\b|$)",
        0,
    ),
    phrase(
        "length",
        s.LONG,
        rf"\b{_SO}too (?:short|brief|superficial|few (?:words|sentences)|little (?:text|detail|info|information"
        rf"|explanation))\b|\b(?:so|very|really|way) (?:short|brief|superficial)$"
        r"|\bwhere (?:is|are) (?:the |my |all the )?(?:details?|rest|meat|substance|depth)\b|\b(?:lacks?"
        r"|lacking|no|little|missing|without) (?:any )?(?:detail|details|depth|substance)\b"
        r"|^(?:\w+ ){0,2}?is (?:that|this) (?:it|all|really it|really all)(?: you \w+)?$"
        r"|\b(?:one|two|a couple of|a single|only (?:one|two|three)) (?:measly |lousy |short |little |poor "
        r"|sentences?)*(?:sentences?|lines?|words?) (?:is|are|was|does|do) (?:not|too|hardly|barely"
        r"|never)\b|\bnot (?:nearly |really )?(?:detailed|long|thorough) enough\b|\bthat is (?:not"
        r"|hardly) (?:enough|much)\b"
        r"|\bbarely (?:a|one|two|any|says)\b",
        0,
        there="short",
    ),
    phrase(
        "length",
        s.LONG,
        r"\b(?:too|so|somewhat|very) (?:thin|skimpy|shallow|vague|meagre|meager)\b",
        WHOLE,
        there="short",
    ),
    # form of a list
    phrase(
        "form",
        s.PROSE,
        rf"\b{_LOOKS}(?: \w+){{0,2}}? like (?:an? |my |some |the )*(?:boring |corporate |bad |cheap )?{_SLIDES}\b"
        rf"|\b(?:slide ?deck|power ?point|ppt)\b(?= again|$| vibes| format| style)"
        rf"|\b(?:this is )?not an? {_SLIDES}\b",
        4,
        there="bullets",
    ),
    phrase(
        "form",
        s.PROSE,
        r"\bchopped up\b|\bchop\w* (?:everything|it|things|this) (?:up$|up into (?:bits|pieces|points)|into (?:bits"
        r"|pieces|points))|\b(?:stop|do not|quit|no need to) (?:listing|list|itemi[sz]\w+|chop\w*|enumerat\w+"
        r"|split\w*|break\w*) (?:everything|it|things|stuff|all|this|them)\b|\b(?:write|talk|tell|say|explain"
        r"|put) (?:it |this |that |them |to me )?(?:\w+ )?like (?:in )?(?:a |an? normal )?(?:letter|story|book"
        r"|novel|email|normal text)\b(?! from)|\b(?:as|like) (?:one|normal|a normal) (?:text|piece|paragraph)\b"
        r"|\bjust (?:talk|write) (?:to me )?(?:normally|in sentences)\b|\b(?:in|use|with|into|write) (?:real "
        r"|normal )?sentences (?:please|instead|not|rather)\b",
        2,
    ),
    phrase(
        "form",
        s.PROSE,
        r"\b(?:everything|all|it|always|answers|why) (?:\w+ ){0,3}?(?:chopped|broken|split|cut|sliced) (?:up "
        r"|down )?(?:into|in|to) (?:\w+ )?(?:bits|pieces|points|items|snippets|fragments|chunks|crumbs)\b",
        3,
        there="bullets",
    ),
    phrase(
        "form",
        s.BULLETS,
        r"\bdash,? (?:space|thought|item|text|word|point)\b|\b(?:one|each|every|an?) (?:item|thing|point|thought"
        r"|idea) (?:per|a|on (?:its own|each|a new|a separate|every)) ?(?:line|row)\b.*\b(?:dash|dot|bullet"
        r"|hyphen)\w*|\b(?:dash|dot|hyphen|minus(?: sign)?)(?:es|s)? (?:in front|before|at the (?:start"
        r"|beginning|front)|first)\b"
        r"|\b(?:my|our|your|the) (?:\w+ )?(?:lists?|notes|items) (?:\w+ ){0,4}?(?:with|using|in) (?:a |simple "
        r"|plain |little )*(?:dash(?:es)?|hyphens?|bullets?)\b|\b(?:start|begin|mark|list|write"
        r"|put) (?:\w+ ){0,4}?(?:with|using|behind) (?:an? |simple |little |plain )*(?:dash(?:es)?|hyphens?"
        r"|minus(?: signs?)?)\b"
        r"|\b(?:lists?|items?|points?|ideas|things) (?:should |must |have to |need to )?(?:get|have|start with"
        r"|begin with|need|want) (?:an? |simple |little )*(?:dash(?:es)?|hyphens?)\b",
        3,
    ),
    phrase(
        "form",
        s.BULLETS,
        r"\b(?:break|split|chop) (?:it|this|that|everything|them) (?:up |down )?(?:into|in) (?:\w+ )?(?:points"
        r"|bullets|items)\b|\bas (?:short )?(?:bullets|points)\b|\bbullet it\b",
        1,
    ),
    phrase(
        "form",
        s.NUMBERED,
        r"(?:^|\b(?:please|you|to|just|and|then|could|us|would|always|better|time) )number (?:them|these"
        r"|the (?:steps|items|list|points)|each (?:step|item|point|one)|your (?:steps|lists|points))(?= |$)"
        r"|\b(?:with|use|using|put|as|in|like) (?:the )?(?:numbers |digits )?1\.? ?,? ?2\.? ?,? ?3\b|\b(?:use"
        r"|with|want|prefer|like|need) numbers (?:in front|for (?:the )?(?:steps|items|lists?)"
        r"|instead of (?:bullets|dots|dashes|points))\b|\bnumbers (?:not|instead of|rather than"
        r"|over) (?:bullets|dots|dashes|points)\b",
        2,
    ),
)
