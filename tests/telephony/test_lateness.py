"""How late frames were: counted once a tick for all lines, and right for each."""

from __future__ import annotations

import pytest

from ivr.telephony.lateness import Lateness
from ivr.telephony.sound.frame_clock import FrameClock

pytestmark = pytest.mark.unit


def test_a_beat_in_time_has_no_late_frame() -> None:
    lateness = Lateness(0.04)
    lateness.handed_out(12, 10.0, 10.001, 10.02, 0)
    assert (lateness.frames, lateness.late) == (12, 0)


def test_a_beat_that_began_too_late_has_only_late_frames() -> None:
    lateness = Lateness(0.04)
    lateness.handed_out(12, 10.0, 10.041, 10.045, 0)
    assert (lateness.frames, lateness.late) == (12, 12)


def test_of_a_beat_that_took_too_long_the_last_frames_are_late() -> None:
    lateness = Lateness(0.04)
    lateness.handed_out(40, 10.0, 10.02, 10.06, 0)
    assert (lateness.frames, lateness.late) == (40, 20)


def test_without_lines_nothing_is_late() -> None:
    lateness = Lateness(0.04)
    lateness.handed_out(0, 10.0, 15.0, 15.0, 250)
    lateness.handed_out(1, 15.0, 15.0, 15.001, 250)
    assert (lateness.frames, lateness.late) == (1, 0)


@pytest.mark.parametrize(("stands_still_s", "late"), [(0.03, 0), (0.05, 1), (0.2, 8), (5.0, 250)])
def test_a_standstill_makes_every_frame_late_that_was_due(stands_still_s: float, late: int) -> None:
    """Whether it is made up for, or passed over since it is of no use any more."""
    clock, lateness = FrameClock(100.0), Lateness(0.04)
    now = 100.0201
    while clock.frame_due(now):
        lateness.handed_out(3, clock.due_at, now, now + 0.001, clock.passed_over)
    now += stands_still_s
    while clock.frame_due(now):
        lateness.handed_out(3, clock.due_at, now, now + 0.001, clock.passed_over)
    assert lateness.late == pytest.approx(3 * late, abs=3)
    assert lateness.frames == pytest.approx(3 * (1 + stands_still_s / 0.02), abs=6)
