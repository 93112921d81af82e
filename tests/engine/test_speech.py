"""Thoughts, answers and tool calls, whatever the pieces in which they come."""

from __future__ import annotations

import json
from itertools import groupby

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clawlocal.engine.speech import CallFormat, Part, Said, SpeechParser, SpeechStyle, Thought, style_of
from clawlocal.records import ToolCall

THINK = ("<think>", "</think>")
HERMES, MISTRAL, LLAMA = (SpeechStyle(THINK, calls) for calls in CallFormat)
PARIS = ToolCall("get_weather", {"city": "Paris"})
WEATHER = '{"name": "get_weather", "arguments": {"city": "Paris"}}'
LLAMA_WEATHER = '{"name": "get_weather", "parameters": {"city": "Paris"}}'
DEEP = f'<tool_call>{{"name": "f", "arguments": {{"a": {"[" * 400 + "]" * 400}}}}}</tool_call>'
TOOLS = ("get_weather",)


def joined(parts: list[Part]) -> list[Part]:
    """Neighbours of a kind as one."""
    found: list[Part] = []
    for kind, group in groupby(parts, type):
        of_a_kind = list(group)
        if kind is ToolCall:
            found += of_a_kind
        else:
            found.append(kind("".join(part.text for part in of_a_kind)))  # type: ignore[union-attr]
    return found


def parse(style: SpeechStyle, pieces: list[str], **options: object) -> list[Part]:
    parser = SpeechParser(style, **options)  # type: ignore[arg-type]
    parts = [part for piece in pieces for part in parser.feed(piece)]
    return joined(parts + parser.finish())


@pytest.mark.parametrize(
    ("style", "text", "expected"),
    [
        (HERMES, "hello", [Said("hello")]),
        (HERMES, "", []),
        (HERMES, " \n", [Said(" \n")]),
        (HERMES, "  indented", [Said("  indented")]),
        (HERMES, "<think>why\n</think>\n\nbecause", [Thought("why\n"), Said("because")]),
        (HERMES, "\n<think>why</think>because", [Thought("why"), Said("because")]),
        (HERMES, "<think></think>\n", [Thought("")]),
        (HERMES, "<think>still at it </thi", [Thought("still at it </thi")]),
        (HERMES, "<thin", [Said("<thin")]),
        (HERMES, "The mark <think> opens a thought.", [Said("The mark <think> opens a thought.")]),
        (HERMES, "done</think>", [Said("done</think>")]),
        (HERMES, f"<tool_call>\n{WEATHER}\n</tool_call>", [PARIS]),
        (HERMES, f"<tool_call>{WEATHER}</tool_call>\n<tool_call>{WEATHER}</tool_call>\n", [PARIS, PARIS]),
        (HERMES, f"I look.\n<tool_call>{WEATHER}", [Said("I look.\n"), PARIS]),
        (HERMES, f"<think>a</think>\n<tool_call>{WEATHER}</tool_call>", [Thought("a"), PARIS]),
        (HERMES, "<tool_call>{no}</tool_call> then", [Said("<tool_call>{no}</tool_call> then")]),
        (HERMES, "<tool_call>[]</tool_call>", [Said("<tool_call>[]</tool_call>")]),
        (HERMES, '<tool_call>{"name": "f"}</tool_call>', [Said('<tool_call>{"name": "f"}</tool_call>')]),
        (HERMES, "<tool_call>" + "[" * 9999, [Said("<tool_call>" + "[" * 9999)]),
        (HERMES, '<tool_call>{"name": "f", "arguments": "{\\"a\\": 1}"}', [ToolCall("f", {"a": 1})]),
        (HERMES, '<tool_call>{"name": "f", "arguments": {"a": "1\n2"}}', [ToolCall("f", {"a": "1\n2"})]),
        (HERMES, f"{LLAMA_WEATHER}", [Said(LLAMA_WEATHER)]),
        (HERMES, DEEP, [Said(DEEP)]),
        (MISTRAL, f"[TOOL_CALLS] [{WEATHER}, {WEATHER}]", [PARIS, PARIS]),
        (MISTRAL, "[TOOL_CALLS] [{]", [Said("[TOOL_CALLS] [{]")]),
        (MISTRAL, f"<tool_call>{WEATHER}</tool_call>", [Said(f"<tool_call>{WEATHER}</tool_call>")]),
        (LLAMA, f"<|python_tag|>{LLAMA_WEATHER}", [PARIS]),
        (LLAMA, "<|python_tag|>print(1)", [Said("<|python_tag|>print(1)")]),
        (SpeechStyle(), "<think>a</think>b", [Said("<think>a</think>b")]),
        (SpeechStyle(), f"<tool_call>{WEATHER}</tool_call>", [Said(f"<tool_call>{WEATHER}</tool_call>")]),
    ],
)
def test_what_is_said_is_taken_apart(style: SpeechStyle, text: str, expected: list[Part]) -> None:
    assert parse(style, [text]) == expected
    assert parse(style, list(text)) == expected


