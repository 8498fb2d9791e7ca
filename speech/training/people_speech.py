"""Training speech of recorded people: their words made fluent, and their words joined.

    python -m speech.training.people_speech yue cmn en --recorded FOLDER --out FOLDER

Fluent speech is the rule: somebody's read syllables or words spoken again by ever other speakers
(`fluent.py`). Joined clips, with gaps or without, are the exception. Strings that people spoke in
one breath are taken as they are.
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from speech.languages.language import Language
from speech.training import shards
from speech.training.augment import compressed, joined
from speech.training.features import SAMPLE_RATE
from speech.training.fluent import Reader, spoken
from speech.training.lexicon import Lexicon
from speech.training.manner import Manner
from speech.training.people import Part, part_of
from speech.training.recorded import Clips, recorded, saytime
from speech.training.sayings import Saying, Sayings, Word, words_for_training

EACH = 50
FLUENT = {Language.CANTONESE: 60, Language.PUTONGHUA: 40, Language.ENGLISH: 30}
JOINED = {Language.CANTONESE: 14, Language.PUTONGHUA: 10, Language.ENGLISH: 16}
"""Shards of each."""
LONGEST_S = 10.0
WOMEN = frozenset({"allison", "hsk1", "linguist"})
OF_THE_MANY = 0.42
"""Of English utterances: by people of whom there are a few words each."""
OWN_LANGUAGE = 0.93
"""The rest are English letters, said by who reads them."""
_TEMPO = {
    Language.ENGLISH: (0.85, 1.5),
    Language.CANTONESE: (1.0, 3.0),
    Language.PUTONGHUA: (1.0, 2.6),
}


@dataclass
class Readers:
    """The recorded people whose words a language's model is trained on."""

    lexicon: Lexicon
    people: Sequence[Clips]

    def __post_init__(self) -> None:
        language = self.lexicon.language
        own = [
            Reader(person) for person in self.people if person.language is language and person.of
        ]
        self.sayings = Sayings(self.lexicon)
        digits = self.sayings.digits("0123456789").words
        self.well_known = [reader for reader in own if all(map(reader.can_say, digits))]
        """Who can be asked for any number; others say what words they have."""
        self.many = [reader for reader in own if reader not in self.well_known]
        self.letters = [
            Reader(person)
            for person in self.people
            if language is not Language.ENGLISH and "W" in person.of and "Q" in person.of
        ]
        self.english = Sayings(self.lexicon, english_letters=True)

    def fluent(self, number: int) -> shards.Labelled | None:
        """An utterance by a speaker made of one of them; the same for the same number."""
        rng = self._rng("fluent", number)
        reader, saying = self._drawn(rng)
        woman = True if reader.clips.speaker in WOMEN else None
        sound = spoken(reader, saying, Manner.drawn(rng, woman=woman), rng)
        if len(sound) > LONGEST_S * SAMPLE_RATE:
            return None
        return shards.Labelled(saying.units, reader.clips.speaker, sound)

    def joined(self, number: int) -> shards.Labelled | None:
        """Clips one after the other: with gaps, hurried, or slowly and apart."""
        rng = self._rng("joined", number)
        reader, saying = self._drawn(rng)
        takes = [reader.takes(word) for word in saying.words]
        clips = [take[int(rng.integers(len(take)))] for take in takes]
        manner = rng.random()
        gap_s, tempo = ((-0.03, 0.18), _TEMPO[self.lexicon.language])
        if manner < 0.25:  # with care, apart
            gap_s, tempo = (0.1, 0.8), (1.0, 1.15)
        elif manner < 0.5:  # each as short as the next, and nothing between
            each = rng.uniform(0.2, 0.36) * SAMPLE_RATE
            clips = [compressed(clip, float(np.clip(len(clip) / each, 1, 3.2))) for clip in clips]
            gap_s, tempo = (-0.02, 0.03), (1.0, 1.0)
        sound = joined(clips, rng, gap_s=gap_s, tempo=tempo)
        if len(sound) > LONGEST_S * SAMPLE_RATE:
            return None
        return shards.Labelled(saying.units, reader.clips.speaker, sound)

    def whole(self) -> list[shards.Labelled]:
        """Strings as people spoke them; those with a word that no lexicon has are left out."""
        made = []
        for clips in self.people:
            if clips.language is not self.lexicon.language:
                continue
            for words, sound in clips.strings:
                known = [self._known(word) for word in words]
                units = tuple(word.units for word in known if word is not None)
                if len(units) == len(words):
                    made.append(shards.Labelled(units, clips.speaker, sound))
        return made

    def _known(self, text: str) -> Word | None:
        if self.lexicon.language is not Language.ENGLISH:
            return Word(text, self.lexicon.syllable(text))
        ways = self.lexicon.words.get(text)
        units = ways[0] if ways else words_for_training().get(text)
        return None if units is None else Word(text, units)

    def _drawn(self, rng: np.random.Generator) -> tuple[Reader, Saying]:
        if self.letters and rng.random() > OWN_LANGUAGE:
            reader, saying = _one(self.letters, rng), self.english.plate(rng)
            letters = tuple(word for word in saying.words if word.units[0].startswith("e_"))
            return reader, Saying((letters,))
        if self.many and rng.random() < OF_THE_MANY:
            reader = _one(self.many, rng)
            return reader, self._of_own_words(reader, rng)
        reader, saying = _one(self.well_known, rng), self.sayings.drawn(rng)
        if not all(reader.can_say(word) for word in saying.words):
            saying = self._of_own_words(reader, rng)
        return reader, saying

    def _of_own_words(self, reader: Reader, rng: np.random.Generator) -> Saying:
        words = [known for text in reader.clips.of if (known := self._known(text)) is not None]
        chosen = [words[int(index)] for index in rng.integers(0, len(words), rng.integers(1, 9))]
        cut = int(rng.integers(2, 5))
        parts = (tuple(chosen[at : at + cut]) for at in range(0, len(chosen), cut))
        return Saying(tuple(parts))

    def _rng(self, how: str, number: int) -> np.random.Generator:
        return np.random.default_rng(
            (zlib.crc32(f"{how} {self.lexicon.language}".encode()), number)
        )


