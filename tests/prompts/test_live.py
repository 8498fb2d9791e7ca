"""Recordings that are live in place of the shipped ones: published whole, found at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from prompts import live
from prompts.composer import Composer
from prompts.library import Library
from prompts.live import LiveClip, PublishedLibrary, as_heard
from prompts.script import clips
from prompts.settings import PromptSettings
from prompts.stand_in import StandIns
from prompts.utterance import Phrase, Utterance
from speech.languages.language import Language
from tests.support.shipped import shipped_library

pytestmark = pytest.mark.unit

LIBRARY = shipped_library()
GREETING = "welcome.greeting"
DIGEST = next(clip.digest for clip in clips(Language.ENGLISH) if clip.name == GREETING)
NEW = bytes(range(256)) * 40

Say = Callable[[], Utterance]


def greeting(version: int = 7, digest: str = DIGEST, words: str = "Welcome.") -> LiveClip:
    return LiveClip(Language.ENGLISH, GREETING, version, words, digest)


def shipped() -> bytes:
    return bytes(LIBRARY.clip(Language.ENGLISH, GREETING) or b"")


async def greeted(composer: Composer) -> Utterance:
    return await composer.compose([Phrase(Language.ENGLISH, GREETING)])


@pytest.fixture
def composer(tmp_path: Path) -> Composer:
    settings = PromptSettings.model_validate({})
    shelf = PublishedLibrary(LIBRARY, tmp_path / "live")
    return Composer(shelf, settings, StandIns(settings, tmp_path / "made"))


async def test_the_next_utterance_plays_what_was_published(
    composer: Composer, tmp_path: Path
) -> None:
    assert (await greeted(composer)).pcm == shipped()
    live.publish(tmp_path / "live", [greeting()], {7: NEW})
    utterance = await greeted(composer)
    assert (utterance.pcm, utterance.text) == (NEW, "Welcome.")
    live.publish(tmp_path / "live", [], {})
    assert (await greeted(composer)).pcm == shipped()


async def test_what_plays_goes_on_when_its_version_is_gone(
    composer: Composer, tmp_path: Path
) -> None:
    live.publish(tmp_path / "live", [greeting()], {7: NEW})
    before = await greeted(composer)
    live.publish(tmp_path / "live", [greeting(8)], {8: NEW[::-1]})
    live.tidy(tmp_path / "live", [8])
    assert not (tmp_path / "live" / "7.pcm").exists()
    assert before.pcm == NEW
    assert (await greeted(composer)).pcm == NEW[::-1]


async def test_a_version_made_for_other_words_is_not_played(
    composer: Composer, tmp_path: Path
) -> None:
    live.publish(tmp_path / "live", [greeting(digest="0" * 16)], {7: NEW})
    assert (await greeted(composer)).pcm == shipped()


async def test_a_sound_that_is_gone_is_replaced_by_the_shipped_one(
    composer: Composer, tmp_path: Path
) -> None:
    live.publish(tmp_path / "live", [greeting()], {7: NEW})
    (tmp_path / "live" / "7.pcm").unlink()
    utterance = await greeted(composer)
    assert (utterance.pcm, utterance.text) == (shipped(), "Road Cargo System.")


async def test_an_unreadable_list_leaves_what_was(composer: Composer, tmp_path: Path) -> None:
    live.publish(tmp_path / "live", [greeting()], {7: NEW})
    await greeted(composer)
    (tmp_path / "live" / "live.json").write_text("[{")
    assert (await greeted(composer)).pcm == NEW


def test_a_disk_that_is_full_changes_nothing(tmp_path: Path) -> None:
    live.publish(tmp_path / "live", [greeting()], {7: NEW})
    (tmp_path / "live" / "8.pcm").mkdir()  # a file of that name cannot be made
    with pytest.raises(OSError, match="directory"):
        live.publish(tmp_path / "live", [greeting(8)], {8: NEW})
    assert live.published(tmp_path / "live") == [greeting()]
    assert sorted(path.name for path in (tmp_path / "live").glob("*.draft")) == []


def test_who_listens_hears_what_callers_hear(tmp_path: Path) -> None:
    live.publish(tmp_path / "live", [greeting()], {7: NEW})
    library: Library = as_heard(LIBRARY, tmp_path / "live")
    assert bytes(library.clip(Language.ENGLISH, GREETING) or b"") == NEW
    assert library.clip(Language.ENGLISH, "goodbye.plain") == LIBRARY.clip(
        Language.ENGLISH, "goodbye.plain"
    )


def test_a_digit_of_another_voice_is_heard_at_every_place_of_a_number(tmp_path: Path) -> None:
    digests = {clip.name: clip.digest for clip in clips(Language.ENGLISH)}
    shelf = PublishedLibrary(LIBRARY, tmp_path)
    inside, own_end = b"\1\0" * 800, b"\2\0" * 800

    def library(name: str) -> bytes:
        return bytes(shelf.clip(Language.ENGLISH, name) or b"")

    sevens = [LiveClip(Language.ENGLISH, "unit/digit.7", 1, "seven", digests["unit/digit.7"])]
    live.publish(tmp_path, sevens, {1: inside})
    assert shelf.changed()
    assert library("unit/digit.7.begins") == library("unit/digit.7.ends") == inside
    name = "unit/digit.8.ends"
    assert library(name) == bytes(LIBRARY.clip(Language.ENGLISH, name) or b"")
    name = "unit/digit.7.ends"
    sevens.append(LiveClip(Language.ENGLISH, name, 2, "seven", digests[name]))
    live.publish(tmp_path, sevens, {2: own_end})
    assert shelf.changed()
    assert library(name) == own_end
