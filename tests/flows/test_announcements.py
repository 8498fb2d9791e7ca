"""Announcements of the day: before the greeting, instead of it, and in place of the service."""

from __future__ import annotations

from datetime import timedelta

import pytest

from call_flows.call_context import CallerHints, Conclusion
from ivr.records.facts import now
from prompts.announcement import Announcement
from speech.languages.language import Language
from tests.support.fakes.caller import HANG_UP, Cue
from tests.support.fakes.flows_on_paper import IN_ENGLISH, PaperCall

pytestmark = [pytest.mark.unit, pytest.mark.looptime]

HANGS_UP = Cue("login.user_id", HANG_UP)


def announced(number: int = 1, *, instead=False, closing=False, whole=False) -> Announcement:
    words = {language: f"words in {language}" for language in Language}
    begins, ends = now(), now() + timedelta(hours=1)
    return Announcement(number, words, begins, ends, instead, closing, whole)


async def test_before_the_greeting_in_every_language(paper: PaperCall) -> None:
    paper.announcements = (announced(),)
    await paper.run(IN_ENGLISH, HANGS_UP)
    in_all_languages = [*(f"{language} announcement.1" for language in Language)]
    assert paper.words[:4] == [*in_all_languages, f"{Language.CANTONESE} welcome.greeting"]


async def test_instead_of_the_greeting(paper: PaperCall) -> None:
    paper.announcements = (announced(1), announced(2, instead=True))
    await paper.run(IN_ENGLISH, HANGS_UP)
    assert paper.prompts[:7] == [
        *["announcement.1"] * 3,
        *["announcement.2"] * 3,
        "welcome.language",
    ]
    assert "welcome.greeting" not in paper.prompts


async def test_a_driver_who_is_known_hears_their_language_alone(paper: PaperCall) -> None:
    paper.hints = CallerHints("12345678", Language.PUTONGHUA)
    paper.announcements = (announced(),)
    await paper.run(Cue("login.known.pin", HANG_UP))
    assert paper.words[:2] == ["cmn announcement.1", "cmn welcome.greeting"]


async def test_a_key_cuts_it_short_and_counts(paper: PaperCall) -> None:
    paper.announcements = (announced(),)
    await paper.run(Cue("announcement.1", "3"), HANGS_UP)
    assert not paper.line.played[0].whole
    assert paper.call.language is Language.ENGLISH


async def test_an_emergency_is_heard_to_its_end(paper: PaperCall) -> None:
    paper.announcements = (announced(whole=True),)
    await paper.run(Cue("announcement.1", "3"), HANGS_UP)
    assert paper.line.played[0].whole
    assert paper.call.language is Language.ENGLISH


async def test_a_closed_service_says_so_and_no_more(paper: PaperCall) -> None:
    paper.announcements = (announced(closing=True),)
    await paper.run()
    assert set(paper.prompts) == {"announcement.1"}
    assert paper.context.notes.conclusion is Conclusion.CLOSED


async def test_who_hangs_up_on_a_closed_service_was_told(paper: PaperCall) -> None:
    paper.announcements = (announced(closing=True),)
    await paper.run(Cue("announcement.1", HANG_UP))
    assert paper.context.notes.conclusion is Conclusion.CLOSED
