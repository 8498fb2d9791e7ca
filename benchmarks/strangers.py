"""How well a model recognises people and voices that it was not trained on, by person.

    .venv/bin/pip install -e '.[training]'
    .venv/bin/python -m benchmarks.strangers LANGUAGE --recorded FOLDER ... [--part development]
        [--voices FOLDER] [--model DIRECTORY]

Everything goes through A-law and the recogniser that the service uses, with the grammar for digits
or for a menu. Ways to say a number:

* told: real telephone numbers and other strings of digits, as people said them in one breath;
* gaps: a person's single digits with 30 to 150 ms between;
* brisk: the same, each in 0.27 s and nothing between;
* fluent: the same, made fluent (`speech/training/fluent.py`), as the training data is: kinder than
  life;
* voice: neural voices, fluent by nature (shards that `speech.training.kokoro_speech` wrote).

Strings that are joined miss how people run words together. People of whom there are few words are
counted together, and the worst of them is named. Beside them: talk that is no answer.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.recognition import CONDITIONS, Score, on_the_line, readings
from benchmarks.support.edits import distance
from speech.languages.language import Language
from speech.recognition.digits import DigitGrammar
from speech.recognition.models import Model, load_one
from speech.recognition.settings import RecognitionSettings
from speech.recognition.words import digit_words
from speech.training import shards
from speech.training.augment import compressed, joined
from speech.training.features import Floats
from speech.training.fluent import Reader, spoken
from speech.training.lexicon import Lexicon, Pronunciation
from speech.training.manner import Manner
from speech.training.people import Part, part_of
from speech.training.recorded import Clips, recorded
from speech.training.sayings import Sayings, Word

LENGTHS, BRISK_S = (6, 8, 13), 0.27
STRINGS = 24
FEW_WORDS = 4
"""Digits that a person must have recorded to be used for strings."""
ALMOST_ALL = 9
OTHER_TALK = 80


@dataclass(frozen=True)
class SpokenNumber:
    """A number that somebody spoke, and its sound."""

    who: str
    digits: str
    sound: Floats


@dataclass
class Recognised:
    """The results of one way to say numbers, by person."""

    by_person: dict[str, Score] = field(default_factory=dict)
    lost: int = 0

    def count(self, number: SpokenNumber, recognised: str) -> None:
        score = self.by_person.setdefault(number.who, Score())
        score.digits, score.errors = (
            score.digits + len(number.digits),
            score.errors + distance(number.digits, recognised),
        )
        score.strings, score.right = score.strings + 1, score.right + (number.digits == recognised)
        self.lost += max(0, len(number.digits) - len(recognised))

    @property
    def whole(self) -> Score:
        every = Score()
        for score in self.by_person.values():
            every.digits, every.errors = every.digits + score.digits, every.errors + score.errors
            every.strings, every.right = every.strings + score.strings, every.right + score.right
        return every

    @property
    def worst(self) -> tuple[str, float]:
        name = max(self.by_person, key=lambda person: self.by_person[person].error_rate)
        return name, self.by_person[name].error_rate


class People:
    """The people of one part who speak a language, and numbers as they say them."""

    def __init__(self, language: Language, people: Sequence[Clips]) -> None:
        self.lexicon = Lexicon.of(language)
        self.sayings = Sayings(self.lexicon)
        own = [Reader(person) for person in people if person.language is language]
        words = self.sayings.digits("0123456789").words
        self._says = [
            (reader, {str(digit): word for digit, word in enumerate(words) if reader.can_say(word)})
            for reader in own
        ]
        self.people = [reader.clips for reader in own]

    def recorded_strings(self) -> Iterator[SpokenNumber]:
        digits = digit_words(self.lexicon.language)
        for clips in self.people:
            for words, sound in clips.strings:
                if all(word in digits for word in words):
                    yield SpokenNumber(
                        clips.speaker, "".join(digits[word] for word in words), sound
                    )

    def joined(self, how: str, strings: int) -> Iterator[SpokenNumber]:
        """The strings of all people: the requested number of those who have all digits, two of
        others."""
        for reader, says in self._says:
            if len(says) < FEW_WORDS:
                continue
            rng = np.random.default_rng(9)
            for number in range(strings if len(says) >= ALMOST_ALL else 2):
                text = "".join(rng.choice(sorted(says), LENGTHS[number % 3]))
                words = [says[digit] for digit in text]
                yield SpokenNumber(
                    reader.clips.speaker, text, self._spoken(reader, words, how, rng)
                )

    @staticmethod
    def _spoken(
        reader: Reader, words: Sequence[Word], how: str, rng: np.random.Generator
    ) -> Floats:
        if how == "fluent":
            saying = Sayings.grouped(words, rng)
            return spoken(reader, saying, Manner.drawn(rng), rng)
        takes = [reader.takes(word) for word in words]
        clips = [take[int(rng.integers(len(take)))] for take in takes]
        clips = [clip * np.float32(20_000 / (np.abs(clip).max() + 1e-6)) for clip in clips]
        if how == "brisk":
            hurry = [len(clip) / 8000 / BRISK_S / rng.uniform(0.9, 1.1) for clip in clips]
            clips = [
                compressed(clip, float(np.clip(by, 1, 2.5)))
                for clip, by in zip(clips, hurry, strict=True)
            ]
        gap_s = (0.03, 0.15) if how == "gaps" else (0.0, 0.0)
        return joined(clips, rng, gap_s=gap_s, tempo=(1.0, 1.0))

    def other_talk(self, count: int) -> Iterator[Floats]:
        """Two to five words in a row that are not digits."""
        digits = {
            way for word in digit_words(self.lexicon.language) for way in self.lexicon.words[word]
        }
        others = [
            (clips, [word for word in clips.of if self._units(word) not in digits])
            for clips in self.people
        ]
        others = [(clips, words) for clips, words in others if len(words) >= 2]
        rng = np.random.default_rng(4)
        for _ in range(count if others else 0):
            clips, words = others[int(rng.integers(len(others)))]
            chosen = rng.choice(words, int(rng.integers(2, 6)))
            takes = [clips.of[str(word)] for word in chosen]
            yield joined(
                [take[int(rng.integers(len(take)))] for take in takes], rng, (0, 0.1), (1, 1)
            )

    def _units(self, word: str) -> Pronunciation:
        if self.lexicon.language is Language.ENGLISH:
            return self.lexicon.words.get(word, (("",),))[0]
        return self.lexicon.syllable(word)


def of_voices(folder: Path, lexicon: Lexicon, part: Part) -> Iterator[SpokenNumber]:
    """Numbers by neural voices: only utterances that consist of digits."""
    digits = {
        way: digit
        for word, digit in digit_words(lexicon.language).items()
        for way in _units_of(lexicon, word)
    }
    for labelled in shards.of_folder(folder / lexicon.language, [f"numbers-{part}"]):
        text = "".join(digits.get(word, "?") for word in labelled.units)
        if "?" not in text:
            yield SpokenNumber(labelled.who, text, labelled.sound)


def _units_of(lexicon: Lexicon, word: str) -> list[Pronunciation]:
    if lexicon.language is Language.ENGLISH:
        return list(lexicon.words[word])
    return [
        lexicon.syllable(spelling) for spelling in lexicon.spellings[word] if " " not in spelling
    ]


def recognised_of(model: Model, language: Language, every: Iterator[SpokenNumber]) -> Recognised:
    grammar, found = DigitGrammar(language, 1, 20), Recognised()
    for number in every:
        line = on_the_line(number.sound, np.random.default_rng(3), *CONDITIONS["clean"])
        found.count(number, next(iter(readings(model, grammar, line, Score())), ""))
    return found


def taken_for_digits(
    model: Model, language: Language, talk: Iterator[Floats]
) -> tuple[int, int, int]:
    """Counts utterances that are no number: all, those that gave a digit, those that gave four or
    more."""
    grammar = DigitGrammar(language, 1, 20)
    every = some = many = 0
    for sound in talk:
        line = on_the_line(sound, np.random.default_rng(3), *CONDITIONS["clean"])
        reading = next(iter(readings(model, grammar, line, Score())), "")
        every, some, many = every + 1, some + bool(reading), many + (len(reading) >= 4)
    return every, some, many


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("language", type=Language, choices=list(Language))
    parser.add_argument("--recorded", type=Path, required=True, nargs="+")
    parser.add_argument("--part", type=Part, choices=list(Part), default=Part.DEVELOPMENT)
    parser.add_argument("--people", nargs="*", help="these alone, whatever part they are of")
    parser.add_argument("--voices", type=Path, help="folder of shards with neural voices")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--strings", type=int, default=STRINGS)
    parser.add_argument("--brief", action="store_true", help="one line of JSON")
    asked = parser.parse_args()
    settings = RecognitionSettings.model_validate({})
    model = load_one(asked.model or settings.model_directory(asked.language))
    everybody = [clips for folder in asked.recorded for clips in recorded(folder).values()]
    chosen = [
        clips
        for clips in everybody
        if (clips.speaker in asked.people if asked.people else part_of(clips.speaker) is asked.part)
    ]
    people = People(asked.language, chosen)
    ways: dict[str, Recognised] = {
        "told": recognised_of(model, asked.language, people.recorded_strings())
    }
    for how in ("gaps", "brisk", "fluent"):
        ways[how] = recognised_of(model, asked.language, people.joined(how, asked.strings))
    if asked.voices:
        voices = of_voices(asked.voices, people.lexicon, asked.part)
        ways["voice"] = recognised_of(model, asked.language, voices)
    talk = taken_for_digits(model, asked.language, people.other_talk(OTHER_TALK))
    if asked.brief:
        figures = {
            how: [round(100 * recognised.whole.error_rate, 1), round(100 * recognised.worst[1])]
            for how, recognised in ways.items()
            if recognised.by_person
        }
        print(asked.language, json.dumps(figures), "other talk", talk)
        return
    table = Table(
        *("way", "people", "strings", "digit error", "lost", "whole", "worst person"),
        title=f"{asked.language}, {asked.part}: digits, A-law, by person",
    )
    for how, recognised in ways.items():
        if not recognised.by_person:
            continue
        whole, (worst, error) = recognised.whole, recognised.worst
        table.add_row(
            how,
            str(len(recognised.by_person)),
            str(whole.strings),
            f"{whole.error_rate:.1%}",
            f"{recognised.lost / whole.digits:.1%}",
            f"{whole.share_right:.0%}",
            f"{worst} {error:.0%}",
        )
        alone = [
            (who, score)
            for who, score in recognised.by_person.items()
            if score.strings >= asked.strings
        ]
        for who, score in alone if len(recognised.by_person) > 1 else []:
            table.add_row(
                "",
                who,
                str(score.strings),
                f"{score.error_rate:.1%}",
                "",
                f"{score.share_right:.0%}",
                "",
            )
    console = Console(width=120)
    console.print(table)
    every, some, many = talk
    console.print(f"other talk: {some} of {every} gave a digit, {many} four or more")


if __name__ == "__main__":
    main()
