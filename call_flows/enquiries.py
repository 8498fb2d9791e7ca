"""What a caller can have without logging in."""

from __future__ import annotations

from typing import Literal

from call_flows.call_context import CallContext
from call_flows.status import status_of_a_bundle
from call_flows.unladen import unladen
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.question import Choice, Menu
from ivr.dialogue.turns import Cancelled, WantsHotline, WentBack

Enquiry = Literal["status", "unladen", "log_in", "hotline"]

ENQUIRIES: Menu[Enquiry] = Menu(
    name="enquiries",
    intro="enquiries.intro",
    help="enquiries.help",
    choices=(
        Choice("1", "status", "enquiries.status"),
        Choice("2", "unladen", "enquiries.unladen"),
        Choice("9", "log_in", "enquiries.log_in"),
        Choice("0", "hotline", "enquiries.hotline"),
    ),
)


async def enquiries(call: Conversation, context: CallContext) -> None:
    """Answer enquiries until the caller wants to log in after all."""
    while True:
        try:
            match (await call.choose(ENQUIRIES)).value:
                case "status":
                    await status_of_a_bundle(call, context)
                case "unladen":
                    await unladen(call)
                case "log_in":
                    return
                case "hotline":
                    raise WantsHotline
        except WentBack:
            return
        except Cancelled:
            continue
