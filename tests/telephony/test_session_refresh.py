"""A session refresh that was refused is sent again (RFC 3261, 14.1)."""

from __future__ import annotations

import random

import pytest

from ivr.telephony.library.session_refresh import SessionRefresh


@pytest.mark.unit
def test_when_it_is_sent_again() -> None:
    for seed in range(200):
        refresh = SessionRefresh(random.Random(seed))
        refresh.answered(491, 100.0)
        assert not refresh.is_due(99.99)
        assert refresh.is_due(102.0)
        assert not refresh.is_due(200.0)  # once
    refresh = SessionRefresh(random.Random(1))
    refresh.answered(503, 100.0)
    assert not refresh.is_due(105.0)
    refresh.answered(200, 106.0)
    assert not refresh.is_due(120.0)


@pytest.mark.unit
@pytest.mark.parametrize("status", [200, 401, 408, 422, 481])
def test_what_the_library_sees_to(status: int) -> None:
    refresh = SessionRefresh(random.Random(1))
    refresh.answered(status, 100.0)
    assert not refresh.is_due(1000.0)


@pytest.mark.unit
def test_not_for_ever() -> None:
    refresh, sent = SessionRefresh(random.Random(1)), 0
    for at in range(100):
        refresh.answered(491, at * 10.0)
        sent += refresh.is_due(at * 10.0 + 5)
    assert sent == 10
