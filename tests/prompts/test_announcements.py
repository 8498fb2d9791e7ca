"""What a node says at the beginning of its calls, by the list in its directory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from prompts.announcement import Announcement
from prompts.announcements import LIST, PublishedAnnouncements, publish, published
from prompts.utterance import Phrase
from speech.languages.language import Language
from tests.prompts.test_composer import FakeSynthesiser, Told, composer

pytestmark = pytest.mark.service

NOON = datetime(2026, 11, 30, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE = Announcement(
    1, {Language.CANTONESE: "八號風球", Language.ENGLISH: "Typhoon"}, NOON, NOON + HOUR
)
OTHER = Announcement(2, {Language.ENGLISH: "Closed"}, NOON, NOON + 2 * HOUR, closing=True)


def test_it_is_said_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    workers = PublishedAnnouncements(tmp_path)
    assert workers.said_at(NOON) == ()
    publish(tmp_path, [ONE, OTHER])
    assert published(tmp_path) == (ONE, OTHER)
    assert workers.said_at(NOON - timedelta(seconds=1)) == ()
    assert workers.said_at(NOON) == (ONE, OTHER)
    assert workers.said_at(NOON + HOUR) == (OTHER,)
    publish(tmp_path, [])
    assert workers.said_at(NOON) == ()


@pytest.mark.parametrize("damaged", ["{", "[1]", '[{"number": 1}]', '[{"words": []}]', "3"])
def test_a_damaged_list_leaves_the_last_one(tmp_path: Path, damaged: str) -> None:
    workers = PublishedAnnouncements(tmp_path)
    publish(tmp_path, [ONE])
    assert workers.said_at(NOON) == (ONE,)
    (tmp_path / LIST).write_text(damaged)
    assert workers.said_at(NOON) == (ONE,)
    with pytest.raises(ValueError, match="cannot be read"):
        published(tmp_path)


async def test_its_words_are_spoken_and_are_no_missing_recording(tmp_path: Path) -> None:
    voice, noted = FakeSynthesiser(), Told()
    phrase = Phrase(Language.ENGLISH, ONE.name, words="Typhoon")
    spoken = await composer(tmp_path, synthesiser=voice, noted=noted).compose([phrase])
    assert (spoken.text, spoken.prompts, spoken.stand_ins) == ("Typhoon", (ONE.name,), ())
    assert spoken.seconds > 0.4
    assert (voice.asked, noted) == (["Typhoon"], [])


async def test_words_that_no_voice_can_speak_are_left_out_and_told(tmp_path: Path) -> None:
    noted = Told()
    phrases = [Phrase(Language.ENGLISH, ONE.name, words="Typhoon")]
    voice = FakeSynthesiser(fails=True)
    spoken = await composer(tmp_path, synthesiser=voice, noted=noted).compose(phrases)
    assert spoken.stand_ins == ("announcement: left out",)
    assert noted == [("en", "announcement", "left out")]
