"""What is said of a machine before a node is started on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something a node lacks.

    Attributes:
        setting: the one that helps, such as ``sip.port``.
        text: what is the matter and what to do, one line.
        fatal: whether the node cannot be started; otherwise it serves with less.
        held_by: the processes that have what is lacking, as far as they are known.
    """

    setting: str
    text: str
    fatal: bool = True
    held_by: frozenset[int] = frozenset()

    def __str__(self) -> str:
        return f"{self.setting}: {self.text}"
