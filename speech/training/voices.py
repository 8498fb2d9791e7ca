"""Training speech from synthesisers: espeak-ng's many voices, and a few made from recordings."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import resample_poly

from speech.languages.language import Language
from speech.languages.registry import LANGUAGES
from speech.recognition.words import DIGITS, DIGITS_SAID_OTHERWISE, LETTERS
from speech.training.engines import RESPELT, Engine, trimmed
from speech.training.features import SAMPLE_RATE, Floats
from speech.training.lexicon import Lexicon

LONGEST_S, SHORTEST_S = 9.0, 0.15
HELD_OUT = ("f5", "m7", "linda", "Alex", "steph2", "Michael", "klatt4", "boris", "Alicia", "quincy")
"""Variants that are not used for training, so that they can be measured with."""
LETTERS_ELSEWHERE = 0.12
"""Share of utterances of English letters in a language that is not English."""
SHARE_OF_ENGINES = 0.55
"""Share of English utterances by voices made from a person's recordings."""
_UNLIKE_A_CALLER = re.compile(r"whisper|fast|demonic|robo|announcer|croak|tweaky|storm", re.I)
_ACCENTS = (
    *("en-us", "en-gb", "en-gb-x-rp", "en-029", "en-gb-scotland", "en-us-nyc"),
    *("en-gb-x-gbclan", "en-gb-x-gbcwmd"),
)
RESPELT_FOR_ESPEAK = RESPELT | {"A": "[['eI]]"}
_ENGLISH = re.compile(r"^\[")


@dataclass(frozen=True)
class Spoken:
    """Speech, and its words.

    Attributes:
        ways: for each word the number of its pronunciation; -1 for a syllable.
    """

    words: tuple[str, ...]
    ways: tuple[int, ...]
    sound: Floats
    voice: str


def variants(*, held_out: bool = False) -> list[str]:
    """espeak-ng's voice variants. Raises FileNotFoundError without espeak-ng."""
    listed = subprocess.run(
        ["espeak-ng", "--voices=variant"], capture_output=True, text=True, check=True
    ).stdout
    found = sorted(set(re.findall(r"!v/(\S+)", listed)))
    usable = [name for name in found if not _UNLIKE_A_CALLER.search(name)]
    return [name for name in usable if (name in HELD_OUT) is held_out]


