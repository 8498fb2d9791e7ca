"""Doing the orders of messages: some at a time, in the transaction of the worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.cargo.consignments import Consignments
from rocars.cargo.messages import CargoData
from rocars.cargo.own_cargo import OwnCargo
from rocars.clock import Clock
from rocars.refusals import Problem
from rocars.store.tables.cargo import Consignment
from rocars.store.tables.systems import BulkConsignment, BulkMessage

_CHANGING = ("amend", "withdraw")
TOLD = ("do", "reference", "ccrn")
"""What a result repeats of its order."""

Result = dict[str, Any]
"""An `OrderResult` as JSON, without what is empty."""

Placed = tuple[BulkMessage, int, dict[str, Any]]
"""An order with its message and its place there, from 1."""


@dataclass(frozen=True)
class Part:
    """Orders of one message that are to be done now, from the one at `first` (0: its first) on."""

    message: BulkMessage
    first: int
    orders: list[dict[str, Any]]

    @property
    def is_last(self) -> bool:
        return self.first + len(self.orders) == self.message.count


@dataclass(frozen=True)
class Turn:
    """What is done in one transaction, of the oldest messages of one company; never nothing."""

    company_id: int
    parts: list[Part]


class Orders:
    def __init__(self, clock: Clock, consignments: Consignments, own_cargo: OwnCargo) -> None:
        self._clock = clock
        self._consignments = consignments
        self._own_cargo = own_cargo

    async def do(self, session: AsyncSession, turn: Turn) -> list[Result]:
        """Do the orders, in their order; the results are those of all parts together."""
        results: list[Result] = []
        now = self._clock()
        placed = [
            (part.message, place, order)
            for part in turn.parts
            for place, order in enumerate(part.orders, start=part.first + 1)
        ]
        await self._lock(session, placed)
        for lodging, run in groupby(placed, key=_is_lodging):
            these = list(run)
            if lodging:
                results += await self._lodge(session, turn.company_id, these, now)
            else:
                for message, place, order in these:
                    result = await self._do(session, message, order, now)
                    results.append({"place": place, **result})
        return results

    async def _lock(self, session: AsyncSession, placed: list[Placed]) -> None:
        """Lock what will be changed in the order in which bundling locks it, so that neither waits
        for the other in a ring."""
        ccrns = {
            order["ccrn"]
            for _, _, order in placed
            if order["do"] in _CHANGING and "errors" not in order
        }
        if ccrns:
            await session.execute(
                select(Consignment.id)
                .where(Consignment.ccrn.in_(ccrns))
                .order_by(Consignment.id)
                .with_for_update()
            )

    async def _lodge(
        self, session: AsyncSession, company_id: int, orders: list[Placed], now: datetime
    ) -> list[Result]:
        """All of these in one statement. Their dates were judged when the message came."""
        lots = [CargoData.model_validate(order["data"]) for _, _, order in orders]
        added = await self._consignments.add(session, company_id, lots, now)
        results: list[Result] = []
        rows = []
        for (message, place, order), consignment in zip(orders, added, strict=True):
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
                    "place": place,
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
        result: Result = {name: order[name] for name in TOLD if name in order}
        if "errors" in order:
            return {**result, "result": "wrong", "errors": order["errors"]}
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
                result |= {"state": standing.state, "vehicle": standing.vehicle}
                if standing.cross_from is not None:
                    result["cross_from"] = standing.cross_from.isoformat()
        except Problem as problem:
            return {**result, "result": "refused", "code": problem.code}
        return {**result, "result": "done"}


def _is_lodging(placed: Placed) -> bool:
    _, _, order = placed
    return order["do"] == "lodge" and "errors" not in order
