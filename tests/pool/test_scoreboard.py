"""What workers write is read whole, at whatever moment it is looked at."""

from __future__ import annotations

import signal
import time

import pytest

from ivr.pool.children import fork, reap, tell
from ivr.pool.scoreboard import Row, Scoreboard, WorkerState

pytestmark = pytest.mark.service


def test_no_row_is_ever_seen_half_written() -> None:
    """Read so, a healthy worker would be killed as one that was silent for days."""
    board = Scoreboard(2)
    began = time.monotonic()
    board.write(1, WorkerState.READY, pid=7, capacity=48, active=3, taken=9)

    def write_for_ever() -> int:
        while True:
            board.write(1, WorkerState.READY, pid=7, capacity=48, active=3, taken=9)

    pid = fork(write_for_ever)
    try:
        looks = 0
        while time.monotonic() < began + 1.5:
            row = board.row(1)
            assert row == Row(1, WorkerState.READY, 7, 48, 3, 9, row.heartbeat)
            assert row.heartbeat >= began
            looks += 1
        assert looks > 10_000
    finally:
        tell(pid, signal.SIGKILL)
        while reap(pid) is None:
            time.sleep(0.01)


def test_everybody_reads_what_one_wrote() -> None:
    board = Scoreboard(2)
    assert board.row(0).state is WorkerState.EMPTY

    def be_a_child() -> int:
        board.write(0, WorkerState.READY, capacity=4, active=1, taken=2)
        board.write_node(front_up=True, draining=False, lines=8)
        board.ring(1)
        board.ring(1)
        board.wish_replaced(0)
        board.wish_closed(True)
        return 0

    pid = fork(be_a_child)
    while reap(pid) is None:
        time.sleep(0.01)
    row = board.row(0)
    assert row == Row(0, WorkerState.READY, pid, 4, 1, 2, row.heartbeat)
    assert 0 <= row.silent_for(time.monotonic()) < 5
    assert (board.front_up, board.draining, board.lines, board.active) == (True, False, 8, 1)
    assert [board.rung(slot) for slot in (0, 1)] == [0, 2]
    assert [board.replacements_wished(slot) for slot in (0, 1)] == [1, 0]
    assert board.closed
    board.clear(0)
    assert (board.row(0).state, board.row(0).pid) == (WorkerState.EMPTY, 0)
