"""What stands on the boards, followed live: all who follow are told of the same look.

A decision of this process is looked at once it is committed; what another node decided, at the
next look. Nobody is told anything while the database does not answer, so that a board which hears
nothing knows itself out of order.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import SQLAlchemyError

from rocars.crossing.lanes import Lanes, LaneView

log = structlog.get_logger("rocars.crossing")


@dataclass(frozen=True)
class Look:
    """All lanes as they stood at one moment; looks are numbered."""

    number: int = 0
    lanes: Mapping[str, LaneView] = field(default_factory=dict)


class Boards:
    """To be run in its event loop."""

    def __init__(self, lanes: Lanes, look_s: float) -> None:
        self._lanes = lanes
        self._look_s = look_s
        self._wake = asyncio.Event()
        self._looked = asyncio.Condition()
        self._last = Look()
        self._followers = 0
        self._closed = False

    def changed(self) -> None:
        """Something was decided here: look at once."""
        self._wake.set()

    async def run(self) -> None:
        """Look for as long as somebody follows; ends with `close`."""
        failing = False
        while not self._closed:
            try:
                async with asyncio.timeout(self._look_s if self._followers else None):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            if not self._followers or self._closed:
                continue
            try:
                lanes = await self._lanes.views()
            except (SQLAlchemyError, OSError) as error:
                if not failing:
                    log.error("boards.blind", error=type(error).__name__)
                failing = True
                continue
            failing = False
            async with self._looked:
                self._last = Look(self._last.number + 1, lanes)
                self._looked.notify_all()

    async def follow(self) -> AsyncGenerator[Look]:
        """One look after the other, beginning with the next; a follower who takes longer than a
        look misses those between. Ends when the service does. To be closed by who follows."""
        self._followers += 1
        number = self._last.number
        self._wake.set()  # who has just come shall not wait
        try:
            while True:
                async with self._looked:
                    while self._last.number <= number and not self._closed:
                        await self._looked.wait()
                    look = self._last
                if self._closed:
                    return
                number = look.number
                yield look
        finally:
            self._followers -= 1

    async def close(self) -> None:
        """Let go of all who follow."""
        self._closed = True
        self._wake.set()
        async with self._looked:
            self._looked.notify_all()
