"""Hearing which prompt is played, from its sound alone."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr.caller.capture.listening import prompts_heard
from ivr.caller.hearing.prompt_detector import Detected, PromptDetector
from ivr.caller.hearing.prompt_ear import (
    GROUP_GAP_MS,
    PromptHeard,
    SoFar,
    find,
)
from ivr.caller.hearing.read_out import names_of
from ivr.caller.hearing.repertoire import LOST, Repertoire, Sound
from ivr.caller.hearing.wanted import CannotBeHeard, Wanted
from prompts.composer import Composer
from prompts.library import Library
from prompts.script import without_place
from prompts.settings import PromptSettings
from prompts.stand_in import StandIns
from prompts.utterance import Phrase
from speech.languages.language import Language
from speech.synthesiser.settings import SynthesiserSettings
from speech.synthesiser.synthesiser import Synthesiser
from tests.support.pace import limit
from tests.support.shipped import shipped_library

pytestmark = pytest.mark.service

LIBRARY = shipped_library()
REPERTOIRE = Repertoire.of_library(LIBRARY)
CCRN = "7015653580153"


async def spoken(*phrases: Phrase, library: Library = LIBRARY) -> Sound:
    """As the service composes it, with a little silence before and after."""
    settings = PromptSettings.model_validate({})
    composer = Composer(library, settings, StandIns(settings, Path("never")))
    utterance = await composer.compose(phrases)
    assert not utterance.stand_ins
    pcm = np.frombuffer(utterance.pcm, "<i2").astype(np.float32)
    return np.concatenate([np.zeros(1777, np.float32), pcm, np.zeros(5600, np.float32)])


def over_the_line(sound: Sound, law: str = "ALAW") -> Sound:
    coded = io.BytesIO()
    form = {"samplerate": 8000, "format": "RAW", "subtype": law}
    soundfile.write(coded, np.clip(sound, -32768, 32767).astype(np.int16), **form)
    coded.seek(0)
    return np.asarray(soundfile.read(coded, channels=1, dtype="int16", **form)[0], np.float32)


def hear(line: Sound) -> list[Detected]:
    ear = PromptDetector(REPERTOIRE)
    pcm = line.astype("<i2").tobytes()
    detected = [
        recording for at in range(0, len(pcm), 320) for recording in ear.hear(pcm[at : at + 320])
    ]
    return detected + ear.end()


def look_for(wanted: Wanted, detected: Sequence[Detected]) -> PromptHeard | None:
    return find(wanted, SoFar(detected, 10**6, 0, 10**6, over=True), 0)


@pytest.mark.parametrize("language", list(Language))
async def test_a_read_back_is_understood_digit_by_digit(language: Language) -> None:
    line = over_the_line(
        await spoken(
            Phrase(language, "ccrn.accepted", {"ccrn": CCRN}),
            Phrase(language, "ccrn.go_on", {"key": "1"}),
        )
    )
    detected = hear(line)
    assert names_of(detected) == ["ccrn.accepted", f"“{CCRN}”", "ccrn.go_on", "“1”"]
    found = look_for(Wanted("ccrn.accepted"), detected)
    assert found is not None
    assert found.slots == {"ccrn": CCRN}
    assert found.language is language
    assert found.score > 0.99
    assert look_for(Wanted("ccrn.accepted", {"ccrn": CCRN}), detected) is not None
    assert look_for(Wanted("ccrn.accepted", {"ccrn": CCRN[:-1]}), detected) is None
    assert look_for(Wanted("ccrn.accepted", {"ccrn": CCRN[:-1] + "0"}), detected) is None


async def test_languages_one_after_the_other_are_understood() -> None:
    """The pause between prompts is short, and what follows is in another language."""
    order = (Language.ENGLISH, Language.CANTONESE, Language.PUTONGHUA, Language.ENGLISH)
    line = await spoken(*(Phrase(tag, "welcome.language", {"key": "3"}) for tag in order))
    detected = hear(over_the_line(line))
    named = [found.known for found in detected if found.known.name == "welcome.language--1"]
    assert tuple(known.language for known in named) == order


async def test_digits_of_one_recording_at_every_place_are_understood() -> None:
    """As where an operator has recorded only the digits inside a group."""
    index = {
        (language, name): LIBRARY.index[language, without_place(name)]
        for language, name in LIBRARY.index
    }
    phrase = Phrase(Language.ENGLISH, "ccrn.accepted", {"ccrn": CCRN})
    line = await spoken(phrase, library=Library(LIBRARY.pcm, index, ()))
    assert look_for(Wanted("ccrn.accepted", {"ccrn": CCRN}), hear(over_the_line(line))) is not None


async def test_prompts_that_begin_with_the_same_words_are_distinguished_by_what_follows() -> None:
    """In Putonghua both begin with 捆绑: one recording, which either name must find."""
    chinese = Language.PUTONGHUA
    live = Phrase(chinese, "status.live", {"ubr": "8538828446", "vehicle": "FN1155"})
    several = Phrase(
        chinese,
        "bundle.several_cargo",
        {"count": 2, "ccrns": [CCRN, "8814576465269"], "vehicle": "FN1155"},
    )
    for phrase, other in ((live, several), (several, live)):
        detected = hear(over_the_line(await spoken(phrase)))
        assert look_for(Wanted(phrase.prompt), detected) is not None
        assert look_for(Wanted(other.prompt), detected) is None
        assert [prompt.name for prompt in prompts_heard(detected)] == [phrase.prompt]


def test_no_two_recordings_of_a_language_are_the_same_sound() -> None:
    """Which of two is found first would depend on the machine's arithmetic."""
    for language in REPERTOIRE.languages:
        sounds = [known.sound.tobytes() for known in set(REPERTOIRE.beginnings(language).known)]
        assert len(sounds) == len(set(sounds))


