"""A program is loaded without the garbage collector, which runs afterwards if it ran before."""

from __future__ import annotations

import gc

import pytest

from ground.loading import loading

pytestmark = pytest.mark.unit


def test_the_collector_rests_meanwhile_and_leaves_what_was_loaded_alone() -> None:
    assert gc.isenabled()
    frozen = gc.get_freeze_count()
    with loading():
        assert not gc.isenabled()
        loaded = [[number] for number in range(1000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= frozen + len(loaded)


def test_a_program_that_failed_to_load_is_collected_as_well() -> None:
    with pytest.raises(ImportError), loading():
        raise ImportError
    assert gc.isenabled()


def test_where_it_is_off_it_stays_off() -> None:
    gc.disable()
    try:
        with loading(), loading():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
