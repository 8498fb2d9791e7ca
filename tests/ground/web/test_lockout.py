"""How long a log-in is refused after so many failures."""

from __future__ import annotations

import pytest

from ground.web.lockout import LockoutRule

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, None), (4, None), (5, 30), (6, 60), (7, 120), (11, 1920), (12, 3600), (10**9, 3600)],
)
def test_the_pause_doubles_up_to_the_longest(failures: int, seconds: float | None) -> None:
    pause = LockoutRule().pause(failures)
    assert (pause.total_seconds() if pause else None) == seconds


def test_a_first_lock_of_nothing_locks_nobody() -> None:
    pause = LockoutRule(free_failures=1, first_lock_s=0.0).pause(50)
    assert pause is not None
    assert pause.total_seconds() == 0
