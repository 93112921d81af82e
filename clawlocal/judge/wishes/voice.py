"""How people speak of a voice that is a machine's, of steps, ends and spelling: "it just ends". Knows no reply."""

from __future__ import annotations

from clawlocal.judge.wishes import subjects as s
from clawlocal.judge.wishes.phrase import phrase

_MACHINE = (
    r"(?:an? |the |my |some |such an? |so |very |too |all |pure |totally |total |typical |much |obviously "
    r"|clearly |straight out of (?:an? )?|straight from |like |full |obvious )*"
    r"(?:ai|a\.i\.|ai[- ]?(?:generated|written|made|ish|like|speak|text|slop|stuff|bot|thing|voice|tone)"
    r"|chat ?gpt|gpt|chat ?bot|bot(?:ty|like)?|robot(?:ic|s)?|machine|computer|"
    r"language model|llm|auto-?generated|copy[- ]?paste\w*|website|web ?page|wikipedia|blog(?: post)?|corporate|"
    r"press release|template|terminator|siri|alexa|call cent(?:er|re))\b"
)
_LOOKS = (
    r"(?:looks?|looking|sounds?|sounding|reads?|reading|smells?|feels?|seems?|screams?|written|wrote|writes"
    r"|talk(?:s|ing)?|speak(?:s|ing)?|write|writing)"
)
_US_WORD = (
    r"(?:\w*(?:olor|avor|abor|umor|eighbor|onor)(?:s|ed|ing|ful|ite|ites)?|\w+iz(?:e|es|ed|ing|ation)|gray|center"
    r"|theater|traveling|traveler|mom|aluminum|jewelry|meter|liter|fiber|soccer|sidewalk|catalog)"
)
_UK_WORD = (
    r"(?:\w*(?:olour|avour|abour|umour|eighbour|onour)(?:s|ed|ing|ful|ite|ites)?|\w+is(?:e|es|ed|ing|ation)|grey"
    r"|centre|theatre|travelling|traveller|mum|aluminium|jewellery|metre|litre|fibre|catalogue|programme)"
)

