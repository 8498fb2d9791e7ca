"""A packet capture of a call that is made up: SIP, the prompts of the service, keys as events."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dpkt
import numpy as np
import soundfile

from ivr.caller.wire.keys import KeyStyle, packets
from ivr.caller.wire.rtp import Packet

CALLER, SERVICE = b"\xc0\x00\x02\x0a", b"\xc0\x00\x02\x14"
SIP, CALLER_RTP, SERVICE_RTP = 5060, 40000, 20000
EVENTS = 101
SAMPLES, FRAME_S = 160, 0.02


@dataclass
class MadeUpCall:
    """Puts packets down one after the other; `now` in seconds since 1970."""

    call_id: str = "1@caller"
    profile: str = "RTP/AVP"
    now: float = 1_770_000_000.0
    packets: list[tuple[float, bytes]] = field(default_factory=list)
    _sequence: int = 0
    _sent: int = 0
    _answered: float = 0.0

    def dials(self) -> None:
        self._sip(True, "INVITE sip:3902@192.0.2.20 SIP/2.0", "1 INVITE", self._sdp(CALLER_RTP))
        self.now += 0.03
        self._sip(False, "SIP/2.0 200 OK", "1 INVITE", self._sdp(SERVICE_RTP))
        self._sip(True, "ACK sip:3902@192.0.2.20 SIP/2.0", "1 ACK")
        self._answered = self.now

    def hears(self, pcm: bytes, *, ms: int | None = None) -> None:
        """The service says this, or only its beginning."""
        samples = np.frombuffer(pcm, "<i2")
        self._speaks(samples if ms is None else samples[: ms * 8])

    def waits(self, seconds: float) -> None:
        self._speaks(np.zeros(round(seconds * 8000), np.int16))

    def presses(self, keys: str, style: KeyStyle = KeyStyle.NORMAL) -> None:
        for key in keys:
            began = self.now
            timestamp = round((began - self._answered) * 8000)
            for packet in packets(key, style):
                if packet.sent:
                    self._sent += 1
                    rtp = Packet(EVENTS, packet.marker, self._sent, timestamp, 7, packet.payload)
                    self._datagram(True, CALLER_RTP, SERVICE_RTP, rtp.data())
                self.now += packet.then_ms / 1000
            after, self.now = self.now, began
            self._speaks(np.zeros(round((after - began + 0.06) * 8000), np.int16))

    def hangs_up(self) -> None:
        self._sip(True, "BYE sip:3902@192.0.2.20 SIP/2.0", "2 BYE")

    def _speaks(self, samples: Any) -> None:
        frames = len(samples) // SAMPLES
        coded = io.BytesIO()
        soundfile.write(coded, samples[: frames * SAMPLES], 8000, format="RAW", subtype="ALAW")
        for number in range(frames):
            self._sequence += 1
            at = self._sequence * SAMPLES
            payload = coded.getvalue()[number * SAMPLES : (number + 1) * SAMPLES]
            rtp = Packet(8, self._sequence == 1, self._sequence, at, 9, payload)
            self._datagram(False, SERVICE_RTP, CALLER_RTP, rtp.data())
            self.now += FRAME_S

    def _sdp(self, port: int) -> str:
        host = "192.0.2.10" if port == CALLER_RTP else "192.0.2.20"
        return (
            f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            f"m=audio {port} {self.profile} 8 {EVENTS}\r\n"
            f"a=rtpmap:{EVENTS} telephone-event/8000\r\n"
        )

    def _sip(self, from_caller: bool, start: str, sequence: str, body: str = "") -> None:
        text = (
            f"{start}\r\nVia: SIP/2.0/UDP 192.0.2.10\r\nFrom: <sip:+85297654321@a>;tag=1\r\n"
            f"To: <sip:3902@b>\r\nCall-ID: {self.call_id}\r\nCSeq: {sequence}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )
        self._datagram(from_caller, SIP, SIP, text.encode())

    def _datagram(self, from_caller: bool, source: int, target: int, payload: bytes) -> None:
        udp = dpkt.udp.UDP(sport=source, dport=target, data=payload, ulen=8 + len(payload))
        ip = dpkt.ip.IP(
            src=CALLER if from_caller else SERVICE,
            dst=SERVICE if from_caller else CALLER,
            p=dpkt.ip.IP_PROTO_UDP,
            data=udp,
        )
        ip.len = 20 + udp.ulen
        frame = dpkt.ethernet.Ethernet(type=dpkt.ethernet.ETH_TYPE_IP, data=ip)
        self.packets.append((self.now, bytes(frame)))


def write(
    path: Path, calls: Iterable[MadeUpCall], *, ng: bool = False, longest: int = 65535
) -> Path:
    """The calls in one file; of each packet no more than `longest` bytes."""
    found = sorted(
        (packet for call in calls for packet in call.packets), key=lambda timed: timed[0]
    )
    with path.open("wb") as file:
        writer = dpkt.pcapng.Writer(file) if ng else dpkt.pcap.Writer(file)
        for at, frame in found:
            writer.writepkt(frame[:longest], ts=at)
    return path
