"""Bundling: cargo and vehicle become one unique bundling reference (UBR)."""

from __future__ import annotations

import uuid
from typing import Literal

from backend_client.errors import (
    AlreadyBundled,
    BackEndUnavailable,
    BadVehicle,
    CargoCrossed,
    CargoExpired,
    MainlandPlate,
    MixedDirections,
    Refused,
    RocarsError,
    SessionExpired,
    TooManyCcrns,
    UnknownCcrn,
)
from backend_client.types import Driver, Receipt
from call_flows.bundle_news import crossing
from call_flows.call_context import CallContext, Conclusion
from call_flows.cargo import collect_cargo
from call_flows.order import Order
from call_flows.vehicle import choose_vehicle
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.question import Choice, Menu
from ivr.dialogue.turns import GaveUp, Redo

Next = Literal["another", "finish"]
After = Literal["repeat", "another", "finish", "text"]

WRONG: Menu[Literal["cargo", "vehicle", "nothing"]] = Menu(
    name="bundle.wrong",
    intro="bundle.wrong",
    help="bundle.wrong.help",
    choices=(
        Choice("1", "cargo", "bundle.wrong.cargo"),
        Choice("2", "vehicle", "bundle.wrong.vehicle"),
        Choice("3", "nothing", "bundle.wrong.nothing"),
    ),
)


def after_menu(*, by_text: bool) -> Menu[After]:
    """What can be done with a UBR once it has been heard."""
    choices: list[Choice[After]] = [
        Choice("1", "repeat", "bundle.repeat"),
        Choice("2", "another", "bundle.another"),
        Choice("3", "finish", "bundle.finish"),
    ]
    if by_text:
        choices.append(Choice("4", "text", "bundle.by_text"))
    return Menu(name="bundle.after", help="bundle.after.help", choices=tuple(choices))


async def bundle(call: Conversation, context: CallContext, driver: Driver) -> Next:
    """From cargo and vehicle to a UBR the driver has heard."""
    while True:
        order = Order(driver)
        await call.walk((collect_cargo, choose_vehicle, confirm_and_send), call, context, order)
        if order.receipt is None:
            return "finish"
        if await tell(call, context, order.key, order.receipt) == "finish":
            return "finish"


async def confirm_and_send(call: Conversation, context: CallContext, order: Order) -> None:
    """Read the order back; correct only what is wrong; send it; say plainly what came of it."""
    if not await read_back(call, order):
        match (await call.choose(WRONG)).value:
            case "cargo":
                order.review = True
                raise Redo(collect_cargo)
            case "vehicle":
                raise Redo(choose_vehicle)
            case "nothing":
                raise Redo(confirm_and_send)
    try:
        order.receipt = await call.wait_for(
            send(context, order), filler="bundle.working", even_if_hung_up=True
        )
    except BackEndUnavailable as away:
        context.notes.conclude(Conclusion.BACK_END_AWAY)
        if not away.uncertain:
            context.ledger.result_announced(order.key)
            raise
        await call.say("bundle.not_confirmed")
    except SessionExpired:
        context.ledger.result_announced(order.key)
        raise
    except MainlandPlate:
        await call.say("vehicle.mainland")
        context.ledger.result_announced(order.key)
        raise Redo(choose_vehicle) from None
    except BadVehicle:
        await call.say("bundle.refused.vehicle", vehicle=order.vehicle)
        context.ledger.result_announced(order.key)
        raise Redo(choose_vehicle) from None
    except Refused as refusal:
        await explain(call, refusal)
        context.ledger.result_announced(order.key)
        order.review = True
        raise Redo(collect_cargo) from None


async def read_back(call: Conversation, order: Order) -> bool:
    if len(order.ccrns) == 1:
        return await call.confirm("bundle.one_cargo", ccrns=order.ccrns, vehicle=order.vehicle)
    return await call.confirm(
        "bundle.several_cargo",
        count=len(order.ccrns),
        ccrns=order.ccrns,
        vehicle=order.vehicle,
    )


async def send(context: CallContext, order: Order) -> Receipt:
    """Send the order, written down before and after. Goes on when the caller hangs up."""
    order.key = key = uuid.uuid4().hex
    ccrns = tuple(order.ccrns)
    await context.ledger.sending(key, order.driver, ccrns, order.vehicle)
    try:
        receipt = await context.rocars.bundle(
            order.driver, ccrns, order.vehicle, idempotency_key=key
        )
    except BackEndUnavailable as away:
        settle = context.ledger.unknown if away.uncertain else context.ledger.refused
        await settle(key, str(away))
        raise
    except RocarsError as refusal:
        await context.ledger.refused(key, type(refusal).__name__)
        raise
    await context.ledger.confirmed(key, receipt)
    if not context.practice:
        context.notes.ubrs.append(receipt.ubr)
    return receipt


async def explain(call: Conversation, refusal: Refused) -> None:
    """Why ROCARS refused, in the caller's words."""
    match refusal:
        case UnknownCcrn(subject=ccrn):
            await call.say("ccrn.unknown", ccrn=ccrn)
        case AlreadyBundled(subject=ccrn):
            await call.say("ccrn.bundled", ccrn=ccrn)
        case CargoExpired(subject=ccrn):
            await call.say("ccrn.expired", ccrn=ccrn)
        case CargoCrossed(subject=ccrn):
            await call.say("ccrn.crossed", ccrn=ccrn)
        case MixedDirections():
            await call.say("bundle.refused.direction")
        case TooManyCcrns():
            await call.say("bundle.refused.too_many")
        case _:
            await call.say("sorry.technical")


async def tell(call: Conversation, context: CallContext, key: str, receipt: Receipt) -> Next:
    """Read the UBR and the crossing instruction, as often as wanted.

    No key cuts it short the first time: it is what the driver called for.
    """
    news = [call.phrase("bundle.done", {"ubr": receipt.ubr}), crossing(call, receipt)]
    if context.practice:
        news.append(call.phrase("practice.not_bundled"))
    await call.say_all(news, barge_in=False)
    context.notes.ubrs_announced += 1
    context.ledger.result_announced(key)
    try:
        while True:
            match (await call.choose(after_menu(by_text=context.texts is not None))).value:
                case "repeat":
                    await call.say_all(news)
                case "text":
                    await send_text(call, context, key, receipt)
                case "another":
                    return "another"
                case "finish":
                    return "finish"
    except GaveUp:
        await call.say_all(news)  # they may be writing it down, and have no hand for a key
        return "finish"


async def send_text(call: Conversation, context: CallContext, key: str, receipt: Receipt) -> None:
    """The UBR as a text message. Where it goes is said before it does, so that who sees another
    number can hang up; that it is sent, only once the gateway has it."""
    assert context.texts is not None
    await call.say("bundle.text_to", barge_in=False, ending=context.texts.ending)
    sending = context.texts.send(receipt, call.language, key)
    if await call.wait_for(sending, even_if_hung_up=True):
        await call.say("bundle.text_sent")
    else:
        await call.say("bundle.text_failed")
