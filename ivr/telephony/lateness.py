"""How late the frames of running calls are handed out.

A caller hears a late frame as a gap: their jitter buffer holds 40 to 60 ms, and a frame that comes
later is replaced by silence. Lateness therefore shows whether calls are served well; the load of
the machine does not.
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
        """Frames that were due since the start."""
        self.late = 0
        """How many of these were late."""

    def handed_out(
        self, lines: int, due_at: float, began: float, ended: float, passed_over: int
    ) -> None:
        """Count one tick, due at `due_at`, in which each of `lines` lines got a frame.

        Args:
            began: when the first frame was handed out; like all times here, monotonic seconds.
            ended: when the last frame was handed out.
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
