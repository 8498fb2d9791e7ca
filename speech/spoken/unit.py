"""The pieces of a spoken form: units, which have a recording each, and gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum


@dataclass(frozen=True)
class Unit:
    """A piece that is spoken without a break and has one recording.

    Attributes:
        name: name of the recording, such as ``digit.7``.
        speech: the text for a synthesiser.
        text: what a person would write.
    """

    name: str
    speech: str
    text: str


class Place(StrEnum):
    """The place of a digit in its group, by which the voice says it."""

    BEGINS = "begins"
    INSIDE = ""
    ENDS = "ends"  # the voice falls


class Gap(Enum):
    """A pause between units; the composer decides its length."""

    GROUP = "group"  # between the groups of a number
    ITEM = "item"  # between two references


Spoken = Sequence[Unit | Gap]
