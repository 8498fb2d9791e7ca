"""The watch for callers whose sound has stopped: a broken network path, a vanished phone."""

from __future__ import annotations


class RtpWatch:
    """Tells when a call has been without RTP for too long.

    Until the first RTP packet only RTP counts. Afterwards RTCP reports count as well, because a
    phone with silence suppression may send nothing else while its user listens (RFC 3551, 4.1).
    All times are monotonic seconds.
    """

    def __init__(self, timeout_s: float, now: float) -> None:
        self._timeout_s = timeout_s
        self._alive_at = now
        self._rtp = 0
        self._rtcp = 0
        self._ever = False
        self._paused = False

    def seen(self, rtp: int, rtcp: int, now: float) -> None:
        """The packets and reports received so far in the present stream."""
        if rtp != self._rtp:
            self._ever = True
            self._alive_at = now
        elif rtcp != self._rtcp and self._ever:
            self._alive_at = now
        self._rtp, self._rtcp = rtp, rtcp

    def new_stream(self) -> None:
        """The counters begin again at zero."""
        self._rtp = self._rtcp = 0

    def restart(self, now: float) -> None:
        """Sound is expected from now on: the call was just answered."""
        self._alive_at = now

    def pause(self) -> None:
        """The call is on hold: silence is meant."""
        self._paused = True

    def resume(self, now: float) -> None:
        """Sound is expected from now on."""
        if self._paused:
            self._paused = False
            self._alive_at = now

    def expired(self, now: float) -> bool:
        """Whether the call must be taken for dead."""
        if not self._timeout_s or self._paused:
            return False
        return now - self._alive_at >= self._timeout_s
