"""How well a model recognises people that it was not trained on.

    .venv/bin/pip install -e '.[training]'
    .venv/bin/python -m benchmarks.recognition LANGUAGE --recorded FOLDER --speakers NAME ...

Strings are joined from single recordings of one speaker (see `speech/training/recorded.py`), so
they miss the way people run words together: what is measured is a floor for trust, not a field
result. Every string goes through A-law. A speaker called `espeak` is espeak-ng with voice variants
that no model is trained on; one called as in `speech/training/engines.py` is that synthesiser's.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.support.edits import distance
from ivr.dialogue.understanding import MOST_READINGS
from prompts.library import load_library
from speech.languages.language import Language
from speech.recognition.digits import DigitGrammar
from speech.recognition.grammar import Either, Grammar
from speech.recognition.marks import MARK_LETTERS, MarkGrammar, own_marks
from speech.recognition.models import Model, load_one
from speech.recognition.phrase_book import SpokenChoice, phrase_book
from speech.recognition.settings import RecognitionSettings
from speech.recognition.utterance import UtteranceRecogniser
from speech.recognition.vosk_recogniser import OnFrames, VoskRecogniser
from speech.recognition.words import DIGITS
from speech.training.augment import joined, lossy, noise, pcm, through_g711
from speech.training.engines import ENGINES, NEVER_TRAINED_ON
from speech.training.features import SAMPLE_RATE, Floats
from speech.training.lexicon import Lexicon
from speech.training.recorded import Clips, recorded
from speech.training.synthetic_speech import held_out_speech
from speech.training.voices import RESPELT_FOR_ESPEAK, synthesised, variants

FRAME = 320 * 4
STRINGS = 60
REGISTER = 5000
"""The CCRNs that the back end knows; one of them is spoken."""
VEHICLES = 5
ECHO_DB = 20.0

_ENGINES = {engine.name: engine for engine in (*ENGINES, *NEVER_TRAINED_ON)}

Change = Callable[[Floats, np.random.Generator], Floats]


@dataclass
class Score:
    """Counts over the strings of one speaker and condition."""

    digits: int = 0
    errors: int = 0
    strings: int = 0
    right: int = 0
    seconds: float = 0.0
    work_s: float = 0.0

    @property
    def error_rate(self) -> float:
        return self.errors / max(1, self.digits)

    @property
    def share_right(self) -> float:
        return self.right / max(1, self.strings)


@dataclass
class Voice:
    """One speaker who can say strings of digits and letters."""

    language: Language
    name: str
    clips: Clips | None
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(5))

    def can_say(self, characters: str) -> bool:
        return self.clips is None or all(self._takes(character) for character in characters)

    def say(self, text: str) -> Floats:
        if self.clips is None:
            return self._synthesised(text)
        clips = [clip for character in text for clip in self._clips(character)]
        slow = self.clips.language is not Language.ENGLISH
        tempo = (1.1, 1.7) if slow else (0.95, 1.1)
        return joined(clips, self.rng, gap_s=(0.0, 0.13), tempo=tempo)

    def _clips(self, character: str) -> list[Floats]:
        takes = self._takes(character)
        return [take[int(self.rng.integers(len(take)))] for take in takes]

    def _takes(self, character: str) -> list[list[Floats]]:
        assert self.clips is not None
        if not character.isdigit():
            found = self.clips.of.get(character)
            return [found] if found else []
        word = DIGITS[self.language][int(character)]
        if self.clips.language is Language.ENGLISH:
            found = self.clips.of.get(word)
            return [found] if found else []
        spelling = Lexicon.of(self.language).spellings[word][0]
        takes = [self.clips.of.get(syllable) for syllable in spelling.split()]
        return [take for take in takes if take]

    def _synthesised(self, text: str) -> Floats:
        plain = [
            DIGITS[self.language][int(character)] if character.isdigit() else character
            for character in text
        ]
        engine = _ENGINES.get(self.name)
        if engine is not None:
            speech = engine.speak(plain, random.Random(int(self.rng.integers(2**32))))
            assert speech is not None
            return speech
        words = [RESPELT_FOR_ESPEAK.get(word, word) for word in plain]
        voice = {"en": "en-gb", "yue": "yue", "cmn": "cmn-latn-pinyin"}[self.language]
        held_out = variants(held_out=True)
        variant = held_out[int(self.rng.integers(len(held_out)))]
        speed = int(self.rng.integers(125, 200))
        sound = synthesised(f"{voice}+{variant}", " ".join(words), speed=speed, gap=1)
        assert sound is not None
        return sound


def at_level(sound: Floats, dbfs: float) -> Floats:
    """The sound with its peak at this level."""
    return sound * np.float32(32768 * 10 ** (dbfs / 20) / (np.abs(sound).max() + 1e-6))


def on_the_line(sound: Floats, rng: np.random.Generator, change: Change, level: float) -> bytes:
    """A caller at this level (peak, dBFS), on a line with a little noise."""
    quiet = np.zeros(3200, np.float32), np.zeros(3200, np.float32)
    line = np.concatenate([quiet[0], at_level(sound, level), quiet[1]])
    line = change(line, rng) + rng.normal(0, 6, len(line)).astype(np.float32)
    return pcm(through_g711(np.clip(line, -32700, 32700), a_law=True))


def in_noise(snr_db: float) -> Change:
    def change(sound: Floats, rng: np.random.Generator) -> Floats:
        other = noise("cab", len(sound), rng)
        loudness = np.sqrt((sound[3200:-3200] ** 2).mean())
        return sound + other * np.float32(loudness / other.std() * 10 ** (-snr_db / 20))

    return change


def with_loss(share: float) -> Change:
    return lambda sound, rng: lossy(sound, share, rng, repeat=True)


CONDITIONS: dict[str, tuple[Change, float]] = {
    "clean": (lambda sound, rng: sound, -9.0),
    "20 dB SNR": (in_noise(20), -9.0),
    "15 dB SNR": (in_noise(15), -9.0),
    "10 dB SNR": (in_noise(10), -9.0),
    "1 % loss": (with_loss(0.01), -9.0),
    "3 % loss": (with_loss(0.03), -9.0),
    "-30 dBFS": (lambda sound, rng: sound, -30.0),
    "-3 dBFS": (lambda sound, rng: sound, -3.0),
}


def readings(model: Model, grammar: Grammar, sound: bytes, score: Score) -> list[str]:
    began = time.thread_time()
    recogniser = UtteranceRecogniser(model, grammar, 10)
    for at in range(0, len(sound), FRAME):
        recogniser.hear(sound[at : at + FRAME])
    found = [reading.meaning.text for reading in recogniser.readings()]
    score.work_s += time.thread_time() - began
    score.seconds += len(sound) / 2 / SAMPLE_RATE
    return found


def digit_strings(
    model: Model, voice: Voice, lengths: Sequence[int], condition: str, strings: int = STRINGS
) -> Score:
    """Digits of known lengths; only the first reading counts."""
    change, level = CONDITIONS[condition]
    rng, score = np.random.default_rng(7), Score()
    for number in range(strings):
        length = lengths[number % len(lengths)]
        spoken = "".join(rng.choice(list("0123456789"), length))
        sound = on_the_line(voice.say(spoken), rng, change, level)
        recognised = next(
            iter(readings(model, DigitGrammar(voice.language, 1, 20), sound, score)), ""
        )
        score.digits, score.errors = (
            score.digits + length,
            score.errors + distance(spoken, recognised),
        )
        score.strings, score.right = score.strings + 1, score.right + (recognised == spoken)
    return score


def cargo_numbers(model: Model, voice: Voice) -> Score:
    """13 digits, settled by a back end that knows a few thousand numbers."""
    rng, score = np.random.default_rng(11), Score()
    change, level = CONDITIONS["clean"]
    for _ in range(STRINGS):
        known = {"".join(rng.choice(list("0123456789"), 13)) for _ in range(REGISTER)}
        spoken = next(iter(known))
        sound = on_the_line(voice.say(spoken), rng, change, level)
        found = readings(model, DigitGrammar(voice.language, 8, 20), sound, score)[:MOST_READINGS]
        chosen = next((reading for reading in found if reading in known), None)
        score.strings, score.right = score.strings + 1, score.right + (chosen == spoken)
    return score


def marks(model: Model, voice: Voice, letters: Voice, *, own: bool) -> Score:
    """Marks: one of the driver's own five, as the first reading; or any mark, among the first five
    readings."""
    rng, score = np.random.default_rng(13), Score()
    change, level = CONDITIONS["clean"]
    usable = [letter for letter in MARK_LETTERS if letters.can_say(letter)]
    for _ in range(STRINGS):
        fleet = [
            "".join(rng.choice(usable, 2))
            + str(rng.integers(1, 10))
            + "".join(rng.choice(list("0123456789"), 3))
            for _ in range(VEHICLES)
        ]
        spoken = fleet[0]
        whole = np.concatenate([letters.say(spoken[:2]), np.zeros(400), voice.say(spoken[2:])])
        sound = on_the_line(whole.astype(np.float32), rng, change, level)
        grammar = own_marks(fleet, voice.language) if own else MarkGrammar(voice.language)
        found = readings(model, grammar, sound, score)[: 1 if own else 5]
        score.strings, score.right = score.strings + 1, score.right + (spoken in found)
    return score


def at_once(model: Model, voice: Voice, threads: int = 2) -> float:
    """Callers who can speak at the same time: seconds of speech recognised per second."""
    sounds = [
        on_the_line(voice.say("12345678"), np.random.default_rng(0), *CONDITIONS["clean"])
        for _ in range(40)
    ]
    grammar = DigitGrammar(voice.language, 1, 20)
    began = time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda sound: readings(model, grammar, sound, Score()), sounds))
    return sum(len(sound) for sound in sounds) / 2 / SAMPLE_RATE / (time.monotonic() - began)


class Line:
    """A line whose sound is handed to a recogniser as fast as possible."""

    def __init__(self, received: bytes, sent: bytes) -> None:
        self.received, self.sent = received, sent
        self.over = asyncio.Event()
        self.frames_at_once = 1

    def follow(self, on_frames: OnFrames) -> Line:
        self._telling = asyncio.ensure_future(self._tell(on_frames))
        return self

    def close(self) -> None:
        self._telling.cancel()

    async def _tell(self, on_frames: OnFrames) -> None:
        for at in range(0, len(self.received) - FRAME + 1, FRAME):
            on_frames(
                self.received[at : at + FRAME], self.sent[at : at + FRAME].ljust(FRAME, b"\0")
            )
            await asyncio.sleep(0)
        self.over.set()


async def stopped_by_itself(
    model: Model, language: Language, settings: RecognitionSettings, echo_db: float
) -> tuple[int, float]:
    """The number of prompts that were stopped by their own echo, and the hours of sound."""
    library = load_library()
    grammar = Either(DigitGrammar(language, 4, 20), phrase_book(language).commands())
    stopped, hours = 0, 0.0
    with ThreadPoolExecutor(1) as threads:
        for spoken, name in library.index:
            clip = library.clip(spoken, name)
            if spoken is not language or clip is None:
                continue
            sent = bytes(16000) + bytes(clip) + bytes(16000)
            sound = np.frombuffer(sent, "<i2").astype(np.float32) * 10 ** (-echo_db / 20)
            late = np.concatenate([np.zeros(960, np.float32), sound])[: len(sound)]
            hiss = np.random.default_rng(1).normal(0, 6, len(late)).astype(np.float32)
            line = Line(pcm(through_g711(late + hiss, a_law=True)), sent)
            recogniser = VoskRecogniser(line.follow, {language: model}, settings, threads)
            with recogniser.attend({language: grammar}) as attention:
                hearing = asyncio.ensure_future(attention.utterance())
                await line.over.wait()
                await asyncio.sleep(0.02)
                stopped += attention.began.is_set()
                hearing.cancel()
            recogniser.close()
            hours += len(clip) / 2 / SAMPLE_RATE / 3600
    return stopped, hours


def rejected(model: Model, language: Language, settings: RecognitionSettings) -> Score:
    """Words that are no answer to a yes-or-no question, and how many of them are rejected."""
    grammar = phrase_book(language).menu(
        [SpokenChoice("1", ("confirm.right",)), SpokenChoice("2", ("confirm.wrong",))]
    )
    answers = {word for phrase in grammar.phrases for word in phrase.split()}
    score, rng = Score(), np.random.default_rng(3)
    others = held_out_speech(Lexicon.of(language), 400, 9)
    for other in others:
        if set(other.words) & answers or len(other.words) > 3:
            continue
        sound = on_the_line(other.sound, rng, *CONDITIONS["clean"])
        recogniser = UtteranceRecogniser(model, grammar, settings.alternatives)
        for at in range(0, len(sound), FRAME):
            recogniser.hear(sound[at : at + FRAME])
        found = recogniser.readings()
        taken = bool(found) and found[0].confidence >= settings.least_confidence
        score.strings, score.right = score.strings + 1, score.right + (not taken)
    return score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("language", type=Language, choices=list(Language))
    parser.add_argument("--recorded", type=Path, required=True)
    parser.add_argument("--speakers", nargs="+", required=True)
    parser.add_argument("--letters", default="espeak", help="whose letters, for plates")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--strings", type=int, default=STRINGS)
    asked = parser.parse_args()
    settings = RecognitionSettings.model_validate({})
    model = load_one(asked.model or settings.model_directory(asked.language))
    people = recorded(asked.recorded)
    console = Console(width=140)
    names = list(CONDITIONS)
    table = Table("digit error", *names, title=f"{asked.language}: digits, A-law, unseen speakers")
    more = Table(
        *("whole strings", "4 digits", "6 digits", "13 digits", "CCRN with ROCARS", "own plate"),
        *("any plate in 5", "RTF"),
    )
    synthetic = {"espeak", *_ENGINES}
    for name in asked.speakers:
        voice = Voice(asked.language, name, None if name in synthetic else people[name])
        mixed = {
            condition: digit_strings(model, voice, (4, 6, 13), condition, asked.strings)
            for condition in names
        }
        table.add_row(name, *(f"{mixed[condition].error_rate:.1%}" for condition in names))
        lengths = [
            digit_strings(model, voice, (length,), "clean", asked.strings) for length in (4, 6, 13)
        ]
        who = people.get(asked.letters)
        letters = (
            voice
            if who is None and voice.clips is None
            else Voice(asked.language, asked.letters, who)
        )
        more.add_row(
            name,
            *(f"{length.share_right:.0%}" for length in lengths),
            f"{cargo_numbers(model, voice).share_right:.0%}",
            f"{marks(model, voice, letters, own=True).share_right:.0%}",
            f"{marks(model, voice, letters, own=False).share_right:.0%}",
            f"{statistics.median(score.work_s / score.seconds for score in mixed.values()):.4f}",
        )
    console.print(table)
    console.print(more)
    voice = Voice(asked.language, "espeak", None)
    console.print(f"{at_once(model, voice):.0f} callers speaking at the same time on two threads")
    stopped, hours = asyncio.run(stopped_by_itself(model, asked.language, settings, ECHO_DB))
    console.print(
        f"{stopped} prompts of {hours * 60:.0f} minutes stopped by their own echo "
        f"at -{ECHO_DB:.0f} dB"
    )
    kept_out = rejected(model, asked.language, settings)
    console.print(
        f"{kept_out.share_right:.0%} of {kept_out.strings} utterances that are no answer "
        "to a yes-or-no question were taken for none"
    )


if __name__ == "__main__":
    main()
