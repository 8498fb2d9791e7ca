"""What people want nodes to do, and how the nodes say they are: between consoles and nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ivr.records import audit
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.models import Call, CallStep
from ivr.records.node_tables import NodeOrder, NodeState, OrderKind

VALID_S = 30.0
"""An order that nobody has taken by then is void: the call it was for is another one by now."""

CALL_ORDERS = (OrderKind.HANG_UP, OrderKind.PASS_ON)


@dataclass(frozen=True)
class CallOrder:
    """What was ordered for a call, and what became of it.

    Attributes:
        call: None when it is in the records no more.
        transfer: how handing the caller over ended (`ivr.dialogue.line.Transfer`), empty where it
            was not tried.
    """

    order: NodeOrder
    call: Call | None
    transfer: str

    @property
    def void(self) -> bool:
        """Nobody took it in time."""
        return self.order.taken_at is None and self.order.at <= now() - timedelta(seconds=VALID_S)


class NodeOrders:
    """Everything may raise RecordsUnavailable."""

    def __init__(self, records: Database) -> None:
        self._records = records

    async def give(self, who: str, node: str, kind: OrderKind, subject: str) -> None:
        """What is ordered already and not void is not ordered again: a call is passed on once."""
        last = (
            select(NodeOrder.kind)
            .where(
                NodeOrder.node == node,
                NodeOrder.subject == subject,
                NodeOrder.at > now() - timedelta(seconds=VALID_S),
            )
            .order_by(NodeOrder.order_id.desc())
            .limit(1)
        )
        if kind not in CALL_ORDERS:  # what a node has done may be ordered anew
            last = last.where(NodeOrder.taken_at.is_(None))
        async with self._records.writing() as session:
            if await session.scalar(last) is kind:
                return
            session.add(NodeOrder(node=node, kind=kind, subject=subject, who=who, at=now()))
            await audit.note(session, who, f"ordered: {kind}", subject or node, node=node)

    async def of_calls(self, since: timedelta) -> Sequence[CallOrder]:
        """Orders to calls that are no older than that, newest first, fifty at most."""
        transfer = (
            select(CallStep.value)
            .where(CallStep.call_id == NodeOrder.subject, CallStep.kind == "transfer")
            .order_by(CallStep.sequence.desc())
            .limit(1)
            .correlate(NodeOrder)
            .scalar_subquery()
        )
        query = (
            select(NodeOrder, Call, transfer)
            .outerjoin(Call, Call.call_id == NodeOrder.subject)
            .where(NodeOrder.kind.in_(CALL_ORDERS), NodeOrder.at > now() - since)
            .order_by(NodeOrder.order_id.desc())
            .limit(50)
        )
        async with self._records.reading() as session:
            rows = (await session.execute(query)).all()
        return [CallOrder(order, call, how or "") for order, call, how in rows]

    async def any_for(self, node: str) -> bool:
        """Whether an order waits; asked often, so that nothing is locked or written for it."""
        async with self._records.reading() as session:
            waiting = await session.scalar(
                select(NodeOrder.order_id)
                .where(
                    NodeOrder.node == node,
                    NodeOrder.taken_at.is_(None),
                    NodeOrder.at > now() - timedelta(seconds=VALID_S),
                )
                .limit(1)
            )
        return waiting is not None

    async def take_for_node(self, node: str) -> Sequence[NodeOrder]:
        """Orders to the node itself and its workers, each once."""
        return await self._take(NodeOrder.node == node, NodeOrder.kind.not_in(CALL_ORDERS))

    async def slots_with_orders(self, node: str) -> Sequence[int]:
        """Slots of the workers of a node for whose calls an order waits."""
        async with self._records.reading() as session:
            return (
                await session.scalars(
                    select(Call.worker_slot)
                    .distinct()
                    .join(NodeOrder, NodeOrder.subject == Call.call_id)
                    .where(
                        NodeOrder.node == node,
                        NodeOrder.taken_at.is_(None),
                        NodeOrder.kind.in_(CALL_ORDERS),
                        NodeOrder.at > now() - timedelta(seconds=VALID_S),
                    )
                )
            ).all()

    async def take_for_calls(self, call_ids: Sequence[str]) -> Sequence[NodeOrder]:
        """Orders to these calls, each once."""
        return await self._take(NodeOrder.subject.in_(call_ids), NodeOrder.kind.in_(CALL_ORDERS))

    async def _take(self, *which: Any) -> Sequence[NodeOrder]:
        async with self._records.writing() as session:
            return (
                await session.scalars(
                    update(NodeOrder)
                    .where(
                        NodeOrder.taken_at.is_(None),
                        NodeOrder.at > now() - timedelta(seconds=VALID_S),
                        *which,
                    )
                    .values(taken_at=now())
                    .returning(NodeOrder)
                )
            ).all()

    async def purge(self) -> None:
        """Forget orders of days ago; the audit log has them."""
        async with self._records.writing() as session:
            await session.execute(delete(NodeOrder).where(NodeOrder.at < now() - timedelta(days=7)))

    async def say(self, state: NodeState) -> None:
        """How a node is now, in place of what it said before."""
        columns = (column.key for column in NodeState.__table__.columns)
        # What it does not say is left to the defaults of the table.
        values = {key: value for key in columns if (value := getattr(state, key)) is not None}
        async with self._records.writing() as session:
            dialect = session.get_bind().dialect.name
            insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
            await session.execute(
                insert(NodeState)
                .values(**values)
                .on_conflict_do_update(index_elements=[NodeState.node], set_=values)
            )

    @staticmethod
    def pulse(node: str) -> str:
        """For SQLite: the statement by which a node that has spoken says that nothing changed."""
        still = update(NodeState).where(NodeState.node == node).values(at=now())
        written_out = {"literal_binds": True}
        return str(still.compile(dialect=sqlite.dialect(), compile_kwargs=written_out))

    async def nodes(self) -> Sequence[NodeState]:
        """Those heard of in the last day, by name."""
        async with self._records.reading() as session:
            return (
                await session.scalars(
                    select(NodeState)
                    .where(NodeState.at > now() - timedelta(days=1))
                    .order_by(NodeState.node)
                )
            ).all()
