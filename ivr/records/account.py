"""What is refused of an account."""

from __future__ import annotations

from ground.refusal import Refusal


class NotPossible(Refusal):
    """What was asked of an account cannot be; it says why, to the one who asked."""
