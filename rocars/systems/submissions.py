"""Messages of orders: taken in once under the sender's ID, and told about.

A message that was answered 202 is in the database. It comes again after a lost answer: the same
bytes get the same message's status; other bytes under the same ID are refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from hashlib import sha256
from typing import Literal, cast

import structlog
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.cargo.consignments import Consignments
from rocars.clock import Clock
from rocars.refusals import Code, Problem
from rocars.registry.agencies import Agencies
from rocars.store.database import Database
from rocars.store.tables.systems import (
    AgentMessage,
    BulkConsignment,
    BulkMessage,
    BulkResults,
    Push,
    SignatureNonce,
)
from rocars.systems.intake import Arrived, Intake
from rocars.systems.keys import KnownKey, Right
from rocars.systems.messages import Format, MessageStatus, OrderResult
from rocars.systems.reading import Ordered, read_message
from rocars.systems.settings import SystemSettings

log = structlog.get_logger("rocars.systems")

NEEDED = {
    "lodge": Right.LODGE,
    "amend": Right.CHANGE,
    "withdraw": Right.CHANGE,
    "query": Right.READ,
}
_READ_AT_ONCE = 2
_TOLD_AT_ONCE = 2
_SWEPT_AT_ONCE = 200
_RETRY_S = 1


class Room:
    """So many at a time and so many who wait; whoever comes then is told to come again later.

    Those who wait do so here, not for the database: a driver's turn there comes soon.
    """

    def __init__(self, at_once: int, most: int) -> None:
        self._turn = asyncio.Semaphore(at_once)
        self._most = most
        self.inside = 0
        """Those who wait too."""

    @asynccontextmanager
    async def place(self) -> AsyncIterator[asyncio.Semaphore]:
        """A place to wait for the turn in. Raises Problem TOO_MANY_REQUESTS."""
        if self.inside >= self._most:
            raise Problem(Code.TOO_MANY_REQUESTS, retry_after_s=_RETRY_S)
        self.inside += 1
        try:
            yield self._turn
        finally:
            self.inside -= 1


class Submissions:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: SystemSettings,
        consignments: Consignments,
        agencies: Agencies,
        intake: Intake,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._consignments = consignments
        self._agencies = agencies
        self._intake = intake
        self.taking = Room(_READ_AT_ONCE, settings.max_taking)
        self._telling = Room(_TOLD_AT_ONCE, settings.max_taking)

    async def take(
        self, key: KnownKey, message: str, kind: Format, content: bytes
    ) -> MessageStatus:
        """Put a message into the database, to be worked off after those before it.

        Raises Problem BAD_JSON, INVALID_REQUEST, MESSAGE_REUSED, RIGHT_MISSING, COMPANY_REFUSED
        (it names a client without whose consent it came), TOO_MANY_REQUESTS (too many messages
        wait, or come at the same time), UNAVAILABLE.
        """
        digest = sha256(content).hexdigest()
        now = self._clock()
        async with self.taking.place() as turn:
            try:
                async with turn:
                    read = await asyncio.to_thread(
                        read_message,
                        content,
                        kind,
                        self._consignments.dates(now),
                        self._settings.max_orders,
                    )
                _check_rights(read.orders, key)
                agency = await self._agency(key, read.client)
            except Problem:
                # What was taken before stays taken, whatever has changed since.
                if (known := await self._known(key.company_id, message, digest)) is not None:
                    return known
                raise
            arrived = Arrived(
                company_id=key.company_id,
                message=message,
                key_id=key.id,
                sha256=digest,
                format=kind,
                taken_at=now,
                orders=[order.kept() for order in read.orders],
                agency=agency,
            )
            is_new = await self._intake.take(arrived)
        if not is_new:
            if (known := await self._known(key.company_id, message, digest)) is not None:
                return known
            raise Problem(Code.UNAVAILABLE)  # it was swept away in between
        log.info("message.taken", message=message, key=key.id, orders=len(read.orders), format=kind)
        return _status(arrived.row(), None, [])

    async def _agency(self, key: KnownKey, client: str) -> int | None:
        """The consent under which orders about this client's cargo are taken; None for those about
        the sender's own. Raises Problem COMPANY_REFUSED."""
        if client in ("", key.company):
            return None
        acting = await self._agencies.client_called(key.company_id, client)
        if acting is None:
            raise Problem(Code.COMPANY_REFUSED, client)
        return acting.agency

    async def _known(self, company_id: int, message: str, digest: str) -> MessageStatus | None:
        """Raises Problem MESSAGE_REUSED."""
        async with self._database.reading() as session:
            held = await _called(session, company_id, message)
            if held is None:
                return None
            if held.sha256 != digest:
                raise Problem(Code.MESSAGE_REUSED, message)
            return await status_of(session, held)

    async def status(self, company_id: int, message: str) -> MessageStatus:
        """Where a message of this company stands.

        Raises Problem UNKNOWN_MESSAGE, TOO_MANY_REQUESTS (too many ask at the same time).
        """
        async with self._telling.place() as turn, turn, self._database.reading() as session:
            held = await _called(session, company_id, message)
            if held is None:
                raise Problem(Code.UNKNOWN_MESSAGE, message)
            return await status_of(session, held)

    async def sweep(self) -> None:
        """Delete what has been kept for long enough; what it lodged stays."""
        before = self._clock() - timedelta(days=self._settings.keep_days)
        while await self._some_old(before):
            pass
        async with self._database.writing() as session:
            await session.execute(
                delete(SignatureNonce).where(SignatureNonce.until < self._clock())
            )

    async def _some_old(self, before: object) -> bool:
        async with self._database.writing() as session:
            numbers = list(
                (
                    await session.execute(
                        select(BulkMessage.id)
                        .where(BulkMessage.taken_at < before, BulkMessage.state == "done")
                        .limit(_SWEPT_AT_ONCE)
                    )
                ).scalars()
            )
            for table in (Push, BulkResults, BulkConsignment, AgentMessage):
                await session.execute(
                    delete(table)
                    .where(table.message_id.in_(numbers))
                    .execution_options(synchronize_session=False)
                )
            await session.execute(
                delete(BulkMessage)
                .where(BulkMessage.id.in_(numbers))
                .execution_options(synchronize_session=False)
            )
        return len(numbers) == _SWEPT_AT_ONCE


