"""Whether a clause wants what it mentions, or is against it. Knows the words around a mention, and no wish.

"no X", "again X" and a bare "X" can be a wish and a complaint of the lack of it: the reply decides.
"""

from __future__ import annotations

import re
from enum import IntEnum


class Leaning(IntEnum):
    """What a clause says of what it mentions."""

    AGAINST = -1
    """Not to be there."""
    UNKNOWN = 0
    """Nothing that is sure."""
    FOR = 1
    """To be there."""


_SLACK = r"(?:[\w'-]+ ){0,4}?"
_BETWEEN = r"(?:(?!but\b|just\b|use\b|only\b|instead\b|like\b|what\b|how\b|that\b|if\b|so\b|yet\b)[\w'-]+ ){0,4}?"
_LACKS_BEFORE = re.compile(
    rf"(?:\bwhere (?:is|are|did|do) {_SLACK}|\bmissing {_SLACK}|\b(?:you|u) (?:always |again |still |just )?"
    rf"(?:forgot|forget|left out|skipped|miss|missed) {_SLACK}"
    rf"|\b(?:lacks?|lacking|lacked) {_SLACK}|\b(?:still|again|once more|there is|there are|i see|i got|i get|it has"
    rf"|you gave|you give|has|had|got|with) (?:still |again )?(?:no|not a|not any|zero) (?:\w+ )?"
    rf"|\b(?:not a single|not one|zero|not even an?|not even one) (?:\w+ )?|\bwhy (?:is |are )(?:there )?(?:no"
    rf"|not any) (?:\w+ )?"
    rf"|\bwhy no (?:\w+ )?|\b(?:you|it|reply|answer|that) (?:did|does|do|has|have) not (?:even |ever )?(?:have"
    rf"|use|add|give|show|put"
    rf"|include|write|end with|ask) (?:me )?{_SLACK}|\byou never {_SLACK}|\bnever (?:use|add|end with"
    rf"|give) {_SLACK}(?=$)"
    rf")$"
)
_IS_NOT = re.compile(r"\b(?:it|that|this) (?:is|was) not (?:even |really )?an? (?:\w+ )?$")
_YOU_NEVER = re.compile(r"\byou (?:just |still |really )?never\b")
_LACKS_AFTER = re.compile(r"^[\w' ]{0,14}\b(?:missing|nowhere|got lost)")
_NO = re.compile(
    rf"(?:\b(?:no|zero|without|never|not|stop|skip|drop|avoid|lose|ditch|quit|kill|cut|remove|omit|less|fewer"
    rf"|minus|nix|enough"
    rf"|leave off|leave out|instead of|rather than|get rid of|rid of|tired of|sick of|fed up with|bored of|hate"
    rf"|hating|disliked?|despise|do not like|do not want|do not need|not want|not need|no use for"
    rf"|irritated by|annoyed by"
    rf"|take out|taking out|delete|deleting|strip|strip out|edit out|refrain from|(?:turn|switch)(?:ing)? off"
    rf"|disable|free of|allergic to|nor|than|can not stand|can not read|go easy on|easy on|easy with|tone down"
    rf"|spare me|lay off|do without|fan of|need for|too many|too much|so many|so much|way too many) (?:ever "
    rf"|please )?(?:use |using |do |doing |write in |write with )?{_BETWEEN})$"
)
_HALF = re.compile(
    r"\b(?:(?<!do )(?<!does )not (?:sure|the way|how|like|what|as (?:much|many|long|short|good|bad|if|i|you|asked"
    r"|expected)|only|just"
    r"|enough|bad|mind)|no (?:idea|problem"
    r"|worries|wonder|doubt)|"
    r"never (?:mind|forget)|not (?:to )?forget|do not forget|no more than|not more than)\b"
)
_ANNOYED_BEFORE = re.compile(
    rf"\b(?:why (?:is|are) (?:everything|it all|all of it|half of it|it)|why (?:all )?(?:the|so many|these"
    rf"|those|always|do you (?:always |keep |still )?(?:use|using|put|add|ask|writ\w+))"
    rf"|what is with|what is up with|enough with|enough of|too many|so many|all these|all those|again with"
    rf"|always with|more of (?:the|these|those)"
    rf"|keep (?:using|adding|putting|writing|asking|giving me|doing)|you always (?:use|add|put|end with|ask"
    rf"|write)|who needs|do (?:we|you|i) (?:really )?(?:need|have to (?:use|have|put))|please no"
    rf"|still (?:using|full of|with|the)|full of|nothing but|everything is|everything in) {_SLACK}$"
)
_AGAIN_BEFORE = re.compile(
    r"^(?:oh |ugh |argh |and |yet |great |sigh |no |not |hey |why )*(?:again|still|another|more|always|yet"
    r"|these|those|the|all|all the|all these|again the) ?(?:the |these |those )?$"
)
_AGAINST_AFTER = re.compile(
    r"^(?:off|out|away|gone|begone)\b|^-?free\b|^(?:is|are|was|were) not (?:what|how|the way)\b"
    r"|^(?:[\w'-]+ ){0,3}?(?:annoy\w*"
    r"|irritat\w*|ugly|awful|horrible|hurts?"
    r"|unnecessary|too much|over the top|drives? me|makes? (?:me|my|it|them) (?:(?:\w+ )?feel|sick|dizzy"
    r"|nervous|mad|angry|sad|tired|crazy|cringe|head|eyes|hard|look|sound|anxious|uneasy|jump)"
    r"|(?:has|have|needs?|got) to go|must go|(?:is|are) not (?:needed|necessary|wanted|helpful|my)"
    r"|not (?:needed|necessary|wanted|allowed|please|again"
    r"|my thing)|gets? (?:in the way|on my nerves)|distract\w*|cringe\w*|hard to read|can go|silly|childish"
    r"|(?:are|is) (?:out|off|bad|gone|terrible"
    r"|a pain)|sucks?|do not work|does not work|give me|feel(?:s)? (?:fake|childish|silly)|look(?:s)? (?:ugly"
    r"|silly|fake|awful|messy|cheap))\b"
)
_AGAIN_AFTER = re.compile(
    r"^(?:[\w'-]+ ){0,2}?(?:again|everywhere|all over|all the time|every time|every single|galore|once more"
    r"|as always|as usual|yet again|still|is back|are back|overload|in every\w*)\b"
)
_INSTEAD_AFTER = re.compile(
    r"^(?:not\b(?! (?:what|how|the way)\b)|(?:[\w'-]+ ){0,3}?(?:instead(?! of)|over|rather than|instead of|please"
    r"|are better|is better"
    r"|work\w* (?:better|for me)|only|always|would|next time|from now on|in future|ok|would be|would help"
    r"|in front|at the (?:start|beginning)|before|down the side|(?:is|are) (?:easier|clearer|what i|how i|all i"
    r"|my)|thanks|would have"
    r"|every time|for me|is enough|and no|if (?:you|possible)))\b"
)
_TOLD_BEFORE = re.compile(
    r"\b(?:it|that|this|they|everything|all|half|things?) (?:is|was|are|were|comes?|came) (?:\w+ ){0,2}?(?:in |as "
    r"|into )?"
    r"(?:(?:an?|one|big|long|single|running|whole) )*$"
    r"|\b(?:all|everything|written|wrote it|buried|hidden|lost|stuck) (?:in|as|into|inside) (?:(?:an?|one|big|long|your"
    r"|the|these|those|single) )*$"
)
_ASKS = re.compile(r"\b(?:please|should|must|would|could|want|need|prefer|rather|better|if)\b")
_UGH = re.compile(
    r"^(?:e+w+|yuck|ugh+|u+rgh|ick|gross|blegh?|argh+|bah|oh no|grr+)[ ,]+(?:not |all |the |these |this )*$"
)
_FOR_BEFORE = re.compile(
    rf"\b(?:use|using|add|adding|put|put in|want|wanted|i like|i liked|would like|would love|prefer|i love|need"
    rf"|needs|give me|make|make it|make them|turn (?:it|this|that) into|format"
    rf"|please|can you|could you|would you|can i|could i|can we|could we|i said|just|rather|try|switch to"
    rf"|go for|go back to|stick to|stick with|i meant|keep"
    rf"|include|throw in|write|let us|we use|i use|always|should|expected|asked for|waiting for|i miss"
    rf"|i am missing) {_SLACK}$"
    rf"|(?:\b(?:with|in|as|into|more|only|some|how about|better) )(?:(?:a|an|the|some|more|plain|simple|normal"
    rf"|short|little|real|proper|nice|clean|few|good|old|your|those|my) )*$"
)
_LIKES_IT = re.compile(
    r"(?<!not )(?<!never )\b(?:love|loved|like|liked|great|nice|good|perfect|thanks? for|thank you for|cool"
    r"|super|lovely) (?:how you )?(?:use )?(?:the|your|these|those|that)\b[\w ]{0,12}$"
)


