"""What an operator is told of an order that they gave."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ivr.console import what_became as orders
from ivr.console.what_became import what_became
from ivr.records.facts import now
from ivr.records.models import Call
from ivr.records.node_orders import CallOrder
from ivr.records.node_tables import NodeOrder, OrderKind
from ivr.records.outcome import CallOutcome

pytestmark = pytest.mark.unit

PASS_ON, HANG_UP = OrderKind.PASS_ON, OrderKind.HANG_UP


@pytest.mark.parametrize(
    ("kind", "age_s", "taken", "outcome", "transfer", "words"),
    [
        (PASS_ON, 1, False, None, "", orders.WAITS),
        (PASS_ON, 31, False, None, "", orders.VOID),
        (PASS_ON, 31, False, CallOutcome.COMPLETED, "", orders.OVER_BEFORE),
        (PASS_ON, 1, True, None, "", orders.UNDER_WAY),
        (PASS_ON, 1, True, CallOutcome.HOTLINE, "connected", orders.CONNECTED),
        (PASS_ON, 1, True, None, "refused", orders.NOBODY),
        (PASS_ON, 1, True, CallOutcome.HOTLINE, "", orders.NUMBER_TOLD),
        (HANG_UP, 1, True, CallOutcome.ENDED_BY_OPERATOR, "", orders.ENDED),
        (HANG_UP, 1, True, CallOutcome.CALLER_HUNG_UP, "", orders.OVER_BEFORE),
    ],
)
def test_no_more_than_is_so(
    kind: OrderKind,
    age_s: float,
    taken: bool,
    outcome: CallOutcome | None,
    transfer: str,
    words: str,
) -> None:
    at = now() - timedelta(seconds=age_s)
    order = NodeOrder(kind=kind, at=at, taken_at=now() if taken else None)
    call = Call(outcome=outcome, ended_at=now() if outcome else None)
    assert what_became(CallOrder(order, call, transfer)) == words
