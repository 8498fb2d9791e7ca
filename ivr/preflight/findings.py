"""What is missing on a machine for a node to start."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something a node lacks.

    Attributes:
        setting: the setting that helps, such as ``sip.port``.
        text: what is wrong and what to do, in one line.
        fatal: whether the node cannot be started; otherwise it serves with less.
        held_by: the processes that hold what is missing, as far as they are known.
    """

    setting: str
    text: str
    fatal: bool = True
    held_by: frozenset[int] = frozenset()

    def __str__(self) -> str:
        return f"{self.setting}: {self.text}"
