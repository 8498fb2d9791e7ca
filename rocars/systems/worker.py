"""Works messages off: those of a company one after the other, companies by turns.

Some orders at a time are done in one transaction with the record of how far the message is and of
what came of them. So a process may die at any moment: what was not committed is done again by the
next, what was committed never. Every node works; those of one company are worked off by one node at
a time.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Mapping
from itertools import groupby, islice
from typing import Any

import structlog
from sqlalchemy import case, delete, exists, func, select
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from ground.pauses import until_next
from rocars.clock import Clock
from rocars.refusals import Code
from rocars.store.database import Database
from rocars.store.journal import through
from rocars.store.tables.registration import Company
from rocars.store.tables.systems import (
    BulkMessage,
    BulkOrders,
    BulkResults,
    Push,
    PushAddress,
)
from rocars.systems.orders import TOLD, Orders, Part, Result, Turn
from rocars.systems.settings import SystemSettings

log = structlog.get_logger("rocars.systems")

DATABASE_AWAY = (OperationalError, InterfaceError, NoConnectionFree, OSError)
_TRIES = 3
READ_ANYWAY_S = 60.0
"""The database is read so often although it has not changed."""


class MessageWorker:
    """To be run in its event loop."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: SystemSettings,
        orders: Orders,
        finished: Callable[[], None],
    ) -> None:
        """`finished` is called when all orders of a message are done."""
        self._database = database
        self._clock = clock
        self._settings = settings
        self._orders = orders
        self._finished = finished
        self._wake = asyncio.Event()
        self._may_have_changed = database.changes.seen_by(READ_ANYWAY_S)
        self._last_company = 0
        self._more = False
        """Whether the last turn had orders: then there may be others, and nobody is asked first."""

    def accepted(self) -> None:
        """A message was accepted here: look at once."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._wake.clear()
            failed = True
            try:
                if await self.step():
                    continue
                failed = False
            except DATABASE_AWAY as error:
                log.error("messages.database_away", error=type(error).__name__)
            except Exception:
                log.error("messages.failed", trace=traceback.format_exc())
            while not await self._woken() and not failed and not self._may_have_changed():
                pass

    async def _woken(self) -> bool:
        """Wait until a message is accepted here, or until the next look; whether one was."""
        try:
            async with asyncio.timeout(until_next(self._settings.look_s)):
                return await self._wake.wait()
        except TimeoutError:
            return False

    async def step(self) -> bool:
        """Do some orders of the next company's oldest message; whether there was one.

        Raises what the database raises; then nothing was done.
        """
        if not self._more and not await self._anything():
            return False
        self._more = False
        try:
            async with self._database.writing() as session:
                turn = await self.claim(session)
                if turn is None:
                    return False
                self._more = True
                with through("system"):
                    results = await self.work(session, turn)
                await self.keep(session, turn, results)
        except DATABASE_AWAY:
            raise
        except Exception:
            log.error("message.failed", trace=traceback.format_exc())
            await self._one_alone(self._last_company)
            return True
        self.committed(turn)
        return True

    def committed(self, turn: Turn) -> None:
        done = [part.message for part in turn.parts if part.is_last]
        for message in done:
            log.info("message.done", message=message.message, orders=message.count)
        if done:
            self._finished()

    async def _anything(self) -> bool:
        """Asked without the write lock, which drivers who bundle need."""
        async with self._database.reading() as session:
            found = await session.scalar(select(exists().where(BulkMessage.state == "waiting")))
        return bool(found)

    async def claim(self, session: AsyncSession) -> Turn | None:
        """The next turn; the company is locked until the transaction ends."""
        company_id = await self._next_company(session)
        if company_id is None:
            return None
        self._last_company = company_id
        return await self._oldest(session, company_id, self._settings.orders_at_once)

    async def _oldest(self, session: AsyncSession, company_id: int, at_once: int) -> Turn | None:
        """Of its waiting messages, as many orders as are done at once."""
        waiting = await session.execute(
            select(BulkMessage.id, BulkMessage.count - BulkMessage.done)
            .where(BulkMessage.company_id == company_id, BulkMessage.state == "waiting")
            .order_by(BulkMessage.id)
            .limit(at_once)
        )
        taken: dict[int, int] = {}
        left = at_once
        for number, open_orders in waiting:
            if not left:
                break
            taken[number] = min(left, open_orders)
            left -= taken[number]
        if not taken:
            return None
        return Turn(company_id, await self._parts(session, taken))

    async def _parts(self, session: AsyncSession, taken: Mapping[int, int]) -> list[Part]:
        """So many orders of each of these messages, from the next one on. Of a long message only
        what holds these is read."""
        kept = aliased(BulkOrders)
        holds_next = (
            select(func.max(kept.first))
            .where(kept.message_id == BulkMessage.id, kept.first <= BulkMessage.done)
            .scalar_subquery()
        )
        rows = await session.execute(
            select(BulkMessage, BulkOrders.first, BulkOrders.orders)
            .join(BulkOrders, BulkOrders.message_id == BulkMessage.id)
            .where(
                BulkMessage.id.in_(taken),
                BulkOrders.first >= holds_next,
                BulkOrders.first < BulkMessage.done + case(taken, value=BulkMessage.id),
            )
            .order_by(BulkMessage.id, BulkOrders.first)
        )
        parts = []
        for message, held in groupby(rows, key=lambda row: row[0]):
            ahead: list[dict[str, Any]] = []
            for _, first, orders in held:
                ahead += orders[max(message.done - first, 0) :]
            parts.append(Part(message, message.done, ahead[: taken[message.id]]))
        return parts

    async def _next_company(self, session: AsyncSession) -> int | None:
        waiting = select(BulkMessage.company_id).where(BulkMessage.state == "waiting")
        for later in (Company.id > self._last_company, Company.id <= self._last_company):
            found: int | None = await session.scalar(
                select(Company.id)
                .where(Company.id.in_(waiting), later)
                .order_by(Company.id)
                .limit(1)
                # No key changes: others may go on to add rows that refer to the company.
                .with_for_update(key_share=True, skip_locked=True)
            )
            if found is not None:
                return found
        return None

    async def work(self, session: AsyncSession, turn: Turn) -> list[Result]:
        """Do the orders, in their order; the results are those of all parts together."""
        return await self._orders.do(session, turn)

    async def keep(self, session: AsyncSession, turn: Turn, results: list[Result]) -> None:
        """Write down what came of the turn, in its transaction."""
        now = self._clock()
        remaining = iter(results)
        for part in turn.parts:
            session.add(
                BulkResults(
                    message_id=part.message.id,
                    first=part.first,
                    results=list(islice(remaining, len(part.orders))),
                )
            )
            part.message.done = part.first + len(part.orders)
            if part.is_last:
                part.message.state = "done"
                part.message.done_at = now
        done = [part.message.id for part in turn.parts if part.is_last]
        if done:
            await session.execute(
                delete(BulkOrders)
                .where(BulkOrders.message_id.in_(done))
                .execution_options(synchronize_session=False)
            )
            if await session.get(PushAddress, turn.company_id) is not None:
                session.add_all(
                    Push(
                        message_id=number,
                        company_id=turn.company_id,
                        state="due",
                        due_at=now,
                        tries=0,
                        last="",
                    )
                    for number in done
                )
        await session.flush()

    async def _one_alone(self, company_id: int) -> None:
        """An order among these fails for a reason nobody foresaw. It must not hold up all that
        wait: the next one is done alone, and if it is the one, that is what came of it."""
        async with self._database.writing() as session:
            await session.execute(
                select(Company.id).where(Company.id == company_id).with_for_update(key_share=True)
            )
            turn = await self._oldest(session, company_id, 1)
            if turn is None:
                return
            results = await self._tried(session, turn)
            await self.keep(session, turn, results)
        self.committed(turn)

    async def _tried(self, session: AsyncSession, turn: Turn) -> list[Result]:
        for _ in range(_TRIES):
            try:
                async with session.begin_nested():
                    with through("system"):
                        return await self.work(session, turn)
            except DATABASE_AWAY:
                raise
            except IntegrityError:
                continue  # its CCRN was taken at the same moment
            except Exception:
                break
        (part,) = turn.parts
        (order,) = part.orders
        log.error("order.failed", message=part.message.message, place=part.first + 1)
        result: Result = {name: order[name] for name in TOLD if name in order}
        failed = {**result, "result": "refused", "code": Code.INTERNAL}
        return [{"place": part.first + 1, **failed}]
