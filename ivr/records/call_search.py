"""Calls as people look for them: those in progress, and those of the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from ivr.records.console_tables import RequestCcrn
from ivr.records.database import Database
from ivr.records.models import BundleRequest, Call, CallStep
from ivr.records.outcome import CallOutcome

PAGE = 50


@dataclass(frozen=True)
class Wanted:
    """What is looked for; what is empty does not matter.

    Attributes:
        first, last: instants; `last` is not included.
        caller: E.164 with plus, or its last digits.
        vehicle: registration mark without spaces.
        before: id of the last call of the page before.
    """

    first: datetime | None = None
    last: datetime | None = None
    caller: str = ""
    ubr: str = ""
    ccrn: str = ""
    vehicle: str = ""
    outcome: CallOutcome | None = None
    language: str = ""
    before: str = ""

    @property
    def of_a_bundle(self) -> bool:
        return bool(self.ubr or self.ccrn or self.vehicle)


@dataclass(frozen=True)
class LiveCall:
    """A call in progress, and the newest step of its trace."""

    call: Call
    kind: str
    name: str
    steps: int
    ordered: bool = False


@dataclass(frozen=True)
class CallStory:
    """One call with all that is known of it."""

    call: Call
    steps: Sequence[CallStep]
    requests: Sequence[BundleRequest]


class CallSearch:
    """Everything may raise RecordsUnavailable."""

    def __init__(self, records: Database) -> None:
        self._records = records

    async def find(self, wanted: Wanted, limit: int = PAGE) -> Sequence[Call]:
        """Newest first. The ids of calls sort by time, so the next page begins after the last."""
        query = _found(wanted).order_by(Call.call_id.desc()).limit(limit)
        async with self._records.reading() as session:
            calls: Sequence[Call] = (await session.scalars(query)).all()
            return calls

    async def in_progress(self) -> Sequence[LiveCall]:
        """Calls that have not ended, of all nodes, oldest first."""
        newest = (
            select(func.max(CallStep.sequence))
            .where(CallStep.call_id == Call.call_id)
            .correlate(Call)
            .scalar_subquery()
        )
        query = (
            select(Call, CallStep)
            .outerjoin(
                CallStep, and_(CallStep.call_id == Call.call_id, CallStep.sequence == newest)
            )
            .where(Call.ended_at.is_(None))
            .order_by(Call.offered_at)
            .limit(500)
        )
        async with self._records.reading() as session:
            rows = (await session.execute(query)).all()
        return [
            LiveCall(call, step.kind, step.name, step.sequence)
            if step is not None
            else LiveCall(call, "", "", 0)
            for call, step in rows
        ]

    async def story(self, call_id: str) -> CallStory | None:
        async with self._records.reading() as session:
            call = await session.get(Call, call_id)
            if call is None:
                return None
            steps = await session.scalars(
                select(CallStep).where(CallStep.call_id == call_id).order_by(CallStep.sequence)
            )
            requests = await session.scalars(
                select(BundleRequest)
                .where(BundleRequest.call_id == call_id)
                .order_by(BundleRequest.sent_at)
            )
            return CallStory(call, steps.all(), requests.all())


def _found(wanted: Wanted) -> Select[Any]:
    query = select(Call)
    if wanted.first is not None:
        query = query.where(Call.offered_at >= wanted.first)
    if wanted.last is not None:
        query = query.where(Call.offered_at < wanted.last)
    if wanted.caller.startswith("+"):
        query = query.where(Call.caller_e164 == wanted.caller)
    elif wanted.caller:
        query = query.where(Call.caller_e164.endswith(wanted.caller, autoescape=True))
    if wanted.outcome is not None:
        query = query.where(Call.outcome == wanted.outcome)
    if wanted.language:
        query = query.where(Call.language == wanted.language)
    if wanted.before:
        query = query.where(Call.call_id < wanted.before)
    if wanted.of_a_bundle:
        requests = select(BundleRequest.call_id)
        if wanted.ubr:
            requests = requests.where(BundleRequest.ubr == wanted.ubr)
        if wanted.vehicle:
            requests = requests.where(BundleRequest.vehicle == wanted.vehicle)
        if wanted.ccrn:
            requests = requests.join(
                RequestCcrn, RequestCcrn.idempotency_key == BundleRequest.idempotency_key
            ).where(RequestCcrn.ccrn == wanted.ccrn)
        of_requests = Call.call_id.in_(requests)
        told = wanted.ubr and not (wanted.ccrn or wanted.vehicle)
        query = query.where(or_(Call.ubr == wanted.ubr, of_requests) if told else of_requests)
    return query
