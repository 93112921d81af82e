"""What is no wish about replies but a request or a question of its own. Knows no wish.

Words that say nothing of a subject are closed in number; any other word makes "in two sentences" a task.
"""

from __future__ import annotations

import re

from trainers.openers import brought

_IDLE = frozenset(
    """a able about above absolutely actually after afterwards again ah ai all already also altogether always am
    american an and annoying another answer answered answering answers any anymore anything anytime anyway are argh as
    ask asked at avoid awful back bad be because been before begin behind being below best better bigger bit bits
    bloody bold book bored both bother brief british bullets but by calculations can case casual change chat
    chatting clear clearer clearly cold come comes comment comments complete completely concise could couple damn
    dashes day dear definitely depth detail detailed details did different differently do do' does doing done down drop
    each easier easy effing eight either else emojis end ending english enough entire entirely erm err especially
    ever every everything everytime everywhere exactly example exclamation expected explain explanation
    explanations eyes far fed feedback feel few fewer finally fine first five flipping follow for forever form
    formal format forth four freaking friendlier friendly from front fuckin fucking full fuller future generally gist
    get gets getting give gives giving go god goddamn goes going good gosh got gotten great ha had hard harsh hate
    have having he hear hell hello help helpful helps hence here hey hi hm hmm honest honestly hope how human hurt
    i if in informal instead into is issue it item items its itself jeez just keep keeps kind kinder kindly know
    last later least leave leaving left less let letter life like liked likes likewise limit line lines list listed
    lists literally little longer look looks lot lots loud machine made make makes making many mark marks matter
    max maximum may me mean means meant meh message messages might mind mine minimum mode more most much must my
    myself natural need needed needs never new next nice nicer nine no none normal not nothing now numbered
    numbering numbers obviously of off often oh ok okay omg omit on once one ones only onward onwards or order
    other others our out over own paragraph paragraphs part parts people per perfect perhaps person personally
    phone place plain please plenty point possible prefer preferably preference preferred previous probably
    problem prose put putting question questions quite rather read readable reading reads real really remember
    remind remove replies reply replying request respond responding response responses rest right robot robotic
    said same say saying says scan screen see seems send sentence sentences seriously set seven she short shorter
    should show sick side sigh similarly simply since single six skip small skim smileys so some somehow something
    sometimes somewhat soon sorry sort sorts sound sounding sounds speak spelling start starting stay steps stick
    stiff still stop structure structured stuff style such suppose sum sure switch take talk talking telegram tell ten
    text texts than thank thanks that the their them themselves then there therefore these they thin thing things
    think this those though thought three through thus time times tired to today together told tone too tops
    totally try trying two type typing ugh um under understand until up us use used user using usual usually
    version very want wanted wanting wants warm warmer was way ways we well were what whatever whatsoever when
    whenever where which while who whole why will wish with within without word words work works would wow write
    writer writes writing written wrong wrote working workings calculation yeah yep yes yet you your yours""".split()
)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_ASKS = re.compile(
    r"^(?:ok(?:ay)?,? |thanks,? |great,? |and |so |but |well,? |hm+,? )*(?:what|who|whom|whose|when|how|which"
    r"|where|why|is|are|am|was"
    r"|were|does|do|did|has|have|should i|will|shall)\b"
)
_COMPLAINING = re.compile(
    r"^(?:ok(?:ay)?,? |thanks,? |and |so |but |well,? |hm+,? )*(?:why (?:so|the|all|no|not|are you|do you"
    r"|is (?:it|this|that|there|everything)"
    r"|are there|did you|would you|all)|where (?:is|are|did) (?:the|my|your|all)|what is (?:with|up with)"
    r"|what happened to|what about the"
    r"|how (?:about (?:a |some |you |using |no |less )|come|many times|often do i|hard is it)|is (?:that"
    r"|this) (?:it|all|really)"
    r"|do you (?:always|ever|have to|never|not|really|need to)|are you (?:always|ever|shouting|yelling"
    r"|going to)|did you (?:forget|not)|who (?:talks|writes|needs|wants|says)"
    r"|do not|is it possible|is there any way|have you|will you|how (?:did|do) you (?:get|come|arrive|reach"
    r"|work)|when (?:will|are|do) you (?:ever |finally |going to )?(?:ask|stop|use)|when i ask|when you"
    r"|why (?:say|write|use|put|add|bother|waste|begin|start|repeat|does (?:it|every|each))|do you charge"
    r"|is there a way"
    r"|what is the (?:short\w*|gist|bottom line|upshot)|(?:is|was) (?:this|that|it) an? (?:\w+ )?(?:manual|leaflet"
    r"|brochure"
    r"|presentation|meeting|lecture|essay|novel|sermon|conversation|interview|robot|report|memo)|who (?:starts"
    r"|begins|says)"
    r"|where does one|why (?:do|did|are|can) not|which (?:human|person)|does it|do we|is it (?:too|just)|whenever"
    r"|what did i|what i (?:want|wanted|need|needed|meant|asked for)|how is it)\b"
)
_TASK = re.compile(
    r"^(?:ok(?:ay)?,? |now |then |and |so |also |next,? |please |great,? |thanks,? |can you |could you "
    r"|would you |will you |just |i want you to "
    r"|i need you to |help me )*(?:write|give|tell|explain|make|list|name|describe|translate|draft|compose"
    r"|create|generate"
    r"|summari[sz]e|compare|suggest|recommend|find|show|calculate|convert|rewrite|ask|add|come up with"
    r"|do)\b(?! (?:it|this|that|them|not|you|normally|as if|as though|like (?:an?|you|i)|so i|the way|less|fewer"
    r"|more (?:about"
    r" (?:what|how|why|each|it|that)|on what|detail\w*))\b)"
)
_LASTING = re.compile(
    r"\b(?:next time|from now on|in (?:the )?future|always|never|every (?:time|reply|answer|message|response)"
    r"|all (?:your )?(?:replies|answers|messages)"
    r"|when(?:ever)? i ask|going forward|for good|i said|i told you|again|remember)\b"
)
_OF_A_SUBJECT = re.compile(
    r"\b(?:about|regarding|concerning) (?!\d|(?:one|two|three|four|five|six|ten|fifteen|twenty|thirty|forty|fifty"
    r"|hundred|a|an|half|every\w*|each|all|what|how"
    r"|why|where)\b|it\b"
    r"|that\b|this\b|me\b|my\b|you\b|the (?:answer|reply|bullets|formatting|tone|topic|subject|matter)\b)\w+"
)


