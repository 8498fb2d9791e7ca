"""When sound is moved: on the tick, late rather than never, and not what nobody wants any more."""

from __future__ import annotations

import pytest

from ivr.telephony.sound.frame_clock import FrameClock

pytestmark = pytest.mark.unit


def struck(clock: FrameClock, now: float) -> int:
    count = 0
    while clock.frame_due(now):
        count += 1
    return count


def test_it_beats_every_20_ms() -> None:
    clock = FrameClock(100.001)
    assert struck(clock, 100.001) == 0
    assert clock.due_in(100.001) == pytest.approx(0.019)
    assert [struck(clock, 100.021 + 0.02 * step) for step in range(5)] == [1] * 5
    assert clock.tick == 5


def test_what_is_late_is_made_up_for() -> None:
    clock = FrameClock(100.0)
    assert struck(clock, 100.101) == 5
    assert struck(clock, 100.121) == 1


def test_a_long_standstill_is_not() -> None:
    clock = FrameClock(100.0)
    assert struck(clock, 105.0) == 1
    assert struck(clock, 105.021) == 1
