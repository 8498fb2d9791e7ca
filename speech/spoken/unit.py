"""The pieces a spoken form is made of: units that have a recording each, and gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Unit:
    """Something said in one breath, with one recording.

    Attributes:
        name: of the recording, such as ``digit.7``.
        speech: what a synthesiser is given.
        text: what a person would write.
    """

    name: str
    speech: str
    text: str


class Gap(Enum):
    """A pause between units; how long is the composer's to decide."""

    GROUP = "group"  # between the groups of a number
    ITEM = "item"  # between two references


Spoken = Sequence[Unit | Gap]
