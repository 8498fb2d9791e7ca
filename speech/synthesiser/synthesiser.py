"""Calls the synthesiser's process from an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from speech.languages.language import Language
from speech.synthesiser.respelling import respelled
from speech.synthesiser.settings import SynthesiserSettings

Samples = npt.NDArray[np.float32]

SAMPLE_RATE = 8000


class SynthesisFailed(Exception):
    """A text could not be spoken: an unknown voice, an empty file, or no room for it."""


class SynthesiserAway(SynthesisFailed):
    """No text can be spoken at present: espeak-ng is missing, or its process is dead or hangs."""


@dataclass(frozen=True)
class Driver:
    """A driver of pyttsx3 other than espeak's: its module, and its settings as JSON."""

    module: str
    settings: str


class Synthesiser:
    """Starts its process at the first request, and again when it has died or hangs."""

    def __init__(self, settings: SynthesiserSettings, driver: Driver | None = None) -> None:
        self._settings = settings
        self._driver = driver
        self._process: asyncio.subprocess.Process | None = None
        self._one_at_a_time = asyncio.Lock()

    async def speak(
        self, language: Language, text: str, *, voice_name: str = "", words_per_minute: int = 0
    ) -> Samples:
        """Speak a text: mono at 8000 Hz, samples from -1 to 1, in the voice and speed of the
        settings or others.

        Raises SynthesisFailed, SynthesiserAway.
        """
        voice = self._settings.voice(language)
        try:
            handle, name = tempfile.mkstemp(suffix=".wav", prefix="rocars-ivr-")
        except OSError as failure:
            raise SynthesisFailed(f"no place for a temporary file: {failure}") from failure
        os.close(handle)
        question = {
            "text": respelled(language, text) if self._driver is None else text,
            "voice": voice_name or voice.name,
            "words_per_minute": words_per_minute or voice.words_per_minute,
            "path": name,
        }
        try:
            await self._in_turn(question)
            return await asyncio.to_thread(_read, Path(name), text)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(name)

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def _in_turn(self, question: dict[str, Any]) -> None:
        """Send a request after the earlier ones are answered; a caller waits for the queue no
        longer than for speech."""
        try:
            async with asyncio.timeout(self._settings.timeout_s), self._one_at_a_time:
                await self._ask(question)
        except TimeoutError as failure:
            raise SynthesiserAway(
                f"no speech within {self._settings.timeout_s:g} seconds"
            ) from failure

    async def _ask(self, question: dict[str, Any]) -> None:
        try:
            process = await self._running()
            assert process.stdin is not None
            process.stdin.write(json.dumps(question).encode() + b"\n")
            await process.stdin.drain()
            answer = await self._answer(process)
        except (OSError, ValueError) as failure:
            await self.close()
            raise SynthesiserAway(f"the synthesiser failed: {failure}") from failure
        except BaseException:  # cancelled halfway: its answer would be taken for the next one
            await self.close()
            raise
        if not answer.get("done"):
            raise SynthesisFailed(str(answer.get("why", "the synthesiser gave no reason")))

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "speech.synthesiser.process"),
                *((self._driver.module, self._driver.settings) if self._driver else ()),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            ready = await self._answer(self._process)
            if not ready.get("ready"):
                raise OSError(str(ready.get("why")))
        return self._process

    @staticmethod
    async def _answer(process: asyncio.subprocess.Process) -> dict[str, Any]:
        assert process.stdout is not None
        line = await process.stdout.readline()
        if not line:
            raise OSError("its process ended")
        answer = json.loads(line)
        if not isinstance(answer, dict):
            raise ValueError("not an answer")
        return answer


def _read(path: Path, text: str) -> Samples:
    try:
        samples, rate = soundfile.read(path, dtype="float32")
    except (soundfile.LibsndfileError, OSError) as failure:
        raise SynthesisFailed(f"no sound came of {text!r}: {failure}") from failure
    if len(samples) == 0:
        raise SynthesisFailed(f"an empty file came of {text!r}")
    resampled: Samples = soxr.resample(samples, rate, SAMPLE_RATE, quality="VHQ").astype("float32")
    return resampled
