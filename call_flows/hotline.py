"""The way to a person."""

from __future__ import annotations

from call_flows.call_context import CallContext, Conclusion, HotlineNow
from ivr.dialogue.conversation import Conversation


async def hotline(call: Conversation, context: CallContext, conclusion: Conclusion) -> None:
    """Connect the caller with a person; where that cannot be, tell the number.

    Twice, for those who had no pen. Outside its hours nobody is connected: they would hear it ring.
    """
    context.notes.conclude(conclusion)
    now = context.hotline_now()
    if now.shut:
        await call.say("hotline.shut")
        if now.opens is not None:
            await call.say("hotline.opens", at=now.opens)
    elif context.rules.hotline_transfer_uri and not context.practice:
        await call.say("hotline.connecting")
        if await call.transfer(
            context.rules.hotline_transfer_uri, context.rules.hotline_transfer_s
        ):
            return
        await call.say("hotline.nobody")
    await tell_number(call, context, now)
    await tell_number(call, context, now)
    await call.say("goodbye.plain")


async def tell_number(call: Conversation, context: CallContext, now: HotlineNow) -> None:
    """Only of a hotline without hours it is said that it is open day and night."""
    if now.has_hours:
        await call.say("hotline.number", number=context.rules.hotline_number)
    else:
        await call.say("hotline.advice", number=context.rules.hotline_number)
