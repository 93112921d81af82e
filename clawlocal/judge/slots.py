"""What a directive leaves open, found in the user's words: a number, a language. Knows no model."""

from __future__ import annotations

import re

NUMBER, LANGUAGE = "{number}", "{language}"

_NUMBERS = """two:two couple zwei deux dos dois duas twee dwa dwóch dwie två iki
three:three drei trois tres tre três drie trzy trzech üç teen
four:four vier quatre cuatro quattro quatro cztery fyra fire dört
five:five fünf cinq cinco cinque vijf pięć fem beş
six:six sechs seis zes sześć seks altı chhe
seven:seven sieben sept siete sette sete zeven
eight:eight acht huit ocho otto oito
nine:nine neun neuf nueve nove negen
ten:ten zehn dix diez dieci dez tien
12:twelve zwölf douze doce dodici doze twaalf
15:fifteen fünfzehn quinze quince quindici vijftien
20:twenty zwanzig vingt veinte venti vinte twintig
30:thirty dreißig trente treinta trenta trinta dertig ثلاثين
40:forty vierzig quarante cuarenta quaranta quarenta veertig
50:fifty fünfzig cinquante cincuenta cinquanta cinquenta vijftig
100:hundred hundert cent cien cento cem honderd"""
_WORDS = {word: line.split(":")[0] for line in _NUMBERS.splitlines() for word in line.split(":")[1].split()}
_DIGITS = ("", "", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

_LANGUAGES = """Arabic:arabic arabisch arabe árabe بالعربية العربية عربي
Bengali:bengali bangla
Chinese:chinese mandarin chinesisch chinois chino 中文 汉语
Croatian:croatian kroatisch hrvatski hrvatskom
Czech:czech tschechisch česky češtině
Danish:danish dänisch dansk
Dutch:dutch niederländisch néerlandais nederlands
English:english englisch anglais inglés inglese inglês engels angielsku engelska ingilizce
Finnish:finnish finnisch suomeksi
French:french französisch français francés francese francês frans francusku franska fransızca
German:german deutsch allemand alemán tedesco alemão duits niemiecku tyska almanca
Greek:greek griechisch ελληνικά
Hebrew:hebrew hebräisch עברית בעברית
Hindi:hindi हिंदी हिन्दी
Hungarian:hungarian ungarisch magyarul
Indonesian:indonesian indonesia indonesisch
Irish:irish gaeilge
Italian:italian italienisch italien italiano italiaans włosku italienska italyanca
Japanese:japanese japanisch japonais 日本語 日本語で
Korean:korean koreanisch 한국어로 한국어
Norwegian:norwegian norwegisch norsk
Persian:persian farsi فارسی
Polish:polish polnisch polonais polaco polsku polski
Portuguese:portuguese portugiesisch portugais portugués português portoghese
Romanian:romanian rumänisch română
Russian:russian russisch russe ruso русски русском
Somali:somali
Spanish:spanish spanisch espagnol español spagnolo espanhol spaans hiszpańsku spanska ispanyolca castellano
Swahili:swahili kiswahili
Swedish:swedish schwedisch suédois svenska
Thai:thai ไทย
Turkish:turkish türkisch turc turco türkçe
Ukrainian:ukrainian ukrainisch українською
Urdu:urdu
Vietnamese:vietnamese
Welsh:welsh cymraeg"""
_PLACES = """Arabic:cairo egypt beirut damascus riyadh
Chinese:beijing peking shanghai china
Czech:prague prag praha
Danish:copenhagen denmark
Dutch:amsterdam netherlands holland
Finnish:helsinki finland
French:paris lyon marseille france molière
German:berlin vienna wien köln cologne munich münchen hamburg germany deutschland austria österreich
Greek:athens greece
Hungarian:budapest hungary
Italian:rome roma milan milano naples napoli italy italia
Japanese:tokyo osaka japan
Korean:seoul korea hangul
Norwegian:oslo norway
Persian:tehran iran
Polish:warsaw warszawa kraków krakow poland polska
Portuguese:lisbon lisbonne lisboa porto portugal brazil brasil paulo
Romanian:bucharest romania
Russian:moscow russia
Somali:mogadishu somalia
Spanish:madrid seville sevilla barcelona spain españa mexico méxico guadalajara bogotá lima
Swedish:stockholm sweden
Turkish:istanbul ankara turkey türkiye
Ukrainian:kyiv kiev lviv ukraine"""
_BY_NAME = {name: line.split(":")[0] for line in _LANGUAGES.splitlines() for name in line.split(":")[1].split()}
_BY_PLACE = {name: line.split(":")[0] for line in _PLACES.splitlines() for name in line.split(":")[1].split()}
_SCRIPTS = {"日本語": "Japanese", "中文": "Chinese", "한국어": "Korean", "हिंदी": "Hindi", "हिन्दी": "Hindi"}
"""Written without spaces or with marks between the letters, so that they are no words of their own."""
_NOT = re.compile(
    r"(?:n['’]t|\b(?:no|not|never|kein\w*|nicht|pas|sans|sin|ni|non|não|geen|niet|nie|inte|ikke|nahi))\b"
    r"(?:[ ]+\w+){0,2}[ ]+$",
    re.IGNORECASE,
)
"""Before a language that is not wanted: "no more English", "kein Wort Englisch"."""
_WORD = re.compile(r"[^\W\d_]+|\d+")
_SENTENCES = (
    r"sent[ae]nces?|lines?|sätzen?|satz|zeilen?|phrases?|lignes?|frases?|líneas?|frasi|righe|linhas?|zin(?:nen)?|regels?"
    r"|zda(?:nie|nia|ń|niach)|meningar|setninger|sætninger|cümle\w*"
)
_COUNTED_WORDS = r"words?|wörter\w*|worten?|mots?|palabras?|parole|palavras?|woorden|słów|słowach|ord|kelime\w*"
_OF_SENTENCES, _OF_WORDS = re.compile(_SENTENCES), re.compile(_COUNTED_WORDS)
_OF_ANY = re.compile(f"{_SENTENCES}|{_COUNTED_WORDS}")
_NEAR = 3
"""Words before a unit among which its number is: "two short, plain sentences"."""


def filled(wish: str, said: str) -> str:
    """The wish with what it leaves open; empty where the user's words do not tell it."""
    words = "words" in wish
    for slot, find in (
        (NUMBER, lambda text: number(text, _OF_WORDS if words else _OF_SENTENCES)),
        (LANGUAGE, language),
    ):
        if slot in wish:
            found = find(said)
            if not found:
                return ""
            wish = wish.replace(slot, found)
    return wish


def number(said: str, unit: re.Pattern[str] | None = None) -> str:
    """The number above one that stands nearest before its unit, else the first, as a word up to ten.

    Empty where there is none, or half of one. One is said in the singular, which is a wish of its own. Words that are
    common in another language are not taken.
    """
    words = _WORD.findall(said.casefold())
    if "half" in words:
        return ""
    at = [i for i, word in enumerate(words) if (unit or _OF_ANY).fullmatch(word)]
    near = [said for i in at for word in words[max(0, i - _NEAR) : i][::-1] if (said := _number(word))]
    return next(filter(None, [*near, *map(_number, words)]), "")


def _number(word: str) -> str:
    if word.isascii() and word.isdigit() and int(word) > 1:
        return _DIGITS[int(word)] if int(word) < len(_DIGITS) else str(int(word))
    return _WORDS.get(word, "")


def language(said: str) -> str:
    """The last language that a text asks for ("German, not English"), else the one of the last place; or empty."""
    low = said.casefold()
    found = [(match, _BY_NAME[match[0]]) for match in _WORD.finditer(low) if match[0] in _BY_NAME]
    named = [name for match, name in found if not _NOT.search(low[: match.start()])]
    named = named or [name for mark, name in _SCRIPTS.items() if mark in said]
    named = named or [_BY_PLACE[word] for word in _WORD.findall(low) if word in _BY_PLACE]
    return named[-1] if named else ""
