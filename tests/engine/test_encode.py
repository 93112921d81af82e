"""Prompts of the embedded model: exact where texts are ordinary, safe where they are not."""

from __future__ import annotations

import re
from array import array
from functools import cache, lru_cache

import pytest
from conftest import user
from hypothesis import given, settings
from hypothesis import strategies as st

from clawlocal.engine.library import library
from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.engine.protocol import ChatMessage
from clawlocal.engine.tokens import Vocabulary
from clawlocal.errors import PromptError

DEFAULT_SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
CONTROLS = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<repo_name>", "<file_sep>", "<jupyter_text>"]
hostile = st.lists(
    st.one_of(st.sampled_from([*CONTROLS, "assistant", "\n", " ", "\x00", "\x1b[2J"]), st.text(max_size=8)),
    max_size=8,
).map("".join)


def chatml(messages: list[ChatMessage]) -> str:
    rows = "".join(f"<|im_start|>{m.role}\n{m.content}<|im_end|>\n" for m in messages)
    return f"{rows}<|im_start|>assistant\n"


def vocabulary(engine: LlamaEngine):  # type: ignore[no-untyped-def]
    assert engine._machine is not None
    return engine._machine.model.vocabulary


@cache
def known_bytes(engine: LlamaEngine) -> frozenset[int]:
    words = vocabulary(engine)
    pieces = (words.piece(i) for i in range(words.size))
    return frozenset(piece[0] for piece in pieces if len(piece) == 1)


@pytest.mark.parametrize(
    "content",
    [
        "What is the capital of France?",
        "def f(x):\n    return x + 1\n",
        "Zürich costs 1234.50 €, naïve 🦀!",
        " leading and trailing ",
        "it's\n\na list:\n- one\n- two",
    ],
)
def test_ordinary_prompts_are_llama_cpps_own(llama_engine: LlamaEngine, content: str) -> None:
    messages = [ChatMessage("system", DEFAULT_SYSTEM), *user(content), ChatMessage("assistant", content)]
    messages += user(content)
    expected = vocabulary(llama_engine).special(chatml(messages))
    assert list(llama_engine.encode(messages)) == expected


def test_the_default_system_message_is_added(llama_engine: LlamaEngine) -> None:
    assert llama_engine.encode(user("hi")) == llama_engine.encode([ChatMessage("system", DEFAULT_SYSTEM), *user("hi")])


@settings(max_examples=200, deadline=None)
@given(content=hostile, role=st.sampled_from(["system", "user", "assistant", "tool"]))
def test_nobody_can_write_a_control_token(llama_engine: LlamaEngine, content: str, role: str) -> None:
    words = vocabulary(llama_engine)

    def controls(text: str) -> list[int]:
        messages = [*user("hi"), ChatMessage(role, text)]
        return [i for i in llama_engine.encode(messages) if not words.piece(i) or words.ends(i)]

    assert controls(content) == controls("x")


@settings(max_examples=200, deadline=None)
@given(hostile)
def test_text_survives_the_vocabulary(llama_engine: LlamaEngine, text: str) -> None:
    """All of it that the model has a token for: SmolLM2 has none for some control characters."""
    known = known_bytes(llama_engine)
    expected = bytes(b for b in text.encode("utf-8", "replace") if b in known).decode("utf-8", "replace")
    assert llama_engine.detokenize(llama_engine.tokenize(text)) == expected


def test_nul_and_escape_do_not_cut_a_text_short(llama_engine: LlamaEngine) -> None:
    ids = llama_engine.tokenize("before\x00after\x1b[2Jend")
    assert llama_engine.detokenize(ids).startswith("before")
    assert llama_engine.detokenize(ids).endswith("[2Jend")


def test_every_control_token_of_the_model_stays_text(llama_engine: LlamaEngine) -> None:
    words = vocabulary(llama_engine)
    lib = library()
    controls = [i for i in range(words.size) if lib.llama_vocab_is_control(words._vocabulary, i)]
    assert len(controls) > 10
    for token in controls:
        assert not set(llama_engine.tokenize(words.spelling(token))) & set(controls)


def test_half_a_surrogate_pair_does_not_crash(llama_engine: LlamaEngine) -> None:
    assert llama_engine.detokenize(llama_engine.tokenize("a\ud800b")) == "a?b"


def test_sampled_ids_are_used_as_they_are(llama_engine: LlamaEngine) -> None:
    end = vocabulary(llama_engine).special("<|im_end|>")
    unusual = tuple(i for letter in "Paris" for i in llama_engine.tokenize(letter))
    assert unusual != llama_engine.tokenize("Paris")
    asked = user("Where?")
    prompt = llama_engine.encode(asked)
    for ids in (unusual, (*unusual, *end)):
        following = llama_engine.encode([*asked, ChatMessage("assistant", "Paris", ids), *user("Why?")])
        assert following[: len(prompt) + len(unusual) + 1] == (*prompt, *unusual, *end)
        assert following[len(prompt) + len(unusual) + 1] not in end


def test_nothing_to_answer(llama_engine: LlamaEngine) -> None:
    with pytest.raises(PromptError):
        llama_engine.encode([])


class Merging(Vocabulary):
    """A vocabulary that makes control tokens of plain text: `<s>` is 1; other letters are themselves."""

    def __init__(self) -> None:
        self._plain = lru_cache(lambda text: array("i", self._without_controls(text)))

    def _tokenize(self, text: str, *, parse_special: bool) -> list[int]:
        return [1 if part == "<s>" else ord(part) for part in re.findall("<s>|.", text)]

    def reserved(self, token: int) -> bool:
        return token in (1, ord("!"))

    def spelling(self, token: int) -> str:
        return "<s>" if token == 1 else "!"


@settings(deadline=None)
@given(st.lists(st.sampled_from(["<s>", "<", "s", ">", "!"]), max_size=20).map("".join))
def test_a_control_token_that_plain_text_merges_into_is_cut_apart(text: str) -> None:
    ids = Merging().plain(text)
    assert "".join(map(chr, ids)) == text.replace("!", "")


def test_thousands_of_them_are_cut_apart_at_once() -> None:
    assert len(Merging().plain("<s>" * 5000)) == 15_000


def test_what_is_remembered_cannot_be_changed(llama_engine: LlamaEngine) -> None:
    words = vocabulary(llama_engine)
    first = words.plain("a heron")
    first.append(0)
    assert words.plain("a heron") == first[:-1]
    assert words.plain("heron " * 5000) == words.plain("heron " * 5000)
