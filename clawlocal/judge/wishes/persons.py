"""How people speak of a reply as of a person: that it asks nothing back, hurts, or is no person. Knows no reply."""

from __future__ import annotations

from clawlocal.judge.wishes import subjects as s
from clawlocal.judge.wishes.phrase import phrase

_MY_VIEW = (
    r"(?:what i (?:think|thought|feel|want|like|know|make of)|my (?:views?|opinions?|thoughts?|take|side|ideas?|story))"
)
_TALK = r"(?:conversation|chat|talk|thread|discussion|dialogue|exchange)"
_PUPIL = r"(?:him|her|them|it|the (?:child|boy|girl|kid|pupil|student|kids|children|pupils|poor \w+))"
_MARKER = (
    r"(?:teachers?|prof\w*|tutors?|lecturers?|school|examiners?|(?:mr|mrs|ms|miss) \w+|class ?mates?|anyone|everyone"
    r"|somebody|someone|they)"
)
_STIFF = (
    r"(?:furthermore|moreover|in conclusion|certainly|in summary|additionally|thus|hence|it is important to note|delve"
    r"|overall)"
)

PERSONS = (
    phrase(
        "ending",
        s.QUESTION,
        rf"\b(?:you|not) (?:\w+ ){{0,2}}?(?:want|wanted|care|like|curious|interested|wonders?"
        rf"|bother\w*) (?:to )?(?:know |hear |learn |ask "
        rf"|find out |about"
        rf" |in )*{_MY_VIEW}\b|\b(?:never|not) (?:even )?(?:wonders?|curious|interested)\b(?: \w+)? (?:i|me|my"
        rf"|what i)\b"
        rf"|\b(?:going to|want to|wanting to|wish you would|hop\w+ you would|expect\w+ you to|if you would|liked you to"
        rf"|like you to) (?:\w+ )?ask (?:me|us)\b(?! (?:for|to|if|before|first)\b)"
        rf"|\b(?:could|should|might) (?:\w+ ){{0,2}}have asked\b|\b{_TALK} (?:killer|stopper|ender)\b"
        rf"|\bkill\w* the {_TALK}\b"
        rf"|(?<!easy to )\bke(?:ep\w*|pt) (?:the |this |our |a )?{_TALK} (?:\w+ )?(?:going|alive|flowing|moving)\b"
        rf"|\b(?:toss|throw|pass|hit|lob|bat|play|kick|give) (?:me )?(?:the |a )?ball (?:back|to me)\b"
        rf"|\b(?:like|love|enjoy|prefer|want|no|more|some|chat\w*|talk\w*|real|bit of) (?:\w+ )?(?:\w+ )?back (?:and"
        rf"|n|&) forth\b|\bgive and take\b|\blet (?:the |this |our )?{_TALK} (?:\w+ )?(?:drop|die|end"
        rf"|peter out"
        rf"|dry up|go cold|fizzle)\b|\bleav\w+ (?:me|us) hanging\b|^(?:and )?(?:it|this|that|everything"
        rf"|the \w+) (?:\w+ )?falls? flat\b(?! on)|\bquizz(?:es|ed) me\b"
        rf"|\b(?:no|zero|without|some|show|little|more) curiosity\b|\b(?:more of|like) an interview\b"
        rf"|\b(?:dump|drop|give|say|deliver) (?:\w+ ){{0,3}}?and (?:leave|go|run|walk off|vanish|disappear)\b",
        5,
        lacking="question",
    ),
    phrase(
        "ending",
        s.QUESTION,
        r"\b(?:something|a thought|anything|nothing|food) (?:\w+ )?(?:for me |left )?(?:to|for) (?:think|ponder|chew"
        r"|mull|thought"
        r"|reply|answer|respond|react)\b(?: about| on| over| to)?|\b(?:not|never) know (?:what to (?:say|answer"
        r"|reply)(?= next| back| now| to (?:that|this|you)|$)"
        r"|how to (?:continue|go on|reply|carry on))\b|\bhelp me (?:\w+ )?with a question\b"
        r"|\bwhere (?:do|should) (?:i|we) go from here\b"
        r"|\b(?:ends?|ended|ending|finish\w*|closed?|closing|round\w* off) (?:\w+ ){0,3}?(?:with|on|in) (?:a|an"
        r"|some) (?:\w+ )?"
        r"(?:question|riddle|follow-?up)\b"
        r"|\btalking to an? (?:encyclop\w+|answering machine|vending machine|wall|dictionary|library|book|textbook"
        r"|lamp ?post)"
        r"\b|\bme doing all the (?:asking|talking|work)\b|\bjust (?:statements|facts)$|\bgiving statements\b",
        5,
        lacking="question",
    ),
    phrase(
        "ending",
        s.QUESTION,
        r"\b(?:know|ask|learn|hear) (?:anything|something|more|a thing) (?:about|from) (?:me|us)\b"
        r"|\b(?:feels?|is|so|too|all) (?:\w+ )?one[- ]way$|\b(?:goes?|works?) both ways\b"
        r"|\b(?:be|being|get) asked (?:something|anything|a question|back|things|too)\b"
        r"|\bwish(?:ed)? (?:that )?you (?:would )?"
        r"ask(?:ed)? (?:me |us )?(?:what|how|about|something|anything)\b|\bnot you have (?:any|a|some) questions?\b"
        r"|\bnot you (?:\w+ )?ask me\b(?! (?:for|to|if|first|before)\b)",
        2,
        lacking="question",
    ),
    # found out
    phrase(
        "voice",
        s.HUMAN,
        rf"\b{_MARKER} (?:\w+ )?(?:would|will|could|can|might|is going to|asked|asks|said|says|noticed|has noticed"
        rf"|runs?"
        rf"|checks?|uses?|has|have|watch\w*) ?(?:\w+ ){{0,4}}?(?:notice|spot|suspicious|suspect\w*|catch|know|fishy"
        rf"|copied"
        rf"|cheat\w*|who wrote (?:it|this|that)|(?:ai |plagiarism )?(?:detector|checker)s?|be on to me|not believe)\b"
        rf"|\b(?:ai|plagiarism) (?:detector|checker|check)s?\b|\b(?:get|got|getting"
        rf"|be) caught (?:\w+ ){{0,3}}?(?:because|for|using|with this|with that|cheating)\b"
        rf"|\b(?:through|by|with|past|trips?|triggers?) (?:a |an |the )?(?:\w+ )?detectors?\b",
        8,
    ),
    phrase(
        "voice",
        s.HUMAN,
        r"\b(?:looks?|sounds?|reads?|seems?|is|feels?|it|way|far|that|this) (?:\w+ ){0,2}?(?:copied|fishy|suspicious"
        r"|pre-?written"
        r"|ghost-?written)\b|\btoo (?:polished|perfect|neat|slick|flawless|smooth|clean|textbook)\b"
        r"|(?:\b(?:it|this|that|which|intro|layout|style|bold|bullets|conclusion)|\") (?:\w+ )?gives? (?:it|me"
        r"|everything|the game) away\b|\b(?:must|should|may|can|better) ?not (?:show"
        r"|be obvious"
        r"|be noticed)\b|\b(?:like|as if|the way) (?:it is |it came |it was )?(?:from )?(?:me|i|a (?:student|pupil|kid"
        r"|teen\w*|school\w+)) (?:would |had |did )?(?:write|wrote|written|myself)\b|\blike (?:it is "
        r"|it was )?from me\b",
        4,
    ),
    phrase(
        "voice",
        s.HUMAN,
        rf"\b(?:nobody|no one|who|no \w+|kids?|students?|people) (?:\w+ ){{0,3}}?(?:says?|writes?|uses?|starts? with"
        rf"|begins? with)"
        rf" (?:\w+ )?\"?{_STIFF}\b|\"{_STIFF}[^\"]*\" (?:gives|is|sounds|looks)\b"
        rf"|\b(?:can not|could not|can i|so (?:that )?i can|before i (?:can|could)|able to|not something i (?:can"
        rf"|could)|if i"
        rf"|i would have to|not (?:want to|going to|gonna)) (?:\w+ ){{0,3}}?(?:hand|turn|give|handed|turned|put|copy)"
        rf" (?:\w+ )?(?:in|into)\b(?! the (?:oven|pan|pot|fridge|bowl|post|freezer)\b)",
        4,
    ),
    phrase(
        "steps",
        s.STEPS,
        r"\bhow (?:you|it|we|one) (?:got|get|gets|came|come|comes) (?:there|from|to|that|this|the)\b"
        r"|\bhalf (?:of )?(?:the|your)"
        r" (?:working|workings|steps|calculation)\b|\b(?:show|need|want|write|see|give|with"
        r"|have) (?:\w+ ){0,2}?(?:full|whole|entire|complete) (?:calculation|working|workings"
        r"|solution)"
        r"\b|\b(?:show|with|need|include|want|write|and|see) (?:\w+ )?(?:working|workings)\b(?! (?:title|day|class"
        r"|hours))|\b(?:from|between) (?:line|step) "
        r"(?:\d|one|two) to the (?:answer|result|end)\b|\bleave (?:\w+ )?steps out\b|\ball the (?:calculation"
        r"|working|intermediate|single) steps\b"
        r"|\b(?:gave|give|got|is) (?:me )?(?:only|just) the (?:answer|result)\b|\bonly (?:gave"
        r"|give) (?:me )?the (?:answer"
        r"|result)\b",
        4,
    ),
    # little said
    phrase(
        "length",
        s.LONG,
        r"^(?:(?:that|it|this|the (?:comment|feedback|reply|answer)|is|was|sounds?|somewhat|very|too|so|rather|quite"
        r"|really"
        r"|pretty|way|far|much) )*(?:general|generic|vague|superficial|unspecific)$|\bcould be for any\w*\b"
        r"|\bfits? (?:any|every)(?:one| \w+)\b|\bmore (?:about|on) (?:what|how|why|each|his|her|their"
        r"|the (?:mistakes|structure"
        r"|content|strengths))\b|\b(?:needs?|with) (?:some |more )?(?:examples|substance|specifics)\b"
        r"|\bsomething fuller\b"
        r"|\btoo short for an? \w+\b",
        6,
        there="short",
    ),
    phrase("length", s.LONG, r"\bnever say why\b|\bwithout (?:any )?(?:reasons?|explanation)\b", 2, there="short"),
    # how it begins
    phrase(
        "introduction",
        s.NO_INTRODUCTION,
        r"\b(?:stop|no|not|no need to|quit|without|do not|enough) (?:\w+ ){0,2}?(?:greet\w*|hello|hi|the hey there)\b"
        r"|\b(?:first|opening) (?:line|sentence|words?) (?:\w+ )?(?:is|are|of every \w+ is) (?:\w+ )?(?:useless"
        r"|pointless|wasted"
        r"|noise|empty|a waste)\b|\bfluff (?:up front|at the (?:start|beginning|top))\b|\bbefore (?:it|you"
        r"|the answer) (?:\w+ )?"
        r"(?:starts?|begins?|comes?)\b|\b(?:repeat\w*|restat\w*|rephras\w*) (?:\w+ )?(?:my|the) question\b",
        4,
    ),
    phrase(
        "introduction",
        "Start with the answer.",
        r"\b(?:start|begin|open|lead) (?:directly |right |straight )?with the (?:facts?(?! of)|content|important \w+"
        r"|main \w+)\b"
        r"|\bfirst (?:word|thing|line|sentence)(?: i see)? (?:=|is|should be|must be|to be) (?:the )?(?:answer"
        r"|what i asked)\b"
        r"|\bstraight to (?:the|your|it)\b|^(?:just |please )*get to it$|^just answer(?: me| it| the question)?$"
        r"|\bcome to the point\b",
        2,
    ),
    phrase(
        "praise",
        "Do not praise the question.",
        r"\bbutter\w* (?:me|us) up\b|\b(?:what a|such a) (?:great|wonderful|good|fantastic|lovely|excellent) question\b"
        r"|\bsuck\w* up to me\b|\b(?:sycophan\w+|grovel\w*|fawning|brown-?nos\w+)\b",
        4,
    ),
    # spelling
    phrase(
        "spelling",
        s.BRITISH,
        r"\b(?:came|comes|taken|copied|straight|is|like) (?:\w+ ){0,2}?(?:american|us|u\.s\.|yankee) (?:website|book"
        r"|newspaper|magazine|blog|textbook)\b|\byou (?:\w+ )?(?:grew|grow|brought|raised) (?:up )?in (?:ohio|texas"
        r"|america|california|the (?:states|us|usa)|new york)\b|\b(?:not|instead of|than) (?:as "
        r"|like )?in (?:new york|the"
        r" (?:states|us|usa)|america)$|\b(?:proper|king's|queen's|kings|queens) english\b|\b(?:write|spell|spelled"
        r"|written) (?:it )?"
        r"(?:as|like) (?:they do )?in (?:london|england|britain|the uk)\b",
        2,
        there="american",
    ),
    phrase(
        "spelling",
        s.BRITISH,
        r"\b(?:mark\w* (?:\w+ )?down|red pen|wrong|mistakes?|fail\w*|red line) (?:\w+ ){0,3}?\"\w+(?:or|ors|ored"
        r"|eled|eling|yze"
        r"|ize|izes|ized|izing|ter|ters)\"",
        8,
        there="american",
    ),
)

