"""A user's words as they are compared: one spelling for what is typed in many ways, and in clauses. Knows no wish."""

from __future__ import annotations

import re

_SAME = (
    (r"[’`´]", "'"),
    (r"[“”„«»]", '"'),
    (r"\bcan'?t\b|\bcannot\b", "can not"),
    (r"\bwon'?t\b", "will not"),
    (r"\b(do|does|did|is|are|was|were|has|have|could|should|would|need)n'?t\b", r"\1 not"),
    (r"\bain'?t\b", "is not"),
    (r"\b(it|that|this|there|here|where|what|who|how|everything)'s\b", r"\1 is"),
    (r"\b(thats|wheres|whats|hows|theres)\b", lambda m: f"{m[1][:-1]} is"),
    (r"\b(it|that|there|where|what)(?: i)?s\b(?= (?:to|too|so)\b)", r"\1 is"),
    (r"\bi'?m\b", "i am"),
    (r"\b(you|they|we(?='))'?re\b|\b(?<=why )re\b", lambda m: f"{m[1]} are" if m[1] else "are"),
    (r"\bi'd\b|\bid\b(?= (?:like|love|prefer|rather|want))", "i would"),
    (r"\b(you|we|they|he|she|it)'d\b", r"\1 would"),
    (r"\b(limit|max|maximum|top|cap|word|all)'s\b", r"\1 is"),
    (r"\b(i|you|we)'ve\b", r"\1 have"),
    (r"\b(i|you|we|it|that)'ll\b", r"\1 will"),
    (r"\b(?:pls|plz|pleas|plese|plss+|pl[sz]z+|plsss*|pleeease|svp|ples)\b", "please"),
    (r"\b(?:thx|thnx|tnx|ty|thanx|ta|cheers)\b", "thanks"),
    (r"(?<!\ba )(?<!the )(?<!with )(?<!\bno )(?<![\"\'])\bu\b(?!k)(?! in\b)", "you"),
    (r"\bur\b", "your"),
    (r"\br\b", "are"),
    (r"\by\b(?= (?:so|the|no|are|is|do))", "why"),
    (r"\bw/o\b", "without"),
    (r"\bw/ ?", "with "),
    (
        r"\b(?:tho|thou|btw|tbh|imo|imho|lol|lmao|haha+|omg|ngl|smh|fr|mate|bro|dude|man|dear|love)\b(?= *(?:[,.!?]"
        r"|$))",
        "",
    ),
    (r"\bwanna\b", "want to"),
    (r"\bgonna\b", "going to"),
    (r"\bgimme\b", "give me"),
    (r"\bkinda\b|\bsorta\b|\ba (?:bit|little|touch|tad)\b", "somewhat"),
    (
        r"\b(too|way|much|far|bit|is|was|are|still)( way| far| much)? to (long|short|wordy|cold|formal|dry|stiff"
        r"|loud|brief|"
        r"much|many|excited|robotic)\b",
        r"\1 too \3",
    ),
    (r"^to (?=(?:long|short|wordy|cold|formal|dry|stiff|loud|brief|much|many)\b)", "too "),
    (
        r"\bsentan[cs]es?\b|\bsent[ae]n[sc]s?es?\b|\bsetn?en[cs]es?\b|\bsenteces?\b|\bsentnces?\b",
        lambda m: "sentences" if m[0].endswith("s") else "sentence",
    ),
    (r"\b(?:bull?[ei]t+|bulet|bullit|bullte)(?:ed)?[- ]?(?:points?|ponits?|pionts?|s)\b", "bullets"),
    (r"\bbull?et+(?:ed)?[- ](?:form|format|list|lists|style)\b|\bbulet\b|\bbulletted\b|\bbulleted\b", "bullets"),
    (r"\bex[ck]?c?[la]+m[ai]+t[ai]?on\b|\bexclaimation\b|\bexclamtion\b|\bexlamation\b|\bexclimation\b", "exclamation"),
    (r"\bexcl?\.? ?marks?\b", "exclamation marks"),
    (r"\b(?:queston|qestion|quesiton|qustion|questoin)(s?)\b", r"question\1"),
    (r"\bspel+in+g?s?\b|\bspeling\b", "spelling"),
    (r"\b(?:brittish|britsh|britih|britisch)\b", "british"),
    (r"\b(?:amercian|amerikan|americian)\b", "american"),
    (r"\b(?:emojies|emogis?|emojys?|imojis?|emoij?s?|emotes)\b", "emojis"),
    (r"\b(?:numberd|nummbered|numbred)\b", "numbered"),
    (r"\b(?:freindly|frendly|friendley)\b", "friendly"),
    (r"\b(?:shoter|shorther|shrter|shortr)\b", "shorter"),
    (r"\b(?:loonger|lnger|longr|lenghtier|lengthier)\b", "longer"),
    (r"\b(?:detial|detale|detials|detales|deatils?|detaills?)\b", "detail"),
    (r"\b(?:fromal)\b", "formal"),
    (r"\bparagraf(s?)\b|\bparagrah(s?)\b|\bparagarph(s?)\b", "paragraphs"),
    (r"\b(?:formating|fomatting|formattings)\b", "formatting"),
    (r"\b(?:aks|axe)\b(?= me)", "ask"),
    (r"\b(?:shud)\b", "should"),
    (
        r"\"\s*[-–]\s*\"(?: ?(?:signs?|marks?))?|'\s*[-–]\s*'|(?<=\ba )-(?= )|(?<=\buse )-(?= )|(?<=\bwith )-(?= )"
        r"|\bminus signs?\b",
        "dashes",
    ),
    (r"\bdash[se]?s\b|\bdahses\b|\bhypens?\b|\bhyphons?\b", "dashes"),
    (r"\*\*+(?: things| signs| marks)?", "asterisks"),
    (r"\bso?me?(?:ht|th|t)ing\b|\bsmth\b|\bsomethin\b", "something"),
    (r"\bparagra\w*s\b", "paragraphs"),
    (r"\ba (sentence|line) or (?:two|so)\b", r"two \1s"),
    (r",\s+(?=(?:max(?:imum)?|tops|at most|please|thanks|no more|only|not more)\b)", " "),
    (
        r'"!+"|\'!+\'|(?<=\s)!{1,}(?=\s+\w)|(?<=\bno )!+|(?<=\bno )! |(?<=\bthe )!+|(?<=\bso many )!+|(?<=\bof )!+',
        "exclamation marks",
    ),
)
_CLAUSE = re.compile(
    r"[\U0001F300-\U0001FAFF\u2600-\u27BF]+|[.;:!?…\n]+(?=\s|$)|\.{2,}|,\s+|\s+[–—-]{1,2}\s+|[()]"
    r"|\s+(?:but|and also|and please|and then|plus|also|although|though|because|cos|cuz|so please|so i|and i"
    r"|and you)\s+"
    r"|\s+and\s+(?=(?:do|no|not|use|stop|keep|make|write|end|ask|add|less|more|fewer|without|please|never"
    r"|always|spell|finish|start|give|talk|say|tell|be|put|number|leave|skip"
    r"|drop|calm|cut|lose|try|just|show|reply|answer|stick|switch|in|with)\b)"
    r"|\s+so\s+(?=(?:i|it|he|she|we|they|that|please|do|just)\b)"
)


def even(said: str) -> str:
    """Lower case, without contractions, with the spelling that the patterns have."""
    text = " ".join(said.casefold().split(" "))
    for pattern, same in _SAME:
        text = re.sub(pattern, same, text)
    return re.sub(r"[ \t]+", " ", text).strip()


def clauses(text: str) -> list[str]:
    """What stands between the marks and the conjunctions of an evened text."""
    return [part.strip(" \"',*") for part in _CLAUSE.split(text) if part and part.strip(" \"',*")]
