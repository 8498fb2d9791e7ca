"""The recogniser of a call, with the shipped models: speech, silence, noise, music, failure."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import cast

import numpy as np
import pytest

from speech.languages.language import Language
from speech.recognition.digits import DigitGrammar
from speech.recognition.grammar import Either, Grammar
from speech.recognition.hearing import RecogniserFailed, Utterance
from speech.recognition.marks import MarkGrammar, own_marks
from speech.recognition.models import Model, load
from speech.recognition.phrase_book import SpokenChoice, phrase_book
from speech.recognition.settings import RecognitionSettings
from speech.recognition.vosk_recogniser import OnFrames, VoskRecogniser
from tests.support.pace import limit
from tests.support.speaking import between_silence, digits, spelt, spoken

pytestmark = pytest.mark.service

SETTINGS = RecognitionSettings.model_validate({"stall_s": 30})
YES, NO = SpokenChoice("1", ("confirm.right",)), SpokenChoice("2", ("confirm.wrong",))
LOT = 1280
"""Bytes told at a time, 80 ms."""


@pytest.fixture(scope="module")
def models() -> dict[Language, Model]:
    found = load(SETTINGS, list(Language))
    assert set(found) == set(Language), "every language ships with a model"
    return found


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


class Caller:
    """Sound handed to a recogniser twenty times as fast as it is spoken."""

    def __init__(self, sound: bytes, sent: bytes = b"") -> None:
        self._sound, self._sent = sound, sent
        self.over = False
        self.frames_at_once = 1

    def follow(self, on_frames: OnFrames) -> Caller:
        self._telling = asyncio.ensure_future(self._tell(on_frames))
        return self

    def close(self) -> None:
        self._telling.cancel()

    async def _tell(self, on_frames: OnFrames) -> None:
        for at in range(0, len(self._sound) // LOT * LOT, LOT):
            on_frames(self._sound[at : at + LOT], self._sent[at : at + LOT].ljust(LOT, b"\0"))
            await asyncio.sleep(0.004)
        self.over = True


async def recognised(
    models: dict[Language, Model],
    threads: ThreadPoolExecutor,
    grammars: dict[Language, Grammar],
    sound: bytes,
    sent: bytes = b"",
    settings: RecognitionSettings = SETTINGS,
) -> tuple[Utterance | None, bool]:
    """What was heard, or None if nothing was, and whether a prompt would have been stopped."""
    caller = Caller(sound, sent)
    recogniser = VoskRecogniser(caller.follow, models, settings, threads)
    with recogniser.attend(grammars) as attention:
        waiting = asyncio.ensure_future(attention.utterance())
        while not (caller.over or waiting.done()):
            await asyncio.sleep(0.05)
        await asyncio.wait({waiting}, timeout=limit(1.5))
        try:
            return (waiting.result() if waiting.done() else None), attention.began.is_set()
        finally:
            waiting.cancel()
            recogniser.close()


def meaning(utterance: Utterance | None) -> str | None:
    return utterance.readings[0].meaning.text if utterance and utterance.readings else None


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("number", ["70000001", "408163", "2026112500017"])
async def test_digits_of_a_voice_never_heard_before(
    models: dict[Language, Model], threads: ThreadPoolExecutor, language: Language, number: str
) -> None:
    sound = between_silence(spoken(language, digits(language, number)))
    grammar = Either(DigitGrammar(language, 4, 20), phrase_book(language).commands())
    # No silence of this sound is as long: it is the silence of a whole answer that decides.
    settings = SETTINGS.model_copy(update={"incomplete_timeout_s": 10})
    utterance, began = await recognised(
        models, threads, {language: grammar}, sound, settings=settings
    )
    assert utterance is not None
    readings = [reading.meaning.text for reading in utterance.readings]
    assert number in readings[:5]
    assert began


async def test_how_long_they_spoke_is_told_without_the_silence_before(
    models: dict[Language, Model], threads: ThreadPoolExecutor
) -> None:
    words = spoken(Language.ENGLISH, digits(Language.ENGLISH, "408163"))
    loud = np.flatnonzero(np.abs(np.frombuffer(words, "<i2")) > 300)
    sound = bytes(2 * 16000) + words + bytes(16000)
    grammars: dict[Language, Grammar] = {Language.ENGLISH: DigitGrammar(Language.ENGLISH, 4, 20)}
    utterance, _ = await recognised(models, threads, grammars, sound)
    assert utterance is not None
    assert abs(utterance.spoken_ms - (loud[-1] - loud[0]) / 8) < 300


@pytest.mark.parametrize(
    ("language", "right", "wrong"),
    [
        (Language.ENGLISH, "correct", "wrong"),
        (Language.CANTONESE, "正確", "唔係"),
        (Language.PUTONGHUA, "正确", "不是"),
    ],
)
async def test_yes_and_no(
    models: dict[Language, Model],
    threads: ThreadPoolExecutor,
    language: Language,
    right: str,
    wrong: str,
) -> None:
    grammar = phrase_book(language).menu([YES, NO])
    for phrase, key in ((right, "1"), (wrong, "2")):
        sound = between_silence(spoken(language, phrase))
        utterance, _ = await recognised(models, threads, {language: grammar}, sound)
        assert meaning(utterance) == key, phrase


async def test_a_language_is_chosen_by_its_own_name(
    models: dict[Language, Model], threads: ThreadPoolExecutor
) -> None:
    grammars: dict[Language, Grammar] = {
        language: phrase_book(language).menu(
            [SpokenChoice(str(key), (f"welcome.language.{language}",))]
        )
        for key, language in enumerate(Language, start=1)
    }
    names = {
        Language.CANTONESE: "廣東話",
        Language.PUTONGHUA: "普通话",
        Language.ENGLISH: "english",
    }
    for key, language in enumerate(Language, start=1):
        sound = between_silence(spoken(language, names[language]))
        utterance, _ = await recognised(models, threads, grammars, sound)
        assert (utterance and utterance.language) == language
        assert meaning(utterance) == str(key)


async def test_one_of_the_drivers_own_vehicles(
    models: dict[Language, Model], threads: ThreadPoolExecutor
) -> None:
    marks = ["AB1234", "GH567", "TN8421", "MK22", "ZZ9"]
    grammar = own_marks(marks, Language.ENGLISH)
    for mark in marks:
        sound = between_silence(spoken(Language.ENGLISH, spelt(Language.ENGLISH, mark)))
        utterance, _ = await recognised(models, threads, {Language.ENGLISH: grammar}, sound)
        assert meaning(utterance) == mark


async def test_any_mark_is_among_the_first_readings(
    models: dict[Language, Model], threads: ThreadPoolExecutor
) -> None:
    sound = between_silence(spoken(Language.ENGLISH, spelt(Language.ENGLISH, "TN8421")))
    grammar = MarkGrammar(Language.ENGLISH)
    utterance, _ = await recognised(models, threads, {Language.ENGLISH: grammar}, sound)
    assert utterance is not None
    assert "TN8421" in [reading.meaning.text for reading in utterance.readings[:5]]


@pytest.mark.parametrize("level", [0.06, 0.25, 2.0])
async def test_quiet_and_loud_callers(
    models: dict[Language, Model], threads: ThreadPoolExecutor, level: float
) -> None:
    loud = np.frombuffer(spoken(Language.ENGLISH, digits(Language.ENGLISH, "408163")), "<i2")
    sound = np.clip(loud * level, -32768, 32767).astype("<i2").tobytes()
    grammar = DigitGrammar(Language.ENGLISH, 6, 6)
    utterance, _ = await recognised(
        models, threads, {Language.ENGLISH: grammar}, between_silence(sound)
    )
    assert meaning(utterance) == "408163"


def silence() -> bytes:
    return between_silence(b"", 2.0, 2.0)


def cab() -> bytes:
    rng = np.random.default_rng(1)
    rumble = np.convolve(rng.standard_normal(8000 * 6), np.ones(12) / 12, "same")
    return bytes((rumble / rumble.std() * 400).astype("<i2").tobytes())


def music() -> bytes:
    seconds = np.arange(8000 * 6) / 8000
    melody = np.repeat([262, 330, 392, 523, 392, 330], 8000)
    parts = [np.sin(2 * np.pi * melody * part * seconds) / part for part in (1, 2, 3)]
    tune = np.sum(parts, axis=0)
    return bytes((tune * 1500).astype("<i2").tobytes())


@pytest.mark.parametrize("sound", [silence, cab, music])
async def test_silence_noise_and_music_are_no_answer(
    models: dict[Language, Model], threads: ThreadPoolExecutor, sound: object
) -> None:
    for language in Language:
        grammar = phrase_book(language).menu([YES, NO])
        utterance, _ = await recognised(
            models,
            threads,
            {language: grammar},
            sound(),  # type: ignore[operator]
        )
        assert utterance is None or not utterance.sure


async def test_the_echo_of_a_prompt_does_not_stop_it(
    models: dict[Language, Model], threads: ThreadPoolExecutor
) -> None:
    """It comes back 20 dB softer and a tenth of a second later, and says the very words."""
    prompt = spoken(Language.ENGLISH, "to bundle, press one. if that is right, press one, or two")
    sent = between_silence(prompt)
    back = np.concatenate([np.zeros(800), np.frombuffer(sent, "<i2") * 0.1]).astype("<i2")
    grammar = phrase_book(Language.ENGLISH).menu([YES, NO])
    utterance, began = await recognised(
        models, threads, {Language.ENGLISH: grammar}, back.tobytes(), sent
    )
    assert utterance is None
    assert not began


async def test_a_caller_over_the_prompt_stops_it(
    models: dict[Language, Model], threads: ThreadPoolExecutor
) -> None:
    prompt = spoken(Language.ENGLISH, "to bundle cargo and vehicle, press one. for the hotline")
    sent = between_silence(prompt + prompt)
    sound = between_silence(spoken(Language.ENGLISH, "correct"), before_s=1.5)
    grammar = phrase_book(Language.ENGLISH).menu([YES, NO])
    utterance, began = await recognised(models, threads, {Language.ENGLISH: grammar}, sound, sent)
    assert meaning(utterance) == "1"
    assert began


class Standing:
    """A model whose recognisers stand still, or fail."""

    def __init__(self, fails: bool) -> None:
        self._fails = fails

    def recogniser(self, grammar: Grammar, alternatives: int) -> object:
        if self._fails:
            raise RuntimeError("no more memory")
        time.sleep(1.0)
        return object()


@pytest.mark.parametrize(("fails", "reason"), [(True, "failed"), (False, "stalled")])
async def test_a_recogniser_that_fails_or_stalls_is_given_up(
    threads: ThreadPoolExecutor, fails: bool, reason: str
) -> None:
    reasons: list[str] = []
    caller = Caller(between_silence(spoken(Language.ENGLISH, "correct")))
    settings = SETTINGS.model_copy(update={"stall_s": 0.3})
    models = {Language.ENGLISH: Standing(fails)}
    recogniser = VoskRecogniser(
        caller.follow,
        models,  # type: ignore[arg-type]
        settings,
        threads,
        on_failure=reasons.append,
    )
    assert recogniser.hears(Language.ENGLISH)
    grammar = phrase_book(Language.ENGLISH).menu([YES, NO])
    with (
        recogniser.attend({Language.ENGLISH: grammar}) as attention,
        pytest.raises(RecogniserFailed),
    ):
        await attention.utterance()
    assert not recogniser.hears(Language.ENGLISH)
    assert reasons == [reason]
    recogniser.close()


async def test_speech_can_be_given_up_in_the_middle_of_a_question_and_between_two(
    threads: ThreadPoolExecutor,
) -> None:
    """Either way the caller learns of it from the question: `utterance` raises RecogniserFailed."""
    grammar = {Language.ENGLISH: phrase_book(Language.ENGLISH).menu([YES, NO])}

    def recogniser_of(reasons: list[str]) -> VoskRecogniser:
        caller = Caller(b"")
        models = {Language.ENGLISH: Standing(False)}
        return VoskRecogniser(
            caller.follow,
            models,  # type: ignore[arg-type]
            SETTINGS,
            threads,
            on_failure=reasons.append,
        )

    reasons: list[str] = []
    recogniser = recogniser_of(reasons)
    with recogniser.attend(grammar) as attention:
        waiting = asyncio.ensure_future(attention.utterance())
        await asyncio.sleep(0.01)
        recogniser.give_up("overloaded")
        recogniser.give_up("overloaded")
        with pytest.raises(RecogniserFailed):
            async with asyncio.timeout(10):
                await waiting
    assert not recogniser.hears(Language.ENGLISH)
    assert reasons == ["overloaded"]

    reasons = []
    recogniser = recogniser_of(reasons)
    recogniser.give_up("overloaded")
    assert recogniser.hears(Language.ENGLISH), "nobody has been told yet"
    with recogniser.attend(grammar) as attention, pytest.raises(RecogniserFailed):
        async with asyncio.timeout(10):
            await attention.utterance()
    assert not recogniser.hears(Language.ENGLISH)
    assert reasons == ["overloaded"]


def test_numbers_are_heard_by_the_model_made_for_them(models: dict[Language, Model]) -> None:
    """It is asked for a number and nothing else; commands beside the number are its too."""

    class Asked:
        """Stands for a model: tells which grammars it was asked for."""

        def __init__(self) -> None:
            self.grammars: list[Grammar] = []

        def recogniser(self, grammar: Grammar, alternatives: int) -> str:
            self.grammars.append(grammar)
            return "for numbers"

    shipped, numbers = models[Language.ENGLISH], Asked()
    assert shipped.for_numbers is not None
    assert shipped.for_numbers.words == shipped.words
    commands = phrase_book(Language.ENGLISH).commands()
    eight = DigitGrammar(Language.ENGLISH, 8, 8)
    model = replace(shipped, for_numbers=cast(Model, numbers))
    for_a_number = (eight, Either(eight, commands))
    assert {model.recogniser(grammar, 1) for grammar in for_a_number} == {"for numbers"}
    for other in (commands, MarkGrammar(Language.ENGLISH), own_marks(["AB12"], Language.ENGLISH)):
        assert model.recogniser(other, 1) != "for numbers"
    assert numbers.grammars == list(for_a_number)


def test_a_language_without_a_model_is_said(tmp_path: object) -> None:
    settings = RecognitionSettings.model_validate({"english_model": str(tmp_path)})
    assert set(load(settings, [Language.ENGLISH])) == set()


def test_speech_can_be_switched_off() -> None:
    assert load(RecognitionSettings(enabled=False), list(Language)) == {}
