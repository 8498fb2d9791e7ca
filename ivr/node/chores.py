"""Runs chores again and again, whatever fails, and has them wait while the node is strained."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from ground.pauses import pause
from ivr.call.hotline_calendar import CalendarUnreadable
from ivr.node.audit_export import NotSent
from ivr.node.scoreboard import Scoreboard
from ivr.observe import metrics
from ivr.observe.strain import Strain
from ivr.records.database import RecordsUnavailable
from ivr.studio.publication import NotPublished

log = structlog.get_logger("ivr.node.chores")

LOOK_EVERY_S = 0.5
"""How often a waiting chore looks whether it may run."""


async def every(
    seconds: float,
    chore: Callable[[], Awaitable[None]],
    patience: Patience | None = None,
    *,
    if_due: Callable[[], bool] = lambda: True,
) -> None:
    """Run a chore again and again, every `seconds` as `ground.pauses` counts them; never ends by
    itself.

    A failure is counted, and logged once until the chore works again. `if_due` says each time
    whether there can be anything to do; a chore that failed is due.
    """
    failing = ""
    while True:
        if not if_due() and not failing:
            await pause(seconds)
            continue
        if patience is not None:
            await patience.until_calm(chore.__name__)
        try:
            await chore()
            if failing:
                log.warning("works again", chore=chore.__name__)
            failing = ""
        except (RecordsUnavailable, NotPublished, NotSent, CalendarUnreadable) as failure:
            if str(failure) != failing:
                log.error("left undone", chore=chore.__name__, why=str(failure))
            failing = str(failure)
            metrics.chores_failed_total.labels(chore=chore.__name__).inc()
        except Exception as fault:  # a bug in one chore must not end the others
            if str(fault) != failing:
                log.exception("left undone", chore=chore.__name__)
            failing = str(fault)
            metrics.chores_failed_total.labels(chore=chore.__name__).inc()
        await pause(seconds)


@dataclass(frozen=True)
class Patience:
    """How long a chore may wait while the node is under strain.

    Attributes:
        while_at: the chore waits at this strain and above.
        longest_s: after that it runs anyway: data that must be deleted by law, a corrected prompt.
    """

    board: Scoreboard
    while_at: Strain
    longest_s: float

    async def until_calm(self, chore: str) -> None:
        """Wait until the chore may run; that it waits is logged once."""
        if self.board.strain < self.while_at:
            return
        log.info("waits while the node has too much to do", chore=chore)
        loop = asyncio.get_running_loop()
        since = loop.time()
        while self.board.strain >= self.while_at:
            waited_s = loop.time() - since
            if waited_s >= self.longest_s:
                log.warning("done in spite of it", chore=chore, waited_s=round(waited_s))
                return
            await asyncio.sleep(LOOK_EVERY_S)
