"""Our voices as a driver of pyttsx3, so that all speech at run time goes through pyttsx3.

`speech.synthesiser.process` puts this module where ``pyttsx3.init`` looks for drivers. A voice's id
is its name and the language, such as ``kokoro/cmn``. Requests are carried out at once, in the
calling thread: nothing is queued, and a call returns when its file is complete.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from speech.languages.language import Language
from speech.voices.registry import FILES, opened
from speech.voices.settings import VoiceSettings
from speech.voices.voice import Speech, Voice

_settings = VoiceSettings.model_validate({})


def configure(settings: str) -> None:
    """Set where voices find their files: VoiceSettings as JSON, for drivers built from now on."""
    global _settings
    _settings = VoiceSettings.model_validate_json(settings)


def buildDriver(proxy: Any) -> VoicesDriver:  # noqa: N802 - the name pyttsx3 looks for
    return VoicesDriver(proxy, _settings)


@dataclass(frozen=True)
class Offered:
    """A voice as pyttsx3 lists it."""

    id: str
    name: str
    languages: list[str] = field(default_factory=list)
    gender: str = ""
    age: int = 0


class VoicesDriver:
    """The interface that pyttsx3 requires of a driver; speaks into files, not to a sound card."""

    def __init__(self, proxy: Any, settings: VoiceSettings) -> None:
        self._proxy = proxy
        self._settings = settings
        self._opened: dict[str, Voice] = {}
        self._properties: dict[str, Any] = {"voice": "", "rate": 0, "volume": 1.0}

    def save_to_file(self, text: str, filename: str) -> None:
        """Write a WAV, mono, 16 bit. A failure is reported as ``error``, and ends the utterance
        too."""
        self._proxy.setBusy(True)
        completed = False
        try:
            self._proxy.notify("started-utterance")
            name, _, language = str(self._properties["voice"]).partition("/")
            if name not in self._opened:
                self._opened[name] = opened(name, self._settings)
            _write(self._opened[name].speak(text, Language(language)), filename)
            completed = True
        except Exception as failure:  # pyttsx3 would swallow it, and wait for ever
            self._proxy.notify("error", exception=failure)
        finally:
            self._proxy.notify("finished-utterance", completed=completed)
            self._proxy.setBusy(False)

    def say(self, text: str) -> None:
        """Raises RuntimeError: a server has no loudspeaker."""
        raise RuntimeError("this driver speaks into files")

    def stop(self) -> None:
        """Does nothing: no command is in progress between two calls."""

    def getProperty(self, name: str) -> Any:  # noqa: N802
        """Raises KeyError for an unknown property."""
        if name == "voices":
            return [
                Offered(f"{voice}/{language}", f"{voice} ({language})", [str(language)])
                for voice in FILES
                for language in Language
            ]
        return self._properties[name]

    def setProperty(self, name: str, value: Any) -> None:  # noqa: N802
        """Rate and volume are kept but have no effect: each voice has its own pace."""
        if name not in self._properties:
            raise KeyError(f"unknown property {name}")
        self._properties[name] = value

    def startLoop(self) -> None:  # noqa: N802
        """Carry out the queue; its last command ends the loop."""
        self._proxy.setBusy(False)

    def endLoop(self) -> None:  # noqa: N802
        """Does nothing: there is no loop."""

    def iterate(self) -> Iterator[None]:
        self._proxy.setBusy(False)
        yield

    def destroy(self) -> None:
        for voice in self._opened.values():
            voice.close()
        self._opened.clear()


def _write(speech: Speech, filename: str) -> None:
    pcm = (np.clip(speech.samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()
    with wave.open(filename, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(speech.rate)
        file.writeframes(pcm)