def _one(readers: Sequence[Reader], rng: np.random.Generator) -> Reader:
    return readers[int(rng.integers(len(readers)))]


def of_part(people: Mapping[str, Clips], part: Part) -> list[Clips]:
    """Those of one part. Raises KeyError for somebody whom `people.csv` does not have."""
    return [clips for name, clips in people.items() if part_of(name) is part]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("languages", nargs="+", type=Language, choices=list(Language))
    parser.add_argument("--recorded", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scale", type=float, default=1.0, help="how many shards")
    asked = parser.parse_args()
    people = of_part(recorded(asked.recorded) | {"saytime": saytime()}, Part.TRAINING)
    for language in asked.languages:
        readers, folder = Readers(Lexicon.of(language), people), asked.out / language
        folder.mkdir(parents=True, exist_ok=True)
        _readers[language] = readers
        whole = readers.whole()
        if whole:
            shards.save(folder / "whole-0000.npz", whole)
    jobs = [
        (language, source, number)
        for language in asked.languages
        for source, counts in (("fluent", FLUENT), ("joined", JOINED))
        for number in range(round(counts[language] * asked.scale))
        if not shards.is_made(asked.out / language, source, number)
    ]
    jobs.sort(key=lambda job: job[2])  # all languages and ways from the beginning
    with multiprocessing.get_context("fork").Pool(2) as pool:
        work = functools.partial(_make, asked.out)
        for _ in tqdm(pool.imap_unordered(work, jobs), "people", len(jobs), mininterval=10):
            pass


_readers: dict[Language, Readers] = {}


def _make(out: Path, job: tuple[Language, str, int]) -> None:
    language, source, number = job
    readers = _readers[language]
    utterance = readers.fluent if source == "fluent" else readers.joined
    shards.make_one(out / language, source, number, EACH, utterance)


if __name__ == "__main__":
    main()
