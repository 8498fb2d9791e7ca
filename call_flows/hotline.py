"""The way to a person."""

from __future__ import annotations

from call_flows.desk import Conclusion, Desk
from ivr.dialogue.conversation import Conversation


async def hotline(call: Conversation, desk: Desk, conclusion: Conclusion) -> None:
    """Connect the caller with a person; where that cannot be, tell the number.

    Twice, for those who had no pen.
    """
    desk.notes.conclude(conclusion)
    if desk.rules.hotline_transfer_uri and not desk.practice:
        await call.say("hotline.connecting")
        if await call.transfer(desk.rules.hotline_transfer_uri, desk.rules.hotline_transfer_s):
            return
        await call.say("hotline.nobody")
    await call.say("hotline.advice", number=desk.rules.hotline_number)
    await call.say("hotline.advice", number=desk.rules.hotline_number)
    await call.say("goodbye.plain")
