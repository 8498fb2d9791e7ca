"""What models are made of, as far as it can be seen without PyTorch and without people's voices."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import numpy as np
import pytest

from speech.languages.language import Language
from speech.recognition.models import NUMBERS
from speech.recognition.words import NO_WORDS
from speech.training import voices
from speech.training.augment import (
    Telephone,
    compressed,
    joined,
    lossy,
    no_voice,
    through_g711,
)
from speech.training.engines import Engine
from speech.training.features import COEFFICIENTS, mfcc
from speech.training.graph import Costs, word_loop
from speech.training.kaldi_model import Layer, write_model
from speech.training.lexicon import Lexicon, jyutping, pinyin
from speech.training.recorded import recorded
from speech.training.units import UnitTable

pytestmark = pytest.mark.unit

MODELS = Path(__file__).parents[2] / "speech" / "models"
LARGEST = 5 * 1024 * 1024


def voice(seconds: float = 1.0, hz: float = 140) -> np.ndarray:
    at = np.arange(int(8000 * seconds)) / 8000
    tones = [6000 / n * np.sin(2 * np.pi * hz * n * at) for n in range(1, 12)]
    whole: np.ndarray = np.sum(tones, axis=0).astype(np.float32)
    return whole


@pytest.mark.parametrize(
    ("split", "syllable", "units"),
    [
        (jyutping, "gwong2", ("y:gw", "y-ong")),
        (jyutping, "ng5", ("y-ng",)),
        (jyutping, "m4", ("y-m",)),
        (jyutping, "ngaam1", ("y:ng", "y-aam")),
        (jyutping, "aa3", ("y-aa",)),
        (pinyin, "zhuang4", ("m:zh", "m-uang")),
        (pinyin, "si4", ("m:s", "m-i(s)")),
        (pinyin, "shi4", ("m:sh", "m-i(sh)")),
        (pinyin, "qu4", ("m:q", "m-v")),
        (pinyin, "lü3", ("m:l", "m-v")),
        (pinyin, "er4", ("m-er",)),
    ],
)
def test_syllables_come_apart(split, syllable: str, units: tuple[str, ...]) -> None:
    assert split(syllable) == units


@pytest.mark.parametrize("language", list(Language))
def test_every_pronunciation_is_made_of_units(language: Language) -> None:
    lexicon = Lexicon.of(language)
    units = set(lexicon.units)
    assert lexicon.units[0] == "SIL"
    for word, ways in lexicon.words.items():
        assert ways, word
        assert all(way and set(way) <= units for way in ways), word


def test_units_have_a_phone_for_each_place_and_no_number_twice() -> None:
    table = UnitTable(("SIL", "a", "b"))
    phones = [
        table.phone(unit, at, length)
        for unit in "ab"
        for at, length in ((0, 1), (0, 2), (1, 2), (1, 3))
    ]
    assert sorted(phones) == list(range(2, 10))
    numbers = [table.transitions(state.phone) for state in table.states]
    assert sorted(number for pair in numbers for number in pair) == list(range(1, 19))
    assert table.word_boundaries.splitlines()[:3] == ["1 nonword", "2 begin", "3 end"]
    assert {(s.enter, s.stay) for s in table.states} == {(0, 1), (2, 3), (4, 5)}


def test_the_loop_says_each_word_once_for_each_pronunciation() -> None:
    lexicon = Lexicon.of(Language.ENGLISH)
    numbers = {word: at for at, word in enumerate(["<eps>", *NO_WORDS, *sorted(lexicon.words)])}
    fst = word_loop(lexicon, UnitTable(lexicon.units), numbers, Costs())
    outputs = [arc[1] for arcs in fst.arcs for arc in arcs if arc[1]]
    for word, ways in lexicon.words.items():
        assert outputs.count(numbers[word]) == len(ways)
    assert [outputs.count(numbers[word]) for word in NO_WORDS] == [1, 1]


def test_an_fst_is_written_as_openfst_reads_it(tmp_path: Path) -> None:
    lexicon = Lexicon.of(Language.ENGLISH)
    numbers = {word: at for at, word in enumerate(["<eps>", *NO_WORDS, *sorted(lexicon.words)])}
    fst = word_loop(lexicon, UnitTable(lexicon.units), numbers, Costs())
    fst.write(tmp_path / "loop.fst")
    data = (tmp_path / "loop.fst").read_bytes()
    assert struct.unpack_from("<i", data)[0] == 2125659606
    arcs = sum(len(arc) for arc in fst.arcs)
    header = 4 + 4 + 6 + 4 + 8 + struct.calcsize("<iiQqqq")
    assert len(data) == header + 12 * len(fst.arcs) + 16 * arcs


def test_a_model_file_holds_its_matrices(tmp_path: Path) -> None:
    weights = np.arange(3 * 32 * 4, dtype=np.float32).reshape(4, -1)
    layer = Layer((-1, 0, 1), weights, np.zeros(4, np.float32))
    table = UnitTable(("SIL", "a"))
    write_model(
        tmp_path / "final.mdl",
        table,
        [layer],
        np.ones((4, 4), np.float32),
        np.zeros(4, np.float32),
        2,
    )
    data = (tmp_path / "final.mdl").read_bytes()
    assert data.startswith(b"\0B<TransitionModel> ")
    assert weights.tobytes() not in data
    assert np.round(weights / weights.max() * 65535).astype("<u2").tobytes() in data
    assert b"Append(Offset(input, -1), input, Offset(input, 1))" in data


def test_features_follow_the_sound() -> None:
    features = mfcc(voice(1.0))
    assert features.shape == (98, COEFFICIENTS)
    louder = mfcc(voice(1.0) * 2)
    assert np.allclose(features[:, 1:], louder[:, 1:], atol=0.05)  # only the energy changes
    assert (louder[:, 0] > features[:, 0]).all()
    assert mfcc(np.zeros(100)).shape == (0, COEFFICIENTS)
    assert not np.allclose(mfcc(voice(), 1.1), features)


def test_g711_keeps_a_voice_and_its_own_output() -> None:
    for a_law in (True, False):
        once = through_g711(voice(), a_law=a_law)
        assert np.abs(once - voice()).mean() < 150
        assert (through_g711(once, a_law=a_law) == once).all()


def test_a_voice_is_shortened_and_joined() -> None:
    rng = np.random.default_rng(0)
    assert len(compressed(voice(1.0), 2.0)) == pytest.approx(4000, abs=500)
    whole = joined([voice(0.5), voice(0.5)], rng, gap_s=(0.1, 0.1), tempo=(1.0, 1.0))
    assert len(whole) == pytest.approx(8000 + 2 * 800, abs=1000)
    overlapping = joined([voice(0.5), voice(0.5)], rng, gap_s=(-0.02, -0.02), tempo=(1.0, 1.0))
    assert len(overlapping) < len(whole)


def test_packets_are_lost_in_whole_packets() -> None:
    sound = np.ones(8000, np.float32)
    left = lossy(sound, 0.2, np.random.default_rng(0), repeat=False)
    lost = (left.reshape(-1, 160) == 0).all(axis=1).sum()
    assert 0.1 < lost / 50 < 0.3
    assert (
        (left.reshape(-1, 160) == 0).all(axis=1) | (left.reshape(-1, 160) == 1).all(axis=1)
    ).all()


def test_the_same_seed_is_the_same_telephone_and_it_never_clips_over() -> None:
    telephone = Telephone([voice(2.0, 90)])
    for seed in range(30):
        first = telephone(voice(), np.random.default_rng(seed))
        again = telephone(voice(), np.random.default_rng(seed))
        assert np.array_equal(first, again)
        assert np.abs(first).max() <= 32768
        assert len(no_voice(np.random.default_rng(seed))) >= 8000


def test_a_folder_without_a_manifest_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        recorded(tmp_path)


@pytest.mark.parametrize(
    ("language", "folder"),
    [*((language, "") for language in Language), (Language.ENGLISH, NUMBERS)],
)
def test_a_model_ships_with_its_words_and_its_card_and_is_small(
    language: Language, folder: str
) -> None:
    directory = MODELS / language / folder
    files = [
        path
        for path in directory.rglob("*")
        if path.is_file() and path.relative_to(directory).parts[0] != NUMBERS
    ]
    assert sum(path.stat().st_size for path in files) <= LARGEST
    lines = (directory / "graph" / "words.txt").read_text(encoding="utf-8").splitlines()
    assert {line.split()[0] for line in lines} >= set(Lexicon.of(language).words)
    card = (directory / "README.md").read_text()
    for part in ("Licence", "Trained with", "Not for"):
        assert part in card


@pytest.mark.parametrize(("american", "zed_or_zee"), [(True, "Z IY"), (False, "Z EH D")])
def test_a_voice_of_another_engine_is_written_down_as_it_speaks(
    monkeypatch: pytest.MonkeyPatch, american: bool, zed_or_zee: str
) -> None:
    monkeypatch.setattr(voices, "SHARE_OF_ENGINES", 1.0)
    texts: list[str] = []

    def say(text: str, rng: random.Random) -> tuple[np.ndarray, int]:
        texts.append(text)
        return voice(0.5).repeat(2), 16_000

    engine = Engine("somebody", american, {"A": "eigh"}, say)
    lexicon = Lexicon.of(Language.ENGLISH)
    speaker = voices.Speaker(lexicon, [], [engine])
    made = [speaker.utterance(seed) for seed in range(200)]
    assert all(spoken is not None and spoken.voice == "somebody" for spoken in made)
    spelled = {
        lexicon.spellings[word][way]
        for spoken in made
        if spoken is not None
        for word, way in zip(spoken.words, spoken.ways, strict=True)
        if word == "Z"
    }
    assert spelled == {zed_or_zee}
    assert any("eigh" in text.replace(",", " ").split() for text in texts)
    assert not any("A" in text.replace(",", " ").split() for text in texts)
