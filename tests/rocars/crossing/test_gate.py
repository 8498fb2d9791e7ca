"""The gate decides from what is known; each way a vehicle can stand has its own instruction."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rocars.crossing.gate import AtTheGate, decide
from rocars.crossing.instructions import Cause, Instruction
from rocars.crossing.web import texts
from tests.rocars.conftest import MORNING

pytestmark = pytest.mark.unit

BUNDLED = AtTheGate(
    now=MORNING,
    lane_open=True,
    marks=("AB1234",),
    doubt=None,
    here=(MORNING,),
    elsewhere=0,
    declared_unladen=False,
)


@pytest.mark.parametrize(
    ("changes", "instruction"),
    [
        ({}, Instruction.PROCEED),
        ({"here": (MORNING + timedelta(minutes=1),)}, Instruction.TOO_EARLY),
        ({"here": ()}, Instruction.NO_BUNDLE),
        ({"here": (), "elsewhere": 1}, Instruction.WRONG_DIRECTION),
        ({"here": (MORNING, MORNING)}, Instruction.SEVERAL_BUNDLES),
        ({"marks": ("AB1234", "A81234")}, Instruction.DOUBTFUL),
        ({"marks": ()}, Instruction.DOUBTFUL),
        ({"doubt": Cause.UNSURE}, Instruction.DOUBTFUL),
        ({"here": (), "declared_unladen": True}, Instruction.PROCEED_UNLADEN),
        ({"here": (), "elsewhere": 1, "declared_unladen": True}, Instruction.PROCEED_UNLADEN),
        ({"declared_unladen": True}, Instruction.BUNDLED_BUT_UNLADEN),
        ({"lane_open": False}, Instruction.LANE_CLOSED),
    ],
)
def test_each_case_has_its_own_instruction(changes, instruction) -> None:
    assert decide(replace(BUNDLED, **changes)).instruction is instruction


def test_doubt_goes_before_a_bundle_and_says_why() -> None:
    assert decide(replace(BUNDLED, doubt=Cause.LATE)).cause is Cause.LATE
    assert decide(replace(BUNDLED, marks=())).cause is Cause.NOT_A_MARK
    assert decide(replace(BUNDLED, marks=("A", "B"))).cause is Cause.AMBIGUOUS


def test_every_instruction_can_be_shown_and_each_differs() -> None:
    assert set(texts.HEADLINES) == set(texts.TONES) == set(Instruction)
    assert len(set(texts.HEADLINES.values())) == len(Instruction)
    assert set(texts.CAUSES) == set(Cause)
