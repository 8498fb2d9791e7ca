"""Published vectors of RFC 4226 appendix D and RFC 6238 appendix B, through our token code."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rocars.secrets.tokens import Acceptable, Token, code_at, judge, next_code

pytestmark = pytest.mark.unit

SEED = b"12345678901234567890"
RFC_4226 = [
    "755224", "287082", "359152", "969429", "338314",
    "254676", "287922", "162583", "399871", "520489",
]  # fmt: skip
RFC_6238 = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
    20000000000: "65353130",
}


@pytest.mark.parametrize(("counter", "code"), list(enumerate(RFC_4226)))
def test_hotp_vector(counter: int, code: str) -> None:
    token = Token("hotp", SEED, 6, next_counter=counter)
    assert code_at(token, counter) == code
    assert next_code(token, datetime.now(UTC)) == code
    found = judge(token, code, datetime.now(UTC), look_ahead=0, max_drift=0)
    assert found == Acceptable(counter)


@pytest.mark.parametrize(("seconds", "code"), RFC_6238.items())
def test_totp_vector(seconds: int, code: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    token = Token("totp", SEED, 8, step_s=30)
    assert next_code(token, now) == code
    assert judge(token, code, now, look_ahead=0, max_drift=9) == Acceptable(seconds // 30)


def test_hotp_window_ends_where_it_says() -> None:
    token = Token("hotp", SEED, 6, next_counter=2)
    now = datetime.now(UTC)
    verdicts = [judge(token, code, now, look_ahead=5, max_drift=0) for code in RFC_4226]
    assert verdicts == [None, None, *(Acceptable(n) for n in range(2, 8)), None, None]


def test_the_seed_is_not_shown() -> None:
    assert "1234567890" not in repr(Token("hotp", SEED, 6))


def test_totp_never_goes_back_behind_a_step_already_used() -> None:
    now = datetime.fromtimestamp(1111111111, UTC)
    step = 1111111111 // 30
    for used, taken in [(step - 2, -1), (step - 1, 0), (step, 1)]:
        token = Token("totp", SEED, 6, next_counter=used + 1)
        verdicts = [
            judge(token, code_at(token, step + n), now, look_ahead=0, max_drift=9)
            for n in (-1, 0, 1)
        ]
        accepted = [verdict.counter - step for verdict in verdicts if verdict is not None]
        assert accepted == [n for n in (-1, 0, 1) if n >= taken]


def test_remembered_drift_has_a_limit() -> None:
    now = datetime.fromtimestamp(1111111111, UTC)
    token = Token("totp", SEED, 6, drift=3)
    found = judge(token, code_at(token, 1111111111 // 30 + 4), now, look_ahead=0, max_drift=3)
    assert found == Acceptable(1111111111 // 30 + 4, drift=3)
