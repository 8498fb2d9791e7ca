"""Works messages off: those of a company one after the other, companies by turns.

Some orders at a time are done in one transaction with the record of how far the message is and of
what came of them. So a process may die at any moment: what was not committed is done again by the
next, what was committed never. Every node works; those of one company are worked off by one node at
a time.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import structlog
from sqlalchemy import delete, exists, insert, select
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.cargo.consignments import Consignments
from rocars.cargo.messages import CargoData
from rocars.cargo.own_cargo import OwnCargo
from rocars.clock import Clock
from rocars.refusals import Code, Problem
from rocars.store.database import Database
from rocars.store.journal import through
from rocars.store.tables.registration import Company
from rocars.store.tables.systems import (
    BulkConsignment,
    BulkMessage,
    BulkOrders,
    BulkResults,
    Push,
    PushAddress,
)
from rocars.systems.settings import SystemSettings

log = structlog.get_logger("rocars.systems")

DATABASE_AWAY = (OperationalError, InterfaceError, NoConnectionFree, OSError)
_TRIES = 3
_TOLD = ("do", "reference", "ccrn")

Result = dict[str, Any]
"""An `OrderResult` as JSON, without what is empty."""


@dataclass(frozen=True)
class Turn:
    """Some orders of a message that are to be done now."""

    message: BulkMessage
    first: int
    orders: list[dict[str, Any]]

    @property
    def is_last(self) -> bool:
        return self.first + len(self.orders) == self.message.count


class MessageWorker:
    """To be run in its event loop."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: SystemSettings,
        consignments: Consignments,
        own_cargo: OwnCargo,
        finished: Callable[[], None],
    ) -> None:
        """`finished` is called when all orders of a message are done."""
        self._database = database
        self._clock = clock
        self._settings = settings
        self._consignments = consignments
        self._own_cargo = own_cargo
        self._finished = finished
        self._wake = asyncio.Event()
        self._last_company = 0

    def accepted(self) -> None:
        """A message was accepted here: look at once."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._wake.clear()
            try:
                if await self.step():
                    continue
            except DATABASE_AWAY as error:
                log.error("messages.database_away", error=type(error).__name__)
            except Exception:
                log.error("messages.failed", trace=traceback.format_exc())
            try:
                async with asyncio.timeout(self._settings.look_s):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def step(self) -> bool:
        """Do some orders of the next company's oldest message; whether there was one.

        Raises what the database raises; then nothing was done.
        """
        if not await self._anything():
            return False
        try:
            async with self._database.writing() as session:
                turn = await self.claim(session)
                if turn is None:
                    return False
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
        if turn.is_last:
            log.info("message.done", message=turn.message.message, orders=turn.message.count)
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
        message = await session.scalar(
            select(BulkMessage)
            .where(BulkMessage.company_id == company_id, BulkMessage.state == "waiting")
            .order_by(BulkMessage.id)
            .limit(1)
            .execution_options(populate_existing=True)
        )
        if message is None:
            return None
        kept = await session.get_one(BulkOrders, message.id)
        return Turn(message, message.done, kept.orders[message.done : message.done + at_once])

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
        """Do the orders, in their order."""
        results: list[Result] = []
        now = self._clock()
        for lodging, run in groupby(turn.orders, key=_is_lodging):
            orders = list(run)
            if lodging:
                results += await self._lodge(session, turn.message, orders, now)
            else:
                results += [await self._do(session, turn.message, order, now) for order in orders]
        return [
            {"place": place, **result} for place, result in enumerate(results, start=turn.first + 1)
        ]

    async def _lodge(
        self,
        session: AsyncSession,
        message: BulkMessage,
        orders: list[dict[str, Any]],
        now: datetime,
    ) -> list[Result]:
        """All of these in one statement. Their dates were judged when the message came."""
        lots = [CargoData.model_validate(order["data"]) for order in orders]
        added = await self._consignments.add(session, message.company_id, lots, now)
        results: list[Result] = []
        rows = []
        for order, consignment in zip(orders, added, strict=True):
            reference = order.get("reference", "")
            rows.append(
                {
                    "consignment_id": consignment.id,
                    "message_id": message.id,
                    "reference": reference,
                }
            )
            results.append(
                {
                    "do": "lodge",
                    "result": "done",
                    "reference": reference,
                    "ccrn": consignment.ccrn,
                }
            )
        await session.execute(insert(BulkConsignment), rows)
        return results

    async def _do(
        self, session: AsyncSession, message: BulkMessage, order: dict[str, Any], now: datetime
    ) -> Result:
        told: Result = {name: order[name] for name in _TOLD if name in order}
        if "errors" in order:
            return {**told, "result": "wrong", "errors": order["errors"]}
        company_id, ccrn = message.company_id, order["ccrn"]
        try:
            if order["do"] == "amend":
                data = CargoData.model_validate(order["data"])
                await self._consignments.amend_one(
                    session, company_id, ccrn, data, now, message.key_id
                )
            elif order["do"] == "withdraw":
                await self._consignments.withdraw_one(
                    session, company_id, ccrn, now, message.key_id
                )
            else:
                standing = await self._own_cargo.standing(session, company_id, ccrn)
                told |= {"state": standing.state, "vehicle": standing.vehicle}
                if standing.cross_from is not None:
                    told["cross_from"] = standing.cross_from.isoformat()
        except Problem as problem:
            return {**told, "result": "refused", "code": problem.code}
        return {**told, "result": "done"}

    async def keep(self, session: AsyncSession, turn: Turn, results: list[Result]) -> None:
        """Write down what came of the turn, in its transaction."""
        message = turn.message
        session.add(BulkResults(message_id=message.id, first=turn.first, results=results))
        message.done = turn.first + len(results)
        if turn.is_last:
            now = self._clock()
            message.state = "done"
            message.done_at = now
            await session.execute(delete(BulkOrders).where(BulkOrders.message_id == message.id))
            address = await session.get(PushAddress, message.company_id)
            if address is not None:
                session.add(
                    Push(
                        message_id=message.id,
                        company_id=message.company_id,
                        state="due",
                        due_at=now,
                        tries=0,
                        last="",
                    )
                )
        await session.flush()

    async def _one_alone(self, company_id: int) -> None:
        """An order among these fails for a reason nobody foresaw. It must not hold up all that
        wait: the next one is done alone, and if it is the one, that is what came of it."""
        async with self._database.writing() as session:
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
        (order,) = turn.orders
        log.error("order.failed", message=turn.message.message, place=turn.first + 1)
        told: Result = {name: order[name] for name in _TOLD if name in order}
        failed = {**told, "result": "refused", "code": Code.INTERNAL}
        return [{"place": turn.first + 1, **failed}]


def _is_lodging(order: dict[str, Any]) -> bool:
    return order["do"] == "lodge" and "errors" not in order
