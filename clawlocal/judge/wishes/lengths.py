"""How people say that a reply is too long or too short without a word for it: "got an essay back". Knows no reply."""

from __future__ import annotations

from clawlocal.judge.wishes import subjects as s
from clawlocal.judge.wishes.phrase import phrase

_TOME = (
    r"(?:essays?|novels?(?!-)|thesis|lectures?|sermons?|sagas?|epics?|dissertations?|encyclop\w+|bible|speech(?:es)?"
    r"|life story|chapters?|treatise|manifesto|war and peace|textbook|biography|memoirs?|monologues?|spiel|screed"
    r"|ted talk"
    r"|(?:whole |entire )(?:book|story|history|article|page)|history lesson|small print)"
)
_FEW = r"(?:\w+ ){0,4}?"
_PART = r"(?:half|third|quarter|fifth|tenth|fraction)"

LENGTHS = (
    phrase(
        "length",
        s.SHORT,
        rf"\b(?:got|get|getting|received?|handed) {_FEW}{_TOME} (?:back|in return|instead|here|again|out of you)\b"
        rf"|\b(?:got|get) {_FEW}{_TOME}$"
        rf"|\byou (?:\w+ )?(?:gave|give|wrote|write|sent|send|made|hand|handed) {_FEW}{_TOME}\b"
        rf"|\b(?:why|what is with|again with|enough with|stop with|spare me|save me|no need for) {_FEW}{_TOME}\b"
        rf"|\b(?:did|do) not (?:want|need|ask for|order|sign up for) {_FEW}{_TOME}(?=$| just| here| every)"
        rf"|\bnot (?:an?|the|your|another|looking for an?) (?:\w+ )?{_TOME}$"
        rf"|\b(?:like|basically|practically|as long as|turn(?:ed|s)? (?:it |this |that )?into) (?:reading )?(?:an? "
        rf"|the )"
        rf"(?:\w+ )?{_TOME}\b",
        4,
        there="long",
    ),
    phrase(
        "length",
        s.SHORT,
        r"\b(?:do not (?:want|like|wish) to )?(?:had|have|having|need|want|makes? me|made me|keep|kept|without"
        r"|so much|lots of|endless|all that|all this)"
        r" (?:to |have to |having to |need to )*(?:down )?scroll(?:ing|ed)?\b(?! (?:bar|lock|wheel|through (?:my"
        r"|the))\b)"
        r"|\byou (?:\w+ ){0,2}?(?:charg\w*|paid|pay) (?:by|per) (?:the )?(?:word|letter|line)\b"
        r"|\b(?:very|so|too|way too|that|such) (?:much|many|a lot of) (?:words?|text|sentences)\b"
        r"|\b(?:a lot|lots|loads|tons?|heaps|a great deal|pages|screenfuls?|reams) of"
        r" (?:words|text|reading|writing|small print)(?=$| (?:again|to|for|there|here|at|you|i)\b)"
        r"|\bfew(?:er)? words? (?:do(?:es)?|is|are|would|will)\b|^less is more(?: please)?$"
        rf"|\bin (?:a |one |about )?{_PART} (?:of )?(?:the|that|this) (?:space|words|length|size|time)\b"
        rf"|\b{_PART} (?:of )?(?:the|that|this) (?:length|size|words|text)\b"
        r"|\b(?:want|need|like|with|read|after|cut|down|to|do) (?:\w+ )?{_PART} of (?:that|this|it)\b",
        3,
        there="long",
    ),
    phrase(
        "length",
        s.SHORT,
        r"\b(?:half|most|much|all|lots|a lot|lot|so much|too much|just|full|mostly|pure|with(?:out)?|cut|drop|lose"
        r"|skip|less"
        r"|no) (?:of )?(?:it |that |this |the |them )?(?:was |is |were |just |pure |all |so much )*"
        r"(?:padding|filler|bloat|hot air|blurb|verbiage|rigmarole)\b",
        1,
        there="long",
    ),
    phrase(
        "length",
        s.SHORT,
        r"\b(?:just|only|need|want|give me|hoping for|after|tell me|is|prefer) (?:\w+ ){0,2}?(?:the |a )?(?:gist"
        r"|essence"
        r"|nutshell|upshot|takeaway|quick (?:answer|version|reply)|short(?:er)? (?:ver\w+|answer)|bare bones"
        r"|condensed version"
        r"|yes or no)\b(?! (?:of|about|for)\b)|\bin a nutshell\b|\byes or no (?:question|answer)\b"
        r"|^(?:the )?(?:short version|gist|nutshell)(?: please)?$"
        r"|\b(?:i|we) (?:only|just) (?:need(?:ed)?|want(?:ed)?|read|care about) the first (?:bit|part|line|half"
        r"|sentence)$",
        2,
        there="long",
    ),
    phrase(
        "length",
        s.SHORT,
        r"\b(?:say|put|tell|answer|explain|reply|do|write|respond|word|keep|make) (?:it |that |this |me |to me "
        r"|them |things"
        r"|everything |your answers? |just |more |so |as |a bit |somewhat |very )*(?:briefly|concisely|succinctly"
        r"|tersely"
        r"|compactly|compact|in brief|in short|in (?:a )?few(?:er)? (?:words|lines|sentences)|short|brief|snappy"
        r"|crisp)\b"
        r"(?! (?:story|poem|film|list|title|sentences?|words?|name|notes?|term|video|email|text)\b)|\bmore short(?=$"
        r"| please| next| and)"
        r"|^(?:please |just |can you |could you |maybe )*(?:cut(?= (?:it|this|that)$)|condense|compress|shrink"
        r"|abridge|tighten|trim|shorten)"
        r"(?: (?:it|this|that|your answers?|your replies))?(?: down)?(?: please| next time| for me| a lot| somewhat)*$",
        1,
    ),
    phrase(
        "length",
        s.SHORT,
        r"\b(?:read|take in|understand|grasp|get) (?:it |this |that |everything )?(?:at a glance|in (?:a few|ten"
        r"|five|\d+)"
        r" seconds)\b|\b(?:to|would|must|still) (?:dig|hunt|search|wade|plough|plow|trawl|sift|fish"
        r"|look) (?:\w+ ){0,2}?(?:for"
        r"|through) (?:it|that"
        r"|all (?:that|this|of (?:it|that))|the answer|everything)\b"
        r"|\b(?:answer|point) (?:is|was|must be|got) (?:probably |somewhere |in there |again )*(?:in there|(?:buried"
        r"|hidden|lost|drowned|somewhere) (?:in|under|among|between)\b)|\bsound of your own voice\b"
        r"|\bmy (?:\w+ )?attention span\b|\bno time (?:to"
        r"|for) read\w*\b"
        r"|\b(?:longer|bigger|wordier) than (?:it |i )?(?:needs?|needed|has to|had to|necessary|want(?:ed)?|asked)\b",
        2,
        there="long",
    ),
    # too short
    phrase(
        "length",
        s.LONG,
        r"\b(?:left|leaves?|leaving|skips?|skipped|missed|missing) (?:out )?(?:all |most |half |the )+(?:interesting"
        r"|important"
        r"|good|best|juicy|essential|actual)? ?(?:parts?|bits?|details?|stuff|things|half|story)\b"
        r"|\bhardly (?:anything|any information|a word)\b|\b(?:it|this|that|you|which|reply|answer"
        r"|comment) (?:\w+ )?(?:tells?|told|says?|said) (?:me |us |them |him "
        r"|her )?(?:almost "
        r"|next to |practically |basically )?nothing\b|\b(?:so|too) little (?:in|to) (?:it|that|there|this|go on)\b"
        r"|\bscratch\w* the surface\b|\bno (?:wiser|further)\b|\bnot (?:\w+ )?(?:any|no) (?:more|wiser) (?:than|now)\b",
        3,
        there="short",
    ),
    phrase(
        "length",
        s.LONG,
        r"\b(?:prefer|like|want|need|expect\w*|hop\w+ for|give me|write|with|at least)(?: \w+){0,4} (?:several"
        r"|multiple|many"
        r"|some|few|couple of|two|three|four|five|more|good|proper|long) paragraphs?\b"
        r"|\b(?:go|going|dig|delve) (?:\w+ )?(?:further|deeper) (?:into|on|in)\b(?! the (?:forest|cave|water|woods)\b)"
        r"|\bexpand (?:on|upon) (?:it|this|that|everything|your)\b|\b(?:say|write) more\b(?! (?:quickly|slowly)\b)"
        r"|\bmore (?:comprehensive|thorough|detailed|extensive|in depth|exhaustive)\b(?! (?:than|list|map)\b)"
        r"|\b(?:short|curt|brief|terse) with me\b|\bmore explanation\b",
        3,
        there="short",
    ),
    phrase(
        "length",
        s.LONG,
        r"^(?:hmm? |well |rather |pretty |somewhat |very |quite |really |too |so |such |what |an? |kind of |that is "
        r"|this is )*"
        r"(?:lazy|meagre|meager|skimpy|scant|scanty|sparse|flimsy|measly|paltry|half-hearted|minimal|stingy)"
        r"(?: (?:answer|reply|response|effort))?$",
        0,
        there="short",
    ),
    phrase(
        "length",
        s.SHORT,
        r"\b(?:that|it|this) is (?:\w+ )?(?:an? )?(?:whole|entire|full) (?:page|article|chapter|book|lecture|story)\b"
        r"|\bmore than i (?:\w+ )?(?:wanted|needed|asked|need|want|care|can (?:take|read|handle|use))\b|^tmi$"
        r"|\byou (?:\w+ )?(?:talk|write|say|go on|explain) (?:way |far )?(?:too|so) (?:much|long)\b"
        r"|\bstopped (?:reading )?half ?way\b|\b(?:only|just) (?:have|got|have got) (?:an?|one|two|five|ten|\d+|a few)"
        r" (?:minutes?|seconds?|moment|secs?)\b|\b(?:be|make it|keep it) (?:\w+ )?quick$",
        1,
        there="long",
    ),
    phrase(
        "length",
        s.LONG,
        r"\b(?:somewhat|rather|pretty|quite|awfully) (?:short|brief|superficial)$|\b(?:do not|stop) (?:be "
        r"|being )(?:so |that "
        r"|too )*(?:brief|short"
        r"|terse)\b|\btell me more(?= next time| in future)|\b(?:want|need|give me|prefer|like|expect\w*)"
        r" (?:the|an?) (?:whole|full|complete|proper|real|decent) (?:story|picture|explanation|answer)\b",
        0,
        there="short",
    ),
)
