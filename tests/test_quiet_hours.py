"""Quiet hours: what is understood, what is not, and which times are within."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawlocal.config import Settings
from clawlocal.errors import ConfigError
from clawlocal.quiet_hours import QuietHours

MINUTES = st.times().map(lambda t: t.replace(second=0, microsecond=0))


@given(MINUTES, MINUTES, st.times())
def test_a_span_and_the_rest_of_the_day_are_the_whole_day(start: time, end: time, at: time) -> None:
    if start == end:
        return
    night = QuietHours.parse(f"{start:%H:%M}-{end:%H:%M}")
    day = QuietHours.parse(f"{end:%H:%M}-{start:%H:%M}")
    assert night is not None and day is not None
    assert night.hold(at) is not day.hold(at)
    assert night.hold(start) and not night.hold(end)


@pytest.mark.parametrize("text", ["", "  "])
def test_none(text: str) -> None:
    assert QuietHours.parse(text) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("22", "as in 22:00-07:00"),
        ("22:00", "as in 22:00-07:00"),
        ("22:00-", "as in 22:00-07:00"),
        ("24:00-07:00", "as in 22:00-07:00"),
        ("22:60-07:00", "as in 22:00-07:00"),
        ("22:00-07:00, 12:00-13:00", "as in 22:00-07:00"),
        ("22:00-22:00", "must differ"),
        ("٢٢:00-07:00", "as in 22:00-07:00"),
    ],
)
def test_what_is_malformed_is_one_clear_error(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=f"The setting quiet_hours is .*{says}"):
        Settings(quiet_hours=text)


@given(st.text())
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        QuietHours.parse(text)
    except ValueError as e:
        assert str(e).startswith(("it must be", "its two times"))
