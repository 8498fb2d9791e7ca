"""The keys of one line that wait for a question: type-ahead, and waiting without taking."""

from __future__ import annotations

import asyncio
import math
from collections import deque

from ivr.dialogue.line import KeyPress, Line
from ivr.dialogue.universals import TERMINATOR


class KeyBuffer:
    """The keys in the order pressed. A cancelled wait loses no key."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._waiting: deque[KeyPress] = deque()
        self._owed = False
        self._owed_until = 0.0
        self._prompt_since = False
        self._none_before = -math.inf
        self.answered_at = -math.inf
        """When the previous answer was given, on the event loop's clock."""
        self.last_at: float | None = None
        """When the caller last pressed a key or ended a word, since a prompt last began."""
        self.passed_over = ""
        """The # that belonged to the previous answer, until the next answer is written to the
        trace."""

    async def arrived(self) -> None:
        """Return once a key waits. Raises HungUp."""
        while True:
            if not self._waiting:
                self._waiting.append(await self._line.key())
            if not self._belongs_to_what_was_before(self._waiting[0]):
                return
            press = self._waiting.popleft()
            self.passed_over += press.key
            self.last_at = press.at

    async def take(self) -> KeyPress:
        """The next key. Raises HungUp."""
        await self.arrived()
        press = self._waiting.popleft()
        self.last_at = press.at
        return press

    def flush(self) -> int:
        """Drop all keys pressed so far; returns how many."""
        forgotten = len(self._waiting) + self._line.flush_keys()
        self._waiting.clear()
        return forgotten

    def ignore_late_terminator(self, since: float, grace_s: float) -> None:
        """The answer just taken needed no #; a # that still follows belongs to it.

        The answer may have ended by its length, by the inter-digit time-out, by the one key of a
        menu or a confirmation, or it may have been spoken. Without this rule, a driver who presses
        hash after every answer, as some prompts ask, would answer the next question with an empty
        input.

        One # is ignored: if it is pressed within `grace_s` of `since` (event loop time, seconds),
        or before another prompt begins, for until then there is nothing else it could answer.
        """
        self.answered_at = since
        self._owed, self._owed_until, self._prompt_since = True, since + grace_s, False

    def prompt_begins(self) -> None:
        """From now on a key may answer the prompt that begins."""
        if self._owed and not self._prompt_since:
            self._prompt_since = True
            self._owed_until = max(self._owed_until, asyncio.get_running_loop().time())

    def no_terminator_before(self, moment: float) -> None:
        """The next question takes no #: ignore one that was pressed before this moment."""
        self._none_before = moment

    def _belongs_to_what_was_before(self, press: KeyPress) -> bool:
        """Whether this is a # that the next question must not get; only one # is ignored."""
        if press.key != TERMINATOR:
            self._owed = False
            return False
        owed, self._owed = self._owed, False
        return press.at <= self._none_before or (
            owed and (not self._prompt_since or press.at <= self._owed_until)
        )
