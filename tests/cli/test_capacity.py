"""Erlang B against published values, and the sum behind ninety lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.cli.capacity import Traffic
from ivr.observe.erlang import blocking, lines_for

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("erlangs", "lines", "expected"),
    [(10.0, 18, 0.0071), (1.0, 1, 0.5), (2.0, 2, 0.4), (0.0, 3, 0.0), (5.0, 0, 1.0)],
)
def test_values_of_the_tables(erlangs: float, lines: int, expected: float) -> None:
    assert blocking(erlangs, lines) == pytest.approx(expected, abs=5e-5)


def test_the_peak_day_of_our_assumptions_needs_eighty_four_lines() -> None:
    traffic = Traffic()
    assert traffic.busy_hour_calls == pytest.approx(1638)
    assert traffic.erlangs == pytest.approx(68.25)
    assert [lines_for(traffic.erlangs, share) for share in (0.02, 0.01, 0.001)] == [80, 84, 93]


@given(st.floats(0.1, 300), st.integers(1, 300))
def test_another_line_never_hurts(erlangs: float, lines: int) -> None:
    assert 0 <= blocking(erlangs, lines) <= blocking(erlangs, lines - 1) <= 1
