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
from prompts.script import Clip
from prompts.settings import PromptSettings
from prompts.take import flac
from speech.synthesiser.respelling import respelled
from speech.synthesiser.synthesiser import Synthesiser, SynthesiserAway, SynthesisFailed

log = structlog.get_logger(__name__)

KEPT_IN_MEMORY = 500
PAUSE_S = 30.0
"""A synthesiser that is away is left alone so long: no caller waits for it clip after clip."""


class StandIns:
    """Synthesised clips: memory, then disk, then the synthesiser. Never raises."""

    def __init__(
        self,
        settings: PromptSettings,
        cache: Path,
        synthesiser: Synthesiser | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._cache = settings.cache or cache
        self._synthesiser = synthesiser or Synthesiser(settings.synthesiser)
        self._making: dict[str, asyncio.Task[bytes]] = {}
        self._made: dict[str, bytes] = {}
        self._clock = clock
        self._away_until = -float("inf")

    async def synthesised(self, clip: Clip) -> bytes:
        """The clip's PCM, empty when it cannot be made; the same clip is made only once."""
        key = self._key(clip)
        if key in self._made:
            return self._made[key]
        making = self._making.get(key)
        if making is None:
            making = asyncio.ensure_future(self._make(clip, key))
            self._making[key] = making
            making.add_done_callback(lambda _: self._making.pop(key, None))
        return await asyncio.shield(making)

    async def close(self) -> None:
        await self._synthesiser.close()

    async def _make(self, clip: Clip, key: str) -> bytes:
        path = self._cache / clip.language / f"{key}.flac"
        try:
            pcm = await asyncio.to_thread(_read, path)
            if not pcm and self._clock() >= self._away_until:
                raw = await self._synthesiser.speak(clip.language, clip.speech)
                pcm = await asyncio.to_thread(self._finished, raw)
                await asyncio.to_thread(_keep, path, pcm)
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
        if pcm and len(self._made) < KEPT_IN_MEMORY:
            self._made[key] = pcm
        return pcm

    def _finished(self, raw: Samples) -> bytes:
        return as_pcm(levelled(trimmed(raw), self._settings.loudness_lufs))

    def _key(self, clip: Clip) -> str:
        """Everything that shapes the sound, so that a changed voice is never a stale clip."""
        voice = self._settings.synthesiser.voice(clip.language)
        shape = f"{voice.name} {voice.words_per_minute} {self._settings.loudness_lufs}"
        given = respelled(clip.language, clip.speech)
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
