"""A driver's own bundles: heard one by one, repeated, undone."""

from __future__ import annotations

from typing import Literal

from backend_client.types import BundleState, Driver, Receipt
from call_flows.bundle_news import standing
from call_flows.call_context import CallContext
from call_flows.unbundle import unbundle
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.question import Choice, Menu
from ivr.dialogue.turns import WentBack

Wish = Literal["repeat", "next", "undo", "done"]


def bundle_menu(*, undo: bool, more: bool) -> Menu[Wish]:
    """What can be done with the bundle just heard: undo it if that is allowed, go on if there are
    more."""
    choices: list[Choice[Wish]] = [Choice("1", "repeat", "own.repeat")]
    if more:
        choices.append(Choice("2", "next", "own.next"))
    if undo:
        choices.append(Choice("3", "undo", "own.undo"))
    choices.append(Choice("9", "done", "own.done"))
    return Menu(name="own.after", help="own.after.help", choices=tuple(choices))


async def own_bundles(call: Conversation, context: CallContext, driver: Driver) -> None:
    """Tell the driver which bundles are theirs, newest first."""
    bundles = await call.wait_for(context.rocars.bundles(driver))
    if not bundles:
        await call.say("own.none")
        return
    await call.say("own.count", count=len(bundles))
    at = 0
    while at < len(bundles):
        match await ask_about(call, context, bundles[at], more=at + 1 < len(bundles)):
            case "repeat":
                continue
            case "next":
                at += 1
            case "undo":
                try:
                    await unbundle(call, context, driver, bundles[at])
                except WentBack:
                    continue
                at += 1
            case "done":
                return


async def ask_about(
    call: Conversation, context: CallContext, bundle: Receipt, *, more: bool
) -> Wish:
    """Tell one bundle with its cargo, and ask what is wanted."""
    news = [*standing(call, bundle), call.phrase("own.cargo", {"ccrns": bundle.ccrns})]
    undo = context.rules.unbundle_enabled and bundle.state is BundleState.LIVE
    context.notes.statuses_announced += 1
    return (await call.choose(bundle_menu(undo=undo, more=more), before=news)).value
