"""The way to a person, with and without a transfer."""

from __future__ import annotations

from datetime import datetime

import pytest
from pydantic import ValidationError

from call_flows.call_context import Conclusion, HotlineNow
from call_flows.rules import FlowRules
from ivr.dialogue.line import Transfer
from prompts.composer import HONG_KONG
from tests.support.fakes.caller import HANG_UP, Cue
from tests.support.fakes.flows_on_paper import ALONE, IN_ENGLISH, PaperCall

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

TO_HOTLINE = (IN_ENGLISH, ("login.user_id", "*0"))
HOTLINE = "sip:hotline@192.0.2.7"


async def test_without_a_transfer_the_number_is_told_twice(paper: PaperCall) -> None:
    await paper.run(*TO_HOTLINE, ("hotline.advice", ""), ("hotline.advice", ""))
    assert paper.line.transfers == []


async def test_the_caller_is_connected(paper: PaperCall) -> None:
    paper.rules = FlowRules(hotline_transfer_uri=HOTLINE)
    await paper.run(*TO_HOTLINE, ("hotline.connecting", ""))
    assert paper.line.transfers == [HOTLINE]
    assert paper.prompts[-1] == "hotline.connecting"
    assert paper.context.notes.conclusion is Conclusion.HOTLINE


@pytest.mark.parametrize("becomes", [Transfer.REFUSED, Transfer.TIMED_OUT])
async def test_when_nobody_can_be_reached_he_is_told_so_and_the_number(
    paper: PaperCall, becomes: Transfer
) -> None:
    paper.rules = FlowRules(hotline_transfer_uri=HOTLINE)
    paper.transfer_becomes = becomes
    await paper.run(*TO_HOTLINE, ("hotline.nobody", ""), ("hotline.advice", ""))


async def test_who_hangs_up_while_he_is_connected_came_for_the_hotline(paper: PaperCall) -> None:
    paper.rules = FlowRules(hotline_transfer_uri=HOTLINE)
    paper.transfer_becomes = Transfer.TIMED_OUT
    await paper.run(*TO_HOTLINE, Cue("hotline.connecting", HANG_UP, after=5))
    assert paper.context.notes.conclusion is Conclusion.HOTLINE


async def test_a_rehearsal_disturbs_nobody(paper: PaperCall) -> None:
    paper.rules = FlowRules(hotline_transfer_uri=HOTLINE)
    paper.practice = True
    await paper.run(IN_ENGLISH, ALONE, *TO_HOTLINE[1:], ("hotline.advice", ""))
    assert paper.line.transfers == []


async def test_outside_its_hours_nobody_is_connected(paper: PaperCall) -> None:
    paper.rules = FlowRules(hotline_transfer_uri=HOTLINE)
    opens = datetime(2026, 11, 30, 9, tzinfo=HONG_KONG)
    paper.hotline = HotlineNow(has_hours=True, shut=True, opens=opens)
    await paper.run(*TO_HOTLINE, ("hotline.shut", ""))
    assert paper.line.transfers == []
    prompts = [prompt for prompt in paper.prompts if prompt.startswith("hotline.")]
    assert prompts == ["hotline.shut", "hotline.opens", "hotline.number", "hotline.number"]
    assert f"en hotline.opens at={opens}" in paper.words
    assert paper.context.notes.conclusion is Conclusion.HOTLINE


async def test_nobody_is_told_an_opening_that_is_not_known(paper: PaperCall) -> None:
    paper.hotline = HotlineNow(has_hours=True, shut=True)
    await paper.run(*TO_HOTLINE, ("hotline.shut", ""))
    assert "hotline.opens" not in paper.prompts


async def test_within_its_hours_callers_are_connected(paper: PaperCall) -> None:
    """And nobody is told that it is open day and night."""
    paper.rules = FlowRules(hotline_transfer_uri=HOTLINE)
    paper.hotline = HotlineNow(has_hours=True)
    paper.transfer_becomes = Transfer.REFUSED
    await paper.run(*TO_HOTLINE, ("hotline.nobody", ""), ("hotline.number", ""))
    assert paper.line.transfers == [HOTLINE]
    assert "hotline.advice" not in paper.prompts


@pytest.mark.parametrize("uri", ["", "sip:a@b", "sips:1@pbx.example:5061", "tel:+85236690000"])
def test_what_a_caller_can_be_transferred_to(uri: str) -> None:
    assert FlowRules(hotline_transfer_uri=uri).hotline_transfer_uri == uri


@pytest.mark.parametrize("uri", ["36690000", "http://a", "sip:a b@c", "sip:a@b\r\nX: y", "tel:x"])
def test_what_he_cannot_be_transferred_to(uri: str) -> None:
    with pytest.raises(ValidationError):
        FlowRules(hotline_transfer_uri=uri)
