"""What is done every few seconds is done at the same moments."""

from __future__ import annotations

import asyncio

import pytest

from ground.pauses import pause, until_next

pytestmark = [pytest.mark.unit, pytest.mark.looptime]


async def test_pauses_of_one_process_end_together() -> None:
    loop = asyncio.get_running_loop()
    woken: set[float] = set()

    async def chore(begins_s: float, every_s: float, times: int) -> None:
        await asyncio.sleep(begins_s)
        for _ in range(times):
            await pause(every_s)
            woken.add(round(loop.time(), 3))

    await asyncio.gather(chore(0.01, 0.5, 8), chore(0.13, 1.0, 4), chore(0.31, 2.0, 2))
    assert woken == {0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0}


async def test_who_wakes_a_moment_too_early_does_not_wake_again_at_once() -> None:
    await asyncio.sleep(0.999)
    assert until_next(1.0) == pytest.approx(1.001, abs=1e-6)
