"""How long a call may still last: its caller is told when time is short, and it ends at a pause."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable
from enum import StrEnum
from typing import TypeVar

from ivr.dialogue.line import Playback
from ivr.dialogue.settings import DialogueSettings

T = TypeVar("T")

LONGEST_QUESTION_S = 15.0
"""When time is up, a question that is being asked is heard for so long at most; nothing depends on
it yet."""


class Limit(StrEnum):
    """Why a call must end."""

    LONGEST_CALL = "longest_call"
    DRAIN = "drain"
    ORDER = "order"


class TimeIsUp(Exception):
    """The call must end, and no announcement is under way: only the closing message is left to
    say."""

    def __init__(self, limit: Limit) -> None:
        super().__init__(limit)
        self.limit = limit


class TimeLeft:
    """The time of one call, in seconds of the event loop's clock.

    The usual limit is for callers who make no progress. A caller who has answered a question within
    the last `dialogue.getting_on_s` seconds gets longer, up to `dialogue.longer_s` in all.
    Announcements and requests are never cut short: time is checked when a question is asked and
    while an answer is awaited.
    """

    def __init__(self, settings: DialogueSettings, longest_s: float = 0.0) -> None:
        """`longest_s`: 0 means no limit."""
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._got_on_at = -math.inf
        self._latest = math.inf
        self._notices: list[float] = []
        self._timer: asyncio.TimerHandle | None = None
        self._limit = Limit.LONGEST_CALL
        self._up = asyncio.Event()
        if longest_s:
            end = self._loop.time() + longest_s
            self._latest = end + settings.longer_s
            notice_s = self._notice_s(longest_s)
            self._notices = sorted({end - notice_s, self._latest - notice_s})
            self._look_again_at(end)

    def ends_at(self, moment: float, limit: Limit) -> None:
        """The call must end at this moment, whatever progress the caller makes."""
        if self._up.is_set() or moment >= self._latest:
            return
        self._limit, self._latest = limit, moment
        self._notices = [moment - self._notice_s(moment - self._loop.time())]
        self._look_again_at(moment)

    def end_now(self, limit: Limit) -> None:
        """The call must end at the next pause."""
        if not self._up.is_set():
            self._limit = limit
            self._up.set()

    def got_on(self) -> None:
        """A question was answered."""
        self._got_on_at = self._loop.time()

    def short(self) -> bool:
        """Whether to tell the caller now that time is short; true once for each end."""
        due = [moment for moment in self._notices if moment <= self._loop.time()]
        self._notices = self._notices[len(due) :]
        return bool(due)

    def check(self) -> None:
        """Called before a question is asked. Raises TimeIsUp."""
        if self._up.is_set():
            raise TimeIsUp(self._limit)

    async def unless_up(self, hearing: Awaitable[T], playback: Playback, began: asyncio.Event) -> T:
        """Wait for the answer to a question; an answer that has begun is taken. Raises TimeIsUp,
        HungUp."""
        answer = asyncio.ensure_future(hearing)
        up = asyncio.ensure_future(self._up.wait())
        finished = asyncio.ensure_future(playback.finished())
        try:
            await asyncio.wait({answer, up}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                await asyncio.wait(
                    {answer, finished},
                    timeout=LONGEST_QUESTION_S,
                    return_when=asyncio.FIRST_COMPLETED,
                )
            if not answer.done() and not began.is_set():
                raise TimeIsUp(self._limit)
            return await answer
        finally:
            for task in (answer, up, finished):
                task.cancel()
            await asyncio.gather(answer, up, finished, return_exceptions=True)

    def over(self) -> None:
        """The call has ended; stop all waiting."""
        if self._timer is not None:
            self._timer.cancel()

    def _notice_s(self, seconds: float) -> float:
        """How long before the end the notice is given; a short call gets it later."""
        return min(self._settings.time_is_short_s, seconds / 3)

    def _look_again_at(self, moment: float) -> None:
        self.over()
        self._timer = self._loop.call_at(moment, self._reached)

    def _reached(self) -> None:
        longer = min(self._got_on_at + self._settings.getting_on_s, self._latest)
        if self._loop.time() < longer:
            self._look_again_at(longer)
        else:
            self._up.set()
