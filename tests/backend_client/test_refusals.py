"""Each code that a flow speaks about is one that ROCARS has, and no two errors share one."""

from __future__ import annotations

import pytest

from backend_client import errors
from backend_client.answers import WireProblem
from backend_client.errors import (
    BackEndUnavailable,
    MainlandPlate,
    Refused,
    RocarsError,
    SessionExpired,
)
from backend_client.refusals import error_for
from backend_client.transport import ProblemAnswered
from rocars.refusals import Code

pytestmark = pytest.mark.unit

CODED = [
    found
    for found in vars(errors).values()
    if isinstance(found, type) and issubclass(found, RocarsError) and "code" in vars(found)
]


def problem(code: str, subject: str) -> ProblemAnswered:
    return ProblemAnswered(WireProblem(code=code, subject=subject))


def test_every_code_is_one_of_rocars() -> None:
    codes = [error.code for error in CODED if error.code]
    assert len(codes) > 10
    assert len(codes) == len(set(codes))
    assert set(codes) <= set(Code)


def test_every_refusal_has_a_code_of_its_own() -> None:
    refusals = [
        found
        for found in vars(errors).values()
        if isinstance(found, type) and issubclass(found, Refused) and found is not Refused
    ]
    assert refusals
    assert all("code" in vars(refusal) for refusal in refusals)


def test_the_subject_goes_with_a_refusal() -> None:
    plate = error_for(problem("mainland_plate", "Z1234"))
    assert type(plate) is MainlandPlate
    assert plate.subject == "Z1234"
    assert type(error_for(problem("session_expired", ""))) is SessionExpired
    assert type(error_for(problem("teapot", ""))) is BackEndUnavailable
