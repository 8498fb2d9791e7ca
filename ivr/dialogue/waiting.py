"""Waiting for slow work while a caller listens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, Protocol, TypeVar

from ivr.dialogue.line import HungUp, Line
from ivr.dialogue.settings import DialogueSettings

T = TypeVar("T")


class Background:
    """Work that goes on after its caller has hung up; the worker waits for it before it ends."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Future[Any]] = set()

    def keep(self, task: asyncio.Future[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def finished(self) -> None:
        """Wait until all of it is done; exceptions were meant for the caller who is gone."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def _done(self, task: asyncio.Future[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # read, so that asyncio does not report it as never retrieved


class Say(Protocol):
    async def __call__(self, prompt: str) -> None: ...


async def wait_with_filler(
    work: Awaitable[T],
    *,
    line: Line,
    settings: DialogueSettings,
    say: Say,
    fillers: tuple[str, str],
    background: Background | None,
) -> T:
    """Wait for `work`; say the first filler when it is slow, the second while it stays slow.

    With a `background`, the work outlives a hang-up there; without, it is cancelled. A filler that
    plays when the work is done is cut short.
    """
    task = asyncio.ensure_future(work)
    if background is not None:
        background.keep(task)
    hung_up = asyncio.ensure_future(line.until_hung_up())
    fill = asyncio.ensure_future(_fill(say, settings, fillers))
    try:
        await asyncio.wait({task, hung_up, fill}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        if fill.done():
            fill.result()
        raise HungUp("the caller left while the back end was working")
    finally:
        hung_up.cancel()
        fill.cancel()
        if background is None:
            task.cancel()
        await asyncio.gather(hung_up, fill, return_exceptions=True)


async def _fill(say: Say, settings: DialogueSettings, fillers: tuple[str, str]) -> None:
    """Ends only by being cancelled, or when the caller hangs up during a filler."""
    first, then = fillers
    await asyncio.sleep(settings.filler_after_s)
    await say(first)
    while True:
        await asyncio.sleep(settings.filler_again_s)
        await say(then)
