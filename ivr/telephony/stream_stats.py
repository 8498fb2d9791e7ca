"""RTP statistics of a call, over all the streams it had."""

from __future__ import annotations

from typing import Any

import pjsua2 as pj

from ivr.telephony.ending import Direction, MediaStats
from ivr.telephony.line_audio import LineAudio


class StreamStats:
    """Adds up the streams of one call: each re-INVITE may begin a new one.

    `call` is the `pj.Call`; all methods belong to the pj thread.
    """

    def __init__(self) -> None:
        self._received = Direction()
        self._sent = Direction()
        self._codec = ""
        self._stream_open = False

    def new_stream(self) -> None:
        """A stream begins."""
        self._stream_open = True

    def note_codec(self, call: Any) -> None:
        """Remember the codec while the stream can tell it."""
        self._codec = str(call.getStreamInfo(0).codecName)

    def received_so_far(self, call: Any) -> tuple[int, int]:
        """RTP packets and RTCP reports received in the present stream."""
        if not self._stream_open:
            return 0, 0
        try:
            stat = call.getStreamStat(0)  # kept while read: its parts are references into it
        except pj.Error:
            return 0, 0
        return stat.rtcp.rxStat.pkt, stat.rtcp.txStat.updateCount

    def add_stream(self, call: Any) -> None:
        """The present stream ends; its counters can be read for the last time."""
        if not self._stream_open:
            return
        self._stream_open = False
        try:
            stat = call.getStreamStat(0)
        except pj.Error:
            return
        self._received += _direction(stat.rtcp.rxStat)
        self._sent += _direction(stat.rtcp.txStat)

    def whole(self, keys: int, audio: LineAudio) -> MediaStats:
        """The statistics of the whole call."""
        return MediaStats(
            codec=self._codec,
            received=self._received,
            sent=self._sent,
            keys=keys + audio.tone_keys,
            late_frames=audio.late_frames,
            longest_gap_ms=round(audio.longest_gap_s * 1000, 1),
        )


def _direction(stream: Any) -> Direction:
    jitter = stream.jitterUsec
    return Direction(
        packets=stream.pkt,
        bytes=stream.bytes,
        lost=stream.loss,
        jitter_ms=jitter.mean / 1000,
        jitter_max_ms=jitter.max / 1000,
    )
