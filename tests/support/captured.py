"""A packet capture of a call that is made up: SIP, the prompts of the service, keys as events."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dpkt
import numpy as np
import soundfile

from ivr.caller.wire.keys import KeyStyle, info, packets
from ivr.caller.wire.rtp import Packet

CALLER, SERVICE = b"\xc0\x00\x02\x0a", b"\xc0\x00\x02\x14"
SIP, CALLER_RTP, SERVICE_RTP = 5060, 40000, 20000
LAWS = {0: "ULAW", 8: "ALAW"}
SAMPLES, FRAME_S = 160, 0.02
COMPACT = {"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Content-Type": "c"}
"""RFC 3261, 7.3.3."""


@dataclass
class MadeUpCall:
    """Puts packets down one after the other; `now` in seconds since 1970.

    Attributes:
        law: payload type of the sound, `events` that of telephone-event.
        private: the caller's address in its SDP, where that is not the one it is reached at (NAT).
        compact: headers in their short form.
    """

    call_id: str = "1@caller"
    profile: str = "RTP/AVP"
    law: int = 8
    events: int = 101
    private: str = ""
    compact: bool = False
    now: float = 1_770_000_000.0
    packets: list[tuple[float, bytes]] = field(default_factory=list)
    _sequence: int = 0
    _sent: int = 0
    _informed: int = 0
    _answered: float = 0.0

    def dials(self, *, again: bool = False) -> None:
        """`again`: within a call that goes on already."""
        invite = "INVITE sip:3902@192.0.2.20 SIP/2.0"
        self._sip(True, invite, "1 INVITE", self._sdp(CALLER_RTP), tag=";tag=2" if again else "")
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
                    rtp = Packet(
                        self.events, packet.marker, self._sent, timestamp, 7, packet.payload
                    )
                    self._datagram(True, CALLER_RTP, SERVICE_RTP, rtp.data())
                self.now += packet.then_ms / 1000
            after, self.now = self.now, began
            self._speaks(np.zeros(round((after - began + 0.06) * 8000), np.int16))

    def hangs_up(self) -> None:
        self._sip(True, "BYE sip:3902@192.0.2.20 SIP/2.0", "2 BYE")

    def _speaks(self, samples: Any) -> None:
        frames = len(samples) // SAMPLES
        coded = io.BytesIO()
        soundfile.write(
            coded, samples[: frames * SAMPLES], 8000, format="RAW", subtype=LAWS[self.law]
        )
        for number in range(frames):
            self._sequence += 1
            at = self._sequence * SAMPLES
            payload = coded.getvalue()[number * SAMPLES : (number + 1) * SAMPLES]
            rtp = Packet(self.law, self._sequence == 1, self._sequence, at, 9, payload)
            self._datagram(False, SERVICE_RTP, CALLER_RTP, rtp.data())
            self.now += FRAME_S

    def _sdp(self, port: int) -> str:
        host = self.private or "192.0.2.10" if port == CALLER_RTP else "192.0.2.20"
        return (
            f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            f"m=audio {port} {self.profile} {self.law} {self.events}\r\n"
            f"a=rtpmap:{self.events} telephone-event/8000\r\n"
        )

    def informs(self, key: str) -> None:
        """A key as SIP INFO."""
        self._informed += 1
        kind, body = info(key, KeyStyle.INFO_RELAY)
        self._sip(True, "INFO sip:3902@b SIP/2.0", f"{self._informed + 9} INFO", body, kind=kind)

    def _sip(
        self,
        from_caller: bool,
        start: str,
        sequence: str,
        body: str = "",
        tag: str = "",
        kind: str = "application/sdp",
    ) -> None:
        headers = {
            "Via": "SIP/2.0/UDP 192.0.2.10",
            "From": "<sip:+85297654321@a>;tag=1",
            "To": f"<sip:3902@b>{tag}",
            "Call-ID": self.call_id,
            "CSeq": sequence,
            "Content-Type": kind,
            "Content-Length": str(len(body)),
        }
        short = COMPACT if self.compact else {}
        lines = [f"{short.get(name, name)}: {value}" for name, value in headers.items()]
        text = "\r\n".join((start, *lines, "", body))
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
    path: Path,
    calls: Iterable[MadeUpCall],
    *,
    ng: bool = False,
    longest: int = 65535,
    link: int = dpkt.pcap.DLT_EN10MB,
) -> Path:
    """The calls in one file; of each packet no more than `longest` bytes."""
    found = sorted(
        (packet for call in calls for packet in call.packets), key=lambda timed: timed[0]
    )
    with path.open("wb") as file:
        writer = dpkt.pcapng.Writer(file) if ng else dpkt.pcap.Writer(file, linktype=link)
        for at, frame in found:
            writer.writepkt(frame[:longest], ts=at)
    return path


def tagged(frame: bytes) -> bytes:
    """In two VLANs, one in the other (802.1ad, 802.1Q)."""
    return frame[:12] + b"\x88\xa8\x00\x07\x81\x00\x00\x64" + frame[12:]


def cooked_and_tagged(frame: bytes) -> bytes:
    """As Linux gives frames of any interface (DLT_LINUX_SLL), in a VLAN."""
    return struct.pack("!HHH8sH", 0, 1, 6, frame[6:12], 0x8100) + b"\x00\x64" + frame[12:]


def over_tcp(frame: bytes) -> bytes:
    """What was in a datagram as a segment of TCP."""
    ip = dpkt.ethernet.Ethernet(frame).data
    tcp = dpkt.tcp.TCP(sport=ip.data.sport, dport=ip.data.dport, data=bytes(ip.data.data))
    return bytes(_around(ip, dpkt.ip.IP_PROTO_TCP, bytes(tcp)))


def fragmented(frame: bytes, longest: int = 160) -> list[bytes]:
    """In IP packets of so many bytes, a multiple of 8."""
    ip = dpkt.ethernet.Ethernet(frame).data
    data = bytes(ip.data)
    parts = []
    for begins in range(0, len(data), longest):
        part = _around(ip, dpkt.ip.IP_PROTO_UDP, data[begins : begins + longest])
        part.data.id = sum(data) & 0xFFFF
        part.data.offset = begins // 8
        part.data.mf = int(begins + longest < len(data))
        parts.append(bytes(part))
    return parts


def _around(ip: Any, protocol: int, data: bytes) -> Any:
    packet = dpkt.ip.IP(src=ip.src, dst=ip.dst, p=protocol, data=data)
    packet.len = 20 + len(data)
    return dpkt.ethernet.Ethernet(type=dpkt.ethernet.ETH_TYPE_IP, data=packet)
