"""The way to a person."""

from __future__ import annotations

from call_flows.call_context import CallContext, Conclusion
from ivr.dialogue.conversation import Conversation


async def hotline(call: Conversation, context: CallContext, conclusion: Conclusion) -> None:
    """Connect the caller with a person; where that cannot be, tell the number.

    Twice, for those who had no pen.
    """
    context.notes.conclude(conclusion)
    if context.rules.hotline_transfer_uri and not context.practice:
        await call.say("hotline.connecting")
        if await call.transfer(
            context.rules.hotline_transfer_uri, context.rules.hotline_transfer_s
        ):
            return
        await call.say("hotline.nobody")
    await call.say("hotline.advice", number=context.rules.hotline_number)
    await call.say("hotline.advice", number=context.rules.hotline_number)
    await call.say("goodbye.plain")
