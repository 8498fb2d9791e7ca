"""The vehicle of a bundle: chosen from those on file, or its mark keyed on the telephone.

A ladder, each step only for those whom the one before does not serve: on file; spelled as in a
text message, when ROCARS knows the mark; the letters asked for; two keys a character.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from call_flows.call_context import CallContext
from call_flows.marks import (
    LETTERS_ON,
    LONGEST,
    Form,
    forms_of,
    from_two_keys,
    looks_mainland,
    on_keypad,
)
from call_flows.order import Order
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.question import Choice, Field, Menu, Spoken
from ivr.dialogue.turns import NotAccepted, NotKnown, WentBack

VEHICLES_PER_MENU = 6
MORE_KEY, OTHER_KEY, NONE_KEY, OTHERWISE_KEY = "8", "9", "9", "9"

OTHERWISE = ""  # the mark has another form

Pick = tuple[Literal["this", "more", "other"], str]


@dataclass(frozen=True)
class KeyedMark:
    """A mark as keyed, and the marks ROCARS knows that are keyed so.

    Attributes:
        spoken_mark: the mark itself, where it was not keyed but said.
    """

    keys: str
    readings: tuple[str, ...] = ()
    spoken_mark: str = ""


MARK: Field[KeyedMark] = Field(
    name="vehicle.mark",
    prompt="vehicle.key_mark",
    again="vehicle.key_mark.again",
    help="vehicle.key_mark.help",
    min_digits=1,
    max_digits=LONGEST,
    parse=KeyedMark,
    spoken=Spoken.MARK,
    prompt_spoken="vehicle.say_mark",
    parse_spoken=lambda mark: KeyedMark(on_keypad(mark), spoken_mark=mark),
)


def decoded(keyed: str) -> str:
    try:
        return from_two_keys(keyed)
    except ValueError:
        raise NotAccepted("vehicle.not_in_code") from None


IN_CODE: Field[str] = Field(
    name="vehicle.in_code",
    prompt="vehicle.in_code",
    again="vehicle.in_code.again",
    help="vehicle.in_code.help",
    min_digits=2,
    max_digits=2 * LONGEST,
    parse=decoded,
    spoken=Spoken.NOTHING,
)


def vehicle_menu(page: Sequence[str], *, more: bool) -> Menu[Pick]:
    """Up to six vehicles on the keys 1 to 6, the next page on 8, another vehicle on 9."""
    choices: list[Choice[Pick]] = [
        Choice(str(key), ("this", mark), "vehicle.option", {"vehicle": mark})
        for key, mark in enumerate(page, start=1)
    ]
    if more:
        choices.append(Choice(MORE_KEY, ("more", ""), "vehicle.more"))
    choices.append(Choice(OTHER_KEY, ("other", ""), "vehicle.other"))
    return Menu(
        name="vehicle.which",
        intro="vehicle.which",
        help="vehicle.which.help",
        choices=tuple(choices),
    )


def reading_menu(marks: Sequence[str]) -> Menu[str]:
    """The few marks that what was keyed can mean; an empty value for none of them."""
    return Menu(
        name="vehicle.reading",
        help="vehicle.letter.help",
        choices=(
            *(
                Choice(str(key), mark, "vehicle.option", {"vehicle": mark})
                for key, mark in enumerate(marks, start=1)
            ),
            Choice(NONE_KEY, "", "vehicle.none_of_these"),
        ),
    )


def letter_menu(key: str, intro: str) -> Menu[str]:
    """Which of the letters on one key was meant; `OTHERWISE` if the mark is of another form."""
    return Menu(
        name=intro,
        intro=intro,
        help="vehicle.letter.help",
        choices=(
            *(
                Choice(str(number), letter, "vehicle.letter_option", {"letter": letter})
                for number, letter in enumerate(LETTERS_ON[key], start=1)
            ),
            Choice(OTHERWISE_KEY, OTHERWISE, "vehicle.otherwise"),
        ),
    )


def form_menu(forms: Sequence[Form]) -> Menu[Literal["one_letter", "no_letter", "in_code"]]:
    """The less common forms a mark can have, as far as what was keyed allows them."""
    choices: list[Choice[Literal["one_letter", "no_letter", "in_code"]]] = []
    if "one_letter" in forms:
        choices.append(Choice("1", "one_letter", "vehicle.form.one_letter"))
    if "no_letter" in forms:
        choices.append(Choice("2", "no_letter", "vehicle.form.no_letter"))
    choices.append(Choice("3", "in_code", "vehicle.form.in_code"))
    return Menu(
        name="vehicle.form",
        intro="vehicle.form",
        help="vehicle.form.help",
        choices=tuple(choices),
    )


async def choose_vehicle(call: Conversation, context: CallContext, order: Order) -> None:
    """One of the driver's own vehicles, or another one by its mark."""
    while True:
        order.vehicle = await pick_on_file(call, order)
        if order.vehicle:
            return
        try:
            order.vehicle = await key_vehicle(call, context, order)
            return
        except WentBack:
            if not order.driver.vehicles:
                raise


async def pick_on_file(call: Conversation, order: Order) -> str:
    """A vehicle ROCARS holds for the driver, a page at a time; empty when it is another one."""
    on_file = order.driver.vehicles
    start = 0
    while start < len(on_file):
        page = on_file[start : start + VEHICLES_PER_MENU]
        rest = start + VEHICLES_PER_MENU < len(on_file)
        picked = await call.choose(vehicle_menu(page, more=rest))
        match picked.value:
            case ("this", mark):
                return mark
            case ("more", _):
                start += VEHICLES_PER_MENU
            case ("other", _):
                return ""
    return ""


async def key_vehicle(call: Conversation, context: CallContext, order: Order) -> str:
    """Take a mark keyed as on a telephone, and settle which letters were meant."""

    async def with_readings(mark: KeyedMark) -> KeyedMark:
        readings = await call.wait_for(context.rocars.match_vehicles(order.driver, mark.keys))
        if mark.spoken_mark and mark.spoken_mark not in readings:
            raise NotKnown("vehicle.unknown", vehicle=mark.spoken_mark)
        return KeyedMark(mark.keys, readings, mark.spoken_mark)

    while True:
        keyed = (await call.ask(MARK, settle=with_readings)).value
        if keyed.spoken_mark:
            return keyed.spoken_mark
        try:
            if keyed.readings:
                read = (await call.choose(reading_menu(keyed.readings))).value
                if read:
                    return read
            mark = await ask_letters(call, keyed.keys)
        except WentBack:
            continue
        if not looks_mainland(mark):
            return mark
        await call.say("vehicle.mainland")


async def ask_letters(call: Conversation, keyed: str) -> str:
    """Ask which letters were meant; what is of no ordinary form is keyed in the code."""
    forms = forms_of(keyed)
    if "two_letters" in forms:
        first = (await call.choose(letter_menu(keyed[0], "vehicle.first_letter"))).value
        if first != OTHERWISE:
            second = (await call.choose(letter_menu(keyed[1], "vehicle.second_letter"))).value
            if second != OTHERWISE:
                return first + second + keyed[2:]
    match (await call.choose(form_menu(forms))).value:
        case "one_letter":
            letter = (await call.choose(letter_menu(keyed[0], "vehicle.only_letter"))).value
            if letter != OTHERWISE:
                return letter + keyed[1:]
        case "no_letter":
            return keyed
        case "in_code":
            pass
    return (await call.ask(IN_CODE)).value
