"""What a voice is: it speaks a text in a language, and says who it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from speech.languages.language import Language

Samples = npt.NDArray[np.float32]


class VoiceUnavailable(Exception):
    """This voice cannot speak here and now; the text says why, and what would help.

    A package or a model file that is not installed, a language the voice does not speak, a word it
    has no sounds for, a server that does not answer.
    """


@dataclass(frozen=True)
class Speech:
    """What a voice said.

    Attributes:
        samples: mono, from -1 to 1; silence around it is not cut off.
        rate: samples a second, Hz.
    """

    samples: Samples
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


class Voice(Protocol):
    """Speaks texts of the catalogue: one at a time, in the thread that asks.

    Attributes:
        name: as the settings and `prompts record --voice` know it.
        version: changes whenever the same text would sound otherwise.
        licence: SPDX name of the licence of what is spoken with.
        languages: those it speaks.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def licence(self) -> str: ...

    @property
    def languages(self) -> frozenset[Language]: ...

    def speak(self, text: str, language: Language) -> Speech:
        """A text as a person would write it, spoken. Raises VoiceUnavailable."""

    def close(self) -> None:
        """Give back what it holds: a process, a connection, memory."""


def needs(voice: Voice, language: Language) -> None:
    """Raises VoiceUnavailable for a language the voice does not speak."""
    if language not in voice.languages:
        spoken = ", ".join(sorted(voice.languages))
        raise VoiceUnavailable(f"the voice {voice.name} speaks {spoken}, not {language}")
