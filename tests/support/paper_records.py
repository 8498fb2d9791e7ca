"""A call on paper as the records keep it: its CDR, the steps of its trace, its requests."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ivr.dialogue import trace
from ivr.records.call_search import CallStory
from ivr.records.calling_number import NumberKind
from ivr.records.masking import clean_detail
from ivr.records.models import BundleRequest, Call, CallStep
from ivr.records.outcome import BundleRequestState, CallOutcome, EndedBy
from tests.support.fakes.flows_on_paper import PaperCall
from tests.support.fakes.line import PaperTrace

ANSWERED = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@dataclass
class RecordedTrace(PaperTrace):
    """Stamps each step with the virtual time since the call was answered."""

    at: list[datetime] = field(default_factory=list)

    def step(self, step: object) -> None:
        super().step(step)
        self.at.append(ANSWERED + timedelta(seconds=asyncio.get_running_loop().time()))


def story_of(paper: PaperCall, *, call_id: str = "c1", by_caller: bool = False) -> CallStory:
    """The call that was just made on paper, whose trace is a `RecordedTrace`."""
    recorded = paper.trace
    assert isinstance(recorded, RecordedTrace)
    over = ANSWERED + timedelta(seconds=asyncio.get_running_loop().time())
    notes = paper.context.notes
    call = Call(
        call_id=call_id,
        caller_kind=NumberKind.KNOWN,
        caller_e164="+85297654321",
        caller_region="HK",
        called="3902",
        offered_at=ANSWERED - timedelta(milliseconds=30),
        answered_at=ANSWERED,
        ended_at=over,
        outcome=CallOutcome.COMPLETED,
        ended_by=EndedBy.CALLER if by_caller else EndedBy.SERVICE,
        language=notes.language,
        practice=paper.practice,
    )
    steps = [
        _row(call_id, number, step, at)
        for number, (step, at) in enumerate(zip(recorded.steps, recorded.at, strict=True), start=1)
    ]
    requests = [
        BundleRequest(operation="bundle", ubr=ubr, state=BundleRequestState.CONFIRMED)
        for ubr in notes.ubrs
    ]
    return CallStory(call, steps, requests)


def _row(call_id: str, sequence: int, step: trace.Step, at: datetime) -> CallStep:
    return CallStep(
        call_id=call_id,
        sequence=sequence,
        at=at,
        kind=step.kind.value,
        name=step.name,
        text=step.text,
        value=step.value,
        mode=str(step.detail.get("mode", "")),
        attempt=step.attempt,
        ms=step.ms,
        language=str(step.language),
        detail=clean_detail(step.detail),
    )
