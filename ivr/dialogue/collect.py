"""The collect step for keys: from the first key to a finished answer, or why there is none."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from enum import StrEnum

from ivr.dialogue.keys import KeyBuffer
from ivr.dialogue.line import KeyPress, Playback
from ivr.dialogue.question import Manner
from ivr.dialogue.settings import DialogueSettings
from ivr.dialogue.universals import AFTER_STAR, STAR, TERMINATOR, Universal
from speech.recognition.hearing import Utterance


@dataclass(frozen=True)
class Keyed:
    """An answer as keyed, without terminator and universals."""

    digits: str


class Ended(StrEnum):
    """What ended a keyed answer."""

    HASH = "hash"
    LENGTH = "length"
    PAUSE = "pause"


@dataclass(frozen=True)
class NoInput:
    """Nothing at all was keyed in time."""


@dataclass(frozen=True)
class UniversalCommand:
    """The caller used a universal instead of answering."""

    universal: Universal


@dataclass(frozen=True)
class InvalidKeys:
    """Keys that no answer can begin with: A to D, or a star followed by a meaningless key."""


@dataclass(frozen=True)
class SpokenAnswer:
    """The caller spoke."""

    utterance: Utterance


@dataclass(frozen=True)
class RecogniserLost:
    """Speech recognition has failed for the rest of this call."""


CollectResult = Keyed | NoInput | UniversalCommand | InvalidKeys | SpokenAnswer | RecogniserLost


class KeyCollector:
    """Collects the keys of one answer while its prompt plays and after it.

    Attributes:
        put_at: when its prompt began, on the event loop's clock in seconds.
        first: the key that began the answer, once there is one.
        ended: what ended it, if there is more than one possibility.
    """

    def __init__(self, keys: KeyBuffer, settings: DialogueSettings, manner: Manner) -> None:
        self._keys = keys
        self._grace_s = settings.terminator_grace_s
        self.put_at = asyncio.get_running_loop().time()
        self._manner = manner
        self._timeout_s = manner.timeout_s or settings.timeout_s
        self._interdigit_s = manner.interdigit_timeout_s or settings.interdigit_timeout_s
        self.began = asyncio.Event()
        """Set once a key of the answer has come."""
        self.first: KeyPress | None = None
        self.ended: Ended | None = None

    async def one_key(self, playback: Playback) -> CollectResult:
        """A menu's answer: the first key, or a universal. Raises HungUp.

        A # is no answer here. A # that came before the menu was asked, or soon after the previous
        answer, belongs to that answer.
        """
        self._take_no_stray_hash()
        first = await self._first_key(playback)
        if first is None:
            return NoInput()
        if first.key == STAR:
            return await self._after_star()
        if first.key != TERMINATOR:
            self._keys.ignore_late_terminator(first.at, self._grace_s)
        return Keyed(first.key)

    async def digits(
        self, playback: Playback, max_digits: int, *, hash_alone: bool
    ) -> CollectResult:
        """A field's answer: digits up to #, to the inter-digit time-out, or to full length.

        At full length there is no further wait (VoiceXML's termtimeout of 0 s). Where # alone is no
        answer (`hash_alone`), one that comes first is taken as a menu takes it: a # pressed twice
        belongs to the answer that the first one ended. Raises HungUp.
        """
        if hash_alone:
            self._keys.no_terminator_before(-math.inf)
        else:
            self._take_no_stray_hash()
        press = await self._first_key(playback)
        self._keys.no_terminator_before(-math.inf)  # from here on # ends the answer
        if press is None:
            return NoInput()
        keyed = ""
        while press is not None and press.key != TERMINATOR:
            if press.key == STAR:
                return await self._after_star()
            if not press.key.isdigit():
                return InvalidKeys()
            keyed += press.key
            if len(keyed) == max_digits:
                self._keys.ignore_late_terminator(press.at, self._grace_s)
                self.ended = Ended.LENGTH
                return Keyed(keyed)
            press = await self._next_key()
        self.ended = Ended.PAUSE if press is None else Ended.HASH
        if press is None:
            self._keys.ignore_late_terminator(asyncio.get_running_loop().time(), self._grace_s)
        else:
            self._keys.answered_at = press.at
        return Keyed(keyed)

    def _take_no_stray_hash(self) -> None:
        """A # that came before the question was asked, or soon after the previous answer, is no
        answer to it."""
        self._keys.no_terminator_before(max(self.put_at, self._keys.answered_at + self._grace_s))

    async def _first_key(self, playback: Playback) -> KeyPress | None:
        """The key that begins the answer; None after the first-digit time-out.

        The time-out runs from the end of the prompt (VoiceXML 2.1, 6.3.2 "timeout").
        """
        if self._manner.barge_in:
            await key_or_end(self._keys, playback)
        else:
            await playback.finished()
            if not self._manner.type_ahead:
                self._keys.flush()
        press = await self._key_within(self._timeout_s)
        if press is not None:
            self.first = press
            self.began.set()
        return press

    async def _next_key(self) -> KeyPress | None:
        return await self._key_within(self._interdigit_s)

    async def _key_within(self, seconds: float) -> KeyPress | None:
        try:
            async with asyncio.timeout(seconds):
                await self._keys.arrived()
        except TimeoutError:
            return None
        return await self._keys.take()

    async def _after_star(self) -> CollectResult:
        self._keys.no_terminator_before(-math.inf)  # here every key counts, however early it came
        press = await self._next_key()
        if press is None:
            self.ended = Ended.PAUSE
            return UniversalCommand(Universal.CLEAR)
        universal = AFTER_STAR.get(press.key)
        if press.key != TERMINATOR:
            self._keys.ignore_late_terminator(press.at, self._grace_s)
        return UniversalCommand(universal) if universal else InvalidKeys()


async def key_or_end(keys: KeyBuffer, playback: Playback) -> bool:
    """Wait for a key or for the end of the playback; a key stops it (barge-in).

    The key stays in the buffer. True if a key came. Raises HungUp.
    """
    arrived = asyncio.ensure_future(keys.arrived())
    finished = asyncio.ensure_future(playback.finished())
    try:
        await asyncio.wait({arrived, finished}, return_when=asyncio.FIRST_COMPLETED)
        barged_in = arrived.done()
        if barged_in:
            playback.stop()
        for task in (arrived, finished):
            if task.done():
                task.result()  # raises a hang-up here
        return barged_in
    finally:
        for task in (arrived, finished):
            task.cancel()
        await asyncio.gather(arrived, finished, return_exceptions=True)
