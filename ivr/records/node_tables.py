"""The tables of nodes: what each does, and what operators want of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from ground.database.instants import Instant
from ivr.records.models import Base, Json, as_text


class OrderKind(StrEnum):
    HANG_UP = "hang_up"
    PASS_ON = "pass_on"  # to the hotline
    RECYCLE = "recycle"  # a worker: finish its calls, then make way for a fresh one
    CLOSE = "close"  # a node: take no new calls
    OPEN = "open"


class NodeOrder(Base):
    """Something a person wants a node to do. `subject` is a call's id or a worker's slot."""

    __tablename__ = "node_orders"
    __table_args__ = (Index("ix_node_orders_waiting", "node", "taken_at"),)

    order_id: Mapped[int] = mapped_column(primary_key=True)
    node: Mapped[str] = mapped_column(Text)
    kind: Mapped[OrderKind] = mapped_column(as_text(OrderKind))
    subject: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    taken_at: Mapped[datetime | None] = mapped_column(Instant)


class NodeState(Base):
    """How a node was when it last said so: what the consoles of other nodes know of it.

    Attributes:
        overload: why it took no new calls (`ivr.observe.strain.Cause`), empty when it did.
        holder: data folder of the service that has the name (`ivr.records.node_name`); empty when
            it has left.
        whereabouts: the same for people.
    """

    __tablename__ = "node_states"

    node: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    lines: Mapped[int]
    active: Mapped[int]
    front_up: Mapped[bool]
    closed: Mapped[bool] = mapped_column(server_default=false())
    overload: Mapped[str] = mapped_column(Text, server_default=text("''"))
    workers: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    holder: Mapped[str] = mapped_column(Text, server_default=text("''"))
    whereabouts: Mapped[str] = mapped_column(Text, server_default=text("''"))
