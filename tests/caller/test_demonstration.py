"""The demonstration's caller answers like somebody who was not understood, and calls once more."""

from __future__ import annotations

import asyncio
import io
from typing import Any, cast

import pytest
from rich.console import Console

from ivr.caller.demonstration import CALLS, NotTold, _until_it_is_told
from ivr.caller.driver import DemoCaller
from ivr.dialogue.line import HungUp
from tests.support.fakes.book import PaperBook

pytestmark = pytest.mark.unit


class Telephone:
    """Takes one call and notes its keys."""

    def __init__(self) -> None:
        self.pressed: list[str] = []
        self.sip_call_id = "1"
        self.ended: asyncio.Future[None] = asyncio.Future()

    async def dial(self, *_: object, **__: object) -> Telephone:
        return self

    async def answered(self) -> Telephone:
        return self

    async def listen(self) -> Any:
        await self.ended
        yield b""

    async def press(self, keys: str) -> None:
        if keys == "late":
            raise HungUp("the service has ended the call")
        self.pressed.append(keys)

    async def hang_up(self) -> str:
        return "hung up"


async def pressed(repeats: int, *asked: str) -> list[str]:
    telephone = Telephone()
    driver = DemoCaller(
        cast(Any, telephone),
        cast(Any, PaperBook(asked)),
        {"user_id": ["12345678"], "menu": ["1", "9"], "last": ["late"]},
        listens=False,
        repeats=repeats,
    )
    await driver.call("sip:3902", from_user="1")
    return telephone.pressed


async def test_what_is_asked_again_is_answered_again() -> None:
    asked = ["user_id", "user_id", "user_id", "menu", "menu", "menu"]
    assert await pressed(2, *asked) == ["12345678"] * 3 + ["1", "9", "9"]


async def test_not_for_ever() -> None:
    assert await pressed(2, *["user_id"] * 5) == ["12345678"] * 3
    assert await pressed(2, "unforeseen", "user_id") == []
    assert await pressed(0, "user_id", "user_id") == ["12345678"]


async def test_a_key_that_comes_after_the_call_has_ended_is_no_failure() -> None:
    assert await pressed(0, "user_id", "last") == ["12345678"]


async def test_calls_that_end_without_a_reference() -> None:
    page = io.StringIO()
    made = 0

    async def call() -> str:
        nonlocal made
        made += 1
        if made < CALLS:
            raise NotTold("No reference")
        return "UBR"

    assert await _until_it_is_told(call, Console(file=page)) == "UBR"
    assert page.getvalue().count("No reference. Calling again.") == CALLS - 1

    async def never() -> str:
        raise NotTold("No reference")

    with pytest.raises(NotTold):
        await _until_it_is_told(never, Console(file=page))