async def status_of(session: AsyncSession, held: BulkMessage) -> MessageStatus:
    """Where it stands, with the results so far."""
    push = await session.scalar(select(Push.state).where(Push.message_id == held.id))
    rows = await session.execute(
        select(BulkResults.results)
        .where(BulkResults.message_id == held.id)
        .order_by(BulkResults.first)
    )
    return _status(held, push, [result for part in rows.scalars() for result in part])


async def _called(session: AsyncSession, company_id: int, message: str) -> BulkMessage | None:
    found = await session.execute(
        select(BulkMessage).where(
            BulkMessage.company_id == company_id, BulkMessage.message == message
        )
    )
    return found.scalar()


def _status(held: BulkMessage, push: str | None, results: list[dict[str, object]]) -> MessageStatus:
    state: Literal["waiting", "working", "done"] = "waiting"
    if held.state == "done":
        state = "done"
    elif held.done:
        state = "working"
    return MessageStatus(
        message=held.message,
        state=state,
        orders=held.count,
        worked_off=held.done,
        taken_at=held.taken_at,
        done_at=held.done_at,
        push=cast(Literal["due", "delivered", "given_up"], push) if push else "none",
        results=[OrderResult.model_validate(result) for result in results],
    )


def _check_rights(orders: list[Ordered], key: KnownKey) -> None:
    """Raises Problem RIGHT_MISSING."""
    for place, order in enumerate(orders, start=1):
        needed = NEEDED.get(order.do)
        if needed is not None and needed not in key.rights:
            raise Problem(
                Code.RIGHT_MISSING, f"order {place}", f"expected a key with the right to {needed}"
            )
