"""Messages go into the database: those that come at the same time in one transaction, each once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.refusals import Code, Problem
from rocars.store.database import Database
from rocars.store.journal import for_client, write_down_for_client
from rocars.store.tables.systems import AgentMessage, BulkMessage, BulkOrders
from rocars.store.together import WrittenTogether
from rocars.systems.messages import Format
from rocars.systems.settings import SystemSettings

BACKLOG_RETRY_S = 10
_ORDERS_TOGETHER = 1000
"""In one transaction: drivers who bundle wait no longer."""


@dataclass(frozen=True)
class Arrived:
    """A message that was read; `message` is its sender's ID of it, `orders` as they are kept. With
    `agency` its sender is an agent, and the orders are about the cargo of the client of that."""

    company_id: int
    message: str
    key_id: str
    sha256: str
    format: Format
    taken_at: datetime
    orders: list[dict[str, Any]]
    agency: int | None = None

    @property
    def called(self) -> tuple[int, str]:
        """What no other message is called."""
        return self.company_id, self.message

    def row(self) -> BulkMessage:
        """As it waits in the database."""
        return BulkMessage(
            company_id=self.company_id,
            message=self.message,
            key_id=self.key_id,
            sha256=self.sha256,
            format=self.format,
            count=len(self.orders),
            done=0,
            state="waiting",
            taken_at=self.taken_at,
            done_at=None,
        )


Fate = bool | Problem
"""Whether it is new; or why it is not taken."""


class Intake:
    """To be used in its event loop."""

    def __init__(
        self, database: Database, settings: SystemSettings, accepted: Callable[[], None]
    ) -> None:
        """
        Args:
            accepted: called when messages are in the database.
        """
        self._database = database
        self._max_waiting = settings.max_waiting
        self._orders_at_once = settings.orders_at_once
        self._accepted = accepted
        self._together: WrittenTogether[Arrived, Fate] = WrittenTogether(
            self._write, most=_ORDERS_TOGETHER, weight=lambda arrived: len(arrived.orders)
        )

    async def take(self, arrived: Arrived) -> bool:
        """Whether it was put into the database: a message of its company that is called the same
        may be there. Raises Problem TOO_MANY_REQUESTS (too many wait), UNAVAILABLE."""
        try:
            fate = await self._together.written(arrived)
        except IntegrityError:  # another node took it at the same moment
            try:
                fate = await self._together.written(arrived)
            except IntegrityError:
                raise Problem(Code.UNAVAILABLE) from None
        if isinstance(fate, Problem):
            raise fate
        return fate

    async def _write(self, group: Sequence[Arrived]) -> list[Fate]:
        async with self._database.writing() as session:
            fates = await self._fates(session, group)
            new = [arrived for arrived, fate in zip(group, fates, strict=True) if fate is True]
            if new:
                await self.keep(session, new)
        if new:
            self._accepted()
        return fates

    async def _fates(self, session: AsyncSession, group: Sequence[Arrived]) -> list[Fate]:
        companies = {arrived.company_id for arrived in group}
        named = await session.execute(
            select(BulkMessage.company_id, BulkMessage.message).where(
                BulkMessage.company_id.in_(companies),
                BulkMessage.message.in_({arrived.message for arrived in group}),
            )
        )
        there = {(row.company_id, row.message) for row in named}
        counted = await session.execute(
            select(BulkMessage.company_id, func.count())
            .where(BulkMessage.company_id.in_(companies), BulkMessage.state == "waiting")
            .group_by(BulkMessage.company_id)
        )
        waiting = {row[0]: row[1] for row in counted}
        fates: list[Fate] = []
        for arrived in group:
            company_id = arrived.company_id
            count = waiting.get(company_id, 0)
            if arrived.called in there:
                fates.append(False)
            elif count >= self._max_waiting:
                fates.append(_too_many(count))
            else:
                there.add(arrived.called)
                waiting[company_id] = count + 1
                fates.append(True)
        return fates

    async def keep(self, session: AsyncSession, new: Sequence[Arrived]) -> None:
        """Write these down, in their order."""
        rows = [arrived.row() for arrived in new]
        session.add_all(rows)
        await session.flush()
        await session.execute(
            insert(BulkOrders),
            [
                {
                    "message_id": row.id,
                    "first": first,
                    "orders": arrived.orders[first : first + self._orders_at_once],
                }
                for row, arrived in zip(rows, new, strict=True)
                for first in range(0, len(arrived.orders), self._orders_at_once)
            ],
        )
        for row, arrived in zip(rows, new, strict=True):
            if arrived.agency is not None:
                session.add(AgentMessage(message_id=row.id, agency_id=arrived.agency))
                with for_client(arrived.agency, arrived.key_id):
                    write_down_for_client(session, arrived.taken_at, "sent", "msg", arrived.message)


def _too_many(waiting: int) -> Problem:
    return Problem(
        Code.TOO_MANY_REQUESTS, detail=f"{waiting} messages wait", retry_after_s=BACKLOG_RETRY_S
    )
