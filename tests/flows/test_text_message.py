"""The UBR as a text message, and what the caller is told of it."""

from __future__ import annotations

import pytest

from speech.languages.language import Language
from tests.support.fakes.caller import HANG_UP
from tests.support.fakes.flows_on_paper import CARGO, TO_BUNDLE, PaperCall
from tests.support.fakes.rocars import PaperTexts

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

BUNDLED = (
    *TO_BUNDLE,
    ("ccrn.ask", CARGO + "#"),
    ("ccrn.accepted", "1"),
    ("vehicle.which", "1"),
    ("bundle.one_cargo", "1"),
)


async def test_a_text_message_is_sent_when_asked_for(paper: PaperCall) -> None:
    paper.texts = PaperTexts()
    await paper.run(
        *BUNDLED, ("bundle.by_text", "4"), ("bundle.text_sent", ""), ("bundle.by_text", "3")
    )
    (receipt,) = paper.rocars.receipts
    assert paper.texts.sent == [(receipt.ubr, Language.ENGLISH)]


async def test_where_it_goes_is_heard_before_it_is_sent(paper: PaperCall) -> None:
    paper.texts = PaperTexts(ending="2267")
    await paper.run(*BUNDLED, ("bundle.by_text", "4"), ("bundle.text_to", HANG_UP))
    assert "bundle.text_to" in paper.prompts
    assert any("bundle.text_to ending=2267" in played.words for played in paper.line.played)
    assert paper.texts.sent == []  # who hears another number hangs up


async def test_one_that_was_not_taken_is_said(paper: PaperCall) -> None:
    paper.texts = PaperTexts(taken=False, seconds=3.0)
    await paper.run(*BUNDLED, ("bundle.by_text", "4"), ("bundle.by_text", "3"))
    assert "universal.please_wait" in paper.prompts  # never silent
    assert "bundle.text_failed" in paper.prompts
    assert "bundle.text_sent" not in paper.prompts


async def test_it_is_not_offered_where_there_is_no_way_to_send_it(paper: PaperCall) -> None:
    await paper.run(
        *BUNDLED, ("bundle.finish", "4"), ("universal.nomatch", ""), ("bundle.finish", "3")
    )
    assert "bundle.by_text" not in paper.prompts
