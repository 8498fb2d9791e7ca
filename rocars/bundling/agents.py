"""Agents bundle their client's cargo for a named driver: the same rules as when drivers do it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import select

from rocars.bundling.bundles import receipt_of
from rocars.bundling.bundling import Bundling
from rocars.bundling.messages import BundleReceipt, BundleRequest
from rocars.clock import Clock
from rocars.refusals import Code, Problem
from rocars.registry.agencies import ActingFor
from rocars.store.database import Database
from rocars.store.tables.applications import AgentDeed
from rocars.store.tables.bundling import Bundle
from rocars.store.tables.registration import Driver

_SHOWN = 50


@dataclass(frozen=True)
class AgentsBundle:
    """A bundle that was made for a client, and its driver."""

    receipt: BundleReceipt
    user_id: str
    driver_id: int


def _own_key(client: ActingFor, key: str) -> str:
    """Keys are held by driver: one of an agent is never the driver's, nor another agent's."""
    return "agent-" + sha256(f"{client.agency} {key}".encode()).hexdigest()


class AgentBundling:
    def __init__(self, database: Database, clock: Clock, bundling: Bundling) -> None:
        self._database = database
        self._clock = clock
        self._bundling = bundling

    async def bundle(
        self, client: ActingFor, key: str, user_id: str, request: BundleRequest
    ) -> BundleReceipt:
        """Bundle cargo of the client for the driver with this user ID, who is the client's or the
        agent's. `key` is an Idempotency-Key of the agent's own.

        Raises Problem UNKNOWN_DRIVER, UNKNOWN_CCRN for the cargo of others too, and what
        `Bundling.bundle` raises.
        """
        async with self._database.reading() as session:
            driver_id = await session.scalar(
                select(Driver.id).where(
                    Driver.user_id == user_id,
                    Driver.company_id.in_((client.company_id, client.agent_id)),
                )
            )
        if driver_id is None:
            raise Problem(Code.UNKNOWN_DRIVER, user_id)
        return await self._bundling.bundle(
            driver_id, _own_key(client, key), request, company_id=client.company_id
        )

    async def made(self, client: ActingFor) -> list[AgentsBundle]:
        """What the agent bundled for this client, the newest first."""
        return await self._found(client)

    async def get(self, client: ActingFor, ubr: str) -> AgentsBundle:
        """Raises Problem UNKNOWN_BUNDLE, for what others bundled as for none."""
        found = await self._found(client, ubr)
        if not found:
            raise Problem(Code.UNKNOWN_BUNDLE, ubr)
        return found[0]

    async def unbundle(self, client: ActingFor, key: str, ubr: str) -> BundleReceipt:
        """Undo what the agent bundled for this client. Raises Problem UNKNOWN_BUNDLE, and what
        `Bundling.unbundle` raises."""
        made = await self.get(client, ubr)
        return await self._bundling.unbundle(made.driver_id, _own_key(client, key), ubr)

    async def _found(self, client: ActingFor, ubr: str = "") -> list[AgentsBundle]:
        wanted = (
            select(Bundle, Driver.user_id)
            .join(Driver, Driver.id == Bundle.driver_id)
            .join(AgentDeed, (AgentDeed.about == "ubr") & (AgentDeed.subject == Bundle.ubr))
            .where(AgentDeed.agency_id == client.agency, AgentDeed.deed == "bundled")
            .order_by(AgentDeed.id.desc())
            .limit(_SHOWN)
        )
        if ubr:
            wanted = wanted.where(Bundle.ubr == ubr)
        now = self._clock()
        async with self._database.reading() as session:
            return [
                AgentsBundle(receipt_of(bundle, now), user_id, bundle.driver_id)
                for bundle, user_id in await session.execute(wanted)
            ]
