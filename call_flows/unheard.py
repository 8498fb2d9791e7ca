"""After a call that was cut off, the next call tells the driver how their request ended."""

from __future__ import annotations

from typing import Literal

from backend_client.types import BundleState, Driver
from call_flows.bundle_news import crossing
from call_flows.call_context import CallContext, UnannouncedResult
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.question import Choice, Menu
from ivr.dialogue.turns import GaveUp
from prompts.utterance import Phrase

AFTER: Menu[Literal["repeat", "go_on"]] = Menu(
    name="unheard.after",
    help="unheard.after.help",
    choices=(
        Choice("1", "repeat", "unheard.repeat"),
        Choice("2", "go_on", "unheard.go_on"),
    ),
)


async def tell_unheard(call: Conversation, context: CallContext, driver: Driver) -> None:
    """Tell the driver how each request ended whose end they have not heard, oldest first."""
    for request in await context.ledger.unannounced_results(driver):
        if request.ended == "confirmed" and request.receipt is not None:
            await tell_confirmed(call, context, request)
        elif request.ended == "refused":
            await call.say_all(nothing_came_of_it(call, request), barge_in=False)
            context.ledger.result_announced(request.key)
        else:
            await call.say_all(not_known_yet(call, request), barge_in=False)


async def tell_confirmed(
    call: Conversation, context: CallContext, request: UnannouncedResult
) -> None:
    """What the driver called for; no key cuts it short the first time."""
    news = went_through(call, request)
    await call.say_all(news, barge_in=False)
    context.ledger.result_announced(request.key)
    if request.operation == "bundle":
        context.notes.ubrs_announced += 1
    try:
        while (await call.choose(AFTER)).value == "repeat":
            await call.say_all(news)
    except GaveUp:
        return


def went_through(call: Conversation, request: UnannouncedResult) -> list[Phrase]:
    receipt = request.receipt
    assert receipt is not None
    if request.operation == "unbundle":
        return [call.phrase("unheard.unbundled", {"ubr": receipt.ubr})]
    bundled = call.phrase("unheard.bundled", {"ccrns": receipt.ccrns, "vehicle": receipt.vehicle})
    if receipt.state is not BundleState.LIVE:
        return [bundled]
    return [bundled, call.phrase("bundle.done", {"ubr": receipt.ubr}), crossing(call, receipt)]


def nothing_came_of_it(call: Conversation, request: UnannouncedResult) -> list[Phrase]:
    if request.operation == "unbundle":
        return [call.phrase("unheard.not_unbundled", {"vehicle": request.vehicle})]
    return [
        call.phrase("unheard.not_bundled", {"ccrns": request.ccrns, "vehicle": request.vehicle})
    ]


def not_known_yet(call: Conversation, request: UnannouncedResult) -> list[Phrase]:
    return [call.phrase("unheard.not_known", {"ccrns": request.ccrns, "vehicle": request.vehicle})]
