"""Doing the orders of messages: some at a time, in the transaction of the worker."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
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
from rocars.refusals import Code, Problem
from rocars.registry.agencies import still_acting
from rocars.store.journal import for_client
from rocars.store.tables.cargo import Consignment
from rocars.store.tables.systems import AgentMessage, BulkConsignment, BulkMessage

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


@dataclass(frozen=True)
class Owner:
    """Whose cargo orders are about; with `agency` the sender is an agent of that company."""

    company_id: int
    agency: int | None = None

    def by(self, key_id: str) -> AbstractContextManager[None]:
        """Where something is done with this key."""
        return nullcontext() if self.agency is None else for_client(self.agency, key_id)


class Orders:
    def __init__(self, clock: Clock, consignments: Consignments, own_cargo: OwnCargo) -> None:
        self._clock = clock
        self._consignments = consignments
        self._own_cargo = own_cargo

    async def do(self, session: AsyncSession, turn: Turn) -> list[Result]:
        """Do the orders, in their order; the results are those of all parts together."""
        results: list[Result] = []
        now = self._clock()
        owners = await _owners(session, turn)
        placed = [
            (part.message, place, order)
            for part in turn.parts
            for place, order in enumerate(part.orders, start=part.first + 1)
        ]
        await self._lock(session, placed)
        for (owner, lodging), run in groupby(
            placed, key=lambda order: (owners[order[0].id], _is_lodging(order))
        ):
            these = list(run)
            if owner is None:
                results += [_without_consent(placed) for placed in these]
            elif lodging:
                results += await self._lodge(session, owner.company_id, these, now)
            else:
                for message, place, order in these:
                    with owner.by(message.key_id):
                        result = await self._do(session, owner, message, order, now)
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
        self,
        session: AsyncSession,
        owner: Owner,
        message: BulkMessage,
        order: dict[str, Any],
        now: datetime,
    ) -> Result:
        result: Result = {name: order[name] for name in TOLD if name in order}
        if "errors" in order:
            return {**result, "result": "wrong", "errors": order["errors"]}
        company_id, ccrn = owner.company_id, order["ccrn"]
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


async def _owners(session: AsyncSession, turn: Turn) -> dict[int, Owner | None]:
    """Whose cargo each message is about, by the message's key; None where its sender may act for
    its client no more. The consents stay as they are until the transaction ends."""
    numbers = [part.message.id for part in turn.parts]
    rows = await session.execute(
        select(AgentMessage.message_id, AgentMessage.agency_id).where(
            AgentMessage.message_id.in_(numbers)
        )
    )
    agencies = {row.message_id: row.agency_id for row in rows}
    of_clients: dict[int, Owner | None] = {}
    for agency in sorted(set(agencies.values())):
        client = await still_acting(session, agency)
        of_clients[agency] = None if client is None else Owner(client.company_id, agency)
    own = Owner(turn.company_id)
    return {
        number: of_clients[agencies[number]] if number in agencies else own for number in numbers
    }


def _without_consent(placed: Placed) -> Result:
    _, place, order = placed
    result: Result = {name: order[name] for name in TOLD if name in order}
    return {"place": place, **result, "result": "refused", "code": Code.COMPANY_REFUSED}


def _is_lodging(placed: Placed) -> bool:
    _, _, order = placed
    return order["do"] == "lodge" and "errors" not in order
