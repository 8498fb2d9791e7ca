"""Calls as they are taken away, many at a time: the columns that are told of them, and no more.

To make an object of the ORM of each call and each request takes several times as long as to read
it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ivr.records.models import BundleRequest, Call
from ivr.records.outcome import BundleRequestState, CallOutcome, EndedBy


class CallRow(NamedTuple):
    """What is told of a call; each attribute as that of `Call`."""

    call_id: str
    node: str
    caller_e164: str | None
    called: str
    offered_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    outcome: CallOutcome | None
    ended_by: EndedBy | None
    language: str | None
    driver: str | None
    ubr: str | None
    packets_lost: int | None
    jitter_ms: float | None
    keys: int | None
    stand_ins: int | None
    practice: bool


class RequestRow(NamedTuple):
    """What is told of a bundle request; each attribute as that of `BundleRequest`."""

    call_id: str
    operation: str
    state: BundleRequestState
    ccrns: Sequence[str]
    vehicle: str
    ubr: str | None
    sent_at: datetime


@dataclass(frozen=True)
class CallPage:
    """Some calls, newest first.

    Attributes:
        requests: what they asked of ROCARS, by call, oldest first; nothing of those that asked for
            nothing.
    """

    calls: Sequence[CallRow]
    requests: Mapping[str, Sequence[RequestRow]]

    def requests_of(self, call: CallRow) -> Sequence[RequestRow]:
        return self.requests.get(call.call_id, ())


# Those of the tables: the ORM would look at each row again.
CALL_COLUMNS = [Call.__table__.c[name] for name in CallRow._fields]
REQUEST_COLUMNS = [BundleRequest.__table__.c[name] for name in RequestRow._fields]