@pytest.mark.parametrize("held_up_ms", [0, 300])
async def test_a_sender_held_up_between_two_groups_ends_no_number(held_up_ms: int) -> None:
    """The number that is captured has all its digits, however long the sender was held up."""
    number = Phrase(Language.ENGLISH, "bundle.done", {"ubr": "1608872196"})
    line = np.append(over_the_line(await spoken(number)), np.zeros(8000, np.float32))
    digits = [unit for unit in hear(line) if unit.known.name.startswith("unit/")]
    group_ends = next(
        unit.ends_ms
        for unit, after in pairwise(digits)
        if after.begins_ms - unit.ends_ms > GROUP_GAP_MS - 50
    )
    line = np.insert(line, (group_ends + 100) * 8, np.zeros(held_up_ms * 8, np.float32))
    ear, heard_until, numbers = PromptDetector(REPERTOIRE), 0, []
    pcm, detected = line.astype("<i2").tobytes(), list[Detected]()
    for start in range(0, len(pcm), 320):
        detected += ear.hear(pcm[start : start + 320])
        samples = line[start // 2 : start // 2 + 160]
        if np.abs(samples).max(initial=0) > 200:
            heard_until = start // 16 + 20
        found = find(Wanted("bundle.done"), SoFar(detected, start // 16 + 20, 0, heard_until), 0)
        if found is not None:
            numbers.append(found.slots["ubr"])
            break
    assert numbers == ["1608872196"]


def louder(sound: Sound) -> Sound:
    return np.clip(sound * 2, -32768, 32767)


def softer(sound: Sound) -> Sound:
    return sound / np.float32(2)


def noisy(sound: Sound) -> Sound:
    rng = np.random.default_rng(3)
    loudness = float(np.sqrt(np.mean(sound[np.abs(sound) > 30] ** 2)))
    noise = rng.normal(0, loudness * 10 ** (-15 / 20), len(sound)).astype(np.float32)
    noisy: Sound = np.clip(sound + noise, -32768, 32767)
    return noisy


def lossy(sound: Sound) -> Sound:
    rng = np.random.default_rng(4)
    left = sound.copy()
    for at in range(0, len(left), 160):
        if rng.random() < 0.02:
            left[at : at + 160] = LOST
    return left


def slipping(sound: Sound) -> Sound:
    """As a jitter buffer leaves it: ten milliseconds left out here, put in there."""
    pieces = [sound[at : at + 4000] for at in range(0, len(sound), 4000)]
    return np.concatenate(
        [piece[:-80] if n % 2 else np.append(piece, piece[-80:]) for n, piece in enumerate(pieces)]
    )


@pytest.mark.parametrize("bent", [louder, softer, noisy, lossy, slipping])
@pytest.mark.parametrize("language", list(Language))
async def test_a_bad_line_is_understood(language: Language, bent: object) -> None:
    assert callable(bent)
    line = await spoken(
        Phrase(language, "login.user_id.say", {"length": 8}),
        Phrase(language, "speech.unsure"),
        Phrase(language, "login.refused"),
    )
    detected = hear(bent(over_the_line(line, "ULAW")))
    assert [found.name for found in _each(detected, language)] == [
        "login.user_id.say",
        "speech.unsure",
        "login.refused",
    ]


def _each(detected: list[Detected], language: Language) -> list[PromptHeard]:
    wanted = ("login.user_id.say", "speech.unsure", "login.refused")
    found = [look_for(Wanted(name, language=language), detected) for name in wanted]
    return [prompt for prompt in found if prompt is not None]


async def test_who_comes_late_hears_the_rest() -> None:
    line = await spoken(Phrase(Language.CANTONESE, "main_menu.help"))
    detected = hear(over_the_line(line[24_000:]))[-1]
    assert detected.known.name == "main_menu.help"
    assert detected.missed_ms > 2000


async def test_a_prompt_that_is_cut_off_is_not_heard_but_known_early() -> None:
    line = over_the_line(await spoken(Phrase(Language.ENGLISH, "login.refused")))
    ear = PromptDetector(REPERTOIRE)
    assert ear.hear(line[: 8000 * 2].astype("<i2").tobytes()) == []
    beginning = ear.beginning()
    assert beginning is not None
    assert beginning.known.name == "login.refused"
    assert ear.end() == []


QUESTION = Phrase(Language.PUTONGHUA, "login.user_id.say", {"length": 8})


@pytest.mark.parametrize("cut_ms", [880, 960])
async def test_an_answer_in_another_language_than_the_menu_is_heard_at_once(cut_ms: int) -> None:
    menu = await spoken(Phrase(Language.ENGLISH, "welcome.language", {"key": "3"}))
    question = await spoken(QUESTION)
    line = np.concatenate([menu[: 1777 + 8 * cut_ms], question[1777:]])
    assert "login.user_id.say--1" in [recording.known.name for recording in hear(line)]


async def test_other_voices_are_not_taken_for_a_prompt() -> None:
    synthesiser = Synthesiser(SynthesiserSettings(timeout_s=min(60.0, limit(4))))
    rng = np.random.default_rng(1)
    samples = await synthesiser.speak(
        Language.ENGLISH, "Good morning. This is another company altogether, with another menu."
    )
    await synthesiser.close()
    assert hear(over_the_line(samples * 20_000)) == []
    assert hear(rng.normal(0, 3000, 40_000).astype(np.float32)) == []
    assert hear(np.zeros(40_000, np.float32)) == []


async def test_a_prompt_is_known_within_half_a_second_of_its_end() -> None:
    line = over_the_line(
        await spoken(Phrase(Language.ENGLISH, "bundle.done", {"ubr": "5550001234"}))
    )
    ear, late = PromptDetector(REPERTOIRE), []
    pcm = line.astype("<i2").tobytes()
    for at in range(0, len(pcm), 320):
        late += [ear.fed_ms - recording.ends_ms for recording in ear.hear(pcm[at : at + 320])]
    assert len(late) == 11
    assert max(late) <= 200


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (Wanted("bundle.dne"), "no prompt bundle.dne"),
        (Wanted("bundle.done", {"ref": "1"}), "its slots: ubr"),
        (Wanted("bundle.done", {"ubr": "12a"}), "ubr"),
    ],
)
def test_what_nobody_can_hear_is_refused(wanted: Wanted, why: str) -> None:
    with pytest.raises(CannotBeHeard, match=why):
        wanted.check()
