"""How many lines an amount of traffic needs (Erlang B)."""

from __future__ import annotations


def blocking(erlangs: float, lines: int) -> float:
    """The share of calls that find no free line, with blocked calls cleared (Erlang B, ITU-T
    E.501).

    It uses the usual recursion, since factorials would overflow.
    """
    if erlangs <= 0:
        return 0.0 if lines else 1.0
    inverse = 1.0
    for line in range(1, lines + 1):
        inverse = 1.0 + inverse * line / erlangs
    return 1.0 / inverse


def lines_for(erlangs: float, most_blocked: float) -> int:
    """The fewest lines with which no more than the share `most_blocked` of calls finds no line."""
    lines = 0
    while blocking(erlangs, lines) > most_blocked:
        lines += 1
    return lines
