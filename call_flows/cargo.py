"""The cargo of a bundle: one CCRN or several."""

from __future__ import annotations

from typing import Literal

from backend_client.errors import UnknownCcrn
from backend_client.types import CargoState
from call_flows.call_context import CallContext
from call_flows.cargo_in_parts import ask_in_parts
from call_flows.order import Order
from call_flows.rules import FlowRules
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.question import Choice, Field, Manner, Menu
from ivr.dialogue.turns import GaveUp, NotAccepted, NotKnown

MORE: Menu[Literal["go_on", "add", "rekey"]] = Menu(
    name="ccrn.more",
    help="ccrn.more.help",
    choices=(
        Choice("1", "go_on", "ccrn.go_on"),
        Choice("2", "add", "ccrn.add"),
        Choice("3", "rekey", "ccrn.rekey"),
    ),
)

REVIEW: Menu[Literal["keep", "rekey", "remove"]] = Menu(
    name="ccrn.review",
    help="ccrn.review.help",
    choices=(
        Choice("1", "keep", "ccrn.keep"),
        Choice("3", "rekey", "ccrn.rekey"),
        Choice("4", "remove", "ccrn.remove"),
    ),
)

TIMES_SAID, TIMES_IN_PARTS = 2, 2
"""So often a number is listened to as a whole, and then in parts."""

NOT_FREE = {
    CargoState.BUNDLED: "ccrn.bundled",
    CargoState.EXPIRED: "ccrn.expired",
    CargoState.CROSSED: "ccrn.crossed",
}


def ccrn_field(rules: FlowRules, *, first: bool) -> Field[str]:
    return Field(
        name="ccrn",
        prompt="ccrn.ask" if first else "ccrn.ask.next",
        again="ccrn.ask.again",
        help="ccrn.ask.help",
        min_digits=rules.ccrn_min_digits,
        max_digits=rules.ccrn_max_digits,
        parse=str,
        prompt_spoken="ccrn.say" if first else "ccrn.say.next",
        manner=Manner(attempts_said=TIMES_SAID),
    )


async def collect_cargo(call: Conversation, context: CallContext, order: Order) -> None:
    """Ask for CCRNs until the driver says that is all. Each is checked as soon as it is keyed."""
    if order.review:
        await review_cargo(call, context, order)
    if not order.ccrns:
        order.ccrns.append(await ask_ccrn(call, context, order))
    while True:
        newest = order.ccrns[-1]
        more = await call.choose(MORE, before=[call.phrase("ccrn.accepted", {"ccrn": newest})])
        match more.value:
            case "go_on":
                return
            case "add":
                if len(order.ccrns) >= context.rules.max_ccrns:
                    await call.say("ccrn.full")
                    return
                order.ccrns.append(await ask_ccrn(call, context, order))
            case "rekey":
                order.ccrns.pop()
                order.ccrns.append(await ask_ccrn(call, context, order))


async def review_cargo(call: Conversation, context: CallContext, order: Order) -> None:
    """Go through the CCRNs one by one, and correct only those that are wrong."""
    order.review = False
    for ccrn in tuple(order.ccrns):
        verdict = await call.choose(REVIEW, before=[call.phrase("ccrn.accepted", {"ccrn": ccrn})])
        match verdict.value:
            case "keep":
                continue
            case "rekey":
                at = order.ccrns.index(ccrn)
                order.ccrns[at] = await ask_ccrn(call, context, order, instead_of=ccrn)
            case "remove":
                order.ccrns.remove(ccrn)


async def ask_ccrn(
    call: Conversation, context: CallContext, order: Order, *, instead_of: str | None = None
) -> str:
    """One CCRN that ROCARS knows and that is free to be bundled."""

    async def known_and_free(ccrn: str) -> str:
        if ccrn in order.ccrns and ccrn != instead_of:
            raise NotAccepted("ccrn.twice", ccrn=ccrn)
        try:
            cargo = await call.wait_for(context.rocars.look_up(order.driver, ccrn))
        except UnknownCcrn:
            raise NotKnown("ccrn.unknown", ccrn=ccrn) from None
        if cargo.state in NOT_FREE:
            raise NotAccepted(NOT_FREE[cargo.state], ccrn=ccrn)
        return ccrn

    try:
        asked = await call.ask(
            ccrn_field(context.rules, first=not order.ccrns), settle=known_and_free
        )
        return asked.value
    except GaveUp as failed:
        if not failed.misheard:
            raise
    await call.say("ccrn.in_parts")
    for _ in range(TIMES_IN_PARTS):
        try:
            return await known_and_free(await ask_in_parts(call, context.rules))
        except NotAccepted as refusal:
            await call.say_all([call.phrase(refusal.prompt, refusal.slots)])
    raise GaveUp("ccrn", misheard=True)
