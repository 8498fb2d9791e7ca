"""Remembered state has a way back: tokens whose clock was put right, or that are out of step."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rocars.secrets.resynchronising import Resynchronising
from rocars.secrets.settings import TokenSettings
from rocars.secrets.tokens import Acceptable, Token, code_at, judge, time_step

pytestmark = pytest.mark.unit

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
STEP = time_step(NOW, 30)
SEED = b"\x07" * 20
TOTP = Token("totp", SEED, 6)
HOTP = Token("hotp", SEED, 6)


def judged(token: Token, code: str, now: datetime = NOW) -> Acceptable | None:
    return judge(token, code, now, look_ahead=5, max_drift=20)


@pytest.mark.parametrize("drift", [5, -5, 20, 2])
def test_a_clock_that_was_put_right_is_right(drift: int) -> None:
    token = replace(TOTP, drift=drift, next_counter=STEP - 100)
    assert judged(token, code_at(token, STEP)) == Acceptable(STEP, 0)
    assert judged(token, code_at(token, STEP + drift)) == Acceptable(STEP + drift, drift)
    assert judged(token, code_at(token, STEP + 50)) is None


def test_a_drift_that_grew_month_by_month_and_is_gone() -> None:
    token, now = TOTP, NOW
    for month in range(1, 6):
        now += timedelta(days=30)
        found = judged(token, code_at(token, time_step(now, 30) + month), now)
        assert found is not None
        assert found.drift == month
        token = replace(token, drift=found.drift, next_counter=found.counter + 1)
    now += timedelta(days=1)
    found = judged(token, code_at(token, time_step(now, 30)), now)
    assert found is not None
    assert found.drift == 0


def test_no_code_counts_twice_by_way_of_the_true_time() -> None:
    token = replace(TOTP, drift=3, next_counter=STEP + 4)
    assert judged(token, code_at(token, STEP)) is None


def tried(token: Token, *places: int, remember: bool = True) -> list[Acceptable | None]:
    """What becomes of the codes of these places, one after the other."""
    way = Resynchronising(TokenSettings())
    return [
        way.second_code("900001", token, code_at(token, place), NOW, remember=remember)
        for place in places
    ]


def test_two_codes_in_a_row_bring_a_clock_back() -> None:
    assert tried(TOTP, STEP + 15, STEP + 16) == [None, Acceptable(STEP + 16, 16)]
    assert tried(TOTP, STEP - 15, STEP - 13) == [None, Acceptable(STEP - 13, -13)]


def test_two_codes_in_a_row_bring_a_counter_back() -> None:
    assert tried(HOTP, 60, 61) == [None, Acceptable(61)]


@pytest.mark.parametrize(
    ("token", "places"),
    [
        (TOTP, (STEP + 15, STEP + 15)),  # the same again
        (TOTP, (STEP + 16, STEP + 15)),  # backwards
        (TOTP, (STEP + 10, STEP + 15)),  # too late
        (TOTP, (STEP + 30, STEP + 31)),  # beyond the greatest drift
        (HOTP, (60, 62)),  # not in a row
        (HOTP, (150, 151)),  # beyond the window
        (replace(HOTP, next_counter=70), (60, 61)),  # used long ago
    ],
)
def test_what_proves_nothing(token: Token, places: tuple[int, int]) -> None:
    assert tried(token, *places) == [None, None]


def test_with_a_wrong_pin_nothing_is_learnt() -> None:
    assert tried(HOTP, 60, 61, remember=False) == [None, None]


def test_a_code_between_them_begins_anew() -> None:
    assert tried(HOTP, 60, 80, 61) == [None, None, None]