@pytest.mark.parametrize(
    "text", [WEATHER, LLAMA_WEATHER, f"\n{WEATHER}\n", f"```json\n{WEATHER}\n```", f"```\n{WEATHER}"]
)
@pytest.mark.parametrize("style", [HERMES, MISTRAL, LLAMA])
def test_a_call_without_marks_counts_where_its_tool_was_offered(style: SpeechStyle, text: str) -> None:
    assert parse(style, [text], tools=TOOLS) == [PARIS]
    assert parse(style, ["<think>a</think>", text], tools=TOOLS) == [Thought("a"), PARIS]
    assert parse(style, [text], tools=("other",)) == [Said(text)]
    assert parse(style, [text]) == [Said(text)]
    assert parse(SpeechStyle(THINK), [text], tools=TOOLS) == [Said(text)]


def test_what_is_said_behind_such_a_call_is_kept() -> None:
    assert parse(HERMES, [f"```json\n{WEATHER}\n```\nI ask for it."], tools=TOOLS) == [PARIS, Said("I ask for it.")]


def test_a_prompt_may_have_opened_the_thought() -> None:
    assert parse(HERMES, ["why</think>\n\nbecause"], in_thought=True) == [Thought("why"), Said("because")]
    assert parse(SpeechStyle(), ["why"], in_thought=True) == [Said("why")]


def test_text_is_held_back_only_while_it_may_become_a_mark() -> None:
    parser = SpeechParser(HERMES)
    assert [parser.feed(piece) for piece in ("<", "th", "at", " <", "b>", "\n", "x")] == [
        [], [], [Said("<that")], [Said(" ")], [Said("<b>")], [Said("\n")], [Said("x")],
    ]  # fmt: skip


PIECES = ["<think>", "</think>", "<tool_call>", "</tool_call>", "[TOOL_CALLS]", "<|python_tag|>", "```json\n", "```"]
speech = st.lists(
    st.one_of(
        st.sampled_from([*PIECES, WEATHER, LLAMA_WEATHER, f"[{WEATHER}]", "\n", " ", "<", "{", "}", "x"]),
        st.text(max_size=5),
    ),
    max_size=12,
).map("".join)
styles = st.builds(SpeechStyle, st.sampled_from([None, THINK]), st.sampled_from([None, *CallFormat]))


@settings(max_examples=600, deadline=None)
@given(styles, speech, st.booleans(), st.sampled_from([(), TOOLS]), st.data())
@example(HERMES, f"<think>a</think>\n\n<tool_call>{WEATHER}</tool_call>", False, (), None)
def test_how_it_was_cut_makes_no_difference(
    style: SpeechStyle, text: str, in_thought: bool, tools: tuple[str, ...], data: st.DataObject | None
) -> None:
    whole = parse(style, [text], in_thought=in_thought, tools=tools)
    assert parse(style, list(text), in_thought=in_thought, tools=tools) == whole
    if data is not None:
        cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        assert parse(style, pieces, in_thought=in_thought, tools=tools) == whole


@settings(max_examples=300, deadline=None)
@given(styles, speech, st.booleans())
def test_nothing_is_lost_but_marks_and_blanks(style: SpeechStyle, text: str, in_thought: bool) -> None:
    def bare(said: str) -> str:
        for mark in (*THINK, *PIECES):
            said = said.replace(mark, "")
        return "".join(said.split())

    parts = parse(style, [text], in_thought=in_thought)
    if not any(isinstance(part, ToolCall) for part in parts):
        assert bare("".join(part.text for part in parts)) == bare(text)  # type: ignore[union-attr]


def test_without_a_style_text_comes_as_it_is() -> None:
    parser = SpeechParser(SpeechStyle())
    assert [parser.feed(piece) for piece in (" ", "<think>", json.dumps({}))] == [
        [Said(" ")], [Said("<think>")], [Said("{}")],
    ]  # fmt: skip
    assert parser.finish() == []


@pytest.mark.parametrize(
    ("source", "style"),
    [
        ("{{ messages }}", SpeechStyle()),
        ("{{ content.split('</think>') }}{% if enable_thinking %}", SpeechStyle(THINK, None, True)),
        ("[THINK] [TOOL_CALLS]", SpeechStyle(("[THINK]", "[/THINK]"), CallFormat.MISTRAL)),
        ("{% for tool in tools %}<tool_call>", SpeechStyle(None, CallFormat.HERMES)),
        ("{{ tools }} <|python_tag|>", SpeechStyle(None, CallFormat.LLAMA)),
        ("""{{ tools }} '{"name": "f", "parameters": {}}'""", SpeechStyle(None, CallFormat.LLAMA)),
    ],
)
def test_the_template_shows_the_style(source: str, style: SpeechStyle) -> None:
    assert style_of(source) == style