VOICE = (
    # machine or human
    phrase(
        "voice",
        s.HUMAN,
        rf"\b{_LOOKS} (?:\w+ ){{0,2}}?(?:like |by |so |too |as if |of |as though |from )*{_MACHINE}|\b(?:so|too"
        rf"|very|really|super|less|all|obviously|clearly|totally|much|more like) (?:an? )?(?:ai|robotic|chatgpt"
        rf"|chat gpt|ai-?ish|bot-?like|botty|machine-?like|chatbot|artificial|corporate|stilted|robot)\b"
        r"|\b(?:ai|chat ?gpt|gpt|robot|machine|bot|chatbot|computer)[- ](?:look|style|speak|sounding|voice|tone"
        r"|vibes?|feel|ish|language|phrases|wrote (?:it|this|that)|generated|written|from a mile)\b|\b(?:a "
        r"|an )?(?:ai|chat ?gpt|gpt|robot|machine|bot|chatbot|computer) (?:wrote|made|has written"
        r"|had written|generated|did) (?:it|this|that)\b"
        r"|\b(?:know|see|notice|tell|spot|smell|think|guess|realise|realize)s? (?:\w+ ){0,4}?(?:is|was|it is"
        r"|from) (?:an? )?(?:ai|chat ?gpt|bot|machine|robot)\b|\b(?:smells?|screams?"
        r"|reeks? of) (?:of )?(?:ai|chatgpt|bot)\b",
        3,
    ),
    phrase(
        "voice",
        s.HUMAN,
        r"\b(?:write|writes|written|sound|sounds|talk|speak|say|explain|put|read|reads|be|more|voice|it|wrote|look"
        r"|looks|tell|act|answer)(?: \w+){0,3} like (?:an? )?(?:actual |real |normal |regular |ordinary "
        r"|living )*(?:person|human(?: being)?|people|humans|kid|student|pupil|teenager|friend"
        r"|someone real)\b(?: (?:would|does|do|talks?|writes?|speaks?|wrote it|might|could))?|\b(?:more|sounds?"
        r"|be|in a|not) (?:more |very )?(?:human|natural(?:ly)?)\b(?! (?:rights|body|history|beings?|gas"
        r"|science|resources|disaster|selection|voice actor|remed\w+|ingredients|anatomy|than i|way to)\b)"
        r"|\bhuman (?:voice|tone|touch|being would)\b|\b(?:no|which) (?:human|person|real person|one|body"
        r"|normal person) (?:\w+ )?(?:talks|writes|speaks|says|would (?:say|write|talk))\b(?: like| that"
        r"| this| it)?|\bnobody (?:\w+ )?(?:talks|writes|speaks) (?:like|that|this)\b|\bless (?:of a "
        r"|like an? )?(?:machine|robot\w*|bot|chatbot|ai)\b|\bnot (?:a|like a) (?:machine|robot|bot"
        r"|chatbot)\b|\bin my own words style\b|\bas if (?:a|i) (?:normal |real )?(?:person|human|student"
        r"|wrote|did|had written)\b",
        2,
    ),
    # steps
    phrase(
        "steps",
        s.STEPS,
        r"\b(?:show|see|keep|write(?: out| down)?|include|need|want|leave in|give(?: me)?|with|explain|add|skipped"
        r"|skipping|missed|missing|not skip|left out|no|where (?:is|are)|leave) (?:me |in |out |down |the |all "
        r"|of |every |your |single |each |my |full |any |those |in between |intermediate |whole |them |step by "
        r"|whole )*"
        r"(?:step|steps|working|workings|calculations?|work(?= please|$| shown| out)|computations?|rechenweg"
        r"|maths? steps|solution path|in between(?: steps)?|intermediate (?:results|steps"
        r"|calculations))\b(?! \d)(?! (?:labels?|headings?|numbers|titles|by step guide|up|in front"
        r"|for me to|with numbers|in the right)\b)|\bhow (?:did )?you (?:got|get|came|come|arrived?|worked"
        r"|reached|work|calculated) (?:there|to that|to it|that|it|it out|at that|to (?:the|this) (?:answer"
        r"|result|number))\b|\bshow (?:me )?(?:your|the) (?:work|working|math|maths|reasoning)\b",
        2,
    ),
    # ending
    phrase(
        "ending",
        s.QUESTION,
        r"\b(?:you |u )(?:\w+ ){0,2}?(?:never|do not ever|do not|did not|forgot to|could have|could|should|might"
        r"|are supposed to|still do not|still have not|have not|still|can) (?:\w+ ){0,2}?(?:ask(?:ed"
        r"|ing)?) (?:me|us|back)\b(?! (?:for|to|if|about (?:the|my) (?:order|password)|before|first"
        r"|what i (?:mean|meant)|which|where|how (?:old|big|many|much)|permission)\b)"
        r"|\b(?:you )?(?:never|do not) ask (?:me )?(?:anything|questions?|a thing|back|what i)\b|\b(?:ask"
        r"|asking|pose|throw) (?:me |us )(?:a |one |some |another |the )?(?:\w+ )?(?:questions?|something"
        r"|anything|stuff|things)(?= back| too| as well| at the very| at the| after\w*| in return| again"
        r"| at|$| please| every| each| each| for once| now| next| sometimes| like| when you| once you"
        r"| before you (?:go|stop|finish|end))"
        r"|\bask (?:me )?back\b|\bask me (?:what|how|whether|if|about) (?:i (?:think|feel|like|want to (?:know"
        r"|hear|talk))|my (?:view|opinion|thoughts|day|life|experience))|\b(?:just|simply|always|then|it"
        r"|that|reply|answer|this|chat|talk|conversation) (?:just |simply |always )?(?:ends|stops)(?= there"
        r"| like that| here| flat| dead| abruptly| after| every| without|$)(?! (?:with|in|at|on)\b)"
        r"|\bdead[- ]end\b"
        r"|\b(?:conversation|chat|talk) (?:just |always )?(?:dies|died|goes nowhere|is (?:so |very "
        r"|a bit )?one[- ]sided|falls flat|dries up|stalls?|comes to a halt)\b|\bone[- ]sided\b"
        r"|\bkeep (?:the |this |our )?(?:conversation|chat|talk|ball|it|me) (?:going|rolling|alive"
        r"|talking)\b|\b(?:conversation|chat) (?:needs|takes|has) two\b|\btwo[- ]way (?:street|conversation"
        r"|thing)\b|\btalking to a (?:brick )?wall\b|\bmonologu\w+|\bthrow (?:me )?(?:the|a) ball back\b"
        r"|\b(?:nothing|anything) (?:to|for me to) (?:answer|reply to|respond to)\b|\b(?:curious|interested"
        r"|interest) (?:in|about) me\b",
        1,
        lacking="question",
    ),
    phrase(
        "ending",
        s.QUESTION,
        r"\b(?:you |u )(?:\w+ )?never ask(?: me)?\b(?! (?:for|to|if|before|first)\b)|\b(?:no|where is (?:the|my"
        r"|your)|missing (?:the|a)|forgot (?:the|my|to ask)|still no|again no|without (?:a|any)|lacks a|and the"
        r"|not a|not a single|not even a|not one) (?:\w+ )?question\b(?= again| at| to|$| back| for me"
        r"| this time| once| yet| either| as| then| even| from| there)(?! (?:at the end )?please)",
        0,
        lacking="question",
    ),
    phrase(
        "ending",
        s.QUESTION,
        r"\b(?:end|finish|close|conclude|wrap up|sign off|leave|leave me|leave off|finish off|finish up"
        r"|end up) (?:\w+ ){0,5}?(?:with|on|by asking|in|by) (?:me )?(?:an? |one |some |your "
        r"|another )?(?:\w+ )?(?:questions?|question mark|asking)\b",
        2,
        lacking="",
    ),
    phrase(
        "ending",
        s.QUESTION,
        r"(?<!i )(?<!i have )(?<!me )\b(?:ask|asking|put|pose|add|finish|close|closed|end|ended|round off|leave me"
        r"|wrap up|kept"
        r"|keep)\b.*\b(?:questions?|something|follow-? ?up)\b.*\b(?:at the (?:very )?end|afterwards|in the end"
        r"|back|after your (?:answer|reply)|to the end of|as the (?:last|closing) (?:line|sentence)"
        r"|of (?:what you say|your (?:answer|reply)|each \w+|every \w+))\b"
        r"|\b(?:last|closing|final) (?:sentence|line|thing) (?:\w+ ){0,4}?(?:a )?question\b"
        r"|\bask (?:me )?(?:something|anything) back\b",
        3,
        lacking="question",
    ),
    phrase(
        "ending",
        s.NO_QUESTION,
        r"\b(?:stop|quit|(?<!you )do not|no more|enough|without|please do not|(?<!you )never|no need to"
        r"|hate it when you"
        r"|why do you (?:always |keep )?|you (?:always|keep)|not) (?:always |keep |constantly |with "
        r"|of )*(?:ask(?:ing)?|quizzing|interrogat\w+) (?:me|us|all the time|so much|back)\b(?! (?:for|to|if"
        r"|before|first)\b)|\b(?:no|stop the|without the|drop the|skip the|enough|enough with the|enough of the"
        r"|too many|so many|stop with the|lose the|cut the|less|fewer|all these"
        r"|all the) (?:\w+ )?questions\b(?= at| please|$| back| all| every| from| any ?more| again| next"
        r"| in future)|\bends? (?:every|each|all) (?:\w+ )?(?:with|in|on) a question\b"
        r"|\bstop ask\w*(?= questions| stuff| things|$)|\bstop quizzing\b",
        1,
        there="question",
    ),
    phrase(
        "ending",
        s.QUESTION,
        r"\b(?:end|finish|close|conclude|round off|wrap up|leave me) (?:(?:it|this|that|each|every|your|the|all"
        r"|reply|replies|answers?|responses?|messages?|by|off|up|always|them|things|everything) )*(?:with"
        r"|on) (?:a|an|one|some) (?:\w+ )?question\b",
        6,
    ),
    phrase(
        "ending",
        s.QUESTION,
        r"\b(?:ask me|ask a|put|add|pose)\b(?! (?:him|her|them|the|my)\b).*\b(?:questions?|follow-? ?up"
        r"|something)\b.*\b(?:at the (?:very )?end|to the end of (?:what you|your|the (?:reply|answer)))\b",
        5,
    ),
    phrase(
        "form",
        s.PROSE,
        r"^(?:please |and |use |write |talk in |in |no )*(?:just|i want) (?:plain |normal |simple |ordinary "
        r"|some )*(?:sentences|text)\b(?! (?:me|him|her"
        r"|file|message)\b)",
        1,
    ),
    phrase(
        "ending",
        s.QUESTION,
        r"\bthen (?:ask me )?an? (?:\w+ )?question (?:to|for) me\b|\bask me an? (?:\w+ )?question (?:that|which) "
        r"(?:takes?|leads?|goes|carries|moves|keeps?|opens?)\b|\bquestion (?:from you )?as (?:the|your|a) (?:closing"
        r"|last|final) (?:sentence|line)\b",
        4,
        lacking="question",
    ),
    phrase(
        "form",
        s.BULLETS,
        r"\b(?:entry|entries|items?|lines?|points?|thing) (?:\w+ ){0,4}?(?:begin(?:s|ning)?|start(?:s|ing)?|led"
        r"|open(?:s|ing)?|preceded|marked) (?:with|by) (?:an? |the )?(?:\w+ )?(?:hyphen|dash|dashes)\b"
        r"|\bcolumns? of (?:dashes|hyphens)\b"
        r"|[\"']- ?\w[^\"']*[\"'].*[\"']- ?\w|\bline with an? (?:hyphen|dash)\b",
        6,
        lacking="bullets",
    ),
    phrase("form", s.BULLETS, r"\bafter an? (?:dash|hyphen)\b|\b(?:small|little|simple) dash(?:es)?\b", 2),
    phrase(
        "tone",
        s.WARM,
        r"\btoo (?:harsh|curt|unfriendly|impersonal|strict|stern|mean|heartless|unkind|cold and \w+)\b",
        3,
    ),
    phrase(
        "tone",
        s.WARM,
        r"\b(?:write|say|speak|put|phrase|tell|word)\b(?: \w+){0,4} (?:warmly|kindly|gently)\b|\b(?:loving"
        r"|nicer|kinder|softer|friendlier|gentler|warmer) (?:tone|voice|words|comments?|feedback|manner)\b"
        r"|\b(?:in|use|with|want|need|more|and|for|have|prefer|please) (?:an? |the )?(?:\w+ and )?(?:warm"
        r"|friendly|kind"
        r"|encouraging) (?:tone|voice|words|comments?|feedback|manner)\b"
        r"|(?:(?<!would )(?<!could )(?<!might )(?<!will )(?<!should )(?<!may )\bbe"
        r"|\bmore) (?:\w+ )?(?:and )?(?<!so )(?:nice|kind|warm|friendly|cheerful|generous|encouraging)\b(?! (?:to my"
        r"|to the|people|of)\b)|\bstay (?:kind|friendly|warm)\b|\bencourage (?:them|him|her)\b",
        2,
    ),
    phrase(
        "length",
        s.LONG,
        r"\bdetailed (?:and \w+ )?(?:feedback|comments?|answers?|repl\w+|responses?|explanations?)\b(?! (?:on|about"
        r"|of)\b)",
        2,
    ),
    # spelling
    phrase(
        "spelling",
        s.BRITISH,
        rf"\b(?:nobody|no one|we do not|i do not|we never|why (?:do you )?|not|it is not|stop writing|there is no"
        rf"|do not write) (?:\w+ )?(?:writes?|spells?|write|spell) (?:it )?[\"']?{_US_WORD}\b"
        rf"|\b{_US_WORD}[\"']? (?:is|looks|are) (?:\w+ )?(?:american|wrong (?:here|in)|not (?:british|english"
        rf"|how))|\b{_UK_WORD}[\"']? (?:has|with|needs|is spelled with|is written with|takes) an? [\"']?(?:u"
        rf"|s)\b|\b(?:missing|where is|forgot|forgetting|dropped|lost|no) (?:the |a |my |your "
        rf"|all the )?[\"']?u[\"']? in\b|\b(?:with|want) (?:an? |the )?[\"']?u\b[\"']?(?: please| in it|$)"
        rf"|\b{_UK_WORD}[\"']?,? (?:not|instead of|rather than|never) [\"']?{_US_WORD}\b"
        rf"|\bspell (?:\w+ ){{0,3}}?(?:like (?:an? |they do |we do )?(?:in )?(?:brits?|british person"
        rf"|english ?man|britain|england|london|the uk)|the (?:british|english|uk|queen's|king's) way)\b"
        rf"|\b(?:written|writes?|spell(?:s|ed|ing|t)?|sounds?|looks?|reads?|words are|why so|so|too|very|it is"
        rf"|is) (?:\w+ ){{0,3}}?(?:like )?(?:an? |the )?(?:american(?: way)?|yank(?:ee|s)?|yankees)\b"
        rf"|\byank(?:ee)?s? (?:spelling|english|words)\b",
        2,
        there="american",
    ),
    phrase(
        "spelling",
        s.AMERICAN,
        rf"\b{_US_WORD}[\"']?,? (?:not|instead of|rather than|never) [\"']?{_UK_WORD}\b|\b(?:nobody|no one"
        rf"|we do not|i do not|why (?:do you )?) (?:\w+ )?(?:writes?|spells?) (?:it )?[\"']?{_UK_WORD}\b"
        rf"|\bspell (?:\w+ ){{0,3}}?the (?:american|us) way\b|\b(?:drop|lose|without) the [\"']?u[\"']? in\b"
        rf"|\b(?:with|use|we use) an? z\b",
        2,
        there="british",
    ),
)
