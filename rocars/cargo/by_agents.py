"""What agents did with cargo and bundles of their clients, to be told in a history."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.store.tables.applications import Agency, AgentDeed
from rocars.store.tables.batches import BatchedConsignment
from rocars.store.tables.cargo import Consignment
from rocars.store.tables.registration import Company
from rocars.store.tables.systems import AgentMessage, BulkConsignment, BulkMessage


@dataclass(frozen=True)
class ByAgent:
    """Who did it: somebody of an agent, or the agent's system, whose key's ID `user_id` is then.
    `name` is that of the agent."""

    user_id: str
    name: str


DoneByAgents = Mapping[tuple[str, datetime], ByAgent]
"""By deed and instant, which no two deeds of one history share."""


async def done_with_bundles(session: AsyncSession, ubrs: Collection[str]) -> DoneByAgents:
    """Bundled and unbundled."""
    return await _done(session, and_(AgentDeed.about == "ubr", AgentDeed.subject.in_(ubrs)))


async def done_with_cargo(session: AsyncSession, lot: Consignment) -> DoneByAgents:
    """Lodged by form, file or message, amended, withdrawn."""
    about = [and_(AgentDeed.about == "ccrn", AgentDeed.subject == lot.ccrn)]
    in_file = await session.get(BatchedConsignment, lot.id)
    if in_file is not None:
        subject = str(in_file.batch_id)
        about.append(and_(AgentDeed.about == "file", AgentDeed.subject == subject))
    done = await _done(session, or_(*about))
    by_message = (
        await session.execute(
            select(BulkMessage.key_id, Company.name)
            .join(BulkConsignment, BulkConsignment.message_id == BulkMessage.id)
            .join(AgentMessage, AgentMessage.message_id == BulkMessage.id)
            .join(Company, Company.id == BulkMessage.company_id)
            .where(BulkConsignment.consignment_id == lot.id)
        )
    ).one_or_none()
    if by_message is None:
        return done
    return {**done, ("lodged", lot.lodged_at): ByAgent(by_message.key_id, by_message.name)}


async def _done(session: AsyncSession, about: ColumnElement[bool]) -> DoneByAgents:
    rows = await session.execute(
        select(AgentDeed.deed, AgentDeed.done_at, AgentDeed.user_id, Company.name)
        .join(Agency, Agency.id == AgentDeed.agency_id)
        .join(Company, Company.id == Agency.agent_id)
        .where(about)
    )
    return {(deed, at): ByAgent(user_id, agent) for deed, at, user_id, agent in rows}
