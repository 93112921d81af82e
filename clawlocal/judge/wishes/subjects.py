"""What can be wanted or refused by its name: a noun, and a directive for either. Knows no clause."""

from __future__ import annotations

import re
from dataclasses import dataclass

PROSE = "Do not use bullet points. Write in full sentences."
BULLETS = "Use bullet points."
NUMBERED = "Use numbered lists."
HUMAN = "Write in a natural, human voice."
QUESTION, NO_QUESTION = "End every reply with a question to the user.", "Do not end with a question."
BRITISH, AMERICAN = "Use British spelling.", "Use American spelling."
CALM, LOWER = "Do not use exclamation marks.", "Do not write words in all capitals."
SHORT, LONG = "Keep answers short.", "Answer in more detail."
STEPS = "Show the steps."
WARM, KIND_COMMENTS, LONG_COMMENTS = (
    "Use a warm tone.",
    "Write kinder grading comments.",
    "Write more detailed grading comments.",
)
NO_EMOJI, NO_BOLD, NO_MARKDOWN, NO_HEADINGS = (
    "Do not use emoji.",
    "Do not use bold text.",
    "Do not use markdown.",
    "Do not use headings.",
)
FORMAL, CASUAL = "Use a formal tone.", "Use a casual tone."
NO_INTRODUCTION, NO_CLOSING = "Do not add an introduction.", "Do not add closing phrases."


@dataclass(frozen=True)
class Subject:
    """A thing that a reply has or has not."""

    named: re.Pattern[str]
    wanted: str
    """The directive for it; empty where none fits."""
    refused: str
    there: str
    """As `seen` calls it; empty where a reply does not show it."""
    side: str


def _of(named: str, wanted: str, refused: str, there: str, side: str) -> Subject:
    return Subject(re.compile(named), wanted, refused, there, side)


