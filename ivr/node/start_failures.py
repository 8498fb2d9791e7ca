"""Why workers could not start, in memory shared by fork.

A worker that cannot start writes why before it exits; the supervisor counts repeated reasons, and
the console shows them under health.
"""

from __future__ import annotations

import mmap
import signal

from ground.sentence import Sentence

TRIES = 3
"""After so many starts of a worker fail for the same reason, it is reported as unable to start."""

CANNOT_START = "%(many)d of %(all)d call workers cannot start: %(why)s"

_BYTES = 512
_LENGTH = 2


class StartFailures:
    """Made by the supervisor before the first fork; one reason a worker, empty when there is none.

    A worker writes its own before it exits; the supervisor reads it afterwards and clears it.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._memory = mmap.mmap(-1, max(1, slots) * _BYTES)

    def say(self, slot: int, reason: str) -> None:
        """Record that the worker of this slot cannot start."""
        text = " ".join(reason.split()).encode()[: _BYTES - _LENGTH]
        at = slot * _BYTES
        self._memory[at + _LENGTH : at + _LENGTH + len(text)] = text
        self._memory[at : at + _LENGTH] = len(text).to_bytes(_LENGTH, "little")

    def clear(self, slot: int) -> None:
        """The worker of this slot has started."""
        self._memory[slot * _BYTES : slot * _BYTES + _LENGTH] = bytes(_LENGTH)

    def reason(self, slot: int) -> str:
        """Why the worker could not start at its last try; empty if it could."""
        at = slot * _BYTES
        length = int.from_bytes(self._memory[at : at + _LENGTH], "little")
        return self._memory[at + _LENGTH : at + _LENGTH + length].decode(errors="ignore")

    @property
    def summary(self) -> Sentence | None:
        """All of them in one line, as ``2 of 3 call workers cannot start: why``; None: all can."""
        reasons = [reason for slot in range(self._slots) if (reason := self.reason(slot))]
        if not reasons:
            return None
        why = "; ".join(dict.fromkeys(reasons))
        return Sentence(CANNOT_START, many=len(reasons), all=self._slots, why=why)


def how_it_ended(status: int) -> str:
    """A reason for a worker that exited without one; `status` is negative for a signal."""
    if status < 0:
        return f"it was ended by {signal.Signals(-status).name}"
    return f"it ended with status {status}; its own words are in the log"