_OTHER_THAN = re.compile(
    r"\b(?:prefer|rather have|better|like) .*\b(?:to|than) (?:an? |the |any |your )?(?:[\w-]+ )?(?:with |and )?$"
    r"|\b(?:not|no|without|never|stop|nor|neither)\b.*\b(?:or|nor) (?:with |any |the |using |use |in )?(?:\w+ )?$"
)
"""The second of two: "sentences to a list with headings", "not numbered or with headings"."""


def leaning(clause: str, start: int, end: int, there: bool) -> Leaning:
    """Of the mention that is `clause[start:end]`; `there` is whether the reply has what is mentioned."""
    before, after = clause[:start], clause[end:].strip()
    if _LIKES_IT.search(before):
        return Leaning.UNKNOWN
    lacks = bool(
        _IS_NOT.search(before) or _LACKS_BEFORE.search(before) or _LACKS_AFTER.match(after) or _YOU_NEVER.search(before)
    )
    if lacks:
        return Leaning.UNKNOWN if there else Leaning.FOR
    if _OTHER_THAN.search(before):
        return Leaning.AGAINST
    no = _NO.search(before)
    if no and not _HALF.search(before[no.start() :] + clause[start:end] + " " + after):
        return _refused(no[0].strip(), before, after, there)
    told = _TOLD_BEFORE.search(before) and not _ASKS.search(clause.partition(" if ")[0])
    if there and (told or _UGH.match(before)):
        return Leaning.AGAINST
    if _AGAINST_AFTER.match(after) or _ANNOYED_BEFORE.search(before):
        return Leaning.AGAINST
    again = _AGAIN_AFTER.match(after) or (before and _AGAIN_BEFORE.match(before))
    if again and "please" not in clause:
        return Leaning.AGAINST if there else Leaning.UNKNOWN
    if _FOR_BEFORE.search(before) or _INSTEAD_AFTER.match(after):
        return Leaning.FOR
    if re.fullmatch(r"(?:an? )?", before) and not after and not there:
        return Leaning.FOR
    return Leaning.UNKNOWN


def is_refused(before: str) -> bool:
    """What stands behind these words is refused: "stop making lists with"."""
    return bool(_NO.search(before)) and not _HALF.search(before)


def _refused(no: str, before: str, after: str, there: bool) -> Leaning:
    """ "no question again" complains of what is not there; "no question at the end" may do either."""
    if no.split()[0] not in ("no", "not", "zero", "without", "never"):
        return Leaning.AGAINST
    if re.search(r"\b(?:again|still|yet|either|even|once more|as usual|whatsoever|at all)\b", f"{before} {after}"):
        told = re.search(r"\b(?:please|use|do not|from now on|never|needs?)\b", f"{before} {after}")
        if not told:
            return Leaning.AGAINST if there else Leaning.FOR
    return Leaning.AGAINST
