"""How many lines a traffic needs (Erlang B)."""

from __future__ import annotations


def blocking(erlangs: float, lines: int) -> float:
    """Share of calls that find no line free, blocked calls cleared (Erlang B, ITU-T E.501).

    By the usual recursion, which does not overflow as the factorials do.
    """
    if erlangs <= 0:
        return 0.0 if lines else 1.0
    inverse = 1.0
    for line in range(1, lines + 1):
        inverse = 1.0 + inverse * line / erlangs
    return 1.0 / inverse


def lines_for(erlangs: float, most_blocked: float) -> int:
    """Fewest lines at which no more than `most_blocked` of the calls are turned away."""
    lines = 0
    while blocking(erlangs, lines) > most_blocked:
        lines += 1
    return lines
