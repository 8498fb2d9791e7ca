"""Calls as people look for them: those in progress, and those of the past."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from ivr.records.call_rows import (
    CALL_COLUMNS,
    REQUEST_COLUMNS,
    CallPage,
    CallRow,
    RequestRow,
)
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.models import BundleRequest, Call, CallStep, RequestCcrn
from ivr.records.node_orders import VALID_S
from ivr.records.node_tables import NodeOrder
from ivr.records.outcome import CallOutcome

PAGE = 50


@dataclass(frozen=True)
class CallFilter:
    """What is looked for; what is empty does not matter.

    Attributes:
        first, last: instants; `last` is not included.
        caller: E.164 with plus, or its last digits.
        driver: user ID as the records mask it.
        vehicle: registration mark without spaces.
        before: id of the last call of the page before.
    """

    first: datetime | None = None
    last: datetime | None = None
    caller: str = ""
    driver: str = ""
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
class CallInProgress:
    """A call in progress, and the newest step of its trace.

    Attributes:
        ordered: what somebody has ordered for it, empty for nothing.
    """

    call: Call
    kind: str
    name: str
    steps: int
    ordered: str = ""


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

    async def find(self, call_filter: CallFilter, limit: int = PAGE) -> Sequence[Call]:
        """Newest first. The ids of calls sort by time, so the next page begins after the last."""
        query = _newest(select(Call), call_filter, limit)
        async with self._records.reading() as session:
            calls: Sequence[Call] = (await session.scalars(query)).all()
            return calls

    async def rows(self, call_filter: CallFilter, limit: int) -> CallPage:
        """The calls that `find` finds, and what they asked of ROCARS."""
        query = _newest(select(*CALL_COLUMNS), call_filter, limit)
        requests: dict[str, list[RequestRow]] = defaultdict(list)
        async with self._records.reading() as session:
            calls = [CallRow._make(row) for row in await session.execute(query)]
            asked = (
                select(*REQUEST_COLUMNS)
                .where(BundleRequest.call_id.in_([call.call_id for call in calls]))
                .order_by(BundleRequest.sent_at)
            )
            for row in await session.execute(asked) if calls else ():
                request = RequestRow._make(row)
                requests[request.call_id].append(request)
        return CallPage(calls, requests)

    async def in_progress(self) -> Sequence[CallInProgress]:
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
            calls = [call.call_id for call, _ in rows]
            orders = await session.scalars(
                select(NodeOrder)
                .where(
                    NodeOrder.subject.in_(calls),
                    or_(
                        NodeOrder.taken_at.is_not(None),
                        NodeOrder.at > now() - timedelta(seconds=VALID_S),
                    ),
                )
                .order_by(NodeOrder.order_id)
            )
            ordered = {order.subject: order.kind.value for order in orders}
        return [
            CallInProgress(call, step.kind, step.name, step.sequence, ordered.get(call.call_id, ""))
            if step is not None
            else CallInProgress(call, "", "", 0, ordered.get(call.call_id, ""))
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

    async def story_of(self, name: str) -> CallStory | None:
        """A call by its id, or the newest one with this Call-ID header."""
        async with self._records.reading() as session:
            newest = await session.scalar(
                select(Call.call_id)
                .where(or_(Call.call_id == name, Call.sip_call_id == name))
                .order_by(Call.offered_at.desc())
                .limit(1)
            )
        return await self.story(newest) if newest is not None else None


def _newest(query: Select[Any], call_filter: CallFilter, limit: int) -> Select[Any]:
    """What the query selects of the calls that are looked for, newest first."""
    query = query.order_by(Call.call_id.desc()).limit(limit)
    if call_filter.first is not None:
        query = query.where(Call.offered_at >= call_filter.first)
    if call_filter.last is not None:
        query = query.where(Call.offered_at < call_filter.last)
    if call_filter.caller.startswith("+"):
        query = query.where(Call.caller_e164 == call_filter.caller)
    elif call_filter.caller:
        # All numbers are gone through, in their index: it is a tenth of the calls.
        ends = Call.caller_e164.endswith(call_filter.caller, autoescape=True)
        query = query.where(Call.call_id.in_(select(Call.call_id).where(ends)))
    if call_filter.driver:
        query = query.where(Call.driver == call_filter.driver)
    if call_filter.outcome is not None:
        query = query.where(Call.outcome == call_filter.outcome)
    if call_filter.language:
        query = query.where(Call.language == call_filter.language)
    if call_filter.before:
        query = query.where(Call.call_id < call_filter.before)
    if call_filter.of_a_bundle:
        requests = select(BundleRequest.call_id)
        if call_filter.ubr:
            requests = requests.where(BundleRequest.ubr == call_filter.ubr)
        if call_filter.vehicle:
            requests = requests.where(BundleRequest.vehicle == call_filter.vehicle)
        if call_filter.ccrn:
            requests = requests.join(
                RequestCcrn, RequestCcrn.idempotency_key == BundleRequest.idempotency_key
            ).where(RequestCcrn.ccrn == call_filter.ccrn)
        of_requests = Call.call_id.in_(requests)
        by_ubr_alone = call_filter.ubr and not (call_filter.ccrn or call_filter.vehicle)
        query = query.where(
            or_(Call.ubr == call_filter.ubr, of_requests) if by_ubr_alone else of_requests
        )
    return query
