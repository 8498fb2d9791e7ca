"""The outcome of asking a caller something."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Mode(StrEnum):
    """How the caller answered."""

    KEY = "key"
    SPEECH = "speech"


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """One answer, settled.

    Attributes:
        value: the answer as its field parsed it.
        mode: keyed or spoken.
        confidence: 0 to 1; a keyed answer is sure.
        alternatives: other readings of a spoken answer, likeliest first, where a later answer
            settles which is right (`Field.settled_later`).
        attempts: how often the caller was asked; 1 at best.
    """

    value: T
    mode: Mode = Mode.KEY
    confidence: float = 1.0
    alternatives: tuple[T, ...] = ()
    attempts: int = 1
