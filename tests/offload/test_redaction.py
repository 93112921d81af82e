"""What never leaves: addresses, keys, long numbers, the user's own words."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawlocal.offload.client import Outgoing
from clawlocal.offload.redaction import Redaction
from clawlocal.records import DataClass, Purpose

redact = Redaction()
KEY_LETTERS = string.ascii_letters + string.digits
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="@"), max_size=40)
names = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Write to ada.l+x@mail.example.org, please.", "Write to [e-mail], please."),
        ("sk-proj-abcDEF1234567890abcd is mine", "[key] is mine"),
        ("ghp_abcdefghijklmnopqrst1234", "[key]"),
        ("AKIAIOSFODNN7EXAMPLE", "[key]"),
        ("password: hunter22!", "password: [key]"),
        ('{"api_key": "abcdef123"}', '{"api_key": "[key]"}'),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----!", "[key]!"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE", "[key]"),
        ("d41d8cd98f00b204e9800998ecf8427e", "[key]"),
        ("call +49 170 1234567 or (555) 123-4567 now", "call [number] or ([number] now"),
        ("IBAN DE89 3704 0044 0532 0130 00", "IBAN DE[number]"),
        ("DE89370400440532013000", "DE[number]"),
        ("4111-1111-1111-1111", "[number]"),
    ],
)
def test_what_has_a_form_is_taken_out(text: str, clean: str) -> None:
    assert redact(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "Meet me on 2026-11-26 17:10, or 26.11.2026 17.",
        "Version 3.11.4 of 12 000 files, 1234567 bytes",
        "a@b is no address, and @home neither",
        "The quick brown fox: 99 lines, 3.14159",
        "antidisestablishmentarianism floccinaucinihilipilification",
        "",
    ],
)
def test_what_one_says_stays(text: str) -> None:
    assert redact(text) == text


@given(words, names, names, words)
def test_no_address_of_mail_leaves(before: str, name: str, host: str, after: str) -> None:
    address = f"{name}@{host}.org"
    assert address not in redact(f"{before} {address} {after}")


@given(words, st.text("0123456789", min_size=9, max_size=40), words)
def test_no_long_number_leaves(before: str, number: str, after: str) -> None:
    assert number not in redact(f"{before} {number} {after}")


@given(words, st.text(KEY_LETTERS, min_size=16, max_size=60), words)
def test_no_key_with_a_known_beginning_leaves(before: str, key: str, after: str) -> None:
    assert f"sk-{key}" not in redact(f"{before} sk-{key} {after}")


@given(st.lists(st.sampled_from(["a@b.de", "sk-abcdefghijklmnop12", "123456789", "token=abcdefg", "x", " ", "-", "."])))
def test_twice_changes_no_more_than_once(parts: list[str]) -> None:
    once = redact("".join(parts))
    assert redact(once) == once


@given(st.text())
def test_any_text_goes_through(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


def test_a_long_text_takes_no_time_to_speak_of() -> None:
    for letter in ("a", "1", "-", "a.", "11 ", "a@", "sk-"):
        redact(letter * 50_000)


def test_the_users_own_pattern() -> None:
    own = Redaction(r"Projekt \w+|x*")
    assert own("On Projekt Heron, 1 x.") == "On [redacted], 1 [redacted]."


def test_only_what_was_said_is_redacted_and_all_of_it() -> None:
    said = [{"role": "user", "content": "a@b.de", "more": [{"deep": "c@d.de"}]}]
    outgoing = Outgoing("/", Purpose.CHAT, frozenset({DataClass.PROMPTS}), {"model": "m@n.de", "messages": said})
    body = outgoing.body(redact).decode()
    assert "a@b.de" not in body and "c@d.de" not in body and "m@n.de" in body


def test_the_bytes_are_fit_for_a_terminal() -> None:
    said = [{"role": "user", "content": "a\x1b[31m\x9b2J\ud800 é"}]
    body = Outgoing("/", Purpose.CHAT, frozenset(), {"messages": said}).body(redact)
    assert body == b'{"messages":[{"role":"user","content":"a\\u001b[31m\\u009b2J? \xc3\xa9"}]}'
