"""The whole call, from the greeting to goodbye."""

from __future__ import annotations

from backend_client.errors import BackEndUnavailable
from call_flows.announce import announce, announce_recording
from call_flows.call_context import CallContext, Conclusion, NotWrittenDown
from call_flows.entrance import log_in_or_enquire
from call_flows.hotline import hotline
from call_flows.main_menu import main_menu
from call_flows.practice import practise
from call_flows.unheard import tell_unheard
from call_flows.welcome import welcome
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.turns import Cancelled, GaveUp, WantsHotline, WentBack


async def answer(call: Conversation, context: CallContext) -> None:
    """Serve one caller. Ends with the last word said; the one who answered hangs up."""
    try:
        await announce_recording(call, context)
        await announce(call, context)
        if context.notes.conclusion is Conclusion.CLOSED:
            return
        await welcome(call, context)
        if context.training_ground is not None:
            await practise(call, context, context.training_ground)
        else:
            driver = await log_in_or_enquire(call, context)
            await tell_unheard(call, context, driver)
            await main_menu(call, context, driver)
        await call.say("goodbye.plain")
        context.notes.conclude(Conclusion.COMPLETED)
    except (WentBack, Cancelled):
        await call.say("goodbye.plain")
        context.notes.conclude(Conclusion.COMPLETED)
    except WantsHotline:
        await hotline(call, context, Conclusion.HOTLINE)
    except GaveUp:
        await call.say("hotline.gave_up")
        await hotline(call, context, Conclusion.GAVE_UP)
    except BackEndUnavailable:
        await call.say("sorry.back_end_away")
        context.notes.conclude(Conclusion.BACK_END_AWAY)
    except NotWrittenDown:
        await call.say("sorry.technical")
        context.notes.conclude(Conclusion.ERROR)
