"""What the course has of the practice line: something to practise on, and what came of it."""

from __future__ import annotations

from typing import Protocol

from backend_client.types import RehearsedStep


class TrainingGround(Protocol):
    """The practice line of one call, as the course sees it."""

    def begin(self, step: RehearsedStep) -> None:
        """A step is to be done now, whether or not it was before. What it needs is there: without
        a bundle there is nothing to hear of, and nothing to undo."""

    def achieved(self, step: RehearsedStep) -> bool:
        """Whether it was done since it began."""

    async def done_so_far(self) -> frozenset[RehearsedStep]:
        """What was ever done with the user ID that was keyed, in this call and, where it is a
        driver's, in former ones; kept for the next call. Raises BackEndUnavailable."""
