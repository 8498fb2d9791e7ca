"""How well the Cantonese voice is understood, by judges who do not know it.

    .venv/bin/python -m benchmarks.voices_cantonese named --natives FOLDER --recorded FOLDER
    .venv/bin/python -m benchmarks.voices_cantonese tones
    .venv/bin/python -m benchmarks.voices_cantonese phrases

named: single syllables, 60 of them in six tones, and a judge that learnt from one woman
(`linguist`, 508 clips) who is in no training data: twelve points of 16 cepstra over a syllable,
each speaker's mean and deviation taken away, linear discriminants with a shrunken covariance; the
60 most frequent toneless syllables of the catalogue that she has read, all digits among them;
chance is 1.7 %. Whole syllables, or onset and rime judged apart and added: the second learns from
all of her clips. She is a woman and the speaker of the model is a man, so each voice is judged as
it is and with formants moved by the best of six factors. Beside it a judge that learnt from that
speaker's own readings in tones 2, 4 and 5: the model has seen the others alone.

tones: the pitch of each syllable of all prompts, measured in the rendered sound after A-law, and
which of Chao's six contours is nearest. phrases: what callers can say, said by the voice through
A-law, and whether the project's recogniser understands it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections import Counter

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table
from scipy.fft import dct

from prompts.phrasing import phrased
from prompts.script import UNIT_FOLDER, clips
from speech.languages.language import Language
from speech.synthesiser.settings import SynthesiserSettings
from speech.synthesiser.synthesiser import Synthesiser
from speech.training.augment import through_g711
from speech.training.features import Floats
from speech.training.recorded import recorded
from speech.voices.cantonese import melody
from speech.voices.cantonese.model import load
from speech.voices.cantonese.reading import phrases
from speech.voices.cantonese.rendering import Beat, Rendered, Speaker, rendered, world
from speech.voices.cantonese.syllable import Syllable
from speech.voices.registry import opened
from speech.voices.settings import VoiceSettings

Table2 = npt.NDArray[np.float64]

RATE, WINDOW, HOP, BANDS = 8000, 200, 80, 26
POINTS, CEPSTRA, CHOICES = 12, 16, 60
QUIET_DB = 32
FORMANTS = (0.92, 1.0, 1.08, 1.16, 1.24, 1.32)
LEARNT_WITH = (0.92, 1.0, 1.08)
SHRINK = 0.3
DIGITS = ["ling", "jat", "ji", "saam", "sei", "ng", "luk", "cat", "baat", "gau"]
TONES = "123456"


def mel_bands() -> Table2:
    edges = 700 * (10 ** (np.linspace(150.0, 2090.0, BANDS + 2) / 2595) - 1)
    hz = np.linspace(0, RATE / 2, 257)
    rise = (hz[None] - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - hz[None]) / np.diff(edges)[1:, None]
    return np.clip(np.minimum(rise, fall), 0, None)


BANK = mel_bands()


def points(sound: Floats, formants: float) -> Table2:
    """Twelve points of 16 cepstra over the audible part of a clip."""
    sound = np.asarray(sound, np.float64)
    whole = sound[: len(sound) // HOP * HOP].reshape(-1, HOP)
    level = 10 * np.log10((whole**2).mean(1) / np.abs(sound).max() ** 2 + 1e-9)
    loud = np.flatnonzero(level > level.max() - QUIET_DB)
    sound = sound[loud[0] * HOP : (loud[-1] + 1) * HOP]
    sound = np.append(sound[0], sound[1:] - 0.97 * sound[:-1])
    sound = np.pad(sound, (0, max(0, WINDOW - len(sound)))) / np.abs(sound).max()
    windows = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(windows * np.hamming(WINDOW), 512)) ** 2
    if formants != 1.0:
        hz, knee = np.linspace(0, RATE / 2, 257), 3000 / max(1.0, formants)
        place = np.interp(hz, [0, knee * formants, RATE / 2], [0, knee, RATE / 2])
        power = np.stack([np.interp(place, hz, row) for row in power])
    cepstra = dct(np.log(power @ BANK.T + 1e-8), norm="ortho", axis=1)[:, :CEPSTRA]
    cepstra[:, 0] -= cepstra[:, 0].max()
    at = np.linspace(0, len(cepstra) - 1, POINTS)
    return np.stack(
        [np.interp(at, np.arange(len(cepstra)), coefficient) for coefficient in cepstra.T], 1
    )


def normalised(sounds: Sequence[Floats], formants: float = 1.0) -> Table2:
    """The clips of one speaker: a row of 192 numbers each."""
    table = np.stack([points(sound, formants) for sound in sounds])
    every = table.reshape(-1, CEPSTRA)
    rows: Table2 = ((table - every.mean(0)) / every.std(0)).reshape(len(table), -1)
    return rows


class Discriminants:
    """Linear discriminant analysis with equal priors."""

    def __init__(self, table: Table2, labels: Sequence[str]) -> None:
        marks = np.array(labels)
        self.classes = sorted(set(labels))
        self._means = np.stack([table[marks == label].mean(0) for label in self.classes])
        around = np.concatenate(
            [table[marks == label] - table[marks == label].mean(0) for label in self.classes]
        )
        scatter = around.T @ around / (len(around) - 1)
        level = np.trace(scatter) / len(scatter) * np.eye(len(scatter))
        self._directions = self._means @ np.linalg.inv((1 - SHRINK) * scatter + SHRINK * level)

    def scores(self, table: Table2) -> Table2:
        found: Table2 = table @ self._directions.T - 0.5 * (self._directions * self._means).sum(1)
        return found


class Judge:
    """Names toneless syllables; learns from one person's clips."""

    def __init__(
        self, read: Sequence[tuple[str, Floats]], choices: Sequence[str], *, in_parts: bool
    ) -> None:
        self.choices, self._in_parts = list(choices), in_parts
        if not in_parts:
            read = [clip for clip in read if clip[0] in choices]
        table = np.concatenate([normalised([sound for _, sound in read], by) for by in LEARNT_WITH])
        names = [name for name, _ in read] * len(LEARNT_WITH)
        if in_parts:
            split = [Syllable.of(f"{name}1") for name in names]
            self._judges = [
                Discriminants(table, [syllable.onset for syllable in split]),
                Discriminants(table, [syllable.rime for syllable in split]),
            ]
        else:
            self._judges = [Discriminants(table, names)]

    def share(self, sounds: Sequence[Floats], names: Sequence[str], formants: float) -> float:
        """The share of clips that are named correctly."""
        table = normalised(sounds, formants)
        scores = [judge.scores(table) for judge in self._judges]
        if self._in_parts:
            parts = [Syllable.of(f"{name}1") for name in self.choices]
            onsets = [self._judges[0].classes.index(part.onset) for part in parts]
            rimes = [self._judges[1].classes.index(part.rime) for part in parts]
            named = (scores[0][:, onsets] + scores[1][:, rimes]).argmax(1)
            found = [self.choices[at] for at in named]
        else:
            found = [self._judges[0].classes[at] for at in scores[0].argmax(1)]
        return float(np.mean([answer == name for answer, name in zip(found, names, strict=True)]))


