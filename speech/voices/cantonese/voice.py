"""A Cantonese voice of our own, made of one native speaker's read syllables (docs/voices.md)."""

from __future__ import annotations

import dataclasses
import threading
from functools import cached_property

import numpy as np

from speech.languages.language import Language
from speech.synthesiser.settings import SynthesiserSettings
from speech.voices.cantonese.envelope import SAMPLE_RATE, Doubles
from speech.voices.cantonese.model import SpeakerModel, SyllableUnknown, load
from speech.voices.cantonese.reading import Phrase, Unreadable, phrases
from speech.voices.cantonese.rendering import Speaker, rendered, world
from speech.voices.settings import VoiceSettings
from speech.voices.voice import Speech, VoiceUnavailable, needs

RENDERING = 4
"""Raised whenever the same text, model and speaker sound different than before."""
_LOWER = 0.6
"""Semitones: a phrase inside a sentence begins lower than the sentence did."""
_PEAK = 0.7
_KNEE = 2.0
"""Multiple of the mean level (RMS of the audible part) above which peaks are compressed."""
_WITHIN_PAUSE_S = 0.07
"""The part of a pause that is silence around each phrase."""


class CantoneseVoice:
    """Reads written Cantonese, and speaks it by WORLD (fulfils `speech.voices.voice.Voice`)."""

    name = "cantonese"
    licence = "CC-BY-SA-4.0"
    languages = frozenset({Language.CANTONESE})

    def __init__(self, speaker: Speaker | None = None) -> None:
        self._speaker = speaker or Speaker()
        self._one_at_a_time = threading.Lock()

    @cached_property
    def _model(self) -> SpeakerModel:
        try:
            return load()
        except (OSError, ValueError) as failure:
            raise VoiceUnavailable(f"the model of the Cantonese voice: {failure}") from failure

    @property
    def version(self) -> str:
        """The version of rendering, model and speaker. Raises VoiceUnavailable."""
        who = f"{self._speaker.pitch_hz:g}Hz tract {self._speaker.tract:g}"
        return f"{RENDERING} {self._model.digest} {who} {self._speaker.pace:g}/s"

    def speak(self, text: str, language: Language) -> Speech:
        """Raises VoiceUnavailable for another language, or for text that has no reading."""
        needs(self, language)
        try:
            with self._one_at_a_time:
                spoken = phrases(text)
            samples = self._spoken(spoken)
        except (Unreadable, SyllableUnknown) as failure:
            raise VoiceUnavailable(f"the Cantonese voice: {failure.args[0]}") from failure
        soft = _softened(samples)
        return Speech((soft * (_PEAK / np.abs(soft).max())).astype(np.float32), SAMPLE_RATE)

    def close(self) -> None:
        """Does nothing: the voice holds only memory."""

    def _spoken(self, spoken: list[Phrase]) -> Doubles:
        pieces: list[Doubles] = []
        goes_on = False
        for phrase in spoken:
            speaker = self._speaker
            if goes_on:
                lower = speaker.pitch_hz * 2 ** (-_LOWER / 12)
                speaker = dataclasses.replace(speaker, pitch_hz=lower)
            pieces.append(
                rendered(self._model, phrase.syllables, speaker, ends=phrase.ends).samples
            )
            pause_s = max(0.0, phrase.pause_s - _WITHIN_PAUSE_S)
            pieces.append(np.zeros(round(pause_s * SAMPLE_RATE)))
            goes_on = not phrase.ends
        return np.concatenate(pieces)


def _softened(samples: Doubles) -> Doubles:
    """Compress peaks that stand far above the rest, so that the whole can be loud enough."""
    loud = np.sqrt(np.mean(samples[np.abs(samples) > 0.02 * np.abs(samples).max()] ** 2))
    knee = _KNEE * loud
    over = np.maximum(np.abs(samples) - knee, 0.0)
    bent = np.minimum(np.abs(samples), knee) + knee * np.tanh(over / knee) / 2
    return np.asarray(np.sign(samples) * bent, np.float64)


def opened(settings: VoiceSettings, synthesiser: SynthesiserSettings) -> CantoneseVoice:
    """Raises ImportError without the packages of the extra `voices`."""
    import ToJyutping  # noqa: F401

    world()
    return CantoneseVoice()
