"""Children that are told to stop."""

from __future__ import annotations

import asyncio
import os

import pytest

from ivr.node.children import end_within, fork

pytestmark = pytest.mark.service


async def _waits_whatever_happens() -> None:
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue


async def _told_to_stop() -> None:
    waiting = asyncio.ensure_future(_waits_whatever_happens())
    await asyncio.sleep(0)
    end_within(0.2)
    waiting.cancel()


def test_a_child_that_waits_for_something_ends_all_the_same() -> None:
    def work() -> int:
        asyncio.run(_told_to_stop())
        return 0

    _, status = os.waitpid(fork(work), 0)
    assert os.waitstatus_to_exitcode(status) == 1


def test_a_child_that_ends_by_itself_is_not_hurried() -> None:
    async def ends() -> None:
        end_within(60)

    def work() -> int:
        asyncio.run(ends())
        return 0

    _, status = os.waitpid(fork(work), 0)
    assert os.waitstatus_to_exitcode(status) == 0
