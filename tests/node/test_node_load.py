"""What the supervisor makes of what workers say, and whom it tells."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr.node.node_load import NodeLoad, Waking
from ivr.node.pressure import PressureGauge
from ivr.node.scoreboard import Scoreboard, Sound, WorkerState
from ivr.observe.strain import Cause, Pressure, Strain, Verdict
from ivr.settings.overload import OverloadSettings

pytestmark = pytest.mark.unit

STEP_S = 0.2


class Node:
    """Two workers on a virtual clock, and what the front was told."""

    def __init__(self, nowhere: Path) -> None:
        self.board = Scoreboard(2)
        self.paces: list[int | None] = []
        self.load = NodeLoad(
            OverloadSettings.model_validate({}),
            self.board,
            self.paces.append,
            PressureGauge(nowhere),
        )
        self.now = 100.0
        self.sounds = [Sound(), Sound()]
        self.pids = [11, 12]

    def passes(
        self,
        seconds: float,
        *,
        late: tuple[int, int] = (0, 0),
        silent: frozenset[int] = frozenset(),
        every_s: float = 0.1,
    ) -> Strain:
        """`late`: late frames of each worker at each look, of thirty; `silent` workers hang.
        `every_s`: how often workers say that they report."""
        for _ in range(round(seconds / STEP_S)):
            self.now += STEP_S
            for slot, sound in enumerate(self.sounds):
                if slot in silent:
                    continue
                self.board.write(
                    slot,
                    WorkerState.READY,
                    pid=self.pids[slot],
                    capacity=4,
                    active=3,
                    heartbeat=self.now,
                    every_s=every_s,
                )
                self.sounds[slot] = Sound(sound.frames + 30, sound.late + late[slot])
                self.board.write_sound(slot, self.sounds[slot])
            self.load.watch(self.now)
        return self.load.verdict.strain


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_late_frames_of_one_worker_close_the_whole_node(node: Node) -> None:
    node.passes(4)
    with capture_logs() as logs:
        assert node.passes(1, late=(0, 10)) is Strain.OVERLOADED
        node.passes(30)
    assert node.paces == [0, 2, 4, 8, 16, 32, None]
    events = [entry["event"] for entry in logs]
    assert events == ["overloaded: no new calls", "calls are taken again"]
    assert logs[0]["why"] == "late_frames"
    assert logs[0]["active"] == 6


def test_everybody_can_read_how_the_node_is(node: Node) -> None:
    node.passes(4, late=(10, 10))
    assert node.board.strain is Strain.KEYPAD_ONLY
    verdict = node.board.verdict
    assert (verdict.strain, verdict.cause) == (Strain.KEYPAD_ONLY, Cause.LATE_FRAMES)
    assert verdict.late_share == pytest.approx(1 / 3)
    assert verdict.pressure == Pressure()


def test_a_worker_with_calls_that_says_nothing_is_late(node: Node) -> None:
    """Stopped, or not given a processor: what it counts nobody hears of."""
    node.passes(4)
    assert node.passes(1.0, silent=frozenset({1})).name in ("OVERLOADED", "KEYPAD_ONLY")


def test_a_quiet_worker_that_reports_rarely_is_not_late(node: Node) -> None:
    node.passes(4, every_s=0.5)
    assert node.passes(0.6, silent=frozenset({1})) is Strain.CALM
    assert node.passes(1.0, silent=frozenset({1})).name in ("OVERLOADED", "KEYPAD_ONLY")


def test_a_worker_that_leaves_is_not_late(node: Node) -> None:
    node.passes(4)
    node.board.write(1, WorkerState.LEAVING, pid=12, heartbeat=node.now)
    assert node.passes(6, silent=frozenset({1})) is Strain.CALM


def test_a_new_worker_counts_from_nought_and_that_is_no_lateness(node: Node) -> None:
    node.passes(20)
    node.pids[0], node.sounds[0] = 99, Sound()
    assert node.passes(4) is Strain.CALM
    assert node.load.verdict == Verdict(Strain.CALM)


def test_a_loop_that_wakes_late_is_counted() -> None:
    times = iter([0.0, 0.1, 0.2, 0.5, 0.95, 1.05])
    waking = Waking(0.25, clock=lambda: next(times))
    seen = []
    for _ in range(6):
        waking.woke(0.1)
        seen.append(waking.late)
    assert seen == [0, 0, 0, 0, 1, 1]
    assert waking.late_within(0.2)
    assert not waking.late_within(0.1)
