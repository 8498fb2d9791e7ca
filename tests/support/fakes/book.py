"""A call book on paper: the trace of one call, known beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from ivr.dialogue.trace import StepKind


class PaperBook:
    """The trace of a call in which these questions are asked, one after the other; and then one
    that nobody answers."""

    def __init__(self, questions: Sequence[str]) -> None:
        self._asked = [
            SimpleNamespace(kind=StepKind.ASKED, name=name, text="", value="", ms=0, language="")
            for name in (*questions, "the.end")
        ]

    async def find_by_sip_call_id(self, _: str) -> list[Any]:
        return [SimpleNamespace(call_id="1")]

    async def steps(self, _: str) -> list[Any]:
        return self._asked
