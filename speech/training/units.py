"""A model's units in Kaldi's numbering: phones by place in the word, states, transitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PLACES = "BEIS"
"""Beginning, end, inside, single: by these Vosk knows where a word begins and ends."""
_KALDI_PLACES = {"B": "begin", "E": "end", "I": "internal", "S": "singleton"}
SILENCE_PHONE = 1


@dataclass(frozen=True)
class State:
    """The single state of a phone, and its two outputs of the network."""

    phone: int
    enter: int
    stay: int


class UnitTable:
    """Numbers of units; the first unit is silence and has one phone, the others have four."""

    def __init__(self, units: Sequence[str]) -> None:
        self.units = tuple(units)
        self._index = {unit: number for number, unit in enumerate(self.units)}
        self.names = ["<eps>", "SIL"]
        self.names += [f"{unit}_{place}" for unit in self.units[1:] for place in PLACES]
        self.states = [State(SILENCE_PHONE, 0, 1)]
        for number in range(1, len(self.units)):
            for place in range(len(PLACES)):
                phone = 2 + len(PLACES) * (number - 1) + place
                self.states.append(State(phone, 2 * number, 2 * number + 1))

    def phone(self, unit: str, at: int, length: int) -> int:
        """The phone of a unit at a place in a word of so many units."""
        place = "S" if length == 1 else "B" if at == 0 else "E" if at == length - 1 else "I"
        return 2 + len(PLACES) * (self._index[unit] - 1) + PLACES.index(place)

    def transitions(self, phone: int) -> tuple[int, int]:
        """Kaldi's transition-ids into the phone and back into it."""
        state = phone - 1  # phones are numbered from 1 without a gap
        return 2 * state + 2, 2 * state + 1

    @property
    def word_boundaries(self) -> str:
        """The content of `graph/phones/word_boundary.int`."""
        lines = [f"{SILENCE_PHONE} nonword"]
        for number, name in enumerate(self.names[2:], start=2):
            lines.append(f"{number} {_KALDI_PLACES[name[-1]]}")
        return "\n".join(lines) + "\n"
