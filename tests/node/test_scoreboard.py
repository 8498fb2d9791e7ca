"""What workers write is read whole, at whatever moment it is looked at."""

from __future__ import annotations

import signal
import time

import pytest

from ivr.node.children import fork, reap, tell
from ivr.node.scoreboard import Row, Scoreboard, Sound, WorkerState
from ivr.observe.strain import Cause, Pressure, Strain, Verdict
from tests.support.pace import limit

pytestmark = pytest.mark.service

VERDICT = Verdict(
    Strain.OVERLOADED, Cause.MEMORY, 0.25, since=1234.5, pressure=Pressure(0.1, 0.2, 0.3, 0.4, 0.5)
)


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
        while looks < 20_000:
            row = board.row(1)
            assert row == Row(1, WorkerState.READY, 7, 48, 3, 9, row.heartbeat)
            assert row.heartbeat >= began
            looks += 1
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
        board.signal_commands(1)
        board.signal_commands(1)
        board.request_replacement(0)
        board.request_closed(True)
        board.write_sound(0, Sound(5000, 70, 2, real_time=True))
        board.write_verdict(VERDICT)
        return 0

    pid = fork(be_a_child)
    while reap(pid) is None:
        time.sleep(0.01)
    row = board.row(0)
    assert row == Row(0, WorkerState.READY, pid, 4, 1, 2, row.heartbeat)
    assert 0 <= row.silent_for(time.monotonic()) < limit(5)
    assert (board.front_up, board.draining, board.lines, board.active) == (True, False, 8, 1)
    assert [board.commands_signalled(slot) for slot in (0, 1)] == [0, 2]
    assert [board.replacements_requested(slot) for slot in (0, 1)] == [1, 0]
    assert board.closed
    assert board.sound(0) == Sound(5000, 70, 2, real_time=True)
    assert (board.sound(1), board.in_real_time) == (Sound(), 1)
    assert (board.verdict, board.strain) == (VERDICT, Strain.OVERLOADED)
    board.clear(0)
    assert board.sound(0) == Sound(), "a successor counts from nought"
    assert (board.row(0).state, board.row(0).pid) == (WorkerState.EMPTY, 0)


def test_a_worker_is_as_silent_as_the_longer_silent_of_its_threads() -> None:
    board = Scoreboard(2)
    board.write(1, WorkerState.READY, pid=1, capacity=4, heartbeat=10.0, every_s=0.5)
    assert board.row(1).silent_for(10.2) == pytest.approx(0.2)
    board.write_polled(1, 9.0)
    assert board.row(1).silent_for(10.2) == pytest.approx(1.2)
    assert board.row(1).overdue_for(10.2) == pytest.approx(0.7)
    board.write_polled(1, 10.1)
    assert board.row(1).silent_for(10.2) == pytest.approx(0.2)
    board.clear(1)
    board.write(1, WorkerState.READY, pid=2, heartbeat=30.0)
    assert board.row(1).heartbeat == 30.0, "a successor has a SIP thread of its own"


def test_who_has_not_moved_for_two_seconds_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("ivr.node.scoreboard.time.monotonic", lambda: now)
    board = Scoreboard(3)
    board.write(0, WorkerState.READY, pid=1, capacity=4)
    board.write(1, WorkerState.STARTING, pid=2)
    assert list(board.standing_still) == []  # a supervisor that has not begun is no sign
    board.heartbeat()
    now += 1.9
    assert list(board.standing_still) == []
    now += 0.5
    assert board.standing_still == (
        "the supervisor has not moved for 2 s",
        "call worker 0 has not moved for 2 s",
    )
    board.heartbeat()
    board.write(0, WorkerState.DRAINING, pid=1, capacity=4)
    assert list(board.standing_still) == []
