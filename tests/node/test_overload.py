"""When a node takes no new calls, and when it does again: decided on a virtual clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from pydantic import ValidationError

from ivr.node.overload import Look, OverloadWatch
from ivr.observe.strain import Cause, Pressure, Strain, Verdict
from ivr.settings.overload import OverloadSettings

pytestmark = pytest.mark.unit

STEP_S = 0.2
FRAMES = 10
"""Of one line, in a step."""


@dataclass
class Machine:
    """A node whose lines are late as told, look after look."""

    watch: OverloadWatch
    now: float = 1000.0
    seen: list[Verdict] = field(default_factory=list)

    def passes(
        self,
        seconds: float,
        *,
        lines: int = 12,
        late: float = 0.0,
        wakings: int = 0,
        pressure: Pressure | None = None,
    ) -> Verdict:
        """`late`: the share of the frames; `wakings`: late ones at each look."""
        for _ in range(round(seconds / STEP_S)):
            frames = lines * FRAMES
            look = Look(self.now, frames, round(frames * late), wakings, pressure or Pressure())
            self.seen.append(self.watch.look(look))
            self.now += STEP_S
        return self.seen[-1]

    def changes(self) -> list[Strain]:
        """The strains there were, one after the other."""
        strains = [verdict.strain for verdict in self.seen]
        return strains[:1] + [after for before, after in pairwise(strains) if after != before]


def machine(**settings: float) -> Machine:
    return Machine(OverloadWatch(OverloadSettings.model_validate(settings)))


def test_frames_in_time_are_no_overload() -> None:
    node = machine()
    verdict = node.passes(60)
    assert (verdict.strain, verdict.calls_per_second) == (Strain.CALM, None)


def test_late_frames_close_the_node_and_it_opens_by_itself() -> None:
    node = machine()
    node.passes(10)
    began = node.now
    verdict = node.passes(2, late=0.05)
    assert (verdict.strain, verdict.cause) == (Strain.OVERLOADED, Cause.LATE_FRAMES)
    assert verdict.calls_per_second == 0
    assert verdict.since - began <= 2.0
    ended = node.now
    verdict = node.passes(12)
    assert verdict.strain is Strain.CALM
    back = next(
        verdict.since for verdict in node.seen if not verdict.overloaded and verdict.since > ended
    )
    assert 4.5 <= back - ended <= 10.0


def test_it_notices_within_the_window_even_if_frames_are_late_but_now_and_then() -> None:
    node = machine()
    node.passes(10)
    began = node.now
    for _ in range(5):
        node.passes(0.6)
        node.passes(0.2, late=0.2)
    assert node.seen[-1].overloaded
    assert node.seen[-1].since - began <= 2.0


@pytest.mark.parametrize("share", [0.0, 0.005, 0.01])
def test_at_the_threshold_it_still_takes_calls(share: float) -> None:
    node = machine()
    assert not node.passes(20, lines=100, late=share).overloaded


def test_between_the_two_shares_it_stays_as_it_was() -> None:
    """Hysteresis: neither does it close at half a percent, nor open at that."""
    node = machine()
    assert not node.passes(20, lines=100, late=0.005).overloaded
    node.passes(2, lines=100, late=0.05)
    assert node.passes(60, lines=100, late=0.005).overloaded
    assert not node.passes(6, lines=100, late=0.001).overloaded


def test_a_relapse_begins_the_calm_anew() -> None:
    node = machine()
    node.passes(2, late=0.5)
    node.passes(4)
    node.passes(0.2, late=0.5)
    assert node.passes(4.6).overloaded
    assert not node.passes(0.6).overloaded


def test_without_calls_nothing_is_late_and_it_opens() -> None:
    node = machine()
    node.passes(3, lines=1, late=1.0)
    assert not node.passes(5.2, lines=0).overloaded


def test_workers_that_wake_too_late_close_a_node_without_calls() -> None:
    node = machine()
    node.passes(0.2, lines=0, wakings=1)
    assert not node.passes(5, lines=0).overloaded, "once is a stumble"
    verdict = node.passes(0.4, lines=0, wakings=1)
    assert (verdict.strain, verdict.cause) == (Strain.OVERLOADED, Cause.LATE_WAKING)
    assert not node.passes(5.2, lines=0).overloaded


def test_a_machine_that_only_swaps_closes_the_node() -> None:
    node = machine()
    full = Pressure(memory=0.6, memory_full=0.5)
    assert node.passes(2, lines=0, pressure=full).cause is Cause.MEMORY
    assert node.passes(20, lines=0, pressure=Pressure(memory_full=0.15)).overloaded
    assert not node.passes(6, lines=0, pressure=Pressure(memory_full=0.05)).overloaded
    careless = machine(memory_stalled_share=0)
    assert not careless.passes(5, lines=0, pressure=full).overloaded
    assert careless.passes(2, late=0.5, pressure=full).overloaded
    assert not careless.passes(6, pressure=full).overloaded, "nor does it keep it from coming back"


def test_speech_is_given_up_when_refusing_calls_was_not_enough() -> None:
    node = machine()
    node.passes(2, late=0.1)
    assert node.passes(1.8, late=0.1).strain is Strain.KEYPAD_ONLY
    assert node.passes(4).strain is Strain.KEYPAD_ONLY, "not given back and taken again"
    node.passes(4)
    assert node.changes() == [Strain.OVERLOADED, Strain.KEYPAD_ONLY, Strain.CALM]


def test_speech_is_kept_when_refusing_calls_was_enough() -> None:
    node = machine()
    node.passes(0.4, late=0.5)
    node.passes(10)
    assert node.changes() == [Strain.OVERLOADED, Strain.CALM]


@pytest.mark.parametrize(
    "pressure",
    [Pressure(cpu=0.7), Pressure(io=0.6), Pressure(memory=0.2), Pressure(steal=0.2)],
)
def test_a_pressed_machine_puts_off_its_chores_and_takes_calls(pressure: Pressure) -> None:
    node = machine()
    verdict = node.passes(4, pressure=pressure)
    assert (verdict.strain, verdict.calls_per_second) == (Strain.PRESSED, None)
    node.passes(8)
    assert node.changes()[-2:] == [Strain.PRESSED, Strain.CALM]


def test_after_an_overload_calls_are_let_in_slowly_at_first() -> None:
    """All who were refused try again at once."""
    node = machine()
    node.passes(3, late=0.5)
    ended = len(node.seen)
    node.passes(20)
    paces = [verdict.calls_per_second for verdict in node.seen[ended:]]
    steps = paces[:1] + [after for before, after in pairwise(paces) if after != before]
    assert steps == [0, 2, 4, 8, 16, 32, None]


def test_who_wants_no_such_thing_has_it_measured_only() -> None:
    node = machine(enabled=False)
    verdict = node.passes(10, late=0.5, pressure=Pressure(cpu=1.0))
    assert (verdict.strain, verdict.calls_per_second) == (Strain.CALM, None)
    assert verdict.late_share == pytest.approx(0.5)


@pytest.mark.parametrize("wrong", [{"return_share": 0.5}, {"calm_s": 1.0}])
def test_settings_without_hysteresis_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="expected"):
        OverloadSettings.model_validate(wrong)