def synthesised(
    voice: str, text: str, *, speed: int = 160, pitch: int = 50, gap: int = 0
) -> Floats | None:
    """Speak text with espeak-ng: trimmed, at 8000 Hz; None if there was no sound.

    Args:
        speed: words a minute.
        pitch: 0 to 99.
        gap: between words, 10 ms each.
    """
    wav = subprocess.run(
        [
            *("espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "-g", str(gap)),
            *("--stdout", "--", text),
        ],
        capture_output=True,
        check=True,
    ).stdout
    start = wav.find(b"data") + 8
    whole = wav[start : start + (len(wav) - start) // 2 * 2]
    sound = resample_poly(np.frombuffer(whole, "<i2").astype(np.float32), 160, 441)
    return trimmed(sound, 30)


@dataclass(frozen=True)
class Speaker:
    """Makes utterances of a language's words at random."""

    lexicon: Lexicon
    variants: Sequence[str]
    engines: Sequence[Engine] = ()

    def utterance(self, seed: int) -> Spoken | None:
        """One utterance, equal for equal seeds (except for Pico, whose samples vary); None if it is
        unusable."""
        rng = random.Random(seed)
        english = self.lexicon.language is Language.ENGLISH or rng.random() < LETTERS_ELSEWHERE
        if english and self.engines and rng.random() < SHARE_OF_ENGINES:
            return self._by_engine(rng)
        settings = {"speed": rng.randint(115, 235), "pitch": rng.randint(8, 92)}
        settings["gap"] = rng.choice([0, 0, 0, 2, 6])
        variant = rng.choice(list(self.variants))
        if english:
            words, ways, voice, text = self._english(rng)
        else:
            words, ways, voice, text = self._syllables(rng)
        sound = synthesised(f"{voice}+{variant}", text, **settings)
        return _usable(words, ways, sound, f"{voice}+{variant}")

    def _by_engine(self, rng: random.Random) -> Spoken | None:
        engine, words = rng.choice(list(self.engines)), self._english_words(rng)
        accent = "en-us" if engine.american else "en-gb"
        ways = tuple(self._english_way(word, accent) for word in words)
        return _usable(tuple(words), ways, engine.speak(words, rng), engine.name)

    def _english(self, rng: random.Random) -> tuple[tuple[str, ...], tuple[int, ...], str, str]:
        words, accent = self._english_words(rng), rng.choice(_ACCENTS)
        text = rng.choice([" ", " ", ", ", ". "]).join(
            RESPELT_FOR_ESPEAK.get(word, word) for word in words
        )
        return tuple(words), tuple(self._english_way(word, accent) for word in words), accent, text

    def _english_words(self, rng: random.Random) -> list[str]:
        """English words, or only letters where the language is another one."""
        known = self.lexicon.words
        digits = DIGITS[Language.ENGLISH]
        chance = rng.random()
        if self.lexicon.language is not Language.ENGLISH or chance < 0.2:
            words = rng.choices(LETTERS, k=rng.randint(1, 5))
        elif chance < 0.52:
            more = DIGITS_SAID_OTHERWISE[Language.ENGLISH] if rng.random() < 0.3 else ()
            words = rng.choices([*digits, *more], k=rng.randint(1, 10))
        elif chance < 0.7:
            words = rng.choices(LETTERS, k=rng.randint(1, 2)) + rng.choices(
                digits, k=rng.randint(1, 4)
            )
        else:
            others = [word for word in known if len(word) > 1]
            words = rng.choices(others, k=rng.randint(1, 4))
        return words

    def _english_way(self, word: str, accent: str) -> int:
        """The pronunciation in an accent: American r, and zee."""
        spelt = self.lexicon.spellings[word]
        if self.lexicon.language is not Language.ENGLISH:
            wanted = [number for number, way in enumerate(spelt) if _ENGLISH.match(way)]
            return wanted[0]
        american = accent.startswith("en-us")
        if word == "Z":
            return 1 if american else 0
        rhotic = american or "scotland" in accent
        if len(spelt) > 1 and not rhotic and spelt[0].endswith(" R"):
            return next((n for n, way in enumerate(spelt) if not way.endswith(" R")), 0)
        return 0

    def _syllables(self, rng: random.Random) -> tuple[tuple[str, ...], tuple[int, ...], str, str]:
        language, known = self.lexicon.language, self.lexicon.spellings
        native = [
            (word, number)
            for word, ways in known.items()
            for number, way in enumerate(ways)
            if not _ENGLISH.match(way)
        ]
        voices = LANGUAGES[language].training_voices
        if voices is None:
            raise ValueError(f"speech/languages names no training voices for {language}")
        chance = rng.random()
        if chance < 0.38:
            digits = {*DIGITS[language], *DIGITS_SAID_OTHERWISE[language]}
            chosen = rng.choices(
                [candidate for candidate in native if candidate[0] in digits], k=rng.randint(1, 10)
            )
        elif chance < 0.45:
            letters = [candidate for candidate in native if candidate[0] in LETTERS]
            chosen = rng.choices(letters, k=rng.randint(1, 4))
        elif chance < 0.56:
            others = [candidate for candidate in native if candidate[0] not in LETTERS]
            chosen = rng.choices(others, k=1)
        elif chance < 0.72:
            chosen = rng.choices(native, k=rng.randint(1, 4))
        else:
            syllables = rng.choices(self.lexicon.syllables, k=rng.randint(2, 7))
            chosen = [(syllable, -1) for syllable in syllables]
        as_written = [pair for pair in chosen if pair[1] == 0 and _reads_as_said(pair[0])]
        if as_written and rng.random() < 0.6:
            # A word read from characters has its own rhythm, which joined syllables lack.
            text = rng.choice([" ", " ", "，"]).join(word for word, _ in as_written)
            words, ways = zip(*as_written, strict=True)
            return words, ways, voices.characters, text
        pause = rng.choice([" ", " ", " ", ", "])
        text = pause.join(word if way < 0 else known[word][way] for word, way in chosen)
        words, ways = zip(*chosen, strict=True)
        return words, ways, voices.syllables, text


def _usable(
    words: tuple[str, ...], ways: tuple[int, ...], sound: Floats | None, voice: str
) -> Spoken | None:
    if sound is None or not SHORTEST_S < len(sound) / SAMPLE_RATE < LONGEST_S:
        return None
    return Spoken(words, ways, sound, voice)


def _reads_as_said(word: str) -> bool:
    """Whether espeak-ng reads these characters as the lexicon does: it reads 唔 as ng4."""
    return word not in LETTERS and "唔" not in word
