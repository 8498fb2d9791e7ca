"""A telephone line and a narrator on paper: prompts are read, not heard; time is virtual."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr.dialogue.line import HungUp, KeyPress, Transfer
from prompts.utterance import BYTES_PER_SECOND, Phrase, Utterance

SECONDS_PER_PHRASE = 2.0


def spelled(phrase: Phrase) -> str:
    """A phrase as a script names it: ``en bundle.done ubr=123``."""
    slots = "".join(f" {name}={value}" for name, value in sorted(phrase.slots.items()))
    return f"{phrase.language} {phrase.prompt}{slots}"


class PaperNarrator:
    """Every phrase lasts two seconds; the "audio" is its name, so that a line can read it."""

    async def compose(self, phrases: Sequence[Phrase]) -> Utterance:
        words = "\n".join(spelled(phrase) for phrase in phrases)
        size = int(SECONDS_PER_PHRASE * BYTES_PER_SECOND) * len(phrases)
        return Utterance(
            pcm=words.encode().ljust(size, b"\0"),
            text=words,
            prompts=tuple(phrase.prompt for phrase in phrases),
            ends_ms=tuple(
                round(SECONDS_PER_PHRASE * 1000 * number) for number in range(1, len(phrases) + 1)
            ),
        )


def _read(pcm: bytes) -> str:
    """What a line of paper plays is its own name; a tone has none."""
    try:
        return pcm.rstrip(b"\0").decode()
    except UnicodeDecodeError:
        return "- tone"


@dataclass
class PaperDictation:
    voice: bytes

    async def stop(self) -> bytes:
        return self.voice


@dataclass
class Played:
    """One utterance as it went over the line."""

    words: str
    began: float
    ended: float | None = None
    whole: bool = False

    @property
    def prompts(self) -> list[str]:
        return [line.split()[1] for line in self.words.splitlines()]

    @property
    def heard_s(self) -> float:
        return 0.0 if self.ended is None else self.ended - self.began


class PaperPlayback:
    def __init__(self, line: PaperLine, played: Played, seconds: float) -> None:
        self._line, self._played, self._seconds = line, played, seconds
        self._over = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, self._end, True)

    @property
    def played_ms(self) -> int:
        until = self._played.ended
        now = asyncio.get_running_loop().time() if until is None else until
        return round((now - self._played.began) * 1000)

    async def finished(self) -> bool:
        await self._line.unless_hung_up(self._over.wait())
        return self._played.whole

    def stop(self) -> None:
        self._timer.cancel()
        if not self._over.is_set():
            self._end(False)

    def _end(self, whole: bool) -> None:
        self._played.ended = asyncio.get_running_loop().time()
        self._played.whole = whole
        self._over.set()


@dataclass
class PaperLine:
    """Fulfils `ivr.dialogue.line.Line`; `press` and `hang_up_by_caller` are the caller's side."""

    played: list[Played] = field(default_factory=list)
    hung_up_by_us: bool = False
    transfers: list[str] = field(default_factory=list)
    voice: bytes = b"said" * 4000
    transfer_becomes: Transfer = Transfer.CONNECTED

    @property
    def words(self) -> list[str]:
        """Every phrase played so far, as `spelled` has it."""
        return [line for played in self.played for line in played.words.splitlines()]

    @property
    def prompts(self) -> list[str]:
        return [line.split()[1] for line in self.words]

    def __post_init__(self) -> None:
        self._keys: deque[KeyPress] = deque()
        self._key_arrived = asyncio.Event()
        self._gone = asyncio.Event()
        self._playing: PaperPlayback | None = None
        self.began_playing = asyncio.Condition()

    def play(self, pcm: bytes) -> PaperPlayback:
        if self._gone.is_set():
            raise HungUp("gone")
        if self._playing is not None:
            self._playing.stop()
        now = asyncio.get_running_loop().time()
        played = Played(_read(pcm), began=now)
        self.played.append(played)
        self._playing = PaperPlayback(self, played, len(pcm) / BYTES_PER_SECOND)
        return self._playing

    def dictate(self) -> PaperDictation:
        return PaperDictation(self.voice)

    async def key(self) -> KeyPress:
        while not self._keys:
            self._key_arrived.clear()
            await self.unless_hung_up(self._key_arrived.wait())
        if self._gone.is_set():
            raise HungUp("gone")
        return self._keys.popleft()

    def flush_keys(self) -> int:
        forgotten = len(self._keys)
        self._keys.clear()
        return forgotten

    async def transfer(self, uri: str, timeout_s: float) -> Transfer:
        self.transfers.append(uri)
        timed_out = self.transfer_becomes is Transfer.TIMED_OUT
        await self.unless_hung_up(asyncio.sleep(timeout_s if timed_out else 2))
        return self.transfer_becomes

    async def until_hung_up(self) -> None:
        await self._gone.wait()

    async def hang_up(self) -> None:
        self.hung_up_by_us = True
        self._gone.set()

    def press(self, key: str) -> None:
        self._keys.append(KeyPress(key, asyncio.get_running_loop().time()))
        self._key_arrived.set()

    def hang_up_by_caller(self) -> None:
        self._gone.set()

    async def unless_hung_up(self, wait: Awaitable[object]) -> None:
        work = asyncio.ensure_future(wait)
        gone = asyncio.ensure_future(self._gone.wait())
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                raise HungUp("gone")
        finally:
            work.cancel()
            gone.cancel()


@dataclass
class PaperTrace:
    """Keeps the steps of a call."""

    steps: list[Any] = field(default_factory=list)

    def step(self, step: object) -> None:
        self.steps.append(step)
