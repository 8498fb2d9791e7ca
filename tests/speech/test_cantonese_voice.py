"""The Cantonese voice: tones kept apart, joins without clicks, the same words the same sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from speech.languages.language import Language
from speech.voices import registry
from speech.voices.cantonese import melody
from speech.voices.cantonese.envelope import BINS, decoded, encoded
from speech.voices.cantonese.lengths import lengths
from speech.voices.cantonese.model import FILE, RIME_ROWS, Sound, SyllableUnknown, load, save
from speech.voices.cantonese.syllable import Syllable
from speech.voices.settings import VoiceSettings
from speech.voices.voice import Voice, VoiceUnavailable

SETTINGS = VoiceSettings.model_validate({})
NEEDS_WORLD = "NOT TESTED: the Cantonese voice needs .[voices]"


def syllables(text: str) -> tuple[Syllable, ...]:
    return tuple(Syllable.of(syllable) for syllable in text.split())


@pytest.fixture(scope="module")
def voice() -> Voice:
    pytest.importorskip("pyworld", reason=NEEDS_WORLD)
    return registry.opened("cantonese", SETTINGS)


@pytest.mark.unit
@pytest.mark.parametrize("tone", sorted(melody.LEVELS))
@pytest.mark.parametrize("before", sorted(melody.LEVELS))
def test_each_tone_gets_to_its_level_whatever_comes_before(tone: int, before: int) -> None:
    line = melody.line([before, tone], [40, 44], [8, 8], span=8.0)
    levels = 3 + line / 2
    begins, ends = melody.LEVELS[tone]
    assert np.median(levels[-8:]) == pytest.approx(ends, abs=0.4)
    assert levels[40 + 8 + 12] == pytest.approx(begins, abs=0.6)


@pytest.mark.unit
def test_a_phrase_comes_down_and_a_sentence_further() -> None:
    goes_on, ends = (melody.fall(200, 40, ends=last) for last in (False, True))
    assert 0 < goes_on[-1] < ends[-1] < 3
    assert np.all(np.diff(ends) >= 0)


@pytest.mark.unit
def test_entering_syllables_are_short_and_the_last_one_long() -> None:
    found = lengths(syllables("baat3 baa3 bat1 ban1 ge3 baa3"), pace=4.5)
    assert found[0].rime < found[1].rime
    assert found[2].rime < found[3].rime
    assert found[5].rime > 1.2 * found[1].rime
    quick = lengths(syllables("baat3 baa3 bat1 ban1 ge3 baa3"), pace=9.0)
    assert sum(length.whole for length in quick) == pytest.approx(
        sum(length.whole for length in found) / 2
    )


@pytest.mark.unit
def test_the_model_is_small_and_speaks_every_syllable_of_the_language() -> None:
    assert FILE.stat().st_size < 5_000_000
    assert len(load().sounds) > 700
    assert load().built["wi"]
    with pytest.raises(SyllableUnknown, match="no sound for gwyut"):
        load().sound(Syllable("gw", "yut", 1))


@pytest.mark.unit
def test_a_model_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    rows = 3 + RIME_ROWS
    voiced = np.arange(rows) > 2
    sound = Sound(rng.normal(0, 2, (rows, 30)), -rng.uniform(0, 40, rows), voiced, 3)
    save(tmp_path / "a.npz", {"baa": sound}, {"baa": ("ba", "aa")})
    save(tmp_path / "b.npz", {"baa": sound}, {"baa": ("ba", "aa")})
    read = load(tmp_path / "a.npz")
    assert np.allclose(read.sounds["baa"].numbers, sound.numbers, atol=0.05)
    assert np.allclose(read.sounds["baa"].noise_db, sound.noise_db, atol=0.13)
    assert np.array_equal(read.sounds["baa"].voiced, voiced)
    assert read.built == {"baa": ("ba", "aa")}
    assert load(tmp_path / "b.npz").digest == read.digest


@pytest.mark.unit
def test_an_envelope_survives_its_numbers_and_a_shorter_tract_moves_it_up() -> None:
    hz = np.linspace(0, 4000, BINS)
    power = np.exp(3 * np.exp(-(((hz - 900) / 250) ** 2)) - hz / 1500)[None]
    numbers = encoded(power)
    assert np.allclose(np.log(decoded(numbers)), np.log(power), atol=0.3)
    peak = hz[np.argmax(decoded(numbers, tract=1.2)[0])]
    assert peak == pytest.approx(1.2 * hz[np.argmax(decoded(numbers)[0])], rel=0.08)


@pytest.mark.service
def test_a_sentence_is_spoken_without_a_click_and_always_alike(voice: Voice) -> None:
    first, again = (voice.speak("主目錄。捆綁，請撳,", Language.CANTONESE) for _ in range(2))
    assert first.rate == 8000
    assert np.array_equal(first.samples, again.samples)
    assert 1.2 < first.seconds < 4.0
    assert 0.5 < float(np.abs(first.samples).max()) <= 1.0
    assert float(np.abs(first.samples[[0, -1]]).max()) < 0.005
    assert "CC-BY-SA-4.0" in voice.licence
    assert load().digest in voice.version


@pytest.mark.service
def test_tones_are_heard_in_the_sound(voice: Voice) -> None:
    """Pitch is measured in what was rendered, in the second half of each syllable's voice."""
    pyworld = pytest.importorskip("pyworld", reason=NEEDS_WORLD)
    from speech.voices.cantonese.rendering import Speaker, rendered

    speaker = Speaker()
    spoken = rendered(load(), syllables("maa1 maa2 maa3 maa4 maa5 maa6"), speaker)
    sound = spoken.samples / np.abs(spoken.samples).max()
    rough, at = pyworld.dio(sound, 8000, 80.0, 500.0, frame_period=5.0)
    pitch = pyworld.stonemask(sound, rough, at, 8000)
    begins, last = spoken.beats[0].begins, spoken.beats[-1]
    fallen = melody.fall(last.ends - begins, last.ends - last.begins, ends=True)
    for beat in spoken.beats:
        end = np.arange(beat.ends - 10, beat.ends - 2)
        above = 12 * np.log2(pitch[end] / speaker.pitch_hz) + fallen[end - begins]
        level = 3 + float(np.median(above[pitch[end] > 0])) * 4 / speaker.span
        assert level == pytest.approx(melody.LEVELS[beat.syllable.tone][1], abs=0.6), beat


@pytest.mark.service
def test_another_language_and_what_has_no_reading_are_refused(voice: Voice) -> None:
    with pytest.raises(VoiceUnavailable, match="speaks yue, not cmn"):
        voice.speak("你好", Language.PUTONGHUA)
    with pytest.raises(VoiceUnavailable, match="no reading for '✓'"):
        voice.speak("請撳 ✓", Language.CANTONESE)
