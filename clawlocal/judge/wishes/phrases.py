"""Turns of phrase that mean a wish without its name: "wall of text", "it just ends". Knows how a reply must be for it.

`most` is how many words of another subject may stand beside: none for what may be said of anything ("longer").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from clawlocal.judge.wishes import subjects as s

ANY = 99
WHOLE = -1
"""Nothing else in the whole message."""


@dataclass(frozen=True)
class Phrase:
    """A pattern, what it asks for, and when."""

    pattern: re.Pattern[str]
    directive: str
    side: str
    most: int = ANY
    there: str = ""
    """What the reply must have, as `seen` calls it."""
    lacking: str = ""
    """What it must not have."""


def _of(side: str, directive: str, pattern: str, most: int = ANY, there: str = "", lacking: str = "") -> Phrase:
    return Phrase(re.compile(pattern), directive, side, most, there, lacking)


_SO = r"(?:(?:way|much|far|so|still|again|really|just|somewhat|quite|a lot|very|super|too) )*"
_IT = r"(?:it|this|that|them|the (?:answer|reply|text|whole thing|thing)|your (?:answers?|replies|responses?)|answers|replies|everything|things|these)"
_MACHINE = (
    r"(?:an? |the |my |some |such an? |so |very |too |all |pure |totally |total |typical |much |obviously |clearly |straight out of (?:an? )?|straight from |like |full |obvious )*"
    r"(?:ai|a\.i\.|ai[- ]?(?:generated|written|made|ish|like|speak|text|slop|stuff|bot|thing|voice|tone)|chat ?gpt|gpt|chat ?bot|bot(?:ty|like)?|robot(?:ic|s)?|machine|computer|"
    r"language model|llm|auto-?generated|copy[- ]?paste\w*|website|web ?page|wikipedia|blog(?: post)?|corporate|"
    r"press release|template|terminator|siri|alexa|call cent(?:er|re))\b"
)
_LOOKS = r"(?:looks?|looking|sounds?|sounding|reads?|reading|smells?|feels?|seems?|screams?|written|wrote|writes|talk(?:s|ing)?|speak(?:s|ing)?|write|writing)"
_SLIDES = r"(?:slide ?(?:deck|show|s)?|power ?point|ppt|presentation|shopping list|check ?list|to-?do list|telegram|instruction manual|manual|brochure|leaflet|flyer|poster|memo|agenda|menu|table of contents|outline)"
_US_WORD = r"(?:\w*(?:olor|avor|abor|umor|eighbor|onor)(?:s|ed|ing|ful|ite|ites)?|\w+iz(?:e|es|ed|ing|ation)|gray|center|theater|traveling|traveler|mom|aluminum|jewelry|meter|liter|fiber|soccer|sidewalk|catalog)"
_UK_WORD = r"(?:\w*(?:olour|avour|abour|umour|eighbour|onour)(?:s|ed|ing|ful|ite|ites)?|\w+is(?:e|es|ed|ing|ation)|grey|centre|theatre|travelling|traveller|mum|aluminium|jewellery|metre|litre|fibre|catalogue|programme)"

PHRASES = (
    # length
    _of("length", s.SHORT, r"\btl ?;? ?dr\b|\b(?:a |big |huge |another |giant |such a |massive )*(?:wall|walls|block|mountain|flood|sea) of (?:text|words|letters)\b", there="long"),
    _of("length", s.SHORT, r"\b(?:not|never|no one is|nobody is|who is|who has time to|is not) (?:going to |gonna )?read(?:ing|s)? (?:all )?(?:of )?(?:that|this|it all|all)\b"
        r"|\btoo much (?:text|to read|reading|writing|blah|waffle|waffling|talk|info|information|words|at once|rambling|yapping)\b|\b(?:so|too) many words\b|\bstop (?:rambling|waffling|yapping|blathering)\b"
        r"|\bless (?:text|words|talk|waffle|waffling|blah|rambling|yapping|chatter|wordy|verbose|long|long-?winded|detail(?:ed|s)?)\b|\bfewer words\b|\bnobody (?:reads|has time for) (?:all )?(?:that|this)(?= long| much|$)"
        r"|\bdo not (?:ramble|waffle|write (?:so much|a novel|novels|an essay|essays|a book))\b|\bshort(?:er)? (?:and sweet|version|answers?|replies|reply|responses?|messages?)\b"
        r"|\bkeep (?:it|this|that|answers|replies|your \w+|things|them|everything) (?:\w+ ){0,2}?(?:short|brief|concise|snappy|to the point)(?:er)?\b"
        r"|\b(?:got|get) lost (?:half ?way|in the middle)\b|\bwrote (?:me )?(?:a|an) (?:whole )?(?:novel|essay|book|thesis|bible)\b", 2, there="long"),
    _of("length", s.SHORT, rf"\b{_SO}(?:shorter|briefer|more concise|more brief|less long)\b(?! (?:will|would|is|was|does|did|can) (?:not|be)\b)(?! (?:sentences?|words?|paragraphs?|lines?|titles?|name|poem|story|code|route|than (?:that|this) one|list|intro|trip|walk|way|time|version of|form)\b)"
        rf"|\b(?:cut|trim|boil|slim|cutting) (?:{_IT}|your \w+|all)(?: \w+)? ?(?:down|short)\b|\bshorten\b(?= (?:it|this|that|your|please)|$)"
        r"|\b(?:be|stay|more) (?:\w+ ){0,2}?(?:brief|concise|succinct|terse|to the point)\b|^(?:please |just |ok |make it |keep it )+(?:short|brief|concise)$|^(?:short|brief|concise|briefly) (?:please|next time|answers?)(?: please| next time)*$", 0),
    _of("length", s.SHORT, rf"\b{_SO}too (?:long|wordy|verbose|lengthy|long-?winded|detailed)\b(?! (?:ago|sentences?)\b)|\b(?:so|very|way|really) (?:long|wordy|verbose|lengthy|long-?winded)$"
        r"|\btoo much detail\b|\b(?:my )?eyes? (?:just )?(?:glaz\w+|hurt from reading)|\b(?:i )?(?:scrolled|scrolling) (?:and|for)\b", 0, there="long"),
    _of("length", s.SHORT, r"\bget (?:straight |right |just )?to the (?:\w+ )?point\b|\bcut to the chase\b|\bwaffl\w+|\bramb(?:le|ling)\b|\blong-?winded\b|\bverbose\b|\bdrones? on\b|\bgoes on and on\b|\bgo on and on\b|\bblah blah\b|\blosing the will to\b", 1, there="long"),
    _of("length", s.LONG, rf"\b{_SO}(?:longer|lengthier|more (?:detail(?:ed|s)?|elaborate|thorough|in-?depth|comprehensive|substance|meat|text|depth|words|sentences|info|information|explanation|to it)(?! (?:on|about|of|for|regarding|than)\b)|fuller|(?:less|not so|not that) (?:short|brief|terse))\b"
        r"(?! (?:than (?!that|this)|lasting|sentences?|term|a|in)\b)|\b(?:elaborate|flesh (?:it|this|that) out|go (?:\w+ )?deeper|go into (?:more )?detail|^more(?! than)|^somewhat more(?! than)|write more|say more|dig deeper|in (?:more |greater |much more )?(?:detail|depth)|expand)(?= (?:please|next time|more|somewhat|than that|everything|it|this|that|than)\b|$)", 0),
    _of("length", s.LONG, rf"\b{_SO}too (?:short|brief|superficial|few (?:words|sentences)|little (?:text|detail|info|information|explanation))\b|\b(?:so|very|really|way) (?:short|brief|superficial)$"
        r"|\bwhere (?:is|are) (?:the |my |all the )?(?:details?|rest|meat|substance|depth)\b|\b(?:lacks?|lacking|no|little|missing|without) (?:any )?(?:detail|details|depth|substance)\b|^(?:\w+ ){0,2}?is (?:that|this) (?:it|all|really it|really all)(?: you \w+)?$"
        r"|\b(?:one|two|a couple of|a single|only (?:one|two|three)) (?:measly |lousy |short |little |poor |sentences?)*(?:sentences?|lines?|words?) (?:is|are|was|does|do) (?:not|too|hardly|barely|never)\b|\bnot (?:nearly |really )?(?:detailed|long|thorough) enough\b|\bthat is (?:not|hardly) (?:enough|much)\b"
        r"|\bbarely (?:a|one|two|any|says)\b", 0, there="short"),
    _of("length", s.LONG, r"\b(?:too|so|somewhat|very) (?:thin|skimpy|shallow|vague|meagre|meager)\b", WHOLE, there="short"),
    # form of a list
    _of("form", s.PROSE, rf"\b{_LOOKS}(?: \w+){{0,2}}? like (?:an? |my |some |the )*(?:boring |corporate |bad |cheap )?{_SLIDES}\b|\b(?:slide ?deck|power ?point|ppt)\b(?= again|$| vibes| format| style)|\b(?:this is )?not an? {_SLIDES}\b", 4, there="bullets"),
    _of("form", s.PROSE, r"\bchopped up\b|\bchop\w* (?:everything|it|things|this) (?:up$|up into (?:bits|pieces|points)|into (?:bits|pieces|points))|\b(?:stop|do not|quit|no need to) (?:listing|list|itemi[sz]\w+|chop\w*|enumerat\w+|split\w*|break\w*) (?:everything|it|things|stuff|all|this|them)\b|\b(?:write|talk|tell|say|explain|put) (?:it |this |that |them |to me )?(?:\w+ )?like (?:in )?(?:a |an? normal )?(?:letter|story|book|novel|email|normal text)\b(?! from)|\b(?:as|like) (?:one|normal|a normal) (?:text|piece|paragraph)\b|\bjust (?:talk|write) (?:to me )?(?:normally|in sentences)\b|\b(?:in|use|with|into|write) (?:real |normal )?sentences (?:please|instead|not|rather)\b", 2),
    _of("form", s.PROSE, r"\b(?:everything|all|it|always|answers|why) (?:\w+ ){0,3}?(?:chopped|broken|split|cut|sliced) (?:up |down )?(?:into|in|to) (?:\w+ )?(?:bits|pieces|points|items|snippets|fragments|chunks|crumbs)\b", 3, there="bullets"),
    _of("form", s.BULLETS, r"\bdash,? (?:space|thought|item|text|word|point)\b|\b(?:one|each|every|an?) (?:item|thing|point|thought|idea) (?:per|a|on (?:its own|each|a new|a separate|every)) ?(?:line|row)\b.*\b(?:dash|dot|bullet|hyphen)\w*|\b(?:dash|dot|hyphen|minus(?: sign)?)(?:es|s)? (?:in front|before|at the (?:start|beginning|front)|first)\b"
        r"|\b(?:my|our|your|the) (?:\w+ )?(?:lists?|notes|items) (?:\w+ ){0,4}?(?:with|using|in) (?:a |simple |plain |little )*(?:dash(?:es)?|hyphens?|bullets?)\b|\b(?:start|begin|mark|list|write|put) (?:\w+ ){0,4}?(?:with|using|behind) (?:an? |simple |little |plain )*(?:dash(?:es)?|hyphens?|minus(?: signs?)?)\b"
        r"|\b(?:lists?|items?|points?|ideas|things) (?:should |must |have to |need to )?(?:get|have|start with|begin with|need|want) (?:an? |simple |little )*(?:dash(?:es)?|hyphens?)\b", 3),
    _of("form", s.BULLETS, r"\b(?:break|split|chop) (?:it|this|that|everything|them) (?:up |down )?(?:into|in) (?:\w+ )?(?:points|bullets|items)\b|\bas (?:short )?(?:bullets|points)\b|\bbullet it\b", 1),
    _of("form", s.NUMBERED, r"(?:^|\b(?:please|you|to|just|and|then|could|us|would|always|better|time) )number (?:them|these|the (?:steps|items|list|points)|each (?:step|item|point|one)|your (?:steps|lists|points))(?= |$)|\b(?:with|use|using|put|as|in|like) (?:the )?(?:numbers |digits )?1\.? ?,? ?2\.? ?,? ?3\b|\b(?:use|with|want|prefer|like|need) numbers (?:in front|for (?:the )?(?:steps|items|lists?)|instead of (?:bullets|dots|dashes|points))\b|\bnumbers (?:not|instead of|rather than|over) (?:bullets|dots|dashes|points)\b", 2),
    # machine or human
    _of("voice", s.HUMAN, rf"\b{_LOOKS} (?:\w+ ){{0,2}}?(?:like |by |so |too |as if |of |as though |from )*{_MACHINE}|\b(?:so|too|very|really|super|less|all|obviously|clearly|totally|much|more like) (?:an? )?(?:ai|robotic|chatgpt|chat gpt|ai-?ish|bot-?like|botty|machine-?like|chatbot|artificial|corporate|stilted|robot)\b"
        r"|\b(?:ai|chat ?gpt|gpt|robot|machine|bot|chatbot|computer)[- ](?:look|style|speak|sounding|voice|tone|vibes?|feel|ish|language|phrases|wrote (?:it|this|that)|generated|written|from a mile)\b|\b(?:a |an )?(?:ai|chat ?gpt|gpt|robot|machine|bot|chatbot|computer) (?:wrote|made|has written|had written|generated|did) (?:it|this|that)\b"
        r"|\b(?:know|see|notice|tell|spot|smell|think|guess|realise|realize)s? (?:\w+ ){0,4}?(?:is|was|it is|from) (?:an? )?(?:ai|chat ?gpt|bot|machine|robot)\b|\b(?:smells?|screams?|reeks? of) (?:of )?(?:ai|chatgpt|bot)\b", 3),
    _of("voice", s.HUMAN, r"\b(?:write|writes|written|sound|sounds|talk|speak|say|explain|put|read|reads|be|more|voice|it|wrote|look|looks|tell|act|answer)(?: \w+){0,3} like (?:an? )?(?:actual |real |normal |regular |ordinary |living )*(?:person|human(?: being)?|people|humans|kid|student|pupil|teenager|friend|someone real)\b(?: (?:would|does|do|talks?|writes?|speaks?|wrote it|might|could))?|\b(?:more|sounds?|be|in a|not) (?:more |very )?(?:human|natural(?:ly)?)\b(?! (?:rights|body|history|beings?|gas|science|resources|disaster|selection|voice actor|remed\w+|ingredients|anatomy|than i|way to)\b)"
        r"|\bhuman (?:voice|tone|touch|being would)\b|\b(?:no|which) (?:human|person|real person|one|body|normal person) (?:\w+ )?(?:talks|writes|speaks|says|would (?:say|write|talk))\b(?: like| that| this| it)?|\bnobody (?:\w+ )?(?:talks|writes|speaks) (?:like|that|this)\b|\bless (?:of a |like an? )?(?:machine|robot\w*|bot|chatbot|ai)\b|\bnot (?:a|like a) (?:machine|robot|bot|chatbot)\b|\bin my own words style\b|\bas if (?:a|i) (?:normal |real )?(?:person|human|student|wrote|did|had written)\b", 2),
    # steps
    _of("steps", s.STEPS, r"\b(?:show|see|keep|write(?: out| down)?|include|need|want|leave in|give(?: me)?|with|explain|add|skipped|skipping|missed|missing|not skip|left out|no|where (?:is|are)|leave) (?:me |in |out |down |the |all |of |every |your |single |each |my |full |any |those |in between |intermediate |whole |them |step by |whole )*"
        r"(?:step|steps|working|workings|calculations?|work(?= please|$| shown| out)|computations?|rechenweg|maths? steps|solution path|in between(?: steps)?|intermediate (?:results|steps|calculations))\b(?! \d)(?! (?:labels?|headings?|numbers|titles|by step guide|up|in front|for me to|with numbers|in the right)\b)|\bhow (?:did )?you (?:got|get|came|come|arrived?|worked|reached|work|calculated) (?:there|to that|to it|that|it|it out|at that|to (?:the|this) (?:answer|result|number))\b|\bshow (?:me )?(?:your|the) (?:work|working|math|maths|reasoning)\b", 2),
    # ending
    _of("ending", s.QUESTION, r"\b(?:you |u )(?:\w+ ){0,2}?(?:never|do not ever|do not|did not|forgot to|could have|could|should|might|are supposed to|still do not|still have not|have not|still|can) (?:\w+ ){0,2}?(?:ask(?:ed|ing)?) (?:me|us|back)\b(?! (?:for|to|if|about (?:the|my) (?:order|password)|before|first|what i (?:mean|meant)|which|where|how (?:old|big|many|much)|permission)\b)"
        r"|\b(?:you )?(?:never|do not) ask (?:me )?(?:anything|questions?|a thing|back|what i)\b|\b(?:ask|asking|pose|throw) (?:me |us )(?:a |one |some |another |the )?(?:\w+ )?(?:questions?|something|anything|stuff|things)(?= back| too| as well| at the very| at the| after\w*| in return| again| at|$| please| every| each| each| for once| now| next| sometimes| like| when you| once you| before you (?:go|stop|finish|end))"
        r"|\bask (?:me )?back\b|\bask me (?:what|how|whether|if|about) (?:i (?:think|feel|like|want to (?:know|hear|talk))|my (?:view|opinion|thoughts|day|life|experience))|\b(?:just|simply|always|then|it|that|reply|answer|this|chat|talk|conversation) (?:just |simply |always )?(?:ends|stops)(?= there| like that| here| flat| dead| abruptly| after| every| without|$)(?! (?:with|in|at|on)\b)|\bdead[- ]end\b"
        r"|\b(?:conversation|chat|talk) (?:just |always )?(?:dies|died|goes nowhere|is (?:so |very |a bit )?one[- ]sided|falls flat|dries up|stalls?|comes to a halt)\b|\bone[- ]sided\b|\bkeep (?:the |this |our )?(?:conversation|chat|talk|ball|it|me) (?:going|rolling|alive|talking)\b|\b(?:conversation|chat) (?:needs|takes|has) two\b|\btwo[- ]way (?:street|conversation|thing)\b|\btalking to a (?:brick )?wall\b|\bmonologu\w+|\bthrow (?:me )?(?:the|a) ball back\b|\b(?:nothing|anything) (?:to|for me to) (?:answer|reply to|respond to)\b|\b(?:curious|interested|interest) (?:in|about) me\b", 1, lacking="question"),
    _of("ending", s.QUESTION, r"\b(?:you |u )(?:\w+ )?never ask(?: me)?\b(?! (?:for|to|if|before|first)\b)|\b(?:no|where is (?:the|my|your)|missing (?:the|a)|forgot (?:the|my|to ask)|still no|again no|without (?:a|any)|lacks a|and the|not a|not a single|not even a|not one) (?:\w+ )?question\b(?= again| at| to|$| back| for me| this time| once| yet| either| as| then| even| from| there)(?! (?:at the end )?please)", 0, lacking="question"),
    _of("ending", s.QUESTION, r"\b(?:end|finish|close|conclude|wrap up|sign off|leave|leave me|leave off|finish off|finish up|end up) (?:\w+ ){0,5}?(?:with|on|by asking|in|by) (?:me )?(?:an? |one |some |your |another )?(?:\w+ )?(?:questions?|question mark|asking)\b", 2, lacking=""),
    _of("ending", s.QUESTION, r"\b(?:ask|asked|asking|put|pose|add|finish|close|closed|end|round off|leave me|wrap up|kept|keep)\b.*\b(?:questions?|something|follow-? ?up)\b.*\b(?:at the (?:very )?end|afterwards|in the end|back|after your (?:answer|reply)|to the end of|as the (?:last|closing) (?:line|sentence)|of (?:what you say|your (?:answer|reply)|each \w+|every \w+))\b"
        r"|\b(?:last|closing|final) (?:sentence|line|thing) (?:\w+ ){0,4}?(?:a )?question\b|\bask (?:me )?(?:something|anything) back\b", 3, lacking="question"),
    _of("ending", s.NO_QUESTION, r"\b(?:stop|quit|do not|no more|enough|without|please do not|never|no need to|hate it when you|why do you (?:always |keep )?|you (?:always|keep)|not) (?:always |keep |constantly |with |of )*(?:ask(?:ing)?|quizzing|interrogat\w+) (?:me|us|all the time|so much|back)\b(?! (?:for|to|if|before|first)\b)|\b(?:no|stop the|without the|drop the|skip the|enough|enough with the|enough of the|too many|so many|stop with the|lose the|cut the|less|fewer|all these|all the) (?:\w+ )?questions\b(?= at| please|$| back| all| every| from| any ?more| again| next| in future)|\bends? (?:every|each|all) (?:\w+ )?(?:with|in|on) a question\b|\bstop ask\w*(?= questions| stuff| things|$)|\bstop quizzing\b", 1, there="question"),
    _of("ending", s.QUESTION, r"\b(?:end|finish|close|conclude|round off|wrap up|leave me) (?:(?:it|this|that|each|every|your|the|all|reply|replies|answers?|responses?|messages?|by|off|up|always|them|things|everything) )*(?:with|on) (?:a|an|one|some) (?:\w+ )?question\b", 6),
    _of("ending", s.QUESTION, r"\b(?:ask me|ask a|put|add|pose)\b(?! (?:him|her|them|the|my)\b).*\b(?:questions?|follow-? ?up|something)\b.*\b(?:at the (?:very )?end|to the end of (?:what you|your|the (?:reply|answer)))\b", 5),
    _of("form", s.PROSE, r"\b(?:just|only|i want) (?:plain |normal |simple |ordinary |some )*(?:sentences|text)\b(?! (?:me|him|her|file|message)\b)", 1),
    _of("form", s.BULLETS, r"\bafter an? (?:dash|hyphen)\b|\b(?:small|little|simple) dash(?:es)?\b", 2),
    _of("tone", s.WARM, r"\btoo (?:harsh|curt|unfriendly|impersonal|strict|stern|mean|heartless|unkind|cold and \w+)\b", 3),
    _of("tone", s.WARM, r"\b(?:write|say|speak|put|phrase|tell|word)\b(?: \w+){0,4} (?:warmly|kindly|gently)\b|\b(?:warm|friendly|loving|nicer|kinder|softer|friendlier|gentler|warmer|kind|encouraging) (?:tone|voice|words|comments?|feedback|manner)\b|(?:(?<!would )(?<!could )(?<!might )(?<!will )(?<!should )(?<!may )\bbe|\bmore) (?:\w+ )?(?:and )?(?:nice|kind|warm|friendly|cheerful|generous|encouraging)\b(?! (?:to my|to the|people|of)\b)|\bstay (?:kind|friendly|warm)\b|\bencourage (?:them|him|her)\b", 2),
    _of("length", s.LONG, r"\bdetailed (?:and \w+ )?(?:feedback|comments?|answers?|repl\w+|responses?|explanations?)\b(?! (?:on|about|of)\b)", 2),
    # spelling
    _of("spelling", s.BRITISH, rf"\b(?:nobody|no one|we do not|i do not|we never|why (?:do you )?|not|it is not|stop writing|there is no|do not write) (?:\w+ )?(?:writes?|spells?|write|spell) (?:it )?[\"']?{_US_WORD}\b|\b{_US_WORD}[\"']? (?:is|looks|are) (?:\w+ )?(?:american|wrong (?:here|in)|not (?:british|english|how))|\b{_UK_WORD}[\"']? (?:has|with|needs|is spelled with|is written with|takes) an? [\"']?(?:u|s)\b|\b(?:missing|where is|forgot|forgetting|dropped|lost|no) (?:the |a |my |your |all the )?[\"']?u[\"']? in\b|\b(?:with|want) (?:an? |the )?[\"']?u\b[\"']?(?: please| in it|$)|\b{_UK_WORD}[\"']?,? (?:not|instead of|rather than|never) [\"']?{_US_WORD}\b|\bspell (?:\w+ ){{0,3}}?(?:like (?:an? |they do |we do )?(?:in )?(?:brits?|british person|english ?man|britain|england|london|the uk)|the (?:british|english|uk|queen's|king's) way)\b|\b(?:written|writes?|spell(?:s|ed|ing|t)?|sounds?|looks?|reads?|words are|why so|so|too|very|it is|is) (?:\w+ ){{0,3}}?(?:like )?(?:an? |the )?(?:american(?: way)?|yank(?:ee|s)?|yankees)\b|\byank(?:ee)?s? (?:spelling|english|words)\b", 2, there="american"),
    _of("spelling", s.AMERICAN, rf"\b{_US_WORD}[\"']?,? (?:not|instead of|rather than|never) [\"']?{_UK_WORD}\b|\b(?:nobody|no one|we do not|i do not|why (?:do you )?) (?:\w+ )?(?:writes?|spells?) (?:it )?[\"']?{_UK_WORD}\b|\bspell (?:\w+ ){{0,3}}?the (?:american|us) way\b|\b(?:drop|lose|without) the [\"']?u[\"']? in\b|\b(?:with|use|we use) an? z\b", 2, there="british"),
    # loudness
    _of("exclamation", s.CALM, r"\b(?:why (?:are you |so |all |is it |do you sound |the )*|so |too |less |over ?|over-?|not so |stop being |do not (?:be|get|sound) (?:so |too )?|no need to (?:be|get) (?:so )?|very |such |all the |the )(?:\w+ )?(?:excited|enthusias(?:m|tic)\w*|hyper\w*|excitement|overexcited|thrilled|cheer(?:y|ful|iness)|peppy|perky|shouty|loud|jolly|giddy|hyped)\b|\bcalm (?:down|it)\b(?! with)|\b(?:stop|no|less|quit|why (?:are you|all the|the|is it|so much)|do not|you are|like you are|is it|no need to|sounds? like|keep|always|feels like|felt like|being|not) (?:\w+ ){0,3}?(?:shout(?:ing|s|ed)?|yell(?:ing|s|ed)?|scream(?:ing|s|ed)?|excl[a-z]+ing)\b(?! (?:bot|ai|chat|robot))|\b(?:shouting|yelling|screaming) (?:at me|again)\b|\b(?:excitement|enthusiasm) (?:is|down|overload)\b", 2, there="exclamation"),
    _of("exclamation", s.LOWER if False else s.CALM, r"\b(?:no|stop|less|fewer|without|enough|too many|so many|not|avoid|drop|lose|cut|all the|all these|why the|those|quit) (?:\w+ ){0,3}?(?:bangs|exclams?)\b", 1, there="exclamation"),
    _of("capitals", s.LOWER, r"\b(?:stop|no|less|quit|why (?:are you|all the|the|are we)|do not) (?:\w+ )?(?:shout(?:ing)?|yell(?:ing)?|scream(?:ing)?)\b", 2, there="capitals", lacking="exclamation"),
    # tone
    _of("tone", s.WARM, r"\b(?:too|so|very|somewhat|bit|pretty|rather|quite|really|sounds?|kinda|and|a) (?:\w+ )?(?:cold|harsh|distant|unfriendly|frosty|icy|heartless|unkind|curt|clinical|impersonal|mean|strict|stern|grumpy)\b(?! (?:water|weather|day|winter|brew|war|shower|in|outside|here|out|front|for the plant)\b)|^(?:harsh|unfriendly|frosty|heartless|unkind|impersonal)$|\b(?:where is the|no|lacks?|bit of|some|more|little|missing|show(?: some)?|need|with|zero|without) (?:any |the |more |some |heart and )*(?:warmth|heart|kindness|love|friendliness|empathy|compassion|human warmth|encouragement)\b|\b(?:more|be|sound|make it|make that|make them|stay|keep it|talk|sounding|in a|use a|not very|something) (?:\w+ )?(?:warm(?:er)?|kind(?:er)?(?! of)|friend(?:ly|lier)|gentle(?:r)?|nicer|softer|encouraging|caring|heartfelt|compassionate|welcoming|lovelier|personable)\b(?! (?:up|water|clothes|place|temperature|climate|weather|country|way to|one|restaurant|name|names|colou?rs?|than|of)\b)|(?<!feels )(?<!looks )(?<!is )\b(?:warmer|kinder|friendlier|gentler)(?= please| and|$| tone| words| next time| comments?)|^(?:warm|friendly|kind|nicer)(?: tone| words)? please$", 0),
    _of("tone", s.CASUAL, r"\b(?:less|too|so|not so|very|way too|bit too|somewhat) (?:formal|stiff|stuffy|official|posh|businesslike|pompous)\b|\b(?:more|be|sound|write|talk|make it|keep it|in a) (?:\w+ )?(?:casual(?:ly)?|informal(?:ly)?|relaxed|laid[- ]back|chilled?|colloquial)\b|^(?:casual|informal)(?: tone)? please$|\bloosen up\b", 0),
    _of("tone", s.FORMAL, r"\b(?:more|be|sound|write|make it|keep it|in a|use a|use) (?:\w+ )?(?:formal(?:ly)?|businesslike|professional(?:ly)?)\b(?! (?:attire|dress|education|opinion|advice|help)\b)|\b(?:too|so|less|way too|somewhat too) (?:casual|informal|chummy|matey|familiar|sloppy|slangy|chatty)\b|^(?:formal|professional)(?: tone)? please$", 0),
    # begins and ends
    _of("introduction", s.NO_INTRODUCTION, r"\b(?:stop|no|skip|drop|without|quit|do not|never|leave out|cut|enough|lose|tired of|why (?:do you )?(?:always )?|hate) (?:\w+ ){0,3}?(?:start(?:ing)?|begin(?:ning)?|open(?:ing)?|say(?:ing)?|the|with|all) (?:\w+ ){0,4}?[\"']?(?:sure|certainly|of course|absolutely|here is|here are|hello|greetings?|pleasantries|throat[- ]clearing|fluff|chit-?chat|blah) ?[\"']?|\b(?:skip|cut|drop|no|lose|without|stop|enough|less) (?:the |all |your |this |that )*(?:pleasantries|fluff|throat[- ]clearing|build-?up|song and dance|small ?talk|preliminaries|run-?up)\b", 1),
    _of("introduction", "Start with the answer.", r"\b(?:answer|result|conclusion|point) (?:comes |should come |goes |must come |right )?first\b(?! question)|\b(?:start|begin|lead|open) with (?:the )?(?:actual |real )?(?:answer|result|conclusion|point)\b|\b(?:just|only) (?:give me )?the answer\b(?! (?:to|is|was|for)\b)|\bstraight to (?:the|your) (?:answer|point)\b", 1),
    _of("closing", s.NO_CLOSING, r"\b(?:stop|no|skip|drop|without|quit|do not|never|leave out|leave off|cut|enough|lose|tired of) (?:\w+ ){0,4}?[\"']?(?:let me know|hope this helps|hope that helps|feel free|good luck|have a nice day|happy to help|if you have any (?:other |more )?questions)\b", 3),
    _of("praise", "Do not praise the question.", r"\b(?:stop|no|skip|drop|without|quit|do not|never|cut|enough|tired of) (?:\w+ ){0,4}?[\"\']?(?:great question|good question|prais(?:e|ing) (?:me|my|the)|flatter\w*|compliments?|butter(?:ing)? me)\b", 2),
    _of("markup", s.NO_MARKDOWN, r"\b(?:in|as|just|only|use|with|want|prefer) plain text\b|\bplain text (?:please|only|instead)\b|^plain text$", 1),
    _of("table", "Do not use a table.", r"\b(?:no|stop|without|not in|not as|drop|lose) (?:\w+ ){0,2}?(?:grids?|spreadsheets?)\b", 1, there="table"),
)  # fmt: skip
