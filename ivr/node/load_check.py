"""Does the front still count calls that are gone?"""

from __future__ import annotations

from collections.abc import Mapping

PATIENCE = 8
"""Looks in a row at which one worker must be charged with too many calls. What it holds is known
from its last sign of life, so a worker that takes a call every few seconds often seems to be
charged with one too many; but not for long."""


class LoadAudit:
    """Compares what workers are charged with to what they hold, look after look."""

    def __init__(self) -> None:
        self._overcharged: dict[int, int] = {}

    def wrong(self, charged: Mapping[int, int], held: Mapping[int, int]) -> bool:
        """Whether calls that are gone are surely counted; then the looks begin anew.

        Both give calls by the worker's slot. A worker charged with too few is left alone: it
        refuses what it cannot hold, and the next one is tried.
        """
        self._overcharged = {
            slot: self._overcharged.get(slot, 0) + 1
            for slot, calls in held.items()
            if charged.get(slot, 0) > calls
        }
        if all(looks < PATIENCE for looks in self._overcharged.values()):
            return False
        self._overcharged = {}
        return True
