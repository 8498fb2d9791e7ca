"""A recording of the call, as far as the conversation concerns it."""

from __future__ import annotations

from typing import Protocol


class RecordedCall(Protocol):
    """Takes nothing of the caller but between `asks` and `answered`, and then only where the answer
    is no secret. Both return at once."""

    def asks(self, *, secret: bool) -> None:
        """A question is put next. `secret`: the trace must not show its answer either."""

    def answered(self) -> None:
        """It waits for no answer any more."""