def frequent(known: set[str]) -> list[str]:
    """The choices: digits, and the most frequent syllables of the catalogue that the woman has
    read."""
    counts: Counter[str] = Counter()
    for clip in clips(Language.CANTONESE):
        if not clip.name.startswith(f"{UNIT_FOLDER}/"):
            for phrase in phrases(clip.speech):
                counts.update(syllable.toneless for syllable in phrase.syllables)
    others = [name for name, _ in counts.most_common() if name not in DIGITS]
    return [name for name in [*DIGITS, *others] if name in known][:CHOICES]


async def by_espeak(names: Sequence[str]) -> list[Floats]:
    synthesiser = Synthesiser(SynthesiserSettings(timeout_s=60))
    try:
        return [
            await synthesiser.speak(Language.CANTONESE, name, voice_name="sit/yue-latn-jyutping")
            for name in names
        ]
    finally:
        await synthesiser.close()


def alone(speaker: Speaker) -> Callable[[str], Floats]:
    return lambda name: rendered(load(), (Syllable.of(name),), speaker).samples.astype(np.float32)


def in_a_sentence(speaker: Speaker) -> Callable[[str], Floats]:
    """The third of four syllables, at talking pace."""

    def third_of_four(name: str) -> Floats:
        words = tuple(Syllable.of(syllable) for syllable in ("ni1", "go3", name, "zi6"))
        whole = rendered(load(), words, speaker)
        third = whole.samples[whole.beats[2].begins * 40 : whole.beats[2].ends * 40]
        return third.astype(np.float32)

    return third_of_four


