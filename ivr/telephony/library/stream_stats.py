"""RTP statistics of a call, over all the streams it had."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pjsua2 as pj

from ivr.telephony.ending import Direction, MediaStats
from ivr.telephony.library.media_gate import Agreed
from ivr.telephony.sound.line_audio import LineAudio


class StreamStats:
    """Adds up the streams of one call: each re-INVITE may begin a new one.

    `call` is the `pj.Call`; all methods are for the pj thread.
    """

    def __init__(self) -> None:
        self._received = Direction()
        self._sent = Direction()
        self._codec = ""
        self._stream_open = False
        self._index = 0
        self.events_agreed = True
        """Whether a payload type for key presses (RFC 4733) was agreed for the present stream."""

    def new_stream(self, index: int) -> None:
        """A stream begins on the media line with this index, counted from 0."""
        self._stream_open = True
        self._index = index

    def note_codec(self, call: Any) -> None:
        """Remember codec and key presses while the stream can still tell them."""
        info = call.getStreamInfo(self._index)
        self._codec = str(info.codecName)
        self.events_agreed = info.audRxEventPt >= 0

    def agreed(self, call: Any) -> tuple[int, Agreed]:
        """Our port of the present stream, and what SDP agreed about it."""
        ours = call.getMedTransportInfo(self._index).localRtpName
        info = call.getStreamInfo(self._index)
        secure = bool(info.proto & pj.PJMEDIA_TP_PROFILE_SRTP)
        agreed = Agreed.read(info.remoteRtpAddress, info.audRxEventPt, secure=secure)
        return int(ours.rpartition(":")[2]), agreed

    def source(self, call: Any) -> str:
        """Where the last RTP packet came from, address and port; empty before the first."""
        if not self._stream_open:
            return ""
        try:
            return str(call.getMedTransportInfo(self._index).srcRtpName)
        except pj.Error:
            return ""

    def received_so_far(self, call: Any) -> tuple[int, int]:
        """RTP packets and RTCP reports received in the present stream."""
        if not self._stream_open:
            return 0, 0
        try:
            stat = call.getStreamStat(
                self._index
            )  # kept while read: its parts are references into it
        except pj.Error:
            return 0, 0
        return stat.rtcp.rxStat.pkt, stat.rtcp.txStat.updateCount

    def add_stream(self, call: Any) -> None:
        """The present stream ends: read its counters for the last time."""
        if not self._stream_open:
            return
        self._stream_open = False
        try:
            stat = call.getStreamStat(self._index)
        except pj.Error:
            return
        self._received += _direction(stat.rtcp.rxStat)
        self._sent += _direction(stat.rtcp.txStat)

    def whole(self, keys: int, audio: LineAudio, strays: int = 0) -> MediaStats:
        """The statistics of the whole call.

        `strays`: packets that came to our own socket; the library counts them as lost.
        """
        received = self._received
        return MediaStats(
            codec=self._codec,
            received=replace(
                received,
                packets=received.packets + strays,
                lost=max(0, received.lost - strays),
            ),
            sent=self._sent,
            keys=keys + audio.tone_keys,
            late_frames=audio.frames.late_frames,
            longest_gap_ms=round(audio.frames.longest_gap_s * 1000, 1),
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
