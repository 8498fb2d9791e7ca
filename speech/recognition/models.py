"""The acoustic models, loaded once before the workers are forked and shared by all of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import structlog

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices: more threads only wait
import vosk

from speech.languages.language import Language
from speech.recognition.grammar import Grammar
from speech.recognition.settings import RecognitionSettings
from speech.recognition.words import UNKNOWN

log = structlog.get_logger(__name__)

SAMPLE_RATE = 8000
_ERRORS_ONLY = -2
"""Vosk's own log, on standard error; its warnings are about lattices, many to an utterance."""


NUMBERS = "numbers"
"""Folder in a model's directory: a second model, for questions whose answer is a number. What hears
strangers' digits best need not be what hears the words of menus best."""


@dataclass(frozen=True)
class Model:
    """A loaded model and the words that it knows.

    Attributes:
        for_numbers: another one for questions whose answer is a number, where there is one.
    """

    vosk: Any = field(repr=False)
    words: frozenset[str] = field(repr=False)
    for_numbers: Model | None = None

    def recogniser(self, grammar: Grammar, alternatives: int) -> Any:
        """Make a Vosk recogniser for one utterance with this grammar only.

        Raises ValueError for words that the model does not know: they could never be recognised.
        """
        if grammar.asks_for_a_number and self.for_numbers is not None:
            return self.for_numbers.recogniser(grammar, alternatives)
        strange = {word for phrase in grammar.phrases for word in phrase.split()} - self.words
        if strange:
            raise ValueError(f"not in the model: {' '.join(sorted(strange))}")
        otherwise = grammar.otherwise if grammar.otherwise in self.words else UNKNOWN
        listened_for = json.dumps([*grammar.phrases, otherwise], ensure_ascii=False)
        recogniser = vosk.KaldiRecognizer(self.vosk, SAMPLE_RATE, listened_for)
        recogniser.SetMaxAlternatives(alternatives)
        return recogniser

    def word_spotter(self, words: Iterable[str]) -> Any:
        """Make a Vosk recogniser for a whole line that knows these words, and "something else"."""
        listened_for = json.dumps([*words, UNKNOWN], ensure_ascii=False)
        return vosk.KaldiRecognizer(self.vosk, SAMPLE_RATE, listened_for)


def load(settings: RecognitionSettings, languages: Iterable[Language]) -> dict[Language, Model]:
    """Load the models that exist. A language without one is keypad only, which is logged."""
    found: dict[Language, Model] = {}
    if not settings.enabled:
        log.info("speech is switched off: callers use the keypad")
        return found
    for language in languages:
        directory = settings.model_directory(language)
        try:
            found[language] = load_one(directory)
        except ModelMissing as missing:
            log.error("no speech in this language", language=language, reason=str(missing))
    return found


class ModelMissing(Exception):
    """A directory contains no model, or none that Vosk can load."""


def load_one(directory: Path) -> Model:
    """Load a model directory, and the model for numbers in it. Raises ModelMissing."""
    model = _load(directory)
    if not (directory / NUMBERS).is_dir():
        return model
    return replace(model, for_numbers=_load(directory / NUMBERS))


def _load(directory: Path) -> Model:
    if not directory.is_dir():
        raise ModelMissing(f"{directory} is no model directory")
    vosk.SetLogLevel(_ERRORS_ONLY)
    try:
        loaded = vosk.Model(str(directory))
        lines = (directory / "graph" / "words.txt").read_text(encoding="utf-8").splitlines()
    except Exception as failure:  # the binding raises nothing more specific
        raise ModelMissing(f"{directory}: {failure}") from failure
    return Model(loaded, frozenset(line.split()[0] for line in lines if line.strip()))
