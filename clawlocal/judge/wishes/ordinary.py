"""What is no wish about replies but a request or a question of its own. Knows no wish.

Words that say nothing of a subject are closed in number; any other word makes "in two sentences" a task.
"""

from __future__ import annotations

import re

_IDLE = frozenset(
    """a able about above absolutely actually after afterwards again ah all already also always am an and annoying another
    answer answered answering answers any anymore anything anyway are argh as ask asked at awful back bad be because been
    before begin behind being below best better bigger bit bits both bother but by can case change chat chatting clear clearer
    come comes complete completely could day dear definitely did different differently do does doing done down each easier easy
    either else end ending enough entire especially ever every everything everywhere exactly example explain explanation
    explanations expected far feel fine finally first for forever form format from front full future generally get gets getting
    give gives giving go god goes going good got gotten great ha had hard hate have having he hear hello help helpful helps
    here hey hi hm hmm honestly hope how hurt i if in instead into is issue it item items its itself just keep keeps kind
    kindly know last later least left less let life like liked likes line lines list listed lists little look looks lot lots
    made make makes making many matter may me mean means meant message messages might mind mine more most much must my
    myself need needed needs never new next nice nicer no none normal not nothing now of off often oh ok okay on once one
    ones only or order other others our out over own paragraph paragraphs part parts perfect perhaps personally place
    plain please plenty point possible prefer preferably preferred previous probably problem put putting quite rather read
    readable reading reads real really remember remind replies reply replying request respond responding response responses
    rest right said same say saying says see seems send sentence sentences set she short should show side since single small
    so some somehow something sometimes somewhat soon sorry speak start starting stay stick still stop structure
    structured stuff style such suppose sure switch take talk talking telegram tell text texts than thank thanks that
    the their them themselves then there these they thing things think this those though thought through time times to today
    together told tone too tops totally try trying two type typing ugh under understand until up us use used using usual
    usually version very want wanted wanting wants was way we well were what whatever when whenever where which while
    who whole why will wish with within without word words work works would write writes writing written wrong wrote yeah
    yep yes yet you your yours stop must should everytime anytime gives longer shorter warm warmer kinder friendly friendlier formal informal casual
    detailed detail details brief concise bullets bold emojis exclamation marks mark dashes numbers numbered question questions
    steps human natural person people robot robotic machine ai sound sounds sounding writer full prose paragraph follow up
    smileys spelling british american calculations leave leaving altogether drop skip omit avoid remove simply fewer numbering item items fuller brief text texts letter book english kindly phone screen cold harsh stiff loud thin seriously literally clearly obviously already
    honest whatsoever entirely per onwards onward forth style way ways kind sort sorts mode user person people eyes
    bloody damn hell freaking flipping effing fucking fuckin goddamn jeez gosh omg wow well sigh meh hmm erm err um
    three four five six seven eight nine ten max maximum most minimum couple few bored tired sick fed prefer preference
    likewise similarly thing stuff hence therefore thus do'""".split()
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_ASKS = re.compile(
    r"^(?:ok(?:ay)?,? |thanks,? |great,? |and |so |but |well,? |hm+,? )*(?:what|who|whom|whose|when|how|which|where|why|is|are|am|was"
    r"|were|does|do|did|has|have|should i|will|shall)\b"
)
_COMPLAINING = re.compile(
    r"^(?:ok(?:ay)?,? |thanks,? |and |so |but |well,? |hm+,? )*(?:why (?:so|the|all|no|not|are you|do you|is (?:it|this|that|there|everything)"
    r"|are there|did you|would you|all)|where (?:is|are|did) (?:the|my|your|all)|what is (?:with|up with)|what happened to|what about the"
    r"|how (?:about (?:a |some |you |using |no |less )|come|many times|often do i|hard is it)|is (?:that|this) (?:it|all|really)"
    r"|do you (?:always|ever|have to|never|not|really|need to)|are you (?:always|ever|shouting|yelling|going to)|did you (?:forget|not)|who (?:talks|writes|needs|wants|says)"
    r"|do not|is it possible|is there any way|have you|will you|how (?:did|do) you (?:get|come|arrive|reach|work)|when (?:will|are|do) you (?:ever |finally |going to )?(?:ask|stop|use)|when i ask|when you"
    r"|which (?:human|person)|does it|do we|is it (?:too|just)|whenever|what did i|how is it)\b"
)
_TASK = re.compile(
    r"^(?:ok(?:ay)?,? |now |then |and |so |also |next,? |please |great,? |thanks,? |can you |could you |would you |will you |just |i want you to "
    r"|i need you to |help me )*(?:write|give|tell|explain|make|list|name|describe|translate|draft|compose|create|generate"
    r"|summari[sz]e|compare|suggest|recommend|find|show|calculate|convert|rewrite|ask|add|come up with|do)\b(?! (?:it|this|that|them|not)\b)"
)
_LASTING = re.compile(
    r"\b(?:next time|from now on|in (?:the )?future|always|never|every (?:time|reply|answer|message|response)|all (?:your )?(?:replies|answers|messages)"
    r"|when(?:ever)? i ask|going forward|for good|i said|i told you|again|remember)\b"
)
_OF_A_SUBJECT = re.compile(
    r"\b(?:about|regarding|concerning) (?!\d|(?:one|two|three|four|five|six|ten|a|an|half|every\w*|all)\b|it\b|that\b|this\b|me\b|my\b|you\b|the (?:answer|reply|bullets|formatting|tone)\b)\w+"
)


_PRAISE = re.compile(
    r"^(?:ok(?:ay)?|oh|ah|yes|wow)?[ ,.!]*(?:thanks|thank you|great|perfect|lovely|nice|brilliant|awesome|excellent|cool|beautiful|good)\b"
    r"|\b(?:perfect|chefs? kiss|chef's kiss|lovely|brilliant|best|love it|loved it|exactly (?:my|what|the|right)|spot on|works|worked|nailed|impressed"
    r"|sending|sent it|finally|congratulat\w*|bless you)\b"
)
_THANKS = re.compile(r"^(?:many )?(?:thanks|thank you) for\b")
_WISHING = re.compile(
    r"\b(?:next time|please|but|could|can you|would|should|use|without|from now on|in (?:the )?future|always|never|do not|no|not|less|fewer|too|more"
    r"|stop|instead|though|only|again|i said|shorter|longer|rather|prefer|wish|skip|drop)\b"
)


def is_question(text: str) -> bool:
    """It asks for an answer, and is not a complaint in the form of a question."""
    return bool(_ASKS.match(text)) and not _COMPLAINING.match(text)


def rest(clause: str, start: int, end: int) -> list[str]:
    """The words beside a mention that speak of something else than replies."""
    return [w for w in _WORD.findall(f"{clause[:start]} {clause[end:]}") if w not in _IDLE and len(w) > 1]


def is_praise(text: str) -> bool:
    """It only approves: who wishes for something besides says so."""
    if _THANKS.match(text):
        return not re.search(r"\b(?:next time|but|please|could|can you)\b", text)
    return bool(_PRAISE.search(text)) and not _WISHING.search(text)


def is_idle(text: str) -> bool:
    """It speaks of nothing but replies."""
    return not rest(text, 0, 0)


def is_task(clause: str, text: str) -> bool:
    """A clause that gives work of its own: "write a poem", and not "make it shorter"."""
    given = bool(_TASK.match(clause)) and len(rest(clause, 0, 0)) > 0
    return (given or bool(_OF_A_SUBJECT.search(clause))) and not _LASTING.search(text)
