"""How people speak of a reply's layout without its name: "all squashed together", "like a manual". Knows no reply."""

from __future__ import annotations

from clawlocal.judge.wishes import subjects as s
from clawlocal.judge.wishes.phrase import phrase

_ITEM = r"(?:items?|things?|points?|ideas?|tips?|facts?|steps?|entry|entries|ones?|bits?)"
_EACH = rf"(?:one|each|every|an?) (?:\w+ )?{_ITEM}"
_LOST = (
    r"(?:not (?:\w+ )?(?:clear|know|sure|obvious|see|tell|remember|say)|unclear|confus\w+|can not|could not|never know"
    r"|no idea|los[et]|lost(?: track)?|mixed up|mix up|jumbled|hard to|trying to|find|keep track|messed up"
    r"|figure out)"
)
_PAPER = (
    r"(?:slide ?(?:deck|show|s)?|power ?point|presentation|leaflet|brochure|pamphlet|flyer|manual|handbook"
    r"|instructions?"
    r"|memo|agenda|form|spreadsheet|checklist|outline|business meeting|board meeting|meeting|report|telegram"
    r"|user guide)"
)

LAYOUT = (
    # a list is missed
    phrase(
        "form",
        s.BULLETS,
        r"\b(?:all|everything|it is|(?:points|items|steps|sentences|ideas|things) are|just|so|too|too much|them"
        r"|that) (?:\w+ )?(?:squashed|squeezed|squished"
        r"|crammed"
        r"|jammed|mashed|lumped|clumped|run|runs|mushed|bunched|jumbled|packed|rolled|thrown|mixed|crowded)"
        r" (?:up )?(?:together(?=$| again| in one| so| here| like)|into one\b)"
        r"|\bone (?:big|long|giant|huge|single|solid|dense|massive|endless|great|fat"
        r"|continuous) (?:\w+ )?(?:paragraph|block"
        r"|lump|chunk|blob|clump|brick|slab)\b(?! of (?!text|words))|\ball (?:in|as) (?:one"
        r"|a single) (?:\w+ )?(?:paragraph|block|lump)\b"
        r"|^(?:so |too |very |really |somewhat )*(?:blocky|dense|chunky|crammed|crowded)(?: again)?$",
        6,
        lacking="bullets",
    ),
    phrase(
        "form",
        s.BULLETS,
        r"\b(?:can not |could not )?(?:pick|find|see|spot|get|make|fish) (?:\w+ ){0,3}?(?:out of|items|points|among"
        r"|between) (?:\w+ ){0,2}?(?:block"
        r"|sentences|text|paragraph|prose|lump)\b"
        r"|\bwhich (?:point|item|thing|one) is which\b|\bwhere (?:does )?one (?:\w+ )?(?:ends?|stops?|finish\w*)\b"
        r"|\b(?:hard(?:er)?|difficult|impossible|tough|not easy|easier|easy|better) to (?:scan|skim|tick off"
        r"|check off)\b"
        r"|\b(?:can|could|want to|like to|have to|just|only|i) (?:not )?(?:scan|skim)\b(?! (?:a|the|my|this|qr)\b)"
        r"|\b(?:can not|could not|want to|like to|able to|so i can) tick (?:\w+ ){0,2}?off\b(?! (?:the|my) list)"
        r"|\b(?:see|spot|find|want) (?:all )?(?:the )?(?:items"
        r"|points|things|facts|ingredients)"
        r" at a glance\b|\bpoint by point\b",
        4,
        lacking="bullets",
    ),
    phrase(
        "form",
        s.BULLETS,
        rf"\b{_EACH} (?:per|a|on (?:its own|a (?:new|separate)|each|every)|to a) ?line\b"
        rf"|\b(?:separate|individual|single|distinct) (?:items|lines|points|entries|rows)\b|\b(?:under"
        rf"|below) each other\b"
        rf"|\bline (?:them|it|these|those|things) up\b|\bone under the other\b"
        rf"|\bitemi[sz](?:ed?|ing)\b|\blist (?:it|them|these|those|things|everything)(?: out| up| down"
        rf"| for me)*(?= please"
        rf"|$| next time| one)|\b(?:i )?(?:asked for|wanted|want|need|meant|said|give me) (?:the |just |only |some )*"
        rf"points(?= please|$| not| instead)|^(?:just |only )?points(?: please)?$"
        rf"|\b(?:make|made|want|need|prefer|like|use|give me|as|into|have|get|expected|wanted|asked for|tidy|simple"
        rf"|clean"
        rf"|quick|proper|neat) (?:it |this |that |me |into |as |more |rather |an? )*(?:\w+ )?lists?(?= is| would"
        rf"| with (?:an?"
        rf" |small |little )*(?:lines?|dash\w*|dots?|marks?)|$| please| instead| not| next time| so)"
        rf"|\b(?:know|heard of|seen|make|made) (?:\w+ )?(?:what )?a list (?:is|before|right)\b",
        3,
        lacking="bullets",
    ),
    # an order is missed
    phrase(
        "form",
        s.NUMBERED,
        r"(?:^|\b(?:please|you|to|just|and|then|could|us|would|always|better|not) )number (?:it|them|these|those"
        r"|each|every"
        r"|(?:the|your|all|all the) (?:steps?|items?|lists?|points?|instructions?|stages?|parts?|lines?|things?))\b"
        r"|\b(?:each|every) (?:\w+ )?(?:step|item|one|thing|point|instruction|line)? ?(?:with|has|have|gets?|needs?"
        r"|wants?)"
        r" (?:its|their|an?) (?:own )?number\b|\bwith (?:its|their|a) (?:own )?numbers? (?:each|in front|before|on)\b"
        r"|\b(?:the|as|in|into|write|with|proper|have|put|want|need) (?:\w+ )?steps (?:with|by) (?:a )?numbers?\b"
        r"|\bnumbered (?:\w+ )?(?:sequence|order|instructions?|way|form)\b|\bnumbers? (?:are |is )?missing$"
        r"|^(?:still |again |why )?no numbers(?: again)?$|\bcount(?:ed|ing)? (?:\w+ ){0,3}?(?:steps|things|items"
        r"|them|it) ?off"
        r"\b|\bcount off\b|\bstep numbers?\b|\bin (?:a |the )?(?:numbered|clear) (?:sequence|order)\b",
        5,
        lacking="numbered",
    ),
    phrase(
        "form",
        s.NUMBERED,
        rf"\b{_LOST}\b.*\b(?:(?:what|which|the|right) (?:order|sequence)|which (?:step|one|thing|part"
        rf"|bit) (?:\w+ )?(?:i|comes?"
        rf"|is|was|first|next)|what (?:to do |comes |goes |is |i do )*(?:first|next|second|before|after)\b|where (?:i"
        rf" (?:was|am)|we (?:were|are))|how far (?:along )?i|step i (?:was|am))|\bmixed up the (?:order|sequence"
        rf"|steps)\b"
        rf"|\bwhich one was the (?:first|second|third|fourth|last)\b",
        6,
        lacking="numbered",
    ),
    phrase("form", s.NUMBERED, r"\b(?:proper|clear|real|numbered) steps\b", 1, lacking="bullets"),
    # prose is missed
    phrase(
        "form",
        s.PROSE,
        rf"\b(?:like|as if it is|is (?:this|it|that)(?=.* or an? (?:conversation|chat|letter|talk)\b"
        rf"|[^,]{{0,25}}$)(?!.* or an? (?!conversation|chat|letter|talk))) (?:\w+ ){{0,2}}?(?:reading |in "
        rf"|at )?(?:an? |my |some "
        rf"|the )(?:\w+ )?{_PAPER}\b"
        rf"|\b(?:in|at|into) an? {_PAPER}\b.*\b(?:headings|bullets|points)\b",
        4,
        there="bullets",
    ),
    phrase(
        "form",
        s.PROSE,
        r"\b(?:too|so|very|overly|less|over-?) ?(?:structured|choppy|formatted|fragmented|bitty|disjointed|broken up"
        r"|listy"
        r"|list-y|itemi[sz]ed|schematic|staccato)\b|\b(?:is|it) (?:\w+ )?choppy\b|\bchoppy$"
        r"|\b(?:something|text|writing|sentences|answers?|it|that) (?:that |to |which |should |has to "
        r"|needs to )+flows?\b"
        r"|\bless (?:layout|structure|formatting|list)\b|\bmore (?:prose|flow|flowing)\b"
        r"|\bin (?:little |small |tiny |so many )*(?:pieces|bits|chunks|fragments|snippets|crumbs)(?= like| again)"
        r"|\b(?:those|these|the|all) (?:\w+ )?(?:dots|blobs)\b",
        3,
        there="bullets",
    ),
    phrase(
        "form",
        s.PROSE,
        r"\b(?:the way|like|how|as) (?:you |i |one |people |we )?(?:would |do )?(?:\w+ )?(?:it "
        r"|things )?in an? (?:letter"
        r"|chat|conversation|normal \w+)\b|\bjust (?:talk|chat|speak) (?:to|with) me\b"
        r"|\b(?:no one|nobody|who|people do not) (?:talks?|speaks?|writes?) in (?:bullets|lists|points|headings"
        r"|outlines)\b"
        r"|\b(?:write|talk|speak|answer|type) (?:more )?(?:normally|like normal)\b"
        r"|\bas (?:if|though) (?:you|we) (?:were|are) (?:\w+ )?(?:sitting|talking|chatting|telling|speaking|having)\b"
        r"|\b(?:a |one )?(?:simple|plain|normal|single) paragraph (?:would|will|is|was|please)\b",
        5,
        there="bullets",
    ),
    phrase(
        "markup",
        s.NO_MARKDOWN,
        r"\b(?:asterisks|stars|hash(?:es|tags)?|pound signs|##+) and (?:the )?(?:asterisks|stars|hash(?:es|tags)?"
        r"|pound signs"
        r"|##+)|\b(?:not|never) (?:\w+ )?render\w*\b|##+",
        6,
        there="markdown",
    ),
    phrase(
        "emoji",
        s.NO_EMOJI,
        r"\b(?:without |no |not |less |fewer )?(?:the|those|these|all|that|silly|little|with|every|some|any|a|no"
        r"|without|less"
        r"|stop|odd|weird|cute) (?:\w+ ){0,2}?(?:icons?|symbols|drawings?|pictures|hearts?|sparkles?|rockets?|stickers?"
        r"|pictograms?|cartoons?|doodles?|winks?|winking|faces|party poppers?|clip ?art|squiggles|thumbs)\b(?! (?:of"
        r"|in the (?:film|book|game|song))\b)",
        6,
        there="emoji",
    ),
    phrase(
        "form",
        s.BULLETS,
        r"\bfind (?:\w+ ){0,2}?in (?:this|that|the|all (?:this|that)) (?:text|paragraph|block|prose)\b|^(?:just"
        r"|only) (?:the|a)"
        r" list(?: please)?$|\bone (?:endless|giant|huge|monster) sentence\b|\b(?:make|want|need|prefer|as"
        r"|into) (?:it |this"
        r" |that )?an? check ?list\b",
        1,
        lacking="bullets",
    ),
    phrase(
        "form",
        s.PROSE,
        r"\b(?:everything|all|always|it all) (?:\w+ )?(?:an? )?(?:lists?|outlines?)(?= with you|$| again)|\blooks? like"
        r" an? (?:\w+ ){0,2}outline\b",
        1,
        there="bullets",
    ),
    phrase(
        "markup",
        s.NO_MARKDOWN,
        r"\b(?:says?|reads? out|speaks?|hear) (?:\w+ )?(?:asterisks?|stars?|hash|pound)\b",
        4,
        there="markdown",
    ),
    phrase(
        "form",
        s.NUMBERED,
        r"\bwhere (?:are|is|did) (?:the|my|all the) numbers(?=$| in front| before)|^(?:\w+ )?steps with numbers\b"
        r"|\bwith numbers(?: please)?$"
        r"|\b(?:as|like|with|say) step (?:1|one)\b",
        2,
        lacking="numbered",
    ),
)
