"""espeak-ng through pyttsx3: speaks every language and every text, without preparation."""

from __future__ import annotations

import asyncio
import threading

from speech.languages.language import Language
from speech.synthesiser.settings import SynthesiserSettings
from speech.synthesiser.synthesiser import SAMPLE_RATE, Synthesiser, SynthesisFailed
from speech.voices.settings import VoiceSettings
from speech.voices.voice import Speech, VoiceUnavailable


class EspeakVoice:
    """The synthesiser's process, called from any thread (fulfils `speech.voices.voice.Voice`)."""

    name = "espeak-ng"
    licence = "GPL-3.0-or-later"
    languages = frozenset(Language)

    def __init__(self, settings: SynthesiserSettings) -> None:
        self._settings = settings
        self._synthesiser = Synthesiser(settings)
        self._loop = asyncio.Runner()
        self._one_at_a_time = threading.Lock()

    @property
    def version(self) -> str:
        """Its voices and their speed: pyttsx3 does not give the version of the program."""
        voices = [self._settings.voice(language) for language in Language]
        return " ".join(f"{voice.name}@{voice.words_per_minute}" for voice in voices)

    def speak(self, text: str, language: Language) -> Speech:
        """Raises VoiceUnavailable."""
        try:
            with self._one_at_a_time:
                samples = self._loop.run(self._synthesiser.speak(language, text))
        except SynthesisFailed as failure:
            raise VoiceUnavailable(f"{failure} (Debian package libespeak-ng1)") from failure
        return Speech(samples, SAMPLE_RATE)

    def close(self) -> None:
        with self._one_at_a_time:
            self._loop.run(self._synthesiser.close())
            self._loop.close()


def opened(settings: VoiceSettings, synthesiser: SynthesiserSettings) -> EspeakVoice:
    return EspeakVoice(synthesiser)
