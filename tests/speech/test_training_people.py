"""Who is trained on and what they say: the split by person, sayings, and speech made fluent."""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from speech.languages.language import Language
from speech.recognition.words import digit_words
from speech.training import shards
from speech.training.fluent import Reader, spoken
from speech.training.kokoro_phonemes import of_arpabet, of_jyutping
from speech.training.lexicon import Lexicon, arpabet
from speech.training.manner import Manner
from speech.training.people import PEOPLE, Part, part_of, parts
from speech.training.recorded import Clips, recorded
from speech.training.sayings import Sayings, words_for_training
from speech.training.world import BINS, Sound, through_tract
from speech.voices.kokoro_pinyin import of_pinyin

pytestmark = pytest.mark.unit

RECORDED = Path(
    os.environ.get("ROCARS_RECORDED_SPEECH", Path(__file__).parents[3] / "shared/data/speech")
)


def test_nobody_is_on_two_sides_and_every_side_has_people() -> None:
    with PEOPLE.open(newline="", encoding="utf-8") as rows:
        names = [row["person"] for row in csv.DictReader(rows)]
    assert len(names) == len(set(names)) == len(parts())
    count = Counter(parts().values())
    assert min(count[part] for part in Part) >= 80
    assert not any(name.endswith("-en") for name in names), "a person's two names go together"
    assert part_of("fudan03-en") is part_of("fudan03")
    with pytest.raises(KeyError):
        part_of("somebody-new")


def test_a_person_named_twice_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text("person,part\nkt,training\nkt,test\n")
    with pytest.raises(ValueError, match="kt is named twice"):
        parts(table)


@pytest.mark.skipif(
    not (RECORDED / "manifest.csv").is_file(),
    reason=f"NOT TESTED on recorded people: no {RECORDED}; set ROCARS_RECORDED_SPEECH",
)
def test_everybody_who_is_recorded_has_a_side_and_strings_are_read_as_words() -> None:
    people = recorded(RECORDED)
    assert {part_of(name) for name in people} == {Part.TRAINING, Part.DEVELOPMENT}
    words, sound = people["duke02"].strings[0]
    assert len(words) == 10
    assert len(sound) > 8000
    assert not any(" " in name for clips in people.values() for name in clips.of)


@pytest.mark.parametrize("language", list(Language))
def test_sayings_are_made_of_the_models_units_and_mostly_of_digits(language: Language) -> None:
    lexicon = Lexicon.of(language)
    units, sayings = set(lexicon.units), Sayings(lexicon)
    drawn = [sayings.drawn(np.random.default_rng(seed)) for seed in range(300)]
    assert {unit for saying in drawn for word in saying.units for unit in word} <= units
    digits = {
        unit for word in digit_words(language) for way in lexicon.words[word] for unit in [way]
    }
    numbers = [saying for saying in drawn if set(saying.units) <= digits]
    assert 0.3 < len(numbers) / len(drawn) < 0.75
    assert max(len(number.groups) for number in numbers) > 2
    again = sayings.drawn(np.random.default_rng(7))
    assert again == sayings.drawn(np.random.default_rng(7))
    nine = sayings.digits("123456789").words
    groups = [Sayings.grouped(nine, np.random.default_rng(seed)).groups for seed in range(60)]
    assert all(len(group[-1]) > 1 for group in groups), "nobody leaves a single digit for the end"


def test_words_for_training_alone_have_the_models_units() -> None:
    units = set(Lexicon.of(Language.ENGLISH).units)
    assert {unit for way in words_for_training().values() for unit in way} <= units


def test_sounds_are_written_as_kokoro_reads_them() -> None:
    assert of_pinyin("jiu3") == "ʨjou↓"
    assert of_pinyin("yi1") == "i→"
    assert of_pinyin("shuang1") == "ʂwa→ŋ"
    assert of_jyutping("baat3") == "pa→t"
    assert of_jyutping("luk6") == "lʊ↘k"
    assert of_arpabet(arpabet("S EH V AH N")) == "sˈɛvʌn"


@pytest.mark.parametrize("language", [Language.CANTONESE, Language.PUTONGHUA])
def test_every_syllable_of_the_lexicon_can_be_written_for_kokoro(language: Language) -> None:
    write = of_jyutping if language is Language.CANTONESE else of_pinyin
    lexicon = Lexicon.of(language)
    native = {
        syllable
        for ways in lexicon.spellings.values()
        for way in ways
        if not way.startswith("[")
        for syllable in way.split()
    }
    assert all(write(character) for character in native)


def test_shards_keep_what_was_said_and_making_goes_on(tmp_path: Path) -> None:
    made: list[int] = []

    def utterance(number: int) -> shards.Labelled | None:
        made.append(number)
        if number == 3:
            return None
        return shards.Labelled((("a", "b"),), "somebody", np.full(10 + number, 5, np.float32))

    assert shards.make(tmp_path, "test", 2, 3, utterance) == 2
    assert made == [0, 1, 2, 3, 4, 5]
    assert shards.make(tmp_path, "test", 3, 3, utterance) == 1
    assert made[6:] == [6, 7, 8]
    found = list(shards.of_folder(tmp_path, ["test"]))
    assert [len(labelled.sound) for labelled in found] == [10, 11, 12, 14, 15, 16, 17, 18]
    assert found[0].units == (("a", "b"),)
    assert not list(shards.of_folder(tmp_path, ["other"]))


def _voiced(seconds: float, hz: float) -> np.ndarray:
    at = np.arange(int(8000 * seconds)) / 8000
    sound = sum(6000 / n * np.sin(2 * np.pi * hz * n * at) for n in range(1, 14))
    return np.asarray(sound * np.hanning(len(at)) ** 0.2, np.float32)


def test_a_recording_is_hurried_more_in_its_vowel_than_in_its_consonant() -> None:
    pitch = np.array([0.0] * 20 + [140.0] * 80)
    sound = Sound(np.zeros((100, BINS), np.float16), pitch)
    rows = sound.hurried(50)
    assert len(rows) == 50
    assert rows[-1] == 99
    assert (rows < 20).sum() > 50 * 20 / 100
    assert (np.diff(rows) >= 0).all()


def test_a_shorter_tract_moves_formants_up_and_leaves_the_top_of_the_band() -> None:
    spectrum = np.zeros((1, BINS))
    spectrum[0, 60] = 10.0
    moved = through_tract(spectrum, 1.2, 0.0)
    assert int(moved[0].argmax()) == pytest.approx(72, abs=1)
    assert np.allclose(through_tract(spectrum, 1.0, 0.0), spectrum, atol=1e-9)


def test_fluent_speech_is_as_long_as_its_pace_says() -> None:
    pytest.importorskip("pyworld", reason="NOT TESTED: fluent speech needs .[training]")
    lexicon = Lexicon.of(Language.CANTONESE)
    saying = Sayings(lexicon).digits("12345678")
    clips = Clips(
        "somebody",
        Language.CANTONESE,
        {word.text: [_voiced(0.8, 120 + 5 * at)] for at, word in enumerate(saying.words)},
    )
    manner = Manner(pace=4.0, uneven=0.0)
    sound = spoken(Reader(clips), saying, manner, np.random.default_rng(0))
    assert len(sound) / 8000 == pytest.approx(2.0, abs=0.4)
    assert np.abs(sound).max() == pytest.approx(20_000, rel=0.01)
    again = spoken(Reader(clips), saying, manner, np.random.default_rng(0))
    assert np.array_equal(sound, again)
    with pytest.raises(KeyError, match="somebody does not say"):
        spoken(Reader(clips), Sayings(lexicon).digits("0"), manner, np.random.default_rng(0))
