"""The ear of one call: follows the caller's voice and recognises it, off the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog

from speech.language import Language
from speech.recognition.activity import FRAME_MS, Activity
from speech.recognition.grammar import Completeness, Grammar
from speech.recognition.hearing import Deaf, Utterance
from speech.recognition.models import Model
from speech.recognition.settings import RecognitionSettings
from speech.recognition.utterance import UtteranceRecogniser

log = structlog.get_logger(__name__)

T = TypeVar("T")

_BEFORE_ONSET = 35
"""Frames from before the onset that belong to the utterance: 700 ms, for under a loud prompt a soft
first syllable is not noticed."""
_LONGEST_NOISE_MS = 3000
"""Sound without a word in it; by then it is known for the noise of the place."""
_FRAMES_AT_ONCE = 4
"""So many frames are recognised together, 80 ms: fewer crossings between threads."""

Sound = AsyncIterator[tuple[bytes, bytes]]
"""20 ms frames: received from the caller, and sent to him meanwhile."""


@dataclass
class VoskAttention:
    """Fulfils `speech.recognition.hearing.Attention`."""

    ear: VoskEar
    grammars: Mapping[Language, Grammar]
    began: asyncio.Event = field(default_factory=asyncio.Event)
    _frames: asyncio.Queue[tuple[bytes, bytes]] = field(default_factory=asyncio.Queue)

    @property
    def speaking(self) -> bool:
        return self.ear.activity.speaking

    def put(self, received: bytes, sent: bytes) -> None:
        self._frames.put_nowait((received, sent))

    async def utterance(self) -> Utterance:
        while True:
            heard = await self._next()
            if heard is not None:
                return heard

    async def _next(self) -> Utterance | None:
        """One stretch of sound, to its end; None where there was no word in it."""
        sound = await self._onset()
        recognisers = {
            language: await self.ear.does(
                UtteranceRecogniser, model, grammar, self.ear.settings.alternatives
            )
            for language, grammar in self.grammars.items()
            if (model := self.ear.models.get(language)) is not None
        }
        frames = 0
        while True:
            frames += len(sound)
            for one in recognisers.values():
                await self.ear.does(one.hear, b"".join(sound))
            if any(one.hears_words for one in recognisers.values()):
                self.began.set()
            if self._is_over(recognisers, frames):
                return await self._decided(recognisers, frames)
            sound = [await self._frame() for _ in range(_FRAMES_AT_ONCE)]

    async def _onset(self) -> list[bytes]:
        """Wait until the caller makes a sound; gives it with what was just before it."""
        before: deque[bytes] = deque(maxlen=_BEFORE_ONSET)
        while not self.speaking:
            before.append(await self._frame())
        return list(before)

    async def _frame(self) -> bytes:
        received, sent = await self._frames.get()
        self.ear.activity.hear(received, sent)
        return received

    async def _decided(
        self, recognisers: Mapping[Language, UtteranceRecogniser], frames: int
    ) -> Utterance | None:
        """What was said, in the language it was heard best in."""
        silent_ms, ended = self.ear.activity.silent_ms, time.monotonic()
        heard = [
            (one, await self.ear.does(recogniser.readings))
            for one, recogniser in recognisers.items()
        ]
        self.ear.activity.again()
        if not heard:
            return None
        language, readings = max(heard, key=lambda one: one[1][0].confidence if one[1] else 0.0)
        if not readings and not self.began.is_set():
            return None
        utterance = Utterance(
            language,
            readings,
            sure=bool(readings) and readings[0].confidence >= self.ear.settings.least_confidence,
            spoken_ms=frames * FRAME_MS - silent_ms,
            decided_ms=silent_ms + round((time.monotonic() - ended) * 1000),
        )
        self.ear.heard(utterance)
        return utterance

    def _is_over(self, recognisers: Mapping[Language, UtteranceRecogniser], frames: int) -> bool:
        settings = self.ear.settings
        if frames * FRAME_MS >= settings.longest_s * 1000:
            return True
        heard = [one.completeness for one in recognisers.values()]
        wait_s = settings.incomplete_timeout_s
        if Completeness.COMPLETE in heard or Completeness.INCOMPLETE not in heard:
            wait_s = settings.complete_timeout_s
        if Completeness.FULL in heard:
            wait_s = settings.full_timeout_s
        if not any(one.words for one in recognisers.values()):  # a noise, and no more
            if frames * FRAME_MS >= _LONGEST_NOISE_MS:
                return True
            wait_s = min(wait_s, settings.complete_timeout_s)
        return self.ear.activity.silent_ms >= wait_s * 1000


class VoskEar:
    """Fulfils `speech.recognition.hearing.Ear` on a live call."""

    def __init__(
        self,
        sound: Callable[[], Sound],
        models: Mapping[Language, Model],
        settings: RecognitionSettings,
        threads: Executor,
        heard: Callable[[Utterance], None] = lambda utterance: None,
        failed: Callable[[str], None] = lambda reason: None,
    ) -> None:
        """`sound` begins to listen to the line; `heard` is told of every utterance, `failed` once
        of why speech is given up."""
        self.models = models
        self.settings = settings
        self.activity = Activity(settings)
        self._sound = sound
        self._threads = threads
        self.heard = heard
        self._failed = failed
        self._attention: VoskAttention | None = None
        self._listening: asyncio.Task[None] | None = None
        self._deaf = False

    def hears(self, language: Language) -> bool:
        return language in self.models and not self._deaf

    @contextlib.contextmanager
    def attend(self, grammars: Mapping[Language, Grammar]) -> Iterator[VoskAttention]:
        attention = self._attention = VoskAttention(self, grammars)
        self.activity.again()
        if self._listening is None:
            self._listening = asyncio.ensure_future(self._listen())
        try:
            yield attention
        finally:
            self._attention = None

    async def does(self, work: Callable[..., T], *arguments: Any) -> T:
        """Have a recogniser work, on a thread of its own. Raises Deaf when it fails or stalls."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.settings.stall_s):
                return await loop.run_in_executor(self._threads, work, *arguments)
        except TimeoutError:
            reason = "stalled"
        except Exception:
            log.exception("a recogniser failed")
            reason = "failed"
        self._deaf = True
        self._failed(reason)
        raise Deaf(reason)

    async def close(self) -> None:
        """The call is over."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    async def _listen(self) -> None:
        async for received, sent in self._sound():
            if self._attention is not None:
                self._attention.put(received, sent)