def named(asked: argparse.Namespace) -> None:
    woman = recorded(asked.natives)["linguist"].of
    man = recorded(asked.recorded)["kt"].of
    choices = frequent({name[:-1] for name in woman})
    names = [name + tone for name in choices for tone in TONES]
    plain = [name[:-1] for name in names]
    hers = [(name[:-1], take) for name, takes in woman.items() for take in takes]
    other_tones = [
        (name[:-1], take) for name, takes in man.items() for take in takes if name[-1] in "245"
    ]
    judges = {
        "linguist, whole": Judge(hers, choices, in_parts=False),
        "linguist, in parts": Judge(hers, choices, in_parts=True),
        "kt's other tones": Judge(other_tones, choices, in_parts=False),
    }
    woman_of_it, as_he_is = Speaker(), Speaker(tract=1.0, pitch_hz=145)
    spoken: Mapping[str, Sequence[Floats]] = {
        "kt as recorded, 1 s a syllable": [man[name][0] for name in names],
        "cantonese": [alone(woman_of_it)(name) for name in names],
        "cantonese, as a man": [alone(as_he_is)(name) for name in names],
        "cantonese, in a sentence": [in_a_sentence(woman_of_it)(name) for name in names],
        "espeak-ng": asyncio.run(by_espeak(names)),
    }
    table = Table("spoken by", *(f"{judge}: as it is / best" for judge in judges))
    for who, sounds in spoken.items():
        row = []
        for judge in judges.values():
            shares = {by: judge.share(sounds, plain, by) for by in FORMANTS}
            row.append(f"{shares[1.0]:.1%} / {max(shares.values()):.1%}")
        table.add_row(who, *row)
    Console().print(f"{len(names)} syllables, {len(choices)} choices", table)


SHAPES = {1: (5, 5, 5), 2: (2, 3, 5), 3: (3, 3, 3), 4: (2, 1.4, 1), 5: (2, 2.3, 3), 6: (2, 2, 2)}
"""Chao's levels at the beginning, the middle and the end of the voice (55, 25, 33, 21, 23, 22)."""


@dataclass(frozen=True)
class ToneLevels:
    """Levels of one syllable as measured: beginning, middle and end of its voice."""

    tone: int
    levels: tuple[float, float, float]

    @property
    def nearest(self) -> int:
        def away(tone: int) -> float:
            pairs = zip(self.levels, SHAPES[tone], strict=True)
            return sum((level - expected) ** 2 for level, expected in pairs)

        return min(SHAPES, key=away)


