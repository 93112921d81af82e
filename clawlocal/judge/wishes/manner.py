"""How people speak of loudness, tone and stock phrases: "why so excited?", "too cold". Knows no reply."""

from __future__ import annotations

from clawlocal.judge.wishes import subjects as s
from clawlocal.judge.wishes.phrase import phrase

MANNER = (
    # loudness
    phrase(
        "exclamation",
        s.CALM,
        r"\b(?:why (?:are you |so |all |is it |do you sound |the )*|so |too |less |over ?|over-?|not so "
        r"|stop being |do not (?:be|get|sound) (?:so |too )?|no need to (?:be|get) (?:so )?|very |such "
        r"|all the |the )(?:\w+ )?(?:excited|enthusias(?:m|tic)\w*|hyper\w*|excitement|overexcited|thrilled"
        r"|cheer(?:y|ful|iness)|peppy|perky|shouty|loud|jolly|giddy|hyped)\b|\bcalm (?:down|it)\b(?! with)"
        r"|\b(?:stop|no|less|quit|why (?:are you|all the|the|is it|so much)|do not|you are|like you are|is it"
        r"|no need to|sounds? like|keep|always|feels like|felt like|being|not) (?:\w+ ){0,3}?(?:shout(?:ing|s"
        r"|ed)?|yell(?:ing|s|ed)?|scream(?:ing|s|ed)?|excl[a-z]+ing)\b(?! (?:bot|ai|chat|robot))|\b(?:shouting"
        r"|yelling|screaming) (?:at me|again)\b|\b(?:excitement|enthusiasm) (?:is|down|overload)\b",
        2,
        there="exclamation",
    ),
    phrase(
        "exclamation",
        s.CALM,
        r"\b(?:no|stop|less|fewer|without|enough|too many|so many|not|avoid|drop|lose|cut|all the|all these|why the"
        r"|those|quit) (?:\w+ ){0,3}?(?:bangs|exclams?)\b",
        1,
        there="exclamation",
    ),
    phrase(
        "capitals",
        s.LOWER,
        r"\b(?:stop|no|less|quit|why (?:are you|all the|the|are we)|do not) (?:\w+ )?(?:shout(?:ing)?|yell(?:ing)?"
        r"|scream(?:ing)?)\b",
        2,
        there="capitals",
        lacking="exclamation",
    ),
    # tone
    phrase(
        "tone",
        s.WARM,
        r"\b(?:too|so|very|somewhat|bit|pretty|rather|quite|really|sounds?|kinda|and|a) (?:\w+ )?(?:cold|harsh"
        r"|distant|unfriendly|frosty|icy|heartless|unkind|curt|clinical|impersonal|mean|strict|stern"
        r"|grumpy)\b(?! (?:water|weather|day|winter|brew|war|shower|in|outside|here|out|front|for the plant)\b)"
        r"|^(?:harsh|unfriendly|frosty|heartless|unkind|impersonal)$|\b(?:where is the|no|lacks?|bit of|some"
        r"|more|little|missing|show(?: some)?|need|with|zero|without) (?:any |the |more |some "
        r"|heart and )*(?:warmth|heart|kindness|love|friendliness|empathy|compassion|human warmth"
        r"|encouragement)\b|\b(?:more|be|sound|make it|make that|make them|stay|keep it|talk|sounding|in a"
        r"|use a|not very|something) (?:\w+ )?(?:warm(?:er)?|(?<!so )kind(?:er)?(?! of)|friend(?:ly|lier)|gentle(?:r)?"
        r"|nicer|softer|encouraging|caring|heartfelt|compassionate|welcoming|lovelier|personable)\b(?! (?:up"
        r"|water|clothes|place|temperature|climate|weather|country|way to|one|restaurant|name|names|colou?rs?"
        r"|than|of)\b)|(?<!feels )(?<!looks )(?<!is )\b(?:warmer|kinder|friendlier|gentler)(?= please| and|$"
        r"| tone| words| next time| comments?)|^(?:warm|friendly|kind|nicer)(?: tone| words)? please$",
        0,
    ),
    phrase(
        "tone",
        s.CASUAL,
        r"\b(?:less|too|so|not so|very|way too|bit too|somewhat) (?:formal|stiff|stuffy|official|posh|businesslike"
        r"|pompous)\b|\b(?:more|be|sound|write|talk|make it|keep it|in a) (?:\w+ )?(?:casual(?:ly)?"
        r"|informal(?:ly)?|relaxed|laid[- ]back|chilled?|colloquial)\b|^(?:casual|informal)(?: tone)? please$"
        r"|\bloosen up\b",
        0,
    ),
    phrase(
        "tone",
        s.FORMAL,
        r"\b(?:more|be|sound|write|make it|keep it|in a|use a|use) (?:\w+ )?(?:formal(?:ly)?|businesslike"
        r"|professional(?:ly)?)\b(?! (?:attire|dress|education|opinion|advice|help)\b)|\b(?:too|so|less|way too"
        r"|somewhat too) (?:casual|informal|chummy|matey|familiar|sloppy|slangy|chatty)\b|^(?:formal"
        r"|professional)(?: tone)? please$",
        0,
    ),
    # begins and ends
    phrase(
        "introduction",
        s.NO_INTRODUCTION,
        r"\b(?:stop|no|skip|drop|without|quit|do not|never|leave out|cut|enough|lose|tired of"
        r"|why (?:do you )?(?:always )?|hate) (?:\w+ ){0,3}?(?:start(?:ing)?|begin(?:ning)?|open(?:ing)?"
        r"|say(?:ing)?|the|with|all) (?:\w+ ){0,4}?[\"']?(?:sure|certainly|of course|absolutely|here is"
        r"|here are|hello|greetings?|pleasantries|throat[- ]clearing|fluff|chit-?chat|blah) ?[\"']?|\b(?:skip"
        r"|cut|drop|no|lose|without|stop|enough|less) (?:the |all |your |this |that )*(?:pleasantries|fluff"
        r"|throat[- ]clearing|build-?up|song and dance|small ?talk|preliminaries|run-?up)\b",
        1,
    ),
    phrase(
        "introduction",
        "Start with the answer.",
        r"\b(?:answer|result|conclusion|point) (?:comes |should come |goes |must come |right )?first\b(?! question)"
        r"|\b(?:start|begin|lead|open) with (?:the )?(?:actual |real )?(?:answer|result|conclusion|point)\b"
        r"|\b(?:just|only) (?:give me )?the answer\b(?! (?:to|is|was|for)\b)|\bstraight to (?:the"
        r"|your) (?:answer|point)\b",
        1,
    ),
    phrase(
        "closing",
        s.NO_CLOSING,
        r"\b(?:stop|no|skip|drop|without|quit|do not|never|leave out|leave off|cut|enough|lose"
        r"|tired of) (?:\w+ ){0,4}?[\"']?(?:let me know|hope this helps|hope that helps|feel free|good luck"
        r"|have a nice day|happy to help|if you have any (?:other |more )?questions)\b",
        3,
    ),
    phrase(
        "praise",
        "Do not praise the question.",
        r"\b(?:stop|no|skip|drop|without|quit|do not|never|cut|enough"
        r"|tired of) (?:\w+ ){0,4}?[\"\']?(?:great question|good question|prais(?:e|ing) (?:me|my|the)"
        r"|flatter\w*|compliments?|butter(?:ing)? me)\b",
        2,
    ),
    phrase(
        "markup",
        s.NO_MARKDOWN,
        r"\b(?:in|as|just|only|use|with|want|prefer) plain text\b|\bplain text (?:please|only|instead)\b"
        r"|^plain text$",
        1,
    ),
    phrase(
        "table",
        "Do not use a table.",
        r"\b(?:no|stop|without|not in|not as|drop|lose) (?:\w+ ){0,2}?(?:grids?|spreadsheets?)\b",
        1,
        there="table",
    ),
)
