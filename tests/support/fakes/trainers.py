"""Trainers on paper: they keep what they are told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from backend_client.errors import BackEndUnavailable
from backend_client.types import RehearsedStep


@dataclass
class PaperTrainers:
    """Fulfils `backend_client.protocol.Trainers`; may be unreachable.

    Attributes:
        done: by user ID, of every driver there is.
    """

    away: bool = False
    done: dict[str, set[RehearsedStep]] = field(default_factory=dict)
    reports: list[tuple[str, set[str]]] = field(default_factory=list)

    async def rehearsed(
        self, user_id: str, steps: Collection[RehearsedStep]
    ) -> frozenset[RehearsedStep]:
        self.reports.append((user_id, set(steps)))
        if self.away:
            raise BackEndUnavailable("rehearsed", uncertain=False)
        if user_id not in self.done:
            return frozenset()
        self.done[user_id] |= set(steps)
        return frozenset(self.done[user_id])