def measured(sound: Rendered, speaker: Speaker, *, ends: bool) -> list[ToneLevels]:
    """Measured relative to the slow fall of the whole phrase, which listeners also discount."""
    loud = sound.samples / np.abs(sound.samples).max() * 16_000
    line = through_g711(loud.astype(np.float32), a_law=True).astype(np.float64)
    rough, at = world().dio(line, RATE, 80.0, 500.0, frame_period=5.0)
    pitch = world().stonemask(line, rough, at, RATE)
    begins, last = sound.beats[0].begins, sound.beats[-1]
    fallen = melody.fall(last.ends - begins, last.ends - last.begins, ends=ends)

    def levels(beat: Beat) -> ToneLevels | None:
        rows = np.arange(beat.begins, min(beat.ends, len(pitch)))
        voiced = rows[pitch[rows] > 0]
        if len(voiced) < 6:
            return None
        voiced = voiced[len(voiced) // 4 :]  # what is before comes from the previous syllable
        above = 12 * np.log2(pitch[voiced] / speaker.pitch_hz) + fallen[voiced - begins]
        level = 3 + above * 4 / speaker.span
        part = max(2, len(level) // 4)
        middle = (len(level) - part) // 2
        pieces = (level[:part], level[middle : middle + part], level[-part:])
        first, second, third = (float(np.median(piece)) for piece in pieces)
        return ToneLevels(beat.syllable.tone, (first, second, third))

    return [beat for beat in map(levels, sound.beats) if beat is not None]


def tones(asked: argparse.Namespace) -> None:
    speaker, found, count = Speaker(), list[ToneLevels](), 0
    for clip in clips(Language.CANTONESE):
        for phrase in phrases(phrased(clip)):
            sound = rendered(load(), phrase.syllables, speaker, ends=phrase.ends)
            found += measured(sound, speaker, ends=phrase.ends)
            count += len(phrase.syllables)
    table = Table("tone", "Chao", "measured: beginning, middle, end", "syllables", "right")
    for tone in SHAPES:
        own = [syllable for syllable in found if syllable.tone == tone]
        middle = " ".join(
            f"{level:.1f}" for level in np.median([syllable.levels for syllable in own], 0)
        )
        right = np.mean([syllable.nearest == tone for syllable in own])
        chao = "".join(f"{level:g}" for level in melody.LEVELS[tone])
        table.add_row(f"{tone}", chao, middle, f"{len(own)}", f"{right:.1%}")
    right = np.mean([syllable.nearest == syllable.tone for syllable in found])
    Console().print(table, f"all: {right:.1%} of {len(found)}; {count - len(found)} without voice")


def recognised_phrases(asked: argparse.Namespace) -> None:
    from benchmarks.recognition import CONDITIONS, on_the_line
    from speech.recognition.grammar import Meaning, PhraseGrammar
    from speech.recognition.models import load_one
    from speech.recognition.phrase_book import phrase_book
    from speech.recognition.settings import RecognitionSettings
    from speech.recognition.utterance import UtteranceRecogniser

    directory = RecognitionSettings.model_validate({}).model_directory(Language.CANTONESE)
    model, book = load_one(directory), phrase_book(Language.CANTONESE)
    table = Table("spoken by", "phrases", "understood", "not understood")
    for name in ("cantonese", "espeak-ng"):
        voice, missed, count = opened(name, VoiceSettings.model_validate({})), list[str](), 0
        for section in sorted({name.partition(".")[0] for name in book.phrases}):
            own = [phrase for phrase in book.phrases if phrase.startswith(section + ".")]
            meanings = {
                phrase: Meaning(named) for named in reversed(own) for phrase in book.phrases[named]
            }
            for phrase, meaning in meanings.items():
                samples = voice.speak(phrase.replace(" ", ""), Language.CANTONESE).samples
                loud = samples * np.float32(12_000 / np.abs(samples).max())
                line = on_the_line(loud, np.random.default_rng(3), *CONDITIONS["1 % loss"])
                recogniser = UtteranceRecogniser(model, PhraseGrammar(meanings), 10)
                for at in range(0, len(line), 1280):
                    recogniser.hear(line[at : at + 1280])
                recognised = next((reading.meaning.text for reading in recogniser.readings()), "")
                count += 1
                if recognised != meaning.text:
                    missed.append(phrase.replace(" ", ""))
        voice.close()
        table.add_row(name, f"{count}", f"{1 - len(missed) / count:.1%}", " ".join(missed))
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["named", "tones", "phrases"])
    parser.add_argument("--natives", type=Path, help="folder of people for measuring only")
    parser.add_argument("--recorded", type=Path, help="folder of people, kt among them")
    asked = parser.parse_args()
    if asked.what == "named" and not (asked.natives and asked.recorded):
        parser.error("named needs --natives and --recorded")
    {"named": named, "tones": tones, "phrases": recognised_phrases}[asked.what](asked)


if __name__ == "__main__":
    main()
