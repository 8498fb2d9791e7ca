"""The whole call, from the greeting to goodbye."""

from __future__ import annotations

from backend_client.errors import BackEndAway
from call_flows.desk import Conclusion, Desk, NotWrittenDown
from call_flows.entrance import log_in_or_enquire
from call_flows.hotline import hotline
from call_flows.main_menu import main_menu
from call_flows.unheard import tell_unheard
from call_flows.welcome import welcome
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.turns import Cancelled, GaveUp, WantsHotline, WentBack


async def answer(call: Conversation, desk: Desk) -> None:
    """Serve one caller. Ends with the last word said; the one who answered hangs up."""
    try:
        await welcome(call, desk)
        if desk.practice:
            await call.say("practice.begin", barge_in=False)
        driver = await log_in_or_enquire(call, desk)
        await tell_unheard(call, desk, driver)
        await main_menu(call, desk, driver)
        await call.say("goodbye.plain")
        desk.notes.conclude(Conclusion.COMPLETED)
    except (WentBack, Cancelled):
        await call.say("goodbye.plain")
        desk.notes.conclude(Conclusion.COMPLETED)
    except WantsHotline:
        await hotline(call, desk, Conclusion.HOTLINE)
    except GaveUp:
        await call.say("hotline.gave_up")
        await hotline(call, desk, Conclusion.GAVE_UP)
    except BackEndAway:
        await call.say("sorry.back_end_away")
        desk.notes.conclude(Conclusion.BACK_END_AWAY)
    except NotWrittenDown:
        await call.say("sorry.technical")
        desk.notes.conclude(Conclusion.ERROR)
