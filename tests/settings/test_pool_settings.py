"""How many workers and line cards a number of lines makes."""

from __future__ import annotations

import pytest

from ivr.settings.pool import CARDS_A_WORKER, PUBLISHED_LINES, PoolSettings

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("lines", [1, 4, 5, 12, 40, 90, 150, 512])
def test_lines_are_shared_among_few_workers_and_enough(lines: int) -> None:
    pool = PoolSettings(drain_deadline_s=7).with_lines(lines)
    assert pool.cards * PUBLISHED_LINES >= lines
    assert (pool.workers - 1) * pool.cards_per_worker * PUBLISHED_LINES < lines
    assert pool.cards_per_worker <= CARDS_A_WORKER
    assert pool.workers > 1 or lines <= PUBLISHED_LINES
    assert pool.drain_deadline_s == 7


def test_more_cards_than_there_may_be_are_refused() -> None:
    with pytest.raises(ValueError, match="not above 128"):
        PoolSettings(workers=65, cards_per_worker=2)
