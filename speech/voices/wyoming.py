"""Voices of a Wyoming server: Piper, and others with that protocol (github.com/OHF-Voice/wyoming).

One connection per text: Synthesize is answered by AudioStart, AudioChunks and AudioStop. The
server's answer to Describe names its voices and languages.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import BinaryIO, cast
from urllib.parse import urlsplit

import numpy as np
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, read_event, write_event
from wyoming.info import Describe, Info, TtsVoice
from wyoming.tts import Synthesize, SynthesizeVoice

from speech.languages.language import Language
from speech.synthesiser.settings import SynthesiserSettings
from speech.voices.settings import VoiceSettings
from speech.voices.voice import Samples, Speech, VoiceUnavailable, needs

TAGS = {Language.ENGLISH: ("en",), Language.PUTONGHUA: ("cmn", "zh"), Language.CANTONESE: ("yue",)}
"""How servers name our languages; zh is Putonghua, zh-HK is Cantonese."""

_HONG_KONG = ("zh-hk", "zh_hk")
_SAMPLES = {1: ("<i1", 128.0), 2: ("<i2", 32768.0), 4: ("<i4", 2147483648.0)}


class WyomingVoice:
    """Voices of a server (fulfils `speech.voices.voice.Voice`)."""

    name = "wyoming"

    def __init__(self, address: str, timeout_s: float) -> None:
        self._address = address
        self._timeout_s = timeout_s

    @cached_property
    def _voices(self) -> dict[Language, TtsVoice]:
        """The first installed voice that the server names for each language."""
        found: dict[Language, TtsVoice] = {}
        for program in self._info.tts:
            for voice in program.voices:
                for tag in voice.languages if voice.installed else ():
                    language = _language(tag)
                    if language is not None:
                        found.setdefault(language, voice)
        return found

    @cached_property
    def _info(self) -> Info:
        with self._asked(Describe().event()) as answers:
            for event in answers:
                if Info.is_type(event.type):
                    return Info.from_event(event)
        raise VoiceUnavailable(f"the Wyoming server at {self._address} does not say who it is")

    @property
    def version(self) -> str:
        """The program and its voices as the server names them. Raises VoiceUnavailable."""
        programs = [f"{program.name} {program.version or '?'}" for program in self._info.tts]
        voices = [
            f"{language} {voice.name} {voice.version or '?'}"
            for language, voice in sorted(self._voices.items())
        ]
        return ", ".join([*programs, *voices])

    @property
    def licence(self) -> str:
        """The attribution that the server gives for its voices; the protocol has no licence."""
        sources = {
            f"{voice.attribution.name} ({voice.attribution.url})" for voice in self._voices.values()
        }
        return "as of " + ", ".join(sorted(sources))

    @property
    def languages(self) -> frozenset[Language]:
        return frozenset(self._voices)

    def speak(self, text: str, language: Language) -> Speech:
        """Raises VoiceUnavailable: no server, no answer in time, no sound or incomplete sound."""
        needs(self, language)
        voice = SynthesizeVoice(name=self._voices[language].name)
        rate, pieces = 0, []
        with self._asked(Synthesize(text=text, voice=voice).event()) as answers:
            for event in answers:
                if AudioStart.is_type(event.type):
                    rate = AudioStart.from_event(event).rate
                elif AudioChunk.is_type(event.type):
                    chunk = AudioChunk.from_event(event)
                    rate = chunk.rate
                    pieces.append(_samples(chunk))
                elif Error.is_type(event.type):
                    why = Error.from_event(event).text
                    raise VoiceUnavailable(f"the Wyoming server at {self._address}: {why}")
                elif AudioStop.is_type(event.type):
                    if not any(map(len, pieces)):
                        raise VoiceUnavailable(f"no sound came of {text!r} from {self._address}")
                    return Speech(np.concatenate(pieces), rate)
        raise VoiceUnavailable(f"the Wyoming server at {self._address} broke off")

    def close(self) -> None:
        """Does nothing: no connection stays open between two texts."""

    @contextmanager
    def _asked(self, question: Event) -> Iterator[Iterator[Event]]:
        where = urlsplit(self._address)
        try:
            with (
                socket.create_connection(
                    (where.hostname or "", where.port or 0), self._timeout_s
                ) as connection,
                connection.makefile("rwb") as stream,
            ):
                both = cast(BinaryIO, stream)
                write_event(question, both)
                yield iter(lambda: read_event(both), None)
        except OSError as failure:
            raise VoiceUnavailable(
                f"no Wyoming server answers at {self._address}: {failure or 'too slow'}"
            ) from failure


def _language(tag: str) -> Language | None:
    if tag.lower().startswith(_HONG_KONG):
        return Language.CANTONESE
    first = tag.replace("_", "-").partition("-")[0].lower()
    return next((language for language, tags in TAGS.items() if first in tags), None)


def _samples(chunk: AudioChunk) -> Samples:
    """Convert to mono, from -1 to 1. Raises VoiceUnavailable for an unknown sample width."""
    if chunk.width not in _SAMPLES:
        raise VoiceUnavailable(f"sound of {chunk.width} bytes a sample cannot be read")
    kind, full = _SAMPLES[chunk.width]
    values = np.frombuffer(chunk.audio, np.dtype(kind)).astype(np.float32) / np.float32(full)
    return np.asarray(values.reshape(-1, chunk.channels).mean(axis=1), np.float32)


def opened(settings: VoiceSettings, synthesiser: SynthesiserSettings) -> WyomingVoice:
    return WyomingVoice(settings.wyoming, settings.timeout_s)
