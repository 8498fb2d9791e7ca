"""Speech for what has no recording: made once, off the event loop, and kept."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import soundfile
import structlog

from prompts.loudness import SAMPLE_RATE, Samples, as_pcm, levelled, trimmed
from prompts.phrasing import phrased
from prompts.script import Clip
from prompts.settings import PromptSettings
from prompts.take import flac
from speech.languages.language import Language
from speech.synthesiser.respelling import respelled
from speech.synthesiser.synthesiser import Driver, Synthesiser, SynthesiserAway, SynthesisFailed
from speech.voices.registry import installed
from speech.voices.settings import EVERYWHERE

log = structlog.get_logger(__name__)

KEPT_IN_MEMORY = 500
DRIVER = "speech.voices.pyttsx3_driver"
PAUSE_S = 30.0
"""A synthesiser that is away is left alone so long: no caller waits for it clip after clip."""


class StandIns:
    """Synthesised clips: memory, then disk, then a voice. Never raises.

    The voice is that of the recordings where it is installed. A caller waits for it only so long;
    then espeak-ng speaks, and what the other voice goes on to make is kept for the next caller.
    """

    def __init__(
        self,
        settings: PromptSettings,
        cache: Path,
        synthesiser: Synthesiser | None = None,
        *,
        own: Synthesiser | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._cache = settings.cache or cache
        self._synthesiser = synthesiser or Synthesiser(settings.synthesiser)
        self._own = own or Synthesiser(
            settings.synthesiser.model_copy(update={"timeout_s": settings.voices.longest_s}),
            Driver(DRIVER, settings.voices.model_dump_json()),
        )
        self._making: dict[str, asyncio.Task[bytes]] = {}
        self._spoken: dict[str, asyncio.Task[bytes]] = {}
        self._made: dict[str, bytes] = {}
        self._clock = clock
        self._away_until = -float("inf")
        self._own_away_until = -float("inf")

    async def synthesised(self, clip: Clip) -> bytes:
        """The clip's PCM, empty when it cannot be made; the same clip is made only once."""
        voice = self._voice(clip.language)
        key = self._key(clip, voice)
        if key in self._made:
            return self._made[key]
        making = self._making.get(key)
        if making is None:
            making = asyncio.ensure_future(self._make(clip, voice, key))
            self._making[key] = making
            making.add_done_callback(lambda _: self._making.pop(key, None))
        return await asyncio.shield(making)

    async def close(self) -> None:
        for task in self._spoken.values():
            task.cancel()
        await asyncio.gather(*self._spoken.values(), return_exceptions=True)
        await self._synthesiser.close()
        await self._own.close()

    def _voice(self, language: Language) -> str:
        """The voice of the recordings, or espeak-ng where that is not installed."""
        name = self._settings.voices.voice(language)
        return name if installed(name, self._settings.voices) else EVERYWHERE

    async def _make(self, clip: Clip, voice: str, key: str) -> bytes:
        try:
            pcm = await asyncio.to_thread(_read, self._path(clip, key))
            if not pcm and voice != EVERYWHERE:
                pcm = await self._in_time(clip, voice, key)
            if not pcm:
                key = self._key(clip, EVERYWHERE)
                pcm = await self._by_espeak(clip, key)
        except SynthesiserAway as failure:
            self._away_until = self._clock() + PAUSE_S
            log.error("synthesiser away", clip=clip.name, why=str(failure), pause_s=PAUSE_S)
            return b""
        except SynthesisFailed as failure:
            log.error("nothing synthesised", clip=clip.name, why=str(failure))
            return b""
        except Exception:  # whatever it was, a stand-in is not worth a call
            log.exception("nothing synthesised", clip=clip.name)
            return b""
        self._remember(key, pcm)
        return pcm

    async def _by_espeak(self, clip: Clip, key: str) -> bytes:
        pcm = await asyncio.to_thread(_read, self._path(clip, key))
        if not pcm and self._clock() >= self._away_until:
            raw = await self._synthesiser.speak(clip.language, clip.speech)
            pcm = await asyncio.to_thread(self._finished, raw)
            await asyncio.to_thread(_keep, self._path(clip, key), pcm)
        return pcm

    async def _in_time(self, clip: Clip, voice: str, key: str) -> bytes:
        """By the voice of the recordings; empty when it is away, fails, or takes too long."""
        speaking = self._spoken.get(key)
        if speaking is None:
            if self._clock() < self._own_away_until:
                return b""
            speaking = asyncio.ensure_future(self._by_own_voice(clip, voice, key))
            self._spoken[key] = speaking
            speaking.add_done_callback(lambda _: self._spoken.pop(key, None))
        done, _ = await asyncio.wait({speaking}, timeout=self._settings.voices.patience_s)
        if not done:
            log.warning("voice late, espeak-ng instead", clip=clip.name, voice=voice)
            return b""
        return speaking.result()

    async def _by_own_voice(self, clip: Clip, voice: str, key: str) -> bytes:
        try:
            raw = await self._own.speak(
                clip.language, phrased(clip), voice_name=f"{voice}/{clip.language}"
            )
            pcm = await asyncio.to_thread(self._finished, raw)
            await asyncio.to_thread(_keep, self._path(clip, key), pcm)
        except SynthesisFailed as failure:
            if isinstance(failure, SynthesiserAway):
                self._own_away_until = self._clock() + PAUSE_S
            log.error(
                "voice failed, espeak-ng instead", clip=clip.name, voice=voice, why=str(failure)
            )
            return b""
        except Exception:  # nobody may be waiting for it any more
            log.exception("voice failed, espeak-ng instead", clip=clip.name, voice=voice)
            return b""
        self._remember(key, pcm)
        return pcm

    def _remember(self, key: str, pcm: bytes) -> None:
        if pcm and len(self._made) < KEPT_IN_MEMORY:
            self._made[key] = pcm

    def _finished(self, raw: Samples) -> bytes:
        return as_pcm(levelled(trimmed(raw), self._settings.loudness_lufs))

    def _path(self, clip: Clip, key: str) -> Path:
        return self._cache / clip.language / f"{key}.flac"

    def _key(self, clip: Clip, voice: str) -> str:
        """Everything that shapes the sound, so that a changed voice is never a stale clip."""
        if voice == EVERYWHERE:
            espeak = self._settings.synthesiser.voice(clip.language)
            shape = f"{espeak.name} {espeak.words_per_minute} {self._settings.loudness_lufs}"
            given = respelled(clip.language, clip.speech)
        else:
            shape = f"{voice} {self._settings.voices.wyoming} {self._settings.loudness_lufs}"
            given = phrased(clip)
        return hashlib.sha256(f"{shape} {given}".encode()).hexdigest()[:32]


def _read(path: Path) -> bytes:
    try:
        samples, rate = soundfile.read(path, dtype="int16")
    except (soundfile.LibsndfileError, OSError):
        return b""
    pcm: bytes = samples.astype("<i2").tobytes() if rate == SAMPLE_RATE else b""
    return pcm


def _keep(path: Path, pcm: bytes) -> None:
    """Write whole or not at all; a disk that is full costs the cache, not the prompt."""
    draft = path.with_suffix(f".{os.getpid()}.draft")  # another worker may make the same clip
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(flac(pcm))
        draft.replace(path)
    except (soundfile.LibsndfileError, OSError) as failure:
        log.error("a synthesised prompt could not be kept", why=str(failure))
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
