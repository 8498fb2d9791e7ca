"""Kokoro-82M (Apache-2.0) with ONNX Runtime on the CPU: English and Putonghua.

The model and the dictionary are downloaded once (`make voices`, `speech.voices.fetch`); the tables
of the speakers are beside this file, with their card.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

import numpy as np

from speech.languages.language import Language
from speech.synthesiser.settings import SynthesiserSettings
from speech.voices.kokoro_english import English
from speech.voices.kokoro_model import MOST_SYMBOLS, RATE, TABLES, KokoroModel, numbers, table
from speech.voices.kokoro_putonghua import symbols as putonghua
from speech.voices.settings import VoiceSettings
from speech.voices.voice import Samples, Speech, VoiceUnavailable, needs

SPEAKERS = {Language.ENGLISH: "af_bella", Language.PUTONGHUA: "zf_xiaoyi"}
SPEED = 1.0
SHORTER = {Language.ENGLISH: ((14, 1.1), (40, 1.15)), Language.PUTONGHUA: ((14, 1.1),)}
"""Texts of at most so many symbols, and their speed: a word by itself; and in English questions,
options and what stands before a number, which regular callers hear in every call."""

UNHURRIED = {Language.PUTONGHUA: frozenset("零四五七九")}
"""Digits that are said alone at `SPEED`: hurried like other short texts they get lost on a
telephone. The others are understood worse when they are slower (docs/voices.md)."""

RULES = 3
"""Raised with each change of the symbols or the speed of a text; part of the version."""

BETWEEN_SENTENCES_S = 0.3
_KEPT_S = 0.03
_SENTENCES = re.compile(r"(?<=[.?!。？！])\s*")
_ENDS = ".,;:?!。，；：？！、"


class KokoroVoice:
    """One speaker per language (fulfils `speech.voices.voice.Voice`); always the same sound."""

    name = "kokoro"
    licence = "Apache-2.0"

    def __init__(self, folder: Path, speakers: dict[Language, str] | None = None) -> None:
        """Raises ImportError without onnxruntime, VoiceUnavailable without the model's files."""
        self._folder = folder
        self._speakers = speakers or SPEAKERS
        self._model: KokoroModel | None = KokoroModel(folder)

    @property
    def languages(self) -> frozenset[Language]:
        return frozenset(self._speakers)

    @property
    def version(self) -> str:
        speakers = " ".join(
            "/".join([f"{speaker}@{SPEED:g}", *(f"{pace:g}" for _, pace in SHORTER[language])])
            for language, speaker in self._speakers.items()
        )
        return f"1.0 int8, {speakers}, rules {RULES}"

    def speak(self, text: str, language: Language) -> Speech:
        """Speak sentence by sentence, with pauses between them. Raises VoiceUnavailable."""
        needs(self, language)
        sentences = [
            self.symbols(sentence, language)
            for sentence in _SENTENCES.split(text.strip())
            if sentence
        ]
        unhurried = text.strip(f" {_ENDS}") in UNHURRIED.get(language, ())
        pace = SPEED if unhurried else speed(sum(map(len, sentences)), language)
        pieces: list[Samples] = []
        for sentence in sentences:
            if pieces:
                pieces.append(np.zeros(int(RATE * BETWEEN_SENTENCES_S), np.float32))
            pieces.append(self._say(sentence, language, pace))
        if not pieces:
            raise VoiceUnavailable(f"there is nothing to say in {text!r}")
        return Speech(np.concatenate(pieces), RATE)

    def close(self) -> None:
        """Release the model's memory."""
        self._model = None

    def symbols(self, text: str, language: Language) -> str:
        """The text in the model's own symbols. Raises VoiceUnavailable."""
        written = (
            self._english.symbols(text)
            if language is Language.ENGLISH
            else putonghua(text, self._english.letters)
        )
        return written if text.strip()[-1] in _ENDS else written + "."

    @cached_property
    def _english(self) -> English:
        speaker = self._speakers.get(Language.ENGLISH, "")
        return English(self._folder, british=speaker.startswith("b"))

    def _table(self, speaker: str) -> Samples:
        for folder in (TABLES, self._folder / "voices"):
            path = folder / f"{speaker}.bin"
            if path.is_file():
                return table(path)
        raise VoiceUnavailable(f"the voice kokoro has no table of {speaker}")

    def _say(self, written: str, language: Language, pace: float) -> Samples:
        known = numbers()
        if unknown := {symbol for symbol in written if symbol not in known}:
            raise VoiceUnavailable(f"the voice kokoro has no symbols {sorted(unknown)}")
        if not 0 < len(written) <= MOST_SYMBOLS:
            raise VoiceUnavailable(f"a sentence of {len(written)} symbols; {MOST_SYMBOLS} at most")
        if self._model is None:
            raise VoiceUnavailable("the voice kokoro is closed")
        return self._model.say(
            [known[symbol] for symbol in written],
            self._table(self._speakers[language])[len(written)],
            pace,
            kept_s=_KEPT_S,
        )


def speed(symbols: int, language: Language) -> float:
    """The speed for a text of so many symbols, in the model's terms."""
    return next((pace for most, pace in SHORTER[language] if symbols <= most), SPEED)


def opened(settings: VoiceSettings, synthesiser: SynthesiserSettings) -> KokoroVoice:
    return KokoroVoice(settings.files)