SUBJECTS = (
    _of(
        r"\bbullets\b|\bbullet\b(?:[- ]?points?| form\w*| lists?| marks?)|\bdot ?points\b|\bpoint form\b"
        r"|\bstichpunkte\b",
        BULLETS,
        PROSE,
        "bullets",
        "form",
    ),
    _of(
        r"(?<!em )(?<!em-)(?<!en )(?<!long )\b(?:dash(?:es)?|hyphens?)\b(?: lists?| points?)?"
        r"(?! of\b)|\bdashed (?:lists?|items|lines)\b",
        BULLETS,
        "",
        "dots",
        "form",
    ),
    _of(
        r"\bdots?\b(?= in front| before| down| please|$)|\b(?:as|in|into) (?:short |simple )?points\b",
        BULLETS,
        PROSE,
        "dots",
        "form",
    ),
    _of(
        r"\b(?:numbered|ordered) (?:lists?|steps|items|points|format)\b|\bnumbering\b|\bnumbered\b(?=$| please| would)"
        r"|\bnumbers in front\b|\bnumbers\b(?= (?:are|would be) better| instead(?! of))",
        NUMBERED,
        "",
        "numbered",
        "form",
    ),
    _of(
        r"(?:(?<=\ba )|(?<=\bin )|(?<=\bas )|(?<=\bno )|(?<=\binto )|(?<=\bnot )|(?<=\bof )|(?<=\bthese )"
        r"|(?<=\bwith )|(?<=\bmany )|(?<=\bmore )|(?<=\bdo )"
        r"|(?<=\banother )|(?<=\busing )|(?<=\buse )|(?<=\bthe )(?=lists))lists?\b"
        r"(?! (?:of|with|from|for)\b)|^lists?\b(?=$| please)|\blist (?:things?|stuff|business|format)\b"
        r"|\blist form(?:at)?\b|\blistif\w+",
        BULLETS,
        PROSE,
        "bullets",
        "form",
    ),
    _of(
        r"\b(?:full|whole|proper|complete|normal|real|actual|flowing|running|continuous|connected|regular"
        r"|plain(?! text)) (?:sentences|text|prose"
        r"|paragraphs?|writing)\b|\bprose\b|\b(?:in|as|into|with|want|like|prefer|said|meant|use|write) (?:a "
        r"|just |normal )?(?:text|paragraphs?)\b(?! of\b)"
        r"|\bparagraphs\b(?! (?:about|on|from|of|max|at most)\b)",
        PROSE,
        BULLETS,
        "prose",
        "form",
    ),
    _of(
        r"\bmark ?down\b|\bformatting\b|\bfancy format\b|\b(?:asterisks|stars) and (?:the )?(?:hash(?:es|tags)?"
        r"|pounds?|#+)"
        r"|(?:hash(?:es|tags)|#+) and (?:the )?(?:asterisks|stars)\b",
        "",
        NO_MARKDOWN,
        "markdown",
        "markup",
    ),
    _of(
        r"\bbold(?:ed|ing|face)?\b(?: (?:text|words|stuff|letters|font|type|print|bits))?|\bfat (?:letters|print"
        r"|type|text)\b"
        r"|\bthick letters\b",
        "",
        NO_BOLD,
        "bold",
        "markup",
    ),
    _of(r"\basterisks?\b|\bstars\b", "", "Do not use asterisks.", "bold", "markup"),
    _of(r"\b(?:sub-?)?(?:headings|headers|headlines)\b", "Use headings.", NO_HEADINGS, "headings", "headings"),
    _of(r"\b(?:sub-?)?titles\b(?! (?:of|for)\b)", "", NO_HEADINGS, "headings", "headings"),
    _of(r"(?<!at the )(?<!on the )\btables?\b(?! of\b)", "", "Do not use a table.", "table", "table"),
    _of(r"\bexclamation(?: ?-?(?:marks?|points?))*s?\b|\bexclamations\b", "", CALM, "exclamation", "exclamation"),
    _of(
        r"\bemojis?\b|\bsmil(?:ey|ie)s?\b(?: faces?)?|\bemoticons?\b|\blittle (?:faces|pictures|icons)\b",
        "Use emoji.",
        NO_EMOJI,
        "emoji",
        "emoji",
    ),
    _of(r"\b(?:all[- ]?caps|capital letters|capitals|caps(?: lock)?|uppercase)\b", "", LOWER, "capitals", "capitals"),
    _of(r"\bem[- ]?dash(?:es)?\b|\blong dashes\b", "", "Do not use em dashes.", "em dashes", "dashes"),
    _of(
        r"\b(?:uk|british|gb|queen's|king's|oxford)[- ](?:english )?(?:spelling|english|spelled|spelt)s?\b"
        r"|\bbritish\b(?=$| please| version)"
        r"|\benglish \(?uk\)?|\bspell\w* (?:\w+ ){0,3}british(?: way)?\b|\bbritishly\b",
        BRITISH,
        AMERICAN,
        "british",
        "spelling",
    ),
    _of(
        r"\b(?:us|american|yankee)[- ](?:english )?(?:spelling|english|spelled)s?\b|\bamerican(?:isms?)?\b(?=$"
        r"| please| version| spelling| words)"
        r"|\bamericanisms?\b|\bspell\w* (?:\w+ ){0,3}american(?: way)?\b",
        AMERICAN,
        BRITISH,
        "american",
        "spelling",
    ),
    _of(
        r"\b(?:follow[- ]?up |closing |final |counter)?questions? (?:right )?(?:at|in) the (?:very )?(?:end|bottom"
        r"|finish|close)\b|\bquestions? (?:back|after\w*|to me|for me)\b"
        r"|\b(?:follow[- ]?up|counter|return|closing) ?-?questions?\b|\b(?:end|finish|close|conclude|wrap up"
        r"|ending|finishing|ends) (?:\w+ ){0,5}(?:with|on|in|by asking) (?:me )?"
        r"(?:an? |some |your )?(?:\w+ )?(?:questions?|question mark)\b",
        QUESTION,
        NO_QUESTION,
        "question",
        "ending",
    ),
    _of(
        r"\bsteps\b|\b(?:the|your|my) (?:working|workings|calculations?|maths|solution path)\b",
        STEPS,
        "",
        "",
        "steps",
    ),
    _of(
        r"\b(?:intro(?:duction)?s?|preambles?|openers|opening (?:line|sentence|phrase|paragraph|remark)s?|lead-?in"
        r"|first (?:line|sentence)s?|warm-?up)\b"
        r"(?! (?:to|of)\b)",
        "",
        NO_INTRODUCTION,
        "",
        "introduction",
    ),
    _of(
        r"\b(?:clos(?:ing|er) (?:phrase|line|remark|sentence|formula|pleasantr)\w*|sign-?offs?|outros?|farewells?"
        r"|let me knows?\b(?! if you)|hope (?:this|that|it) helps"
        r"|let me know if(?: you)?[\w ]*|feel free to[\w ]*|happy to help\b)",
        "",
        NO_CLOSING,
        "",
        "closing",
    ),
    _of(r"\b(?:apolog(?:y|ies|i[sz]ing|i[sz]e)|(?:saying|say) sorry|sorrys)\b", "", "Do not apologise.", "", "apology"),
    _of(r"\b(?:disclaimers?|caveats?|as an ai)\b", "", "Do not add disclaimers.", "", "disclaimer"),
    _of(r"\b(?:detail(?:s)?|depth|substance)\b(?! (?:on|about|of|for|regarding)\b)", LONG, SHORT, "", "length"),
)
