"""Workers forked, watched, replaced and drained: real processes, no telephony."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from ground.outlet import OutletHandler
from ivr.node.children import fork, reap, tell
from ivr.node.scoreboard import Scoreboard, WorkerState
from ivr.node.workers import Change, Died, Ready, WorkerPool
from ivr.settings.pool import PoolSettings
from tests.support.pace import limit

pytestmark = pytest.mark.service

SETTINGS = PoolSettings(
    workers=2, start_timeout_s=20, heartbeat_timeout_s=1.5, restart_pause_s=0.05
)


def beat_until_told(scoreboard: Scoreboard, slot: int) -> int:
    """A worker that only says it is alive, and leaves on SIGTERM."""
    return beat_until_told_with(scoreboard, slot, 4)


def beat_until_told_with(scoreboard: Scoreboard, slot: int, capacity: int) -> int:
    stop_signals: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stop_signals.append(number))
    parent = os.getppid()
    while not stop_signals and os.getppid() == parent:  # a test that dies leaves nobody behind
        scoreboard.write(slot, WorkerState.READY, capacity=capacity, active=slot)
        time.sleep(0.02)
    return 0


class Watched:
    """A worker_pool and what it reported."""

    def __init__(self, run: Callable[[Scoreboard, int, int], int]) -> None:
        self.scoreboard = Scoreboard(2)
        self.force = WorkerPool(
            SETTINGS, self.scoreboard, lambda slot, before: run(self.scoreboard, slot, before)
        )
        self.changes: list[Change] = []

    def until(self, done: Callable[[], bool], seconds: float = 5.0) -> None:
        deadline = time.monotonic() + limit(seconds)
        while not done():
            assert time.monotonic() < deadline, self.changes
            self.changes += self.force.tick(time.monotonic())
            time.sleep(0.01)

    def all_of(self, kind: type[Change]) -> list[Change]:
        return [change for change in self.changes if isinstance(change, kind)]


@pytest.fixture
def watched() -> Iterator[Watched]:
    watched = Watched(lambda board, slot, before: beat_until_told(board, slot))
    yield watched
    watched.force.kill()
    watched.until(lambda: watched.force.running == 0)


def test_workers_become_ready_and_show_their_lines(watched: Watched) -> None:
    watched.until(lambda: len(watched.all_of(Ready)) == 2)
    assert [row.capacity for row in watched.scoreboard.rows()] == [4, 4]
    assert watched.scoreboard.active == 1


def test_a_killed_worker_is_replaced_and_the_other_untouched(watched: Watched) -> None:
    watched.until(lambda: len(watched.all_of(Ready)) == 2)
    victim, other = (watched.scoreboard.row(slot).pid for slot in (0, 1))
    began = time.monotonic()
    tell(victim, signal.SIGKILL)
    watched.until(lambda: len(watched.all_of(Ready)) == 3)
    assert time.monotonic() - began < limit(10)  # 2 s on a quiet machine
    (died,) = watched.all_of(Died)
    assert isinstance(died, Died)
    assert (died.pid, died.status, died.meant) == (victim, -signal.SIGKILL, False)
    assert watched.scoreboard.row(1).pid == other


def test_a_worker_that_hangs_is_killed_and_replaced(watched: Watched) -> None:
    watched.until(lambda: len(watched.all_of(Ready)) == 2)
    tell(watched.scoreboard.row(0).pid, signal.SIGSTOP)
    watched.until(lambda: len(watched.all_of(Ready)) == 3)
    assert [died.slot for died in watched.all_of(Died) if isinstance(died, Died)] == [0]


def test_draining_ends_all_and_replaces_none(watched: Watched) -> None:
    watched.until(lambda: len(watched.all_of(Ready)) == 2)
    watched.force.drain()
    watched.until(lambda: watched.force.running == 0)
    deaths = watched.all_of(Died)
    assert all(isinstance(died, Died) and died.meant and died.status == 0 for died in deaths)
    for _ in range(20):
        watched.force.tick(time.monotonic())
        time.sleep(0.01)
    assert watched.force.running == 0


def test_a_worker_that_cannot_start_is_tried_again_with_growing_pauses() -> None:
    watched = Watched(lambda board, slot, before: 3)
    watched.until(lambda: len(watched.all_of(Died)) >= 6)
    slots = [died for died in watched.all_of(Died) if isinstance(died, Died) and died.slot == 0]
    assert {died.status for died in slots} == {3}
    watched.force.kill()
    watched.until(lambda: watched.force.running == 0)


def test_the_successor_is_told_who_it_follows() -> None:
    def run(board: Scoreboard, slot: int, before: int) -> int:
        if slot == 1:
            return beat_until_told(board, slot)
        if not before:
            return 9  # the first one dies at once
        board.write(slot, WorkerState.READY, capacity=before)
        return beat_until_told_with(board, slot, before)

    watched = Watched(run)
    watched.until(lambda: len(watched.all_of(Ready)) == 2)
    (died,) = watched.all_of(Died)
    assert isinstance(died, Died)
    assert watched.scoreboard.row(0).capacity == died.pid
    watched.force.kill()
    watched.until(lambda: watched.force.running == 0)


def test_a_child_that_raises_has_a_status_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    def fails() -> int:
        logging.basicConfig(handlers=[OutletHandler(sys.stderr)], force=True)  # as a node's logs
        raise RuntimeError("on purpose")

    pid = fork(fails)
    while (status := reap(pid)) is None:
        time.sleep(0.01)
    assert status == 70
    assert "on purpose" in capfd.readouterr().err
    assert os.getpid() != pid


def test_a_worker_that_cannot_start_for_the_same_reason_is_told_the_third_time() -> None:
    def cannot(board: Scoreboard, slot: int, before: int) -> int:
        if slot == 0:
            return beat_until_told(board, slot)
        board.start_failures.say(slot, "telephony.sip_port: UDP 127.0.0.1:5071 is held")
        return 1

    watched = Watched(cannot)
    try:
        watched.until(lambda: len(watched.all_of(Died)) == 3)
        causes = [died.cannot_start for died in watched.all_of(Died) if isinstance(died, Died)]
        assert causes == ["", "", "telephony.sip_port: UDP 127.0.0.1:5071 is held"]
        assert watched.scoreboard.cannot_start == (
            "1 of 2 call workers cannot start: telephony.sip_port: UDP 127.0.0.1:5071 is held"
        )
    finally:
        watched.force.kill()
        watched.until(lambda: watched.force.running == 0)


def test_different_reasons_are_no_reason_to_give_up() -> None:
    def cannot(board: Scoreboard, slot: int, before: int) -> int:
        if slot == 0:
            return beat_until_told(board, slot)
        board.start_failures.say(slot, f"after {before}")
        return 1

    watched = Watched(cannot)
    try:
        watched.until(lambda: len(watched.all_of(Died)) == 4)
        assert all(not died.cannot_start for died in watched.all_of(Died) if isinstance(died, Died))
    finally:
        watched.force.kill()
        watched.until(lambda: watched.force.running == 0)


def test_a_worker_killed_at_its_start_has_that_for_a_reason() -> None:
    def killed(board: Scoreboard, slot: int, before: int) -> int:
        if slot == 0:
            return beat_until_told(board, slot)
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    watched = Watched(killed)
    try:
        watched.until(lambda: len(watched.all_of(Died)) == 3)
        last = watched.all_of(Died)[-1]
        assert isinstance(last, Died)
        assert last.cannot_start == "it was ended by SIGKILL"
    finally:
        watched.force.kill()
        watched.until(lambda: watched.force.running == 0)


def test_a_worker_that_starts_after_all_is_spoken_of_no_more() -> None:
    def late(board: Scoreboard, slot: int, before: int) -> int:
        if before or slot == 0:
            return beat_until_told(board, slot)
        board.start_failures.say(slot, "the port is held")
        return 1

    watched = Watched(late)
    try:
        watched.until(lambda: len(watched.all_of(Ready)) == 2)
        assert watched.scoreboard.cannot_start is None
    finally:
        watched.force.kill()
        watched.until(lambda: watched.force.running == 0)
