"""A scripted caller says it again when they are asked again, and not because of their own
question."""

from __future__ import annotations

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
from tests.caller.one_sound import BEGINS_S, OneSound, a_sound

pytestmark = pytest.mark.unit

QUESTION = a_sound(7)


async def caller() -> Expecting:
    """A caller who has heard the line to its end."""
    ear = CallEar(Repertoire([Known("question", None, QUESTION.astype(np.float32))]))
    line = OneSound(QUESTION)
    line.over.set()
    await ear.listen(cast(CallLine, line), None)
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
