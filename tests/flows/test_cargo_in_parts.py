"""A CCRN that cannot be heard as a whole is asked for four digits at a time."""

from __future__ import annotations

import asyncio

import pytest

from backend_client.types import CargoState, Driver
from call_flows.call_context import CallContext
from call_flows.cargo import ask_ccrn
from call_flows.order import Order
from call_flows.rules import FlowRules
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.settings import DialogueSettings
from ivr.dialogue.turns import GaveUp
from speech.languages.language import Language
from tests.support.fakes.caller import Cue, ScriptedCaller
from tests.support.fakes.flows_on_paper import CARGO
from tests.support.fakes.line import PaperLine, PaperNarrator, PaperTrace
from tests.support.fakes.recogniser import PaperRecogniser, Saying
from tests.support.fakes.rocars import USER_ID, PaperLedger, PaperRocars

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
NONSENSE = Saying(())
FINISH, BACK = Saying(("finish",)), Saying(("back",))


def saying(digits: str) -> Saying:
    return Saying((" ".join(DIGITS[int(digit)] for digit in digits),))


class Asked:
    """One driver asked for one CCRN."""

    def __init__(self, *sayings: Saying, known: str = CARGO) -> None:
        self.line = PaperLine()
        self.call = Conversation(
            self.line,
            PaperNarrator(),
            DialogueSettings(),
            PaperTrace(),
            Language.ENGLISH,
            recogniser=PaperRecogniser(list(sayings)),
        )
        self.context = CallContext(
            PaperRocars(cargo={known: CargoState.FREE}), FlowRules(), PaperLedger()
        )

    async def answer(self) -> str:
        return await ask_ccrn(
            self.call, self.context, Order(Driver(USER_ID, "session-1", ("AB1234",)))
        )


async def test_what_is_misheard_twice_is_taken_in_parts() -> None:
    asked = Asked(NONSENSE, NONSENSE, saying("1234"), saying("5678"), saying("9012"), saying("3"))
    assert await asked.answer() == CARGO
    assert asked.line.prompts[-5:] == [
        "ccrn.in_parts",
        "ccrn.part.first",
        "ccrn.part.next",
        "ccrn.part.rest",
        "ccrn.part.rest",
    ]
    assert "en ccrn.part.next part=1234" in asked.line.words
    assert "en ccrn.part.rest part=9012" in asked.line.words


async def test_a_number_rocars_does_not_know_is_taken_in_parts_too() -> None:
    wrong = saying("1234567890124")
    asked = Asked(wrong, wrong, saying("1234"), saying("5678"), saying("9012"), saying("3"))
    assert await asked.answer() == CARGO
    assert "ccrn.in_parts" in asked.line.prompts


async def test_a_number_of_whole_parts_ends_with_a_word() -> None:
    asked = Asked(NONSENSE, NONSENSE, saying("1234"), saying("5678"), FINISH, known="12345678")
    assert await asked.answer() == "12345678"


async def test_a_part_misheard_is_said_again_after_back() -> None:
    asked = Asked(
        NONSENSE,
        NONSENSE,
        saying("1234"),
        saying("5679"),
        BACK,
        saying("5678"),
        saying("9012"),
        saying("3"),
    )
    assert await asked.answer() == CARGO
    assert asked.line.words.count("en ccrn.part.next part=1234") == 2


async def test_parts_may_be_keyed() -> None:
    asked = Asked(NONSENSE, NONSENSE)
    caller = asyncio.ensure_future(
        ScriptedCaller(
            asked.line,
            ("ccrn.part.first", "1234"),
            ("ccrn.part.next", "5678"),
            Cue("ccrn.part.rest", "#", after=3.0),
        ).follow()
    )
    asked.context.rocars.cargo["12345678"] = CargoState.FREE  # type: ignore[attr-defined]
    assert await asked.answer() == "12345678"
    caller.cancel()


async def test_two_numbers_in_parts_that_nobody_knows_are_the_end() -> None:
    parts = [saying("1111"), saying("2222"), FINISH]
    asked = Asked(NONSENSE, NONSENSE, *parts, *parts)
    with pytest.raises(GaveUp):
        await asked.answer()
    assert asked.line.prompts.count("ccrn.unknown") == 2


async def test_who_keys_is_never_asked_for_parts() -> None:
    asked = Asked()
    caller = asyncio.ensure_future(
        ScriptedCaller(asked.line, *[("ccrn.say", "11112222#")] * 3).follow()
    )
    with pytest.raises(GaveUp):
        await asked.answer()
    caller.cancel()
    assert "ccrn.in_parts" not in asked.line.prompts
