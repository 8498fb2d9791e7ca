"""The status of a bundle, for a caller who gives its reference and its vehicle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from backend_client.errors import UnknownBundle
from backend_client.types import Receipt
from call_flows.bundle_news import standing
from call_flows.call_context import CallContext
from call_flows.marks import on_keypad
from call_flows.rules import FlowRules
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.question import Choice, Field, Menu, Spoken
from ivr.dialogue.turns import GaveUp, WantsHotline

MOST_READINGS = 10
"""How many readings of both answers together ROCARS is asked about at most."""

AFTER: Menu[Literal["repeat", "done"]] = Menu(
    name="status.after",
    help="status.after.help",
    choices=(
        Choice("1", "repeat", "status.repeat"),
        Choice("2", "done", "status.done"),
    ),
)


@dataclass
class AskedAbout:
    """The bundle a caller asks about: they must know UBR and vehicle.

    Each has one reading where it was keyed. Where it was spoken it may have several, likeliest
    first: ROCARS, which is asked with both, settles which is right.
    """

    ubrs: tuple[str, ...] = ()
    vehicles: tuple[str, ...] = ()
    """The keys that spell the mark (E.161)."""

    def readings(self) -> list[tuple[str, str]]:
        """UBR and vehicle, likeliest first."""
        ranked = sorted(
            (ubr_rank + vehicle_rank, ubr_rank, ubr, vehicle)
            for ubr_rank, ubr in enumerate(self.ubrs)
            for vehicle_rank, vehicle in enumerate(self.vehicles)
        )
        return [(ubr, vehicle) for *_, ubr, vehicle in ranked][:MOST_READINGS]


def ubr_field(rules: FlowRules) -> Field[str]:
    return Field(
        name="status.ubr",
        prompt="status.ubr",
        again="status.ubr.again",
        help="status.ubr.help",
        min_digits=rules.ubr_min_digits,
        max_digits=rules.ubr_max_digits,
        parse=str,
        prompt_spoken="status.say",
        settled_later=True,
    )


VEHICLE: Field[str] = Field(
    name="status.vehicle",
    prompt="vehicle.key_mark",
    again="vehicle.key_mark.again",
    help="vehicle.key_mark.help",
    min_digits=1,
    max_digits=8,
    parse=str,
    spoken=Spoken.MARK,
    prompt_spoken="vehicle.say_mark",
    parse_spoken=on_keypad,
    settled_later=True,
)


async def status_of_a_bundle(call: Conversation, context: CallContext) -> None:
    """Ask for reference and vehicle, and tell where the bundle stands.

    Whatever does not fit gets one and the same answer, and only so many guesses a call: nobody is
    to learn here which references exist.
    """
    for _ in range(context.rules.login_tries):
        asked = AskedAbout()
        await call.walk((ask_ubr, ask_vehicle), call, context, asked)
        try:
            receipt = await call.wait_for(the_bundle(context, asked))
        except UnknownBundle:
            await call.say("status.unknown")
            continue
        await tell_status(call, context, receipt)
        return
    raise WantsHotline


async def ask_ubr(call: Conversation, context: CallContext, asked: AskedAbout) -> None:
    answer = await call.ask(ubr_field(context.rules))
    asked.ubrs = (answer.value, *answer.alternatives)


async def ask_vehicle(call: Conversation, context: CallContext, asked: AskedAbout) -> None:
    answer = await call.ask(VEHICLE)
    asked.vehicles = (answer.value, *answer.alternatives)


async def the_bundle(context: CallContext, asked: AskedAbout) -> Receipt:
    """The bundle of the likeliest reading that ROCARS knows. Raises UnknownBundle."""
    not_known: UnknownBundle | None = None
    for ubr, vehicle in asked.readings():
        try:
            return await context.rocars.status(ubr, vehicle)
        except UnknownBundle as refusal:
            not_known = not_known or refusal
    assert not_known is not None
    raise not_known


async def tell_status(call: Conversation, context: CallContext, receipt: Receipt) -> None:
    """As often as the caller wants to hear it."""
    news = standing(call, receipt)
    await call.say_all(news)
    context.notes.statuses_announced += 1
    try:
        while (await call.choose(AFTER)).value == "repeat":
            await call.say_all(news)
    except GaveUp:
        return
