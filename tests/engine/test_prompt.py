"""From pieces to ids, over a vocabulary of characters: what begins a prompt, and what is tokenised together."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from clawlocal.engine.prompt import encode_chat
from clawlocal.engine.protocol import ChatMessage
from clawlocal.engine.template import ChatTemplate

NAMES = {"<s>": 1, "<e>": 2, "<m>": 3}


class Characters:
    """A token for each character, one for two line breaks, three for control; `<m>` swallows blanks behind it."""

    def __init__(self, bos: int | None = None) -> None:
        self.bos = bos
        self.asked: list[str] = []

    def plain(self, text: str) -> list[int]:
        self.asked.append(text)
        return [ord(c) if c != "\0" else 10_000 for c in text.replace("\n\n", "\0")]

    def special(self, text: str) -> list[int]:
        ids: list[int] = []
        for part in re.split(r"(<s>|<e>|<m> *)", text):
            ids += [NAMES[part.strip()]] if part.strip() in NAMES else self.plain(part)
        return ids

    def spelling(self, token: int) -> str:
        return next(name for name, known in NAMES.items() if known == token)

    def reserved(self, token: int) -> bool:
        return token in NAMES.values()

    def ends(self, token: int) -> bool:
        return token == 2


def ids(source: str, *messages: ChatMessage, bos: int | None = None) -> list[int]:
    return list(encode_chat(Characters(bos), ChatTemplate(source, bos="<s>", eos="<e>"), messages))


def chars(text: str) -> list[int]:
    return Characters().special(text)


def user(text: str, sampled: Sequence[int] = ()) -> ChatMessage:
    return ChatMessage("user", text, tuple(sampled) or None)


@pytest.mark.parametrize("source", ["{{ bos_token }}{{ messages[0].content }}", "{{ messages[0].content }}"])
def test_a_prompt_begins_once_where_the_file_says_so(source: str) -> None:
    assert ids(source, user("a"), bos=1) == [1, *chars("a")]


def test_without_that_the_template_decides() -> None:
    assert ids("{{ bos_token }}{{ messages[0].content }}", user("a")) == [1, *chars("a")]
    assert ids("{{ messages[0].content }}", user("a")) == chars("a")


def test_a_user_cannot_begin_a_prompt() -> None:
    assert ids("{{ messages[0].content }}", user("<s>a"), bos=1) == [1, *map(ord, "<s>a")]


def test_between_control_tokens_all_is_one_text() -> None:
    source = "<m>\n{{ messages[0].content }}\n{{ messages[1].content }}<e>"
    assert ids(source, user("a\n"), user("\nb")) == chars("<m>\na\n\n\nb<e>")
    assert ids(source, user("<e>"), user("b")) == [3, 10, *map(ord, "<e>"), 10, ord("b"), 2]


def test_what_a_control_token_swallows_stays_swallowed() -> None:
    assert ids("<m>  {{ messages[0].content }}<e>", user("a")) == [3, ord("a"), 2]


def test_sampled_ids_stand_alone_and_end_once() -> None:
    source = "<m>{{ messages[0].content }}<e>"
    assert ids(source, user("ab", [77, 78])) == [3, 77, 78, 2]
    assert ids(source, user("ab", [77, 2])) == [3, 77, 2]
    assert ids("{{ messages[0].content | trim('b') }}", user("ab", [77])) == chars("a")
