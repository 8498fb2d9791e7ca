"""What a driver who is logged in can do."""

from __future__ import annotations

from typing import Literal

from backend_client.errors import SessionExpired
from backend_client.types import Driver
from call_flows.bundle import Next, bundle
from call_flows.call_context import CallContext
from call_flows.entrance import log_in_or_enquire
from call_flows.own_bundles import own_bundles
from call_flows.unladen import unladen
from call_flows.welcome import choose_language
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.question import Choice, Menu
from ivr.dialogue.turns import Cancelled, WantsHotline, WentBack

Errand = Literal["bundle", "own_bundles", "unladen", "language", "hotline", "goodbye"]

MAIN_MENU: Menu[Errand] = Menu(
    name="main_menu",
    intro="main_menu.intro",
    help="main_menu.help",
    choices=(
        Choice("1", "bundle", "main_menu.bundle"),
        Choice("2", "own_bundles", "main_menu.own_bundles"),
        Choice("3", "unladen", "main_menu.unladen"),
        Choice("8", "language", "main_menu.language"),
        Choice("0", "hotline", "main_menu.hotline"),
        Choice("9", "goodbye", "main_menu.goodbye"),
    ),
)


async def main_menu(call: Conversation, context: CallContext, driver: Driver) -> None:
    """The main menu, again after each errand, until the driver ends the call."""
    while True:
        try:
            if await serve(call, context, driver) == "finish":
                return
        except (Cancelled, WentBack):
            continue
        except SessionExpired:
            await call.say("login.expired")
            driver = await log_in_or_enquire(call, context)


async def serve(call: Conversation, context: CallContext, driver: Driver) -> Next:
    """Ask once what the driver wants, and do it. Whether there may be more."""
    errand = await call.choose(MAIN_MENU)
    match errand.value:
        case "bundle":
            return await bundle(call, context, driver)
        case "own_bundles":
            await own_bundles(call, context, driver)
        case "unladen":
            await unladen(call)
        case "language":
            await choose_language(call, context)
        case "hotline":
            raise WantsHotline
        case "goodbye":
            return "finish"
    return "another"
