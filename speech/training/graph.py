"""The decoding graph: a loop of all words, which a grammar restricts at run time.

This module writes OpenFst's "vector" file. OpenFst's tools make it a look-ahead graph, which Vosk
composes with a grammar at run time.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from pathlib import Path

from speech.languages.language import Language
from speech.recognition.words import SELDOM_UNKNOWN, UNKNOWN, digit_words
from speech.training.lexicon import Lexicon
from speech.training.units import SILENCE_PHONE, UnitTable

_MAGIC = 2125659606
_EXPANDED_AND_MUTABLE = 0x3
SILENCE_OR_NOT = math.log(2)


@dataclass
class Fst:
    """A weighted transducer; state 0 is the start."""

    arcs: list[list[tuple[int, int, float, int]]] = field(default_factory=lambda: [[]])
    final: dict[int, float] = field(default_factory=dict)

    def state(self) -> int:
        self.arcs.append([])
        return len(self.arcs) - 1

    def arc(self, source: int, transition: int, word: int, cost: float, target: int) -> None:
        self.arcs[source].append((transition, word, cost, target))

    def write(self, path: Path) -> None:
        out = bytearray(struct.pack("<i", _MAGIC))
        for name in (b"vector", b"standard"):
            out += struct.pack("<i", len(name)) + name
        out += struct.pack("<iiQqqq", 2, 0, _EXPANDED_AND_MUTABLE, 0, len(self.arcs), 0)
        for state, arcs in enumerate(self.arcs):
            out += struct.pack("<fq", self.final.get(state, math.inf), len(arcs))
            for arc in arcs:
                out += struct.pack("<iifi", *arc)
        path.write_bytes(out)


@dataclass(frozen=True)
class Costs:
    """Costs in the graph that are not trained. Natural logarithms; larger means less likely.

    Attributes:
        digit: cost of a word for a digit, added to the grammar's cost of each word.
        unknown: cost of each unit of speech that is no word of the grammar, added to the choice
            among all units; small enough that other speech is rejected.
        seldom_unknown: the same where digits or letters are spoken; large enough not to lose any.
    """

    digit: float = 0.0
    unknown: float = -0.8
    seldom_unknown: float = 2.5


COSTS = {
    Language.CANTONESE: Costs(digit=-1.0, seldom_unknown=2.0),
    Language.PUTONGHUA: Costs(digit=-2.0, seldom_unknown=1.5),
    Language.ENGLISH: Costs(),
}
"""Tuned with the shipped models on the people of the development part: fluent speakers lose digits
rather than adding any, so digits get a bonus, and so does the path for other speech."""


def word_loop(lexicon: Lexicon, table: UnitTable, numbers: dict[str, int], costs: Costs) -> Fst:
    """Any words in any order, with optional silence between them, and speech that is none of
    them."""
    fst = Fst()
    loop = fst.state()
    fst.arc(0, 0, 0, SILENCE_OR_NOT, loop)
    quiet = _phone(fst, table, 0, SILENCE_PHONE, 0, SILENCE_OR_NOT)
    fst.arc(quiet, 0, 0, 0.0, loop)
    fst.final[loop] = 0.0
    digits = digit_words(lexicon.language)
    for word in sorted(lexicon.words):
        for units in lexicon.words[word]:
            at, output, cost = loop, numbers[word], costs.digit if word in digits else 0.0
            for place, unit in enumerate(units):
                phone = table.phone(unit, place, len(units))
                at = _phone(fst, table, at, phone, output, cost)
                output, cost = 0, 0.0
            _maybe_silence(fst, table, at, loop)
    _unknown(fst, table, loop, numbers[UNKNOWN], costs.unknown)
    _unknown(fst, table, loop, numbers[SELDOM_UNKNOWN], costs.seldom_unknown)
    return fst


def _unknown(fst: Fst, table: UnitTable, loop: int, word: int, cost: float) -> None:
    inside, after = fst.state(), fst.state()
    fst.arc(loop, 0, word, 0.0, inside)
    each = math.log(len(table.units) - 1) + cost
    for unit in table.units[1:]:
        end = _phone(fst, table, inside, table.phone(unit, 1, 3), 0, each)
        fst.arc(end, 0, 0, 0.0, after)
    fst.arc(after, 0, 0, 0.0, inside)
    _maybe_silence(fst, table, after, loop)


def _phone(fst: Fst, table: UnitTable, source: int, phone: int, word: int, cost: float) -> int:
    """Enter a phone and stay in it as long as it lasts; returns the state after it."""
    enter, stay = table.transitions(phone)
    held = fst.state()
    fst.arc(source, enter, word, cost, held)
    fst.arc(held, stay, 0, 0.0, held)
    return held


def _maybe_silence(fst: Fst, table: UnitTable, source: int, target: int) -> None:
    fst.arc(source, 0, 0, SILENCE_OR_NOT, target)
    quiet = _phone(fst, table, source, SILENCE_PHONE, 0, SILENCE_OR_NOT)
    fst.arc(quiet, 0, 0, 0.0, target)
