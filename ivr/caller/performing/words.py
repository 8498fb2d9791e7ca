"""Recognises words on a line, for prompts of which there is no recording."""

from __future__ import annotations

import json
from typing import Any

from speech.recognition.models import Model, ModelMissing
from speech.recognition.words import UNKNOWN


class WordEar:
    """Listens for certain words in a certain order.

    The recogniser knows only those words and "something else", so it can only say whether they
    came.
    """

    def __init__(self, model: Model, text: str) -> None:
        """Raises ModelMissing for words that the model does not know: they could never be
        recognised."""
        self._wanted = text.lower().split()
        strange = sorted(set(self._wanted) - model.words)
        if strange:
            raise ModelMissing(f"the model knows no {', '.join(strange)}: configure a larger one")
        self._recogniser: Any = model.word_spotter(sorted(set(self._wanted)))
        self._finished: list[str] = []
        self._partial: list[str] = []

    def hear(self, pcm: bytes) -> None:
        """Take in more of the line, mono s16le at 8000 Hz."""
        if self._recogniser.AcceptWaveform(pcm):
            self._finished += self._words(self._recogniser.Result(), "text")
            self._partial = []
        else:
            self._partial = self._words(self._recogniser.PartialResult(), "partial")

    @property
    def text(self) -> str:
        """What was recognised so far."""
        return " ".join([*self._finished, *self._partial])

    @property
    def matched(self) -> bool:
        """Whether the words came, directly one after the other."""
        words = [*self._finished, *self._partial]
        length = len(self._wanted)
        return any(words[at : at + length] == self._wanted for at in range(len(words) - length + 1))

    @staticmethod
    def _words(result: str, name: str) -> list[str]:
        return [word for word in str(json.loads(result)[name]).split() if word != UNKNOWN]
