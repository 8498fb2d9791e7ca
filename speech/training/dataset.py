"""Utterances as features, with the units that are spoken in them."""

from __future__ import annotations

import multiprocessing
import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from speech.language import Language
from speech.recognition.words import DIGITS, DIGITS_SAID_OTHERWISE, LETTERS
from speech.training.augment import Telephone, faster, joined
from speech.training.engines import Engine
from speech.training.features import Floats, mfcc
from speech.training.lexicon import Lexicon, Pronunciation
from speech.training.recorded import Clips
from speech.training.voices import Speaker, Spoken, variants

SYNTHETIC, NOBODY = -1, -2
SHARE_OF_NOBODY = 0.06
"""Lines on which nobody speaks: a model that has heard none finds words in every noise."""

TRACT = (0.8, 1.26)
"""Vocal tracts from a long one to a short one: men's recordings serve for women as well."""
PITCH = (0.85, 1.2)
"""Played faster or slower, which moves pitch and tract together; the tract is then set apart."""


@dataclass(frozen=True)
class Utterance:
    """One training example.

    Attributes:
        features: frames by 32 coefficients, half precision to save memory.
        words: what is spoken, each word as its units.
    """

    features: npt.NDArray[np.float16]
    words: tuple[Pronunciation, ...]


@dataclass(frozen=True)
class Person:
    """Makes utterances out of one person's clips."""

    lexicon: Lexicon
    clips: Clips

    def utterance(self, seed: int) -> tuple[Floats, tuple[Pronunciation, ...]]:
        rng = np.random.default_rng(seed)
        if self.clips.language is Language.ENGLISH:
            words, tempo = self._words(rng), (0.82, 1.3)
        else:
            words, tempo = self._syllables(rng), (1.0, 2.3)
        clips = [takes[rng.integers(len(takes))] for takes, _ in words]
        sound = joined(clips, rng, gap_s=(-0.03, 0.18), tempo=tempo)
        return sound, tuple(units for _, units in words)

    def _words(self, rng: np.random.Generator) -> list[tuple[list[Floats], Pronunciation]]:
        known = [word for word in self.clips.of if word in self.lexicon.words]
        foreign = self.lexicon.language is not Language.ENGLISH
        if foreign:
            known = [word for word in known if word in LETTERS]
        chosen = rng.choice(known, int(rng.choice([1, 1, 2, 3, 4, 5, 6, 7, 8])))
        return [(self.clips.of[word], self._english(word, foreign=foreign)) for word in chosen]

    def _english(self, word: str, *, foreign: bool) -> Pronunciation:
        ways = self.lexicon.words[word]
        if foreign:
            return next(way for way in ways if way[0].startswith("e_"))
        return ways[0]

    def _syllables(self, rng: np.random.Generator) -> list[tuple[list[Floats], Pronunciation]]:
        """Half of the time words of ours made of syllables, otherwise any syllables at all."""
        language = self.lexicon.language
        count = int(rng.choice([1, 2, 2, 3, 4, 5, 6]))
        chance = rng.random()
        if chance < 0.12:  # one word on its own, as menus are answered
            wanted, count = [word for word in self.lexicon.words if word not in LETTERS], 1
        elif chance < 0.4:
            wanted = [*DIGITS[language], *DIGITS_SAID_OTHERWISE[language]]
        elif chance < 0.55:
            wanted = list(self.lexicon.words)
        else:
            taken = rng.choice(list(self.clips.of), count)
            return [(self.clips.of[one], self.lexicon.syllable(one)) for one in taken]
        made: list[tuple[list[Floats], Pronunciation]] = []
        for word in rng.choice(wanted, count):
            ways = [way for way in self.lexicon.spellings[word] if self._can_say(way)]
            if not ways:
                continue
            for syllable in ways[rng.integers(len(ways))].split():
                made.append((self._takes(syllable), self.lexicon.syllable(syllable)))
        return made or self._syllables(rng)

    def _can_say(self, spelling: str) -> bool:
        return all(self._takes(syllable) for syllable in spelling.split())

    def _takes(self, syllable: str) -> list[Floats]:
        """Recordings of a syllable, in its own tone or, failing that, in another one."""
        found = self.clips.of.get(syllable)
        if found is None:
            others = (self.clips.of.get(syllable[:-1] + tone) for tone in "123456")
            found = next((takes for takes in others if takes), [])
        return found


