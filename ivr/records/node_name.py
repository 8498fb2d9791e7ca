"""A node's name belongs to one running service: its calls stand in the records under that name.

A second service with the same name would take the calls of the first for those of a former run, and
close them. Who has the name says so every few seconds (`node_states.at`, its pulse), and which data
folder it runs on. Nobody's clock is compared with another's: a holder lives whose pulse moves while
one looks.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sqlalchemy import select, update

from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.node_orders import NodeOrders
from ivr.records.node_tables import NodeState

LOOK_EVERY_S = 1.0
LONGEST_PULSE_S = 12.0
"""A holder that has not said anything for so long is gone; it speaks every 5 s."""

_IDENTITY = "node.id"


class NodeNameTaken(Exception):
    """Another service runs under this name; the text says which, and what to do."""


@dataclass(frozen=True)
class Holder:
    """A service as the records know it.

    Attributes:
        identity: of its data folder, whose lock it holds; a copy of a folder has another one.
        whereabouts: for people.
    """

    identity: str
    whereabouts: str


def holder_on(folder: Path, process: int) -> Holder:
    """The service that has taken this data folder, and its process. Raises OSError."""
    file = folder / _IDENTITY
    if not file.exists():
        file.write_text(uuid4().hex)
    machine = socket.gethostname()
    return Holder(
        identity=f"{file.read_text().strip()}:{file.stat().st_ino}",
        whereabouts=f"process {process} on {machine}, data in {folder}",
    )


async def take_name(
    records: Database,
    node: str,
    holder: Holder,
    *,
    look_every_s: float = LOOK_EVERY_S,
    longest_pulse_s: float = LONGEST_PULSE_S,
) -> None:
    """The name is ours from now on.

    At once if nobody has it, or a former run on the same data folder has: that folder is ours, so
    they are gone. Otherwise their pulse is watched first. Raises NodeNameTaken, RecordsUnavailable.
    """
    found = await _state(records, node)
    if found is not None and found.holder not in ("", holder.identity):
        loop = asyncio.get_running_loop()
        until = loop.time() + longest_pulse_s
        pulse = found.at
        while loop.time() < until:
            await asyncio.sleep(look_every_s)
            found = await _state(records, node)
            if found is None or not found.holder:
                break
            if found.at != pulse:
                raise NodeNameTaken(
                    f"node.name: {node} is the name of a service that runs ({found.whereabouts}); "
                    "stop that one, or give this one another node.name"
                )
    await NodeOrders(records).say(
        NodeState(
            node=node,
            at=now(),
            lines=0,
            active=0,
            front_up=False,
            closed=False,
            overload="",
            workers=[],
            holder=holder.identity,
            whereabouts=holder.whereabouts,
        )
    )


async def leave_name(records: Database, node: str, holder: Holder) -> None:
    """Whoever comes next need not wait. Raises RecordsUnavailable."""
    async with records.writing() as session:
        await session.execute(
            update(NodeState)
            .where(NodeState.node == node, NodeState.holder == holder.identity)
            .values(holder="")
        )


async def _state(records: Database, node: str) -> NodeState | None:
    async with records.reading() as session:
        return (await session.scalars(select(NodeState).where(NodeState.node == node))).first()
