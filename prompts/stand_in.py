"""Speech for what has no recording: made once, off the event loop, and kept."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from pathlib import Path

import numpy as np
import soundfile
import structlog

from prompts.loudness import SAMPLE_RATE, as_pcm, levelled, trimmed
from prompts.script import Clip
from prompts.settings import PromptSettings
from speech.synthesiser.synthesiser import Synthesiser, SynthesisFailed

log = structlog.get_logger(__name__)

KEPT_IN_MEMORY = 500


class StandIns:
    """Synthesised clips: memory, then disk, then the synthesiser. Never raises."""

    def __init__(
        self, settings: PromptSettings, cache: Path, synthesiser: Synthesiser | None = None
    ) -> None:
        self._settings = settings
        self._cache = settings.cache or cache
        self._synthesiser = synthesiser or Synthesiser(settings.synthesiser)
        self._making: dict[str, asyncio.Task[bytes]] = {}
        self._made: dict[str, bytes] = {}

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
        pcm = await asyncio.to_thread(_read, path)
        if not pcm:
            try:
                raw = await self._synthesiser.speak(clip.language, clip.speech)
            except SynthesisFailed as failure:
                log.error("nothing synthesised", clip=clip.name, why=str(failure))
                return b""
            pcm = as_pcm(levelled(trimmed(raw), self._settings.loudness_lufs))
            await asyncio.to_thread(_keep, path, pcm)
        if len(self._made) < KEPT_IN_MEMORY:
            self._made[key] = pcm
        return pcm

    def _key(self, clip: Clip) -> str:
        """Everything that shapes the sound, so that a changed voice is never a stale clip."""
        voice = self._settings.synthesiser.voice(clip.language)
        shape = f"{voice.name} {voice.words_per_minute} {self._settings.loudness_lufs}"
        return hashlib.sha256(f"{shape} {clip.speech}".encode()).hexdigest()[:32]


def _read(path: Path) -> bytes:
    try:
        samples, rate = soundfile.read(path, dtype="int16")
    except (soundfile.LibsndfileError, OSError):
        return b""
    pcm: bytes = samples.astype("<i2").tobytes() if rate == SAMPLE_RATE else b""
    return pcm


def _keep(path: Path, pcm: bytes) -> None:
    """Write whole or not at all; a disk that is full costs the cache, not the prompt."""
    draft = path.with_suffix(".draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = np.frombuffer(pcm, dtype="<i2")
        soundfile.write(draft, samples, SAMPLE_RATE, subtype="PCM_16", format="FLAC")
        draft.replace(path)
    except (soundfile.LibsndfileError, OSError) as failure:
        log.error("a synthesised prompt could not be kept", why=str(failure))
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
