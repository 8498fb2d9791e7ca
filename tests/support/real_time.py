"""Whether this machine can keep the time of a telephone call at all, and which calls need it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from ivr.caller.scenario.planned import PlannedRun
from ivr.caller.scenario.steps import Dial, Say
from ivr.caller.wire.keys import KeyStyle

FRAME_S = 0.02
LATE_S = 0.06
"""Three frames: what a jitter buffer evens out."""

MAY_BE_LATE = 0.25
"""With more of its frames late than that, a caller can say and hear nothing in time."""


@dataclass(frozen=True)
class KeptTime:
    """How well a thread that wanted to wake every 20 ms did so.

    Attributes:
        late: share of beats that came more than 60 ms late, 0 to 1.
        worst_s: the latest beat, seconds.
    """

    late: float
    worst_s: float

    @property
    def enough(self) -> bool:
        """Whether calls that must keep real time can be placed."""
        return self.late <= MAY_BE_LATE

    def __str__(self) -> str:
        return (
            f"{self.late:.1%} of 20 ms frames late by more than {LATE_S * 1000:.0f} ms, "
            f"the worst by {self.worst_s * 1000:.0f} ms"
        )


def must_be_kept(run: PlannedRun) -> bool:
    """Whether a scripted run speaks, or sends tones in the sound: both are lost in gaps."""
    steps = [step for call in run.scenario.all_calls() for step in call.steps]
    styles = [step.keys for step in steps if isinstance(step, Dial)]
    filled = {run.row.get(style.strip("{}"), style) for style in styles}
    return KeyStyle.IN_BAND in filled or any(isinstance(step, Say) for step in steps)


def measured(seconds: float = 3.0) -> KeptTime:
    """Beat every 20 ms for some seconds, as the thread of a call does, and see how late it is."""
    delays: list[float] = []

    def beat() -> None:
        due = time.monotonic() + FRAME_S
        end = due + seconds
        while due < end:
            time.sleep(max(0.0, due - time.monotonic()))
            now = time.monotonic()
            delays.append(now - due)
            due = max(due + FRAME_S, now)

    thread = threading.Thread(target=beat)
    thread.start()
    thread.join()
    late = sum(1 for delay in delays if delay > LATE_S)
    return KeptTime(late / len(delays), max(delays))
