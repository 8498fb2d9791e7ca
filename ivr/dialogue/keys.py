"""Keys of one line, waiting for a question: type-ahead, and looking without taking."""

from __future__ import annotations

import asyncio
from collections import deque

from ivr.dialogue.line import KeyPress, Line
from ivr.dialogue.universals import TERMINATOR


class KeyBuffer:
    """Keys in the order pressed. Waiting on it loses no key, also when the wait is cancelled."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._waiting: deque[KeyPress] = deque()
        self._owed_terminator_until = 0.0

    async def arrived(self) -> None:
        """Return once a key waits. Raises HungUp."""
        if not self._waiting:
            self._waiting.append(await self._line.key())
        await self._drop_owed_terminator()

    async def take(self) -> KeyPress:
        """The next key. Raises HungUp."""
        await self.arrived()
        return self._waiting.popleft()

    def flush(self) -> int:
        """Forget all keys pressed so far; returns how many."""
        forgotten = len(self._waiting) + self._line.flush_keys()
        self._waiting.clear()
        return forgotten

    def owe_terminator(self, grace_s: float) -> None:
        """The answer just taken ended by its length; a # that still follows belongs to it.

        Without this, a driver who was told to press hash and does so after the last digit would
        answer the next question with an empty line.
        """
        self._owed_terminator_until = asyncio.get_running_loop().time() + grace_s

    async def _drop_owed_terminator(self) -> None:
        first = self._waiting[0]
        if first.key == TERMINATOR and first.at < self._owed_terminator_until:
            self._waiting.popleft()
            self._owed_terminator_until = 0.0
            await self.arrived()
        else:
            self._owed_terminator_until = 0.0
