"""How a bundle that ROCARS holds is told to a caller."""

from __future__ import annotations

from backend_client.types import BundleState, Receipt
from ivr.dialogue.conversation import Conversation
from prompts.utterance import Phrase


def crossing(call: Conversation, receipt: Receipt) -> Phrase:
    """When the driver may cross, as ROCARS directs."""
    if receipt.crossing.immediately:
        return call.phrase("bundle.cross_now")
    return call.phrase("bundle.cross_from", {"at": receipt.crossing.at})


def standing(call: Conversation, receipt: Receipt) -> list[Phrase]:
    """Where a bundle stands; for a live one also when it may cross."""
    ubr, vehicle = receipt.ubr, receipt.vehicle
    match receipt.state:
        case BundleState.LIVE:
            return [
                call.phrase("status.live", {"ubr": ubr, "vehicle": vehicle}),
                crossing(call, receipt),
            ]
        case BundleState.CROSSED:
            return [call.phrase("status.crossed", {"ubr": ubr, "vehicle": vehicle})]
        case BundleState.UNBUNDLED:
            return [call.phrase("status.unbundled", {"ubr": ubr, "vehicle": vehicle})]
        case BundleState.EXPIRED:
            return [call.phrase("status.expired", {"ubr": ubr, "vehicle": vehicle})]
