"""What an operator is told of an order that they gave."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ivr.console import what_became as told
from ivr.console.what_became import what_became
from ivr.records.console_tables import NodeOrder, OrderKind
from ivr.records.facts import now
from ivr.records.models import Call
from ivr.records.node_orders import CallOrder
from ivr.records.outcome import CallOutcome

pytestmark = pytest.mark.unit

PASS_ON, HANG_UP = OrderKind.PASS_ON, OrderKind.HANG_UP


@pytest.mark.parametrize(
    ("kind", "age_s", "taken", "outcome", "transfer", "said"),
    [
        (PASS_ON, 1, False, None, "", told.WAITS),
        (PASS_ON, 31, False, None, "", told.VOID),
        (PASS_ON, 31, False, CallOutcome.COMPLETED, "", told.OVER_BEFORE),
        (PASS_ON, 1, True, None, "", told.UNDER_WAY),
        (PASS_ON, 1, True, CallOutcome.HOTLINE, "connected", told.CONNECTED),
        (PASS_ON, 1, True, None, "refused", told.NOBODY),
        (PASS_ON, 1, True, CallOutcome.HOTLINE, "", told.NUMBER_TOLD),
        (HANG_UP, 1, True, CallOutcome.ENDED_BY_OPERATOR, "", told.ENDED),
        (HANG_UP, 1, True, CallOutcome.CALLER_HUNG_UP, "", told.OVER_BEFORE),
    ],
)
def test_no_more_than_is_so(
    kind: OrderKind,
    age_s: float,
    taken: bool,
    outcome: CallOutcome | None,
    transfer: str,
    said: str,
) -> None:
    at = now() - timedelta(seconds=age_s)
    order = NodeOrder(kind=kind, at=at, taken_at=now() if taken else None)
    call = Call(outcome=outcome, ended_at=now() if outcome else None)
    assert what_became(CallOrder(order, call, transfer)) == said
