"""The way to a person."""

from __future__ import annotations

from call_flows.desk import Conclusion, Desk
from ivr.dialogue.conversation import Conversation


async def hotline(call: Conversation, desk: Desk, conclusion: Conclusion) -> None:
    """Tell the number of the hotline, twice for those who had no pen."""
    desk.notes.conclude(conclusion)
    await call.say("hotline.advice", number=desk.rules.hotline_number)
    await call.say("hotline.advice", number=desk.rules.hotline_number)
    await call.say("goodbye.plain")