_PRAISE = re.compile(
    r"^(?:ok(?:ay)?|oh|ah|yes|wow)?[ ,.!]*(?:thanks|thank you|great|perfect|lovely|nice|brilliant|awesome"
    r"|excellent|cool|beautiful|good)\b"
    r"|\b(?:perfect|chefs? kiss|chef's kiss|lovely|brilliant|best|love it|loved it|exactly (?:my|what|the"
    r"|right)|spot on|works|worked|nailed|impressed"
    r"|sending|sent it|finally|congratulat\w*|bless you)\b"
)
_PLEASED = re.compile(
    r"^(?:(?:so|very|really|much|far|even|oh|ah|haha|yep|now) )*(?:good|great|nice|nicer|better|perfect|lovely|yes+"
    r"|yess+|y+e+s+"
    r"|cool|love|ahh?|finally|thanks|brilliant|exactly|excellent)\b|[,.!] (?:nice|great|perfect|cool|lovely"
    r"|love it)[ .!]*$"
)
_AND_YET = re.compile(
    r"\b(?:but|next time|please|though|could|would|can you|from now on|still|not yet|again|too|in future|always|never"
    r"|keep|enough|yet)\b"
)
_THANKS = re.compile(r"^(?:many )?(?:thanks|thank you) for\b")
_WISHING = re.compile(
    r"\b(?:next time|please|but|could|can you|would|should|use|without|from now on|in (?:the )?future|always"
    r"|never|do not|no|not|less|fewer|too|more"
    r"|stop|instead|though|only|again|i said|shorter|longer|rather|prefer|wish|skip|drop)\b"
)


def is_question(text: str) -> bool:
    """It asks for an answer, and is not a complaint in the form of a question."""
    return bool(_ASKS.match(text)) and not _COMPLAINING.match(text)


def rest(clause: str, start: int, end: int) -> list[str]:
    """The words beside a mention that speak of something else than replies."""
    return [w for w in _WORD.findall(f"{clause[:start]} {clause[end:]}") if w not in _IDLE and len(w) > 1]


def brings_text(said: str, reply: str) -> bool:
    """It quotes a text that the reply has not, or has one under its first line: a request of its own."""
    text = brought(said)
    return bool(text) and text not in reply


def is_praise(text: str) -> bool:
    """It only approves: who wishes for something besides says so."""
    if _THANKS.match(text):
        return not re.search(r"\b(?:next time|but|please|could|can you)\b", text)
    return bool(_PRAISE.search(text)) and not _WISHING.search(text)


def is_pleased(text: str) -> bool:
    """It begins or ends with approval, and asks for nothing: "good, no emojis"."""
    return bool(_PLEASED.search(text)) and not _AND_YET.search(text)


def is_idle(text: str) -> bool:
    """It speaks of nothing but replies."""
    return not rest(text, 0, 0)


def is_task(clause: str, text: str) -> bool:
    """A clause that gives work of its own: "write a poem", and not "make it shorter"."""
    given = bool(_TASK.match(clause)) and len(rest(clause, 0, 0)) > 0
    return (given or bool(_OF_A_SUBJECT.search(clause))) and not _LASTING.search(text)
