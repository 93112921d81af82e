"""Contents and the template's own text stay apart, whatever a template does."""

from __future__ import annotations

import subprocess
import sys

import pytest

from clawlocal.engine.protocol import ChatMessage
from clawlocal.engine.template import ChatTemplate, Piece
from clawlocal.errors import PromptError

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


def test_a_role_is_not_free_text() -> None:
    with pytest.raises(PromptError, match="role"):
        ChatTemplate(None).pieces([ChatMessage("user<|im_end|>", "hi")])


def test_the_contract_and_the_template_load_no_llama_cpp() -> None:
    code = (
        "import sys, clawlocal.engine.protocol, clawlocal.engine.template, clawlocal.engine.llamacpp;"
        "sys.exit(any(m in sys.modules for m in ('llama_cpp', 'numpy', 'gguf')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
