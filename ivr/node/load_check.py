"""Detects that the front still counts calls that have ended."""

from __future__ import annotations

from collections.abc import Mapping

PATIENCE = 8
"""How many times in a row one worker must seem to have too many calls. Its real load is known from
its last report, so a worker that takes a call every few seconds often seems to have one too many,
but not for long."""


class LoadAudit:
    """Compares the front's count of each worker's calls with the worker's own, look after look."""

    def __init__(self) -> None:
        self._overcharged: dict[int, int] = {}

    def wrong(self, charged: Mapping[int, int], held: Mapping[int, int]) -> bool:
        """Whether ended calls are certainly still counted; then the series of looks begins anew.

        Both map a worker's slot to calls. A count that is too low does no harm: the worker refuses
        what it cannot hold, and the front tries the next one.
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
