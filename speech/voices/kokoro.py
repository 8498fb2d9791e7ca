"""Kokoro-82M (Apache-2.0) with ONNX Runtime on the CPU: English and Putonghua.

The model and the dictionary are downloaded once (`make voices`, `speech.voices.fetch`); the tables
of the speakers are beside this file, with their card.
"""

from __future__ import annotations

import json
import re
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from speech.languages.language import Language
from speech.synthesiser.settings import SynthesiserSettings
from speech.voices.kokoro_english import English
from speech.voices.kokoro_putonghua import symbols as putonghua
from speech.voices.settings import VoiceSettings
from speech.voices.voice import Samples, Speech, VoiceUnavailable, needs

RATE = 24_000
MOST_SYMBOLS = 509
SPEAKERS = {Language.ENGLISH: "af_bella", Language.PUTONGHUA: "zf_xiaoyi"}
SPEED = {Language.ENGLISH: 1.0, Language.PUTONGHUA: 1.0}
LONE = 14
"""Most symbols of a word by itself, which has a speed of its own."""

LONE_SPEED = {Language.ENGLISH: 1.1, Language.PUTONGHUA: 1.1}
RULES = 1
"""Raised with each change of the symbols for a text; part of the version."""

BETWEEN_SENTENCES_S = 0.3
_SOFTEST = 0.01
_KEPT_S = 0.03
_TABLES = Path(__file__).with_name("kokoro_voices")
_SENTENCES = re.compile(r"(?<=[.?!。？！])\s*")
_ENDS = ".,;:?!。，；：？！、"


class KokoroVoice:
    """One speaker per language (fulfils `speech.voices.voice.Voice`); always the same sound."""

    name = "kokoro"
    licence = "Apache-2.0"

    def __init__(self, folder: Path, speakers: dict[Language, str] | None = None) -> None:
        """Raises ImportError without onnxruntime, VoiceUnavailable without the model's files."""
        import onnxruntime

        self._folder = folder
        self._speakers = speakers or SPEAKERS
        model = folder / "kokoro.onnx"
        if not model.is_file():
            raise VoiceUnavailable(f"the voice kokoro has no model at {model}: `make voices`")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            str(model), sess_options=options, providers=["CPUExecutionProvider"]
        )

    @property
    def languages(self) -> frozenset[Language]:
        return frozenset(self._speakers)

    @property
    def version(self) -> str:
        speakers = " ".join(
            f"{speaker}@{SPEED[language]:g}/{LONE_SPEED[language]:g}"
            for language, speaker in self._speakers.items()
        )
        return f"1.0 int8, {speakers}, rules {RULES}"

    def speak(self, text: str, language: Language) -> Speech:
        """Speak sentence by sentence, with pauses between them. Raises VoiceUnavailable."""
        needs(self, language)
        pieces: list[Samples] = []
        for sentence in filter(None, _SENTENCES.split(text.strip())):
            if pieces:
                pieces.append(np.zeros(int(RATE * BETWEEN_SENTENCES_S), np.float32))
            pieces.append(self._say(self.symbols(sentence, language), language))
        if not pieces:
            raise VoiceUnavailable(f"there is nothing to say in {text!r}")
        return Speech(np.concatenate(pieces), RATE)

    def close(self) -> None:
        """Release the model's memory."""
        self._session = None

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

    @cached_property
    def _numbers(self) -> dict[str, int]:
        path = _TABLES / "vocab.json"
        numbers: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))["vocab"]
        return numbers

    def _table(self, speaker: str) -> Samples:
        """510 styles of 256 numbers each, by the number of symbols."""
        for folder in (_TABLES, self._folder / "voices"):
            path = folder / f"{speaker}.bin"
            if path.is_file():
                return np.fromfile(path, "<f4").reshape(510, 256)
        raise VoiceUnavailable(f"the voice kokoro has no table of {speaker}")

    def _say(self, written: str, language: Language) -> Samples:
        unknown = {symbol for symbol in written if symbol not in self._numbers}
        if unknown:
            raise VoiceUnavailable(f"the voice kokoro has no symbols {sorted(unknown)}")
        tokens = [self._numbers[symbol] for symbol in written]
        if not 0 < len(tokens) <= MOST_SYMBOLS:
            raise VoiceUnavailable(f"a sentence of {len(tokens)} symbols; {MOST_SYMBOLS} at most")
        style = self._table(self._speakers[language])[len(tokens)]
        sound = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": style.astype(np.float32)[None],
                "speed": np.array([speed(len(tokens), language)], np.float32),
            },
        )[0].ravel()
        loud = np.flatnonzero(np.abs(sound) > _SOFTEST * np.abs(sound).max())
        kept = int(RATE * _KEPT_S)
        return np.asarray(sound[max(0, loud[0] - kept) : loud[-1] + kept], np.float32)


def speed(symbols: int, language: Language) -> float:
    """The speed for a sentence of so many symbols, in the model's terms."""
    return (LONE_SPEED if symbols <= LONE else SPEED)[language]


def opened(settings: VoiceSettings, synthesiser: SynthesiserSettings) -> KokoroVoice:
    return KokoroVoice(settings.files)