@dataclass(frozen=True)
class Plan:
    """What a training set is made of.

    Attributes:
        synthetic: utterances of synthesisers, each heard over `copies` different telephones.
        people: utterances made of each person's clips.
        engines: voices that say a part of the synthetic utterances in English.
    """

    lexicon: Lexicon
    synthetic: int
    copies: int
    people: Sequence[tuple[Clips, int]]
    engines: Sequence[Engine] = ()
    seed: int = 1


class _Maker:
    """Makes examples in a process of its own; set up once, by fork."""

    def __init__(self, plan: Plan, spoken: Sequence[Spoken]) -> None:
        self._plan, self._spoken = plan, spoken
        self._telephone = Telephone([one.sound for one in spoken[::17]])
        self._people = [Person(plan.lexicon, clips) for clips, _ in plan.people]

    def __call__(self, job: tuple[int, int, int]) -> Utterance | None:
        """`job`: which person, `SYNTHETIC` or `NOBODY`; which utterance of his; the seed."""
        who, number, seed = job
        if who == NOBODY:
            noise = self._telephone.nobody(np.random.default_rng(seed))
            return Utterance(mfcc(noise).astype(np.float16), ())
        if who == SYNTHETIC:
            spoken = self._spoken[number]
            sound, words = spoken.sound, _units_of(self._plan.lexicon, spoken)
        else:
            sound, words = self._people[who].utterance(seed)
        rng = np.random.default_rng(seed)
        pitch = float(rng.uniform(*PITCH)) if rng.random() < 0.75 else 1.0
        heard = self._telephone(faster(sound, pitch), rng)
        features = mfcc(heard, float(rng.uniform(*TRACT)) / pitch)
        units = sum(len(word) for word in words)
        if len(features) < 3 * units + 6:  # spoken faster than the model could follow
            return None
        return Utterance(features.astype(np.float16), words)


def _units_of(lexicon: Lexicon, spoken: Spoken) -> tuple[Pronunciation, ...]:
    return tuple(
        lexicon.syllable(word) if way < 0 else lexicon.words[word][way]
        for word, way in zip(spoken.words, spoken.ways, strict=True)
    )


_maker: _Maker
_speaker: Speaker


def _make(job: tuple[int, int, int]) -> Utterance | None:
    return _maker(job)


def _speak(seed: int) -> Spoken | None:
    return _speaker.utterance(seed)


def synthesised_speech(
    lexicon: Lexicon,
    count: int,
    seed: int,
    *,
    held_out: bool = False,
    engines: Sequence[Engine] = (),
) -> list[Spoken]:
    """Utterances of espeak-ng and other engines; the same ones for the same arguments."""
    global _speaker
    _speaker = Speaker(lexicon, variants(held_out=held_out), engines)
    first = zlib.crc32(f"{lexicon.language}{held_out}{seed}".encode()) % 10_000 * 1_000_000
    with multiprocessing.get_context("fork").Pool() as pool:
        made = pool.imap(_speak, range(first, first + count), chunksize=20)
        return [one for one in tqdm(made, "speaking", count) if one is not None]


def build(plan: Plan) -> list[Utterance]:
    """Make the training set; the same one for the same plan."""
    global _maker
    spoken = synthesised_speech(plan.lexicon, plan.synthetic, plan.seed, engines=plan.engines)
    _maker = _Maker(plan, spoken)
    jobs = list(_jobs(plan, len(spoken)))
    random.Random(plan.seed).shuffle(jobs)
    with multiprocessing.get_context("fork").Pool() as pool:
        made = pool.imap(_make, jobs, chunksize=50)
        return [one for one in tqdm(made, "telephoning", len(jobs)) if one is not None]


def _jobs(plan: Plan, spoken: int) -> Iterator[tuple[int, int, int]]:
    seeds = np.random.SeedSequence(plan.seed)
    counts = [(SYNTHETIC, spoken * plan.copies), *enumerate(count for _, count in plan.people)]
    counts.append((NOBODY, round(sum(count for _, count in counts) * SHARE_OF_NOBODY)))
    for (who, count), branch in zip(counts, seeds.spawn(len(counts)), strict=True):
        drawn = np.random.default_rng(branch).integers(0, 2**32, count)
        for number, seed in enumerate(drawn):
            yield who, number % max(1, spoken), int(seed)
