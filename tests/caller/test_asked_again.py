"""A scripted caller says it again when they are asked again, and not because of their own
question."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

import numpy as np
import pytest

from ivr.caller.hearing.repertoire import Known, Repertoire
from ivr.caller.performing.call_ear import CallEar
from ivr.caller.performing.expecting import AskedAgain, Expecting, NotAsExpected
from ivr.caller.performing.secrecy import Secrets
from ivr.caller.performing.stage import Stage
from ivr.caller.scenario.steps import Expect
from ivr.telephony.line import CallLine
from tests.caller.stalling_line import frames_of

pytestmark = pytest.mark.unit

QUESTION = np.convolve(
    np.random.default_rng(7).normal(0, 3000, 8000), np.ones(4) / 4, "same"
).astype("<i2")
BEGINS_S = 0.4
"""Where it begins on the line; it lasts a second."""


class Line:
    """A question that is heard to its end; the call is over after it."""

    def listen(self, *, longest_ms: int) -> Line:
        assert longest_ms > 0
        return self

    async def with_what_was_sent(self) -> AsyncIterator[tuple[bytes, bytes]]:
        for frame in (*[bytes(320)] * 20, *frames_of(QUESTION.tobytes()), *[bytes(320)] * 50):
            yield frame, bytes(320)


async def caller() -> Expecting:
    """A caller who has heard the line to its end."""
    ear = CallEar(Repertoire([Known("question", None, QUESTION.astype(np.float32))]))
    await ear.listen(cast(CallLine, Line()), None)
    return Expecting(cast(Stage, None), ear, None, Secrets(frozenset(), {}), acted=0.0)


ANSWER = Expect.model_validate({"expect": "answer", "within": 1})


async def test_a_question_that_begins_after_our_words_asks_again() -> None:
    expecting = await caller()
    expecting.speaks_from = expecting.ear.zero
    with pytest.raises(AskedAgain):
        await expecting.prompt(ANSWER, "question")


async def test_a_question_that_we_spoke_over_does_not() -> None:
    expecting = await caller()
    expecting.speaks_from = expecting.ear.zero + BEGINS_S + 0.2
    with pytest.raises(NotAsExpected, match="the call ended; heard instead: question"):
        await expecting.prompt(ANSWER, "question")
