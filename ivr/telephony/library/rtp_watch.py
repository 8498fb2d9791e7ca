"""The watch for callers who are gone: a broken network path, a telephone without power."""

from __future__ import annotations

from ivr.telephony.status import NO_SUCH_CALL, NOT_SENT, REQUEST_TIMEOUT

_GONE = {REQUEST_TIMEOUT, NOT_SENT, NO_SUCH_CALL}
"""RFC 3261, 12.2.1.2: no answer, or an answer that there is no such call. The front answers 477
when it cannot send a request."""


class RtpWatch:
    """Decides when the other side must be asked whether it is there, and when it is gone.

    A caller who is muted, or whose phone suppresses silence, may send no RTP at all while they
    listen (RFC 3551, 4.1): silence alone ends no call. RTP and RTCP reports are signs of life;
    after some seconds without either the other side is asked (an OPTIONS within the call, RFC 3261,
    11), and again after as many seconds. Any answer is a sign of life, except that there is no such
    call.
    All times are monotonic seconds.
    """

    def __init__(self, timeout_s: float, now: float) -> None:
        """`timeout_s`: how long no RTP may come before the other side is asked; 0 never asks."""
        self._timeout_s = timeout_s
        self._alive_at = now
        self._rtp = 0
        self._rtcp = 0
        self._paused = False
        self._asked = False
        self.gone = False
        """Whether the call must be ended, because the other side is gone."""

    @property
    def waits(self) -> bool:
        """Whether the other side was asked and has not answered yet."""
        return self._asked

    def seen(self, rtp: int, rtcp: int, now: float) -> None:
        """Take the numbers of packets and reports received so far in the present stream."""
        if (rtp, rtcp) != (self._rtp, self._rtcp):
            self._alive_at = now
        self._rtp, self._rtcp = rtp, rtcp

    def new_stream(self) -> None:
        """A new stream began: the counters begin again at zero."""
        self._rtp = self._rtcp = 0

    def restart(self, now: float) -> None:
        """The call was just answered: expect sound from now on."""
        self._alive_at = now

    def pause(self) -> None:
        """The call is on hold: silence is normal."""
        self._paused = True

    def resume(self, now: float) -> None:
        """The hold is over: expect sound from now on."""
        if self._paused:
            self._paused = False
            self._alive_at = now

    def must_ask(self, now: float) -> bool:
        """Whether the other side must be asked now. If this says so, it counts as asked."""
        if not self._timeout_s or self._paused or self._asked:
            return False
        self._asked = now - self._alive_at >= self._timeout_s
        return self._asked

    def answered(self, status: int, now: float) -> None:
        """Take the other side's answer, or that none came (408)."""
        if not self._asked:
            return
        self._asked = False
        heard_since = now - self._alive_at < self._timeout_s
        self.gone = status in _GONE and not heard_since
        self._alive_at = now
