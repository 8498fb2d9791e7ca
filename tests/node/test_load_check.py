"""Loads are corrected when calls are counted that are gone, and only then."""

from __future__ import annotations

import random

import pytest

from ivr.node.load_check import PATIENCE, LoadAudit

pytestmark = pytest.mark.unit


def test_a_call_that_is_gone_and_still_counted_is_found() -> None:
    audit = LoadAudit()
    looks = [audit.wrong({0: 2, 1: 1}, {0: 1, 1: 1}) for _ in range(PATIENCE + 1)]
    assert looks == [False] * (PATIENCE - 1) + [True, False]


def test_workers_that_hold_more_than_they_are_charged_with_are_left_alone() -> None:
    audit = LoadAudit()
    assert not any(audit.wrong({0: 1}, {0: 3, 1: 1}) for _ in range(5 * PATIENCE))


def test_a_rush_of_calls_is_no_reason() -> None:
    """Some worker is always behind by a call it has just been given, but another one each time."""
    rng, audit = random.Random(1), LoadAudit()
    for _ in range(1000):
        held = dict.fromkeys(range(23), 3)
        charged = {slot: 4 if rng.random() < 0.2 else 3 for slot in range(23)}
        assert not audit.wrong(charged, held)


def test_a_worker_that_is_gone_itself_is_not_waited_for() -> None:
    audit = LoadAudit()
    for _ in range(PATIENCE - 1):
        assert not audit.wrong({0: 1}, {0: 0})
    assert not audit.wrong({0: 1}, {})
    assert not audit.wrong({0: 1}, {0: 0})
