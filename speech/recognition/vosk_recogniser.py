"""The recogniser of one call: follows the caller's voice and recognises it, off the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import structlog

from speech.languages.language import Language
from speech.recognition.activity import Activity
from speech.recognition.ending import silence_that_ends
from speech.recognition.grammar import Grammar
from speech.recognition.hearing import RecogniserFailed, Utterance
from speech.recognition.models import Model
from speech.recognition.settings import RecognitionSettings
from speech.recognition.utterance import UtteranceRecogniser

log = structlog.get_logger(__name__)

T = TypeVar("T")

_BYTES_PER_MS = 16
_BEFORE_ONSET = 700 * _BYTES_PER_MS
"""700 ms of sound from before the onset belong to the utterance, since a soft first syllable is not
detected under a loud prompt."""
_LONGEST_NOISE_MS = 3000
"""So much sound without a word counts as noise."""

_WAITING_FRAMES, _SPEAKING_FRAMES = 8, 4
"""The line hands over so many frames at a time, 160 and 80 ms: most of a call is without speech,
and each portion of speech is recognised on a thread beside the event loop."""

OnFrames = Callable[[bytes, bytes], None]
"""Called with what was received from the caller and what was sent meanwhile, in 20 ms frames."""


class Followed(Protocol):
    """A line whose sound is being followed."""

    frames_at_once: int

    def close(self) -> None: ...


@dataclass
class VoskAttention:
    """Fulfils `speech.recognition.hearing.Attention`."""

    recogniser: VoskRecogniser
    grammars: Mapping[Language, Grammar]
    began: asyncio.Event = field(default_factory=asyncio.Event)
    _before: bytes = b""
    _before_ms: int = 0
    """How much of the utterance came before its onset."""
    _speech: asyncio.Queue[tuple[bytes, int]] = field(default_factory=asyncio.Queue)
    """Sound from the onset on, each piece with the length of the silence at its end in ms."""

    @property
    def speaking(self) -> bool:
        return self.recogniser.activity.speaking

    def stop(self) -> None:
        """Whoever waits for an utterance learns that none will come."""
        self._speech.put_nowait((b"", 0))

    def hear(self, received: bytes, sent: bytes) -> None:
        """Sound before speech is only measured; that is most of a call, so no task wakes for it."""
        activity = self.recogniser.activity
        waiting = not activity.speaking
        activity.hear(received, sent)
        if waiting:
            before = self._before[-_BEFORE_ONSET:]
            if not activity.speaking:
                self._before = before + received
                return
            received, self._before = before + received, b""
            self._before_ms = len(before) // _BYTES_PER_MS
            self.recogniser.hear_every(_SPEAKING_FRAMES)
        self._speech.put_nowait((received, activity.silent_ms))

    async def utterance(self) -> Utterance:
        self.recogniser.must_hear()
        while True:
            utterance = await self._next()
            if utterance is not None:
                return utterance

    async def _next(self) -> Utterance | None:
        """One stretch of sound to its end; None if it contains no word."""
        sound, silent_ms = await self._more()
        decoders = {
            language: await self.recogniser.does(
                UtteranceRecogniser, model, grammar, self.recogniser.settings.alternatives
            )
            for language, grammar in self.grammars.items()
            if (model := self.recogniser.models.get(language)) is not None
        }
        lasted_ms = 0
        while True:
            lasted_ms += len(sound) // _BYTES_PER_MS
            for decoder in decoders.values():
                await self.recogniser.does(decoder.hear, sound)
            if any(decoder.hears_words for decoder in decoders.values()):
                self.began.set()
            if self._is_over(decoders, lasted_ms, silent_ms):
                return await self._decided(decoders, lasted_ms, silent_ms)
            sound, silent_ms = await self._more()

    async def _more(self) -> tuple[bytes, int]:
        """The next sound. Raises RecogniserFailed."""
        more = await self._speech.get()
        self.recogniser.must_hear()
        return more

    def _wait_for_speech(self) -> None:
        """Sound that came during the decision may belong to the caller's next utterance."""
        left = [self._speech.get_nowait()[0] for _ in range(self._speech.qsize())]
        self._before = b"".join(left)
        self.recogniser.wait_for_speech()

    async def _decided(
        self, decoders: Mapping[Language, UtteranceRecogniser], lasted_ms: int, silent_ms: int
    ) -> Utterance | None:
        """The utterance, in the language in which it was recognised best."""
        ended, steady = time.monotonic(), self.recogniser.activity.steady
        candidates = [
            (language, await self.recogniser.does(decoder.readings))
            for language, decoder in decoders.items()
        ]
        self._wait_for_speech()
        if not candidates:
            return None
        language, readings = max(
            candidates, key=lambda candidate: candidate[1][0].confidence if candidate[1] else 0.0
        )
        if not readings and not self.began.is_set():
            return None
        utterance = Utterance(
            language,
            readings,
            sure=bool(readings)
            and readings[0].confidence >= self.recogniser.settings.least_confidence
            and not steady,
            spoken_ms=max(0, lasted_ms - self._before_ms - silent_ms),
            decided_ms=silent_ms + round((time.monotonic() - ended) * 1000),
        )
        self.recogniser.on_utterance(utterance)
        return utterance

    def _is_over(
        self, decoders: Mapping[Language, UtteranceRecogniser], lasted_ms: int, silent_ms: int
    ) -> bool:
        settings = self.recogniser.settings
        if lasted_ms >= settings.longest_s * 1000:
            return True
        completeness = {decoder.completeness for decoder in decoders.values()}
        wait_s = silence_that_ends(
            completeness, self.recogniser.activity.paused_ms / 1000, settings
        )
        if not any(decoder.words for decoder in decoders.values()):  # only noise
            if lasted_ms >= _LONGEST_NOISE_MS:
                return True
            wait_s = min(wait_s, settings.complete_timeout_s)
        return silent_ms >= wait_s * 1000


