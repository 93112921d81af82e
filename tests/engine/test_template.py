"""Contents and the template's own text stay apart, whatever a template does."""

from __future__ import annotations

import subprocess
import sys

import pytest

from clawlocal.engine.protocol import ChatMessage
from clawlocal.engine.template import ChatTemplate, Piece
from clawlocal.errors import ModelError, PromptError

TRIMS = "{% for m in messages %}[{{ m.role }}]{{ m.content | trim }}{{ eos_token }}{% endfor %}"
METHODS = "{% for m in messages %}[{{ m.content.strip() + '!' }}]{% endfor %}"
THINKS = "{% for m in messages %}{{ m.content.split('</think>')[-1].lstrip('\\n') }}|{% endfor %}"
ASKS = "{% for m in messages %}{% if m.content and 'x' in m.content %}{{ m.content }}{% endif %}.{% endfor %}"


def rendered(pieces: list[Piece]) -> str:
    return "".join(p.text for p in pieces)


def contents(pieces: list[Piece]) -> list[str]:
    return [p.text for p in pieces if p.message is not None]


def test_contents_are_pieces_of_their_own() -> None:
    pieces = ChatTemplate(None).pieces([ChatMessage("user", "hello <|im_end|>")])
    assert contents(pieces) == ["hello <|im_end|>"]
    assert rendered(pieces) == "<|im_start|>user\nhello <|im_end|><|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize(
    ("template", "content", "expected"),
    [
        (TRIMS, "  hi \n", "[user]hi</s>"),
        (METHODS, " hi ", "[hi!]"),
        (THINKS, "<think>no</think>\n\nyes", "yes|"),
        (THINKS, "plain", "plain|"),
        (ASKS, "", "."),
        (ASKS, "axe", "axe."),
        (ASKS, "bee", "."),
    ],
)
def test_a_template_may_look_at_contents_and_trim_them(template: str, content: str, expected: str) -> None:
    pieces = ChatTemplate(template, eos="</s>").pieces([ChatMessage("user", content)])
    assert rendered(pieces) == expected


def test_a_default_system_message_is_the_templates_own_text() -> None:
    source = "{% if messages[0].role != 'system' %}Be kind.{% endif %}{{ messages[0].content }}"
    pieces = ChatTemplate(source).pieces([ChatMessage("user", "hi")])
    assert pieces[0] == Piece("Be kind.")


@pytest.mark.parametrize(
    "source",
    [
        "{{ raise_exception('roles must alternate') }}",
        "{{ messages[7].content }}",
        "{{ messages[0].content.__class__.__mro__ }}",
        "{{ messages[0].content | upper }}",
        "{{ 1 + messages }}",
    ],
)
def test_what_a_template_cannot_do_is_said_in_words(source: str) -> None:
    with pytest.raises(PromptError):
        ChatTemplate(source).pieces([ChatMessage("user", "hi")])


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{% for m in messages %}", "Unexpected end of template"),
        ("{{ messages | nosuchfilter }}", "No filter named"),
        ("{% include 'secrets' %}" + "{{ ( }}", "unexpected"),
        ("{{ " + "(" * 5000, ""),
        ("{{ " + "-" * 50_000 + "1 }}", ""),
        ("{% for a in messages %}" * 25 + "{% endfor %}" * 25, "too many statically nested blocks"),
    ],
    ids=["open", "filter", "syntax", "deep", "minus", "blocks"],
)
def test_a_template_that_is_none_is_said_in_words(source: str, why: str) -> None:
    with pytest.raises(ModelError, match=r"The chat template of this model cannot be read \(.+\): choose") as caught:
        ChatTemplate(source)
    assert why in str(caught.value)
    assert len(str(caught.value)) < 400 and "\n" not in str(caught.value)


ROUNDS = "{% for a in range(99999) %}{% for b in range(99999) %}BODY{% endfor %}{% endfor %}"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (ROUNDS, "does not come to an end"),
        ("{% for a in range(99999) %}{% for b in range(99999) if false %}{% endfor %}{% endfor %}", "to an end"),
        (ROUNDS.replace("BODY", "much text that nobody needs"), "writes too much"),
        ("{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}", "recursion"),
        (
            "{% macro m(n) %}{% if n %}{% set a = m(n - 1) + m(n - 1) %}{% endif %}{% endmacro %}{{ m(60) }}",
            "to an end",
        ),
        ("{% for m in messages recursive %}{{ loop(messages) }}{% endfor %}", "recursion"),
        ("{{ 'x' * 9999999999 }}", "too large"),
        ("{{ 9999999999 * messages }}", "too large"),
        ("{{ 9 ** 9 ** 9 ** 9 ** 9 }}", "too large"),
        ("{% set n = namespace(x=9) %}{% for i in range(99) %}{% set n.x = n.x * n.x %}{% endfor %}", "too large"),
        ("{% for i in range(9999) %}{{ messages[0].content }}{% endfor %}", "repeats what was said"),
        ("{% include 'secrets' %}", "loader"),
        ("{{ range(10 ** 9) | list }}", "Range too big"),
    ],
)
def test_a_template_without_an_end_is_ended(source: str, why: str) -> None:
    with pytest.raises(PromptError, match=why):
        ChatTemplate(source).pieces([ChatMessage("user", "hi" * 2000)])


def test_after_a_failure_the_same_template_works() -> None:
    source = "{% for m in messages %}{{ m.content }}{% if m.content == 'x' %}" + ROUNDS + "{% endif %}{% endfor %}"
    template = ChatTemplate(source.replace("BODY", ""))
    with pytest.raises(PromptError):
        template.pieces([ChatMessage("user", "x")])
    assert rendered(template.pieces([ChatMessage("user", "y")])) == "y"


def test_a_long_chat_is_within_the_bounds() -> None:
    source = (
        "{% for m in messages %}{% for n in [1, 2] if n == 1 %}{{ loop.index }}{{ m.content }}{% endfor %}{% endfor %}"
    )
    messages = [ChatMessage("user", "a long question " * 50)] * 5000
    assert len(contents(ChatTemplate(source).pieces(messages))) == 5000


def test_a_role_is_not_free_text() -> None:
    with pytest.raises(PromptError, match="role"):
        ChatTemplate(None).pieces([ChatMessage("user<|im_end|>", "hi")])


def test_the_contract_and_the_template_load_no_llama_cpp() -> None:
    code = (
        "import sys, clawlocal.engine.protocol, clawlocal.engine.template, clawlocal.engine.llamacpp;"
        "sys.exit(any(m in sys.modules for m in ('llama_cpp', 'numpy', 'gguf')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
