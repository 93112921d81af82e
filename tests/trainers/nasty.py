"""Texts that tokenizers stumble over, the same ones each time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

SCRIPTS = (
    "The quick brown fox isn't lazy",
    "Größe, Straße, Übermut und Ärger",
    "Où est l'hôtel ? C'est là-bas, à gauche…",
    "Съешь же ещё этих мягких французских булок",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία",
    "我能吞下玻璃而不伤身体。北京大学",
    "いろはにほへと ちりぬるを カタカナｶﾅ",
    "다람쥐 헌 쳇바퀴에 타고파 한국어",
    "שלום עולם, מה שלומך? 5 שקלים",
    "اَلْعَرَبِيَّةُ لغة جميلة ١٢٣٤٥",
    "हिन्दी में लिखना आसान है १२३",
    "ภาษาไทยไม่มีช่องว่าง ๑๒๓",
    "Tiếng Việt rất đẹp và phong phú",
    "தமிழ் மொழி ഇംഗ്ലീഷ് ಕನ್ನಡ తెలుగు বাংলা",
    "ქართული ენა Հայերեն አማርኛ ខ្មែរ မြန်မာ བོད་ཡིག",
    "İstanbul'da ığdır ŞĞÇ",
)
SPACES = (
    " ",
    "  ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    " \n ",
    "\u00a0",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u2028",
    "\u2029",
)
SPACES += ("\u3000", "\u2003", "\u202f", "\u0085", "\x0b", "\x0c", "\u1680", "\u180e", "   \t  \n")
EMOJI = ("👨‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪🇫🇷", "❤️", "1️⃣", "🧑🏿‍🚀", "☃", "😀😀😀", "©", "™️")
CODE = (
    "def f(x):\n    return x**2  # squared\n",
    'for(int i=0;i<10;++i){\n\tprintf("%d\\n", i);\r\n}',
    "SELECT * FROM t WHERE a='b' AND c != 1e-10;",
    '<div class="a">&nbsp;</div><!-- x -->',
    "https://example.org:8080/a/b?c=d&e=%20#f",
    "me@example.com, C:\\Users\\x\\y.txt ../..//",
    '{"a": [1, 2.50, null], "b": "\\u00e9"}',
    "0xDEADBEEF 3.14159 1,000,000.00 +49-30-1234567 2026-11-24T10:16:29Z",
)
MARKS = (
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|im_start", "im_end|>", "<|im_<|im_start|>start|>", "<s>", "</s>",
    "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|file_sep|>", "<repo_name>", "<start_of_turn>", "<end_of_turn>",
    "<unk>", "<bos>", "<eos>", "<0x41>", "<0xE2>", "[PAD151665]", "[INST]", "<|", "|>", "\u2581", "\u2581\u2581a",
)  # fmt: skip
ENDINGS = (
    "'ll",
    "'LL",
    "'Ll",
    "'s",
    "'S",
    "'re",
    "'RE",
    "'ve",
    "'Ve",
    "'m",
    "'d",
    "'t",
    "'T",
    "'ſ",
    "’s",
    "''s",
    "'x",
    "'",
)
PLANES = ((0, 0x7F), (0x80, 0x24F), (0x300, 0x36F), (0x250, 0x2FFF), (0x3000, 0xD7FF), (0xE000, 0xFFFF))
PLANES += ((0x10000, 0x1FFFF), (0x20000, 0x323AF), (0x40000, 0x10FFFF), (0xE0000, 0xE01EF))


def texts(count: int, seed: int = 0) -> list[str]:
    """So many different texts; each kind of trouble by itself, then all of them in one line."""
    draw = random.Random(seed)
    found = dict.fromkeys(plain())
    while len(found) < count:
        found[draw.choice(MAKERS)(draw)] = None
    return list(found)


def plain() -> Iterator[str]:
    """Each ingredient alone, and the empty text."""
    yield ""
    for group in (SCRIPTS, SPACES, EMOJI, CODE, MARKS, ENDINGS):
        yield from group
    for one in " \n\ta1!'.é的_-=🙂\u0301\u200b\x00\x04":
        yield from (one * n for n in (1, 2, 3, 7, 16, 33, 500))


def _digits(draw: random.Random) -> str:
    alphabet = draw.choice(["0123456789", "0123456789", "٠١٢٣٤٥٦٧٨٩", "①½Ⅻ²३", "1a2b", "1 2", "1.2,3", "12é"])
    return draw.choice(["", " ", "x", "-"]) + "".join(draw.choices(alphabet, k=draw.randint(1, 24)))


def _spaced(draw: random.Random) -> str:
    words = draw.choice(SCRIPTS).split()
    return "".join(word + "".join(draw.choices(SPACES, k=draw.randint(0, 4))) for word in words)


def _combined(draw: random.Random) -> str:
    base = draw.choices("aeiounZs 1'\n的कअ", k=draw.randint(1, 12))
    return "".join(c + "".join(chr(draw.randint(0x300, 0x36F)) for _ in range(draw.randint(0, 4))) for c in base)


def _from_planes(draw: random.Random) -> str:
    """Characters of every plane, without surrogates; half of them are not assigned."""
    first, last = draw.choice(PLANES)
    return "".join(chr(draw.randint(first, last)) for _ in range(draw.randint(1, 20)))


def _everywhere(draw: random.Random) -> str:
    return "".join(chr(draw.randint(*draw.choice(PLANES))) for _ in range(draw.randint(1, 20)))


def _contracted(draw: random.Random) -> str:
    return "".join(draw.choice(["I", "we", "DON", "x1", " ", "é", "_"]) + draw.choice(ENDINGS) for _ in range(4))


def _run(draw: random.Random) -> str:
    return draw.choice([*"a 1!\n=-é的ーא", "ab", "\r\n", " a", "\t ", "😀"]) * draw.randint(2, 300)


def _mixed(draw: random.Random) -> str:
    groups = (SCRIPTS, SPACES, SPACES, EMOJI, CODE, MARKS, MARKS, ENDINGS)
    return "".join(draw.choice(draw.choice(groups)) for _ in range(draw.randint(2, 9)))


def _cut(draw: random.Random) -> str:
    text = _mixed(draw)
    first, last = sorted(draw.randint(0, len(text)) for _ in range(2))
    return text[first:last]


def _shuffled(draw: random.Random) -> str:
    text = list(_mixed(draw)[:60])
    draw.shuffle(text)
    return "".join(text)


MAKERS: tuple[Callable[[random.Random], str], ...] = (
    _digits, _spaced, _combined, _from_planes, _everywhere, _contracted, _run, _mixed, _cut, _shuffled,
)  # fmt: skip