class VoskRecogniser:
    """Fulfils `speech.recognition.hearing.Recogniser` on a live call."""

    def __init__(
        self,
        follow: Callable[[OnFrames], Followed],
        models: Mapping[Language, Model],
        settings: RecognitionSettings,
        threads: Executor,
        on_utterance: Callable[[Utterance], None] = lambda utterance: None,
        on_failure: Callable[[str], None] = lambda reason: None,
    ) -> None:
        """`follow` has the line's sound handed over; `on_utterance` is called with each utterance,
        `on_failure` once, with the reason why speech is given up."""
        self.models = models
        self.settings = settings
        self.activity = Activity(settings)
        self._follow = follow
        self._threads = threads
        self.on_utterance = on_utterance
        self._on_failure = on_failure
        self._attention: VoskAttention | None = None
        self._followed: Followed | None = None
        self._failed = False
        self._giving_up = ""

    def give_up(self, reason: str) -> None:
        """Recognise nothing more in this call. The caller is told by the current question or, if
        there is none, by the next: `utterance` raises RecogniserFailed."""
        if self._failed or self._giving_up:
            return
        self._giving_up = reason
        if self._attention is not None:
            self._attention.stop()

    def must_hear(self) -> None:
        """Raises RecogniserFailed after speech was given up."""
        if self._giving_up and not self._failed:
            self._failed = True
            self._on_failure(self._giving_up)
            self.close()
        if self._failed:
            raise RecogniserFailed(self._giving_up)

    def hears(self, language: Language) -> bool:
        return language in self.models and not self._failed

    @contextlib.contextmanager
    def attend(self, grammars: Mapping[Language, Grammar]) -> Iterator[VoskAttention]:
        attention = self._attention = VoskAttention(self, grammars)
        if self._followed is None:
            self._followed = self._follow(self._frames_came)
        self.wait_for_speech()
        try:
            yield attention
        finally:
            self._attention = None

    async def does(self, work: Callable[..., T], *arguments: Any) -> T:
        """Have a recogniser work on a thread. Raises RecogniserFailed when it fails or stalls."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.settings.stall_s):
                return await loop.run_in_executor(self._threads, work, *arguments)
        except TimeoutError:
            reason = "stalled"
        except Exception:
            log.exception("a recogniser failed")
            reason = "failed"
        self._failed = True
        self._on_failure(reason)
        raise RecogniserFailed(reason)

    def wait_for_speech(self) -> None:
        """The last utterance is done."""
        self.activity.again()
        self.hear_every(_WAITING_FRAMES)

    def hear_every(self, frames: int) -> None:
        """Have the line's sound handed over so many frames at a time."""
        if self._followed is not None:
            self._followed.frames_at_once = frames

    def close(self) -> None:
        """The call is over."""
        if self._followed is not None:
            self._followed.close()

    def _frames_came(self, received: bytes, sent: bytes) -> None:
        if self._attention is not None:
            self._attention.hear(received, sent)
