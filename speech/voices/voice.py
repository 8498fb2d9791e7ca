"""The protocol of a voice, which speaks a text in a language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from speech.languages.language import Language

Samples = npt.NDArray[np.float32]


class VoiceUnavailable(Exception):
    """This voice cannot be used at present; the text says why, and what would help.

    A package or a model file that is not installed, a language the voice does not speak, a word it
    has no sounds for, a server that does not answer.
    """


@dataclass(frozen=True)
class Speech:
    """The speech that a voice made.

    Attributes:
        samples: mono, from -1 to 1; silence around it is not removed.
        rate: samples a second, Hz.
    """

    samples: Samples
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


class Voice(Protocol):
    """Speaks texts of the catalogue, one at a time, in the calling thread.

    Attributes:
        name: its name in the settings and in `prompts record --voice`.
        version: changes whenever the same text would sound different.
        licence: SPDX name of the licence of the voice.
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
        """Speak a text as a person would write it. Raises VoiceUnavailable."""

    def close(self) -> None:
        """Release what it holds: a process, a connection, memory."""


def needs(voice: Voice, language: Language) -> None:
    """Raises VoiceUnavailable for a language the voice does not speak."""
    if language not in voice.languages:
        spoken = ", ".join(sorted(voice.languages))
        raise VoiceUnavailable(f"the voice {voice.name} speaks {spoken}, not {language}")
