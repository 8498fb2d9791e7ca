"""How late the frames of running calls are handed out.

A caller hears lateness as a gap: their jitter buffer holds 40 to 60 ms, and what comes later than
that is silence. So this, and not how busy the machine is, tells whether calls are served well.
"""

from __future__ import annotations

LATE_AFTER_S = 0.040


class Lateness:
    """Counts frames, and those that were late. Written by the sound thread, read by anybody.

    A frame's lateness is the time it was really handed out minus the time it was due. It is taken
    once a tick, for all lines together: before the first frame and after the last.
    """

    def __init__(self, late_after_s: float = LATE_AFTER_S) -> None:
        self._late_after_s = late_after_s
        self._passed_over = 0
        self.frames = 0
        """That were due, since the start."""
        self.late = 0
        """Of them."""

    def handed_out(
        self, lines: int, due_at: float, began: float, ended: float, passed_over: int
    ) -> None:
        """A tick that was due at `due_at` is over: a frame for each of so many lines.

        Args:
            began: when the first of them was handed out; as all times, monotonic, in seconds.
            ended: when the last of them was.
            passed_over: ticks that were so late that nothing was handed out at all, since the
                start; their frames count as late.
        """
        missed, self._passed_over = passed_over - self._passed_over, passed_over
        if not lines:
            return
        if missed:
            self.frames += missed * lines
            self.late += missed * lines
        self.frames += lines
        late_at = due_at + self._late_after_s
        if ended > late_at:
            # Frames of one tick are handed out evenly between the two moments.
            in_time = max(0.0, late_at - began) / (ended - began) if ended > began else 0.0
            self.late += lines - round(lines * in_time)