_KIND_AND_LONG = (
    r"\b(?:friendl(?:y|ier)|kind(?:er)?|warm(?:er)?|personal|encouraging|nice(?:r)?) (?:and|but) (?:thorough|detailed"
    r"|long(?:er)?|specific|full(?:er)?)\b"
    r"|\b(?:thorough|detailed|long(?:er)?|specific|full(?:er)?) (?:and|but) (?:friendl(?:y|ier)|kind(?:er)?|warm(?:er)?"
    r"|personal|encouraging|nice(?:r)?)\b"
)
ON_PUPILS = (
    phrase("tone", s.WARM, _KIND_AND_LONG, 6),
    phrase("length", s.LONG, _KIND_AND_LONG, 6),
    phrase(
        "tone",
        s.WARM,
        rf"\b(?:crush|devastat|discourag|demotivat|upset|destroy|hurt|deflat|shatter|humiliat|scare"
        rf"|frighten)\w* {_PUPIL}\b"
        rf"|\b(?:be |end up )?in tears\b|\bmake (?:{_PUPIL}|\w+) cry\b"
        rf"|\b(?:feel|be|stay|is|are|get|leave) (?:\w+ )?(?:motivated|encouraged|proud|uplifted|valued|appreciated)\b"
        rf"|\b(?:builds?|lifts?|cheers?|picks?) (?:{_PUPIL}|\w+) up\b|\bas (?:if|though) (?:\w+ ){{1,2}}(?:were|was"
        rf"|is|are)"
        rf" (?:\w+ )?(?:hopeless|stupid|lazy|useless|a failure|an idiot|worthless|dumb)\b"
        rf"|\bmore (?:praise|appreciative|appreciation|warmth|heart|encouragement|positive|personal)\b"
        rf"|\bwhere is the (?:praise|warmth|encouragement|heart|love)\b"
        rf"|\b(?:address|treat|speak to|talk to) (?:\w+ ){{1,2}}(?:kindly|gently|nicely|warmly|with \w+)\b",
        5,
    ),
    phrase(
        "tone",
        s.WARM,
        r"\b(?:tax office|tax return|debt collector|drill sergeant|court|judge|bureaucrat\w*|police report"
        r"|official letter)\b"
        r"|\b(?:soften|sweeten|warm) (?:it|that|this|the \w+)(?: up)?\b|\b(?:said|say|put|phrased?|word\w*|but|and)"
        r" (?:\w+ )?(?:lovingly|kindly|gently|nicely|warmly|tenderly)\b|\b(?:nice|kind|loving|friendly|softer|milder"
        r"|gentler)"
        r" (?:in )?tone\b|\b(?:friendlier|kinder|warmer|nicer|gentler|softer) in (?:tone|style)\b|\bwith (?:more "
        r"|some )?"
        r"heart\b|\bfriendly word\b|\btelling (?:\w+ ){1,2}off\b",
        4,
    ),
    phrase(
        "tone",
        s.WARM,
        r"^(?:(?:that|it|this|the (?:comment|feedback|reply|answer)|is|sounds?|reads?|somewhat|very|too|so|rather"
        r"|quite|really"
        r"|a|awfully|pretty|way|far|much) )*(?:blunt|dry|brusque|severe|brutal|dismissive|soulless|discouraging"
        r"|demotivating"
        r"|abrupt|crushing|hurtful|nasty|rude|negative|sharp|tough|critical)$",
        0,
    ),
)
"""Of a comment on a pupil's work."""
