"""What became of what was ordered for a call, as an operator is told."""

from __future__ import annotations

from ivr.records.node_orders import CallOrder
from ivr.records.node_tables import OrderKind
from ivr.records.outcome import CallOutcome

WAITS = "not taken yet"
VOID = "void: its node did not take it in time"
UNDER_WAY = "under way"
CONNECTED = "connected with the hotline"
NOBODY = "nobody was reached; the caller was told the number of the hotline"
NUMBER_TOLD = "the caller was told the number of the hotline"
ENDED = "ended, with a word to the caller"
OVER_BEFORE = "the call was over before"
SAID = (WAITS, VOID, UNDER_WAY, CONNECTED, NOBODY, NUMBER_TOLD, ENDED, OVER_BEFORE)


def what_became(ordered: CallOrder) -> str:
    """In English, one of `SAID`."""
    if ordered.order.taken_at is None:
        over = ordered.call is None or ordered.call.ended_at is not None
        return OVER_BEFORE if over else VOID if ordered.void else WAITS
    if ordered.order.kind is OrderKind.PASS_ON and ordered.transfer:
        return CONNECTED if ordered.transfer == "connected" else NOBODY
    if ordered.call is not None and ordered.call.ended_at is None:
        return UNDER_WAY
    outcome = None if ordered.call is None else ordered.call.outcome
    if ordered.order.kind is OrderKind.PASS_ON and outcome is CallOutcome.HOTLINE:
        return NUMBER_TOLD
    return ENDED if outcome is CallOutcome.ENDED_BY_OPERATOR else OVER_BEFORE
