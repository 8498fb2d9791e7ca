"""A bare SIP and RTP peer, for packets no proper telephone would send.

Only what the tests need: one INVITE dialog over UDP, and an RTP socket.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
import struct
import time
import weakref
from dataclasses import dataclass, field
from typing import ClassVar

from tests.support.pace import limit

PCMA_SILENCE = b"\xd5" * 160
EVENTS = {key: number for number, key in enumerate("0123456789*#ABCD")}


def rtp(
    payload_type: int,
    sequence: int,
    timestamp: int,
    payload: bytes,
    marker: int = 0,
    *,
    source: int = 0x1234ABCD,
) -> bytes:
    """One RTP packet, RFC 3550, 5.1; `source` is the SSRC."""
    kind = marker << 7 | payload_type
    return struct.pack("!BBHII", 0x80, kind, sequence & 0xFFFF, timestamp, source) + payload


def telephone_event(key: str, end: bool, duration: int) -> bytes:
    """Payload of one telephone-event packet, RFC 4733, 2.3."""
    return struct.pack("!BBH", EVENTS[key], (end << 7) | 10, duration)


@dataclass
class Peer:
    """One call from hand-made messages."""

    server: tuple[str, int]
    host: str = "127.0.0.1"
    called: str = "1000"
    codecs: str = "8 0 101"
    packet_ms: int = 20
    sip: socket.socket = field(init=False)
    media: socket.socket = field(init=False)
    remote_media: tuple[str, int] = ("", 0)
    to: str = ""
    contact: str = ""
    routes: tuple[str, ...] = ()
    sequence: int = 0
    timestamp: int = 1000
    source: int = 0x1234ABCD

    opened: ClassVar[weakref.WeakValueDictionary[str, Peer]] = weakref.WeakValueDictionary()

    def __post_init__(self) -> None:
        self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for sock in (self.sip, self.media):
            sock.bind((self.host, 0))
            sock.setblocking(False)
        self.port = self.sip.getsockname()[1]
        self.call_id = secrets.token_hex(8)
        self.tag = secrets.token_hex(4)
        self.branch = "z9hG4bK" + secrets.token_hex(6)
        self.cseq = 1
        self.opened[self.call_id] = self

    @classmethod
    def leave_all(cls) -> None:
        """End what a test that failed left open; its second try needs the lines."""
        for peer in list(cls.opened.values()):
            if peer.contact:
                peer.cseq += 1
                peer.send(peer.message("BYE", branch="z9hG4bK" + secrets.token_hex(6)))
            peer.close()

    def close(self) -> None:
        self.opened.pop(self.call_id, None)
        self.sip.close()
        self.media.close()

    def message(
        self,
        method: str,
        body: str = "",
        more: str = "",
        *,
        branch: str = "",
        headers: str = "",
    ) -> bytes:
        uri = self.contact or f"sip:{self.called}@{self.server[0]}:{self.server[1]}"
        headers += "".join(f"Route: {route}\r\n" for route in self.routes)
        kind = more if "/" in more else f"application/{more or 'sdp'}"
        content = f"Content-Type: {kind}\r\n" if body else ""
        return (
            f"{method} {uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self.host}:{self.port};branch={branch or self.branch}\r\n"
            f'From: "Driver" <sip:91234567@{self.host}>;tag={self.tag}\r\n'
            f"To: {self.to or f'<sip:{self.called}@{self.server[0]}>'}\r\n"
            f"Call-ID: {self.call_id}\r\nCSeq: {self.cseq} {method}\r\n"
            f"Contact: <sip:91234567@{self.host}:{self.port}>\r\nMax-Forwards: 70\r\n"
            f"{headers}{content}Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def offer(self, direction: str = "sendrecv") -> str:
        maps = {"8": "PCMA", "0": "PCMU", "101": "telephone-event", "18": "G729"}
        lines = "".join(f"a=rtpmap:{pt} {maps[pt]}/8000\r\n" for pt in self.codecs.split())
        return (
            f"v=0\r\no=- 1 {self.cseq} IN IP4 {self.host}\r\ns=-\r\n"
            f"c=IN IP4 {self.host}\r\nt=0 0\r\n"
            f"m=audio {self.media.getsockname()[1]} RTP/AVP {self.codecs}\r\n"
            f"{lines}a=ptime:{self.packet_ms}\r\na={direction}\r\n"
        )

    def send(self, data: bytes) -> None:
        self.sip.sendto(data, self.server)

    async def response(self, within_s: float = 3.0) -> tuple[int, str]:
        """The next final response, status and whole text.

        What else comes is passed over: RTCP for a call whose port is the one below, for example.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(limit(within_s)):
            while True:
                text = (await loop.sock_recv(self.sip, 65535)).decode(errors="replace")
                match = re.match(r"SIP/2.0 (\d{3})", text)
                if match and int(match[1]) >= 200:
                    return int(match[1]), text

    async def request(self, method: str, within_s: float) -> str:
        """The next request of that method from the other side."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(limit(within_s)):
            while True:
                text = (await loop.sock_recv(self.sip, 65535)).decode(errors="replace")
                if text.startswith(method + " "):
                    return text

    def agree(self, request: str, status: str = "200 OK") -> None:
        """Answer a request of the other side."""
        headers = re.findall(r"^(?:Via|From|To|Call-ID|CSeq):.*?\r\n", request, re.M | re.I)
        self.send(
            (f"SIP/2.0 {status}\r\n" + "".join(headers) + "Content-Length: 0\r\n\r\n").encode()
        )

    async def sound_until_silent(self, within_s: float = 3.0) -> float:
        """Monotonic time of the last RTP packet with sound in it; ends after 300 ms of silence."""
        loop = asyncio.get_running_loop()
        last = 0.0
        async with asyncio.timeout(limit(within_s)):
            while not last or time.monotonic() - last < 0.3:
                packet = await loop.sock_recv(self.media, 2048)
                if packet[1] & 0x7F == 8 and set(packet[12:]) - {0xD5, 0x55}:
                    last = time.monotonic()
        return last

    async def hears_sound(self, within_s: float = 3.0) -> None:
        """Return when there is sound in a packet, A-law or mu-law."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(limit(within_s)):
            while True:
                packet = await loop.sock_recv(self.media, 2048)
                if packet[1] & 0x7F in (0, 8) and len(set(packet[12:])) > 4:
                    return

    async def packets_until_silent(self, within_s: float = 10.0) -> list[bytes]:
        """What the A-law packets hold that come until none does for half a second."""
        loop, found = asyncio.get_running_loop(), list[bytes]()
        async with asyncio.timeout(limit(within_s)):
            while True:
                try:
                    async with asyncio.timeout(0.5):
                        packet = await loop.sock_recv(self.media, 2048)
                except TimeoutError:
                    return found
                if packet[1] & 0x7F == 8:
                    found.append(packet[12:])

    async def invite(self, *, ack: bool = True, within_s: float = 3.0) -> tuple[int, str]:
        self.send(self.message("INVITE", self.offer()))
        status, text = await self.response(within_s)
        if status == 200:
            self.take_answer(text, ack=ack)
        else:
            self.to = re.search(r"^To: (.*?)\r$", text, re.M | re.I)[1]  # type: ignore[index]
            self.send(self.message("ACK"))
        return status, text

    def take_answer(self, text: str, *, ack: bool = True) -> None:
        """The call is answered with this 200; a line of its sound is the first that is served."""
        self.to = re.search(r"^To: (.*?)\r$", text, re.M | re.I)[1]  # type: ignore[index]
        self.contact = re.search(r"^Contact: <(.*?)>", text, re.M | re.I)[1]  # type: ignore[index]
        recorded = re.findall(r"^Record-Route: (.*?)\r$", text, re.M | re.I)
        self.routes = tuple(reversed(recorded))
        self.read_answer(text)
        if ack:
            self.ack()

    async def tells_of_transfer(self, status: str, *, over: bool) -> int:
        """A NOTIFY about the call we were asked to place (RFC 3515, 2.4.5); its answer's status."""
        state = "terminated;reason=noresource" if over else "active;expires=60"
        headers = f"Event: refer\r\nSubscription-State: {state}\r\n"
        body = f"SIP/2.0 {status}\r\n"
        return (await self.ask("NOTIFY", body, "message/sipfrag;version=2.0", headers))[0]

    def read_answer(self, text: str) -> None:
        address = re.search(r"^c=IN IP4 (\S+)", text, re.M)[1]  # type: ignore[index]
        self.remote_media = address, int(re.search(r"^m=audio ([1-9]\d*)", text, re.M)[1])  # type: ignore[index]

    def ack(self) -> None:
        self.send(self.message("ACK", branch="z9hG4bK" + secrets.token_hex(6)))

    async def ask(
        self, method: str, body: str = "", content: str = "", headers: str = ""
    ) -> tuple[int, str]:
        """Another request in the dialog, and its final response."""
        self.cseq += 1
        branch = "z9hG4bK" + secrets.token_hex(6)
        self.send(self.message(method, body, content, branch=branch, headers=headers))
        return await self.response()

    def send_rtp(self, payload_type: int, payload: bytes, timestamp: int, marker: int = 0) -> None:
        self.sequence += 1
        packet = rtp(payload_type, self.sequence, timestamp, payload, marker, source=self.source)
        self.media.sendto(packet, self.remote_media)

    async def silence(self, seconds: float) -> None:
        """Audio packets with silence, on time."""
        await self.sound(PCMA_SILENCE * round(seconds / 0.02))

    async def sound(self, alaw: bytes) -> None:
        """Audio packets with this A-law sound, on time."""
        began, length = time.monotonic(), 8 * self.packet_ms
        for count in range(len(alaw) // length):
            self.send_rtp(8, alaw[count * length : (count + 1) * length], self.timestamp)
            self.timestamp += length
            due = began + (count + 1) * self.packet_ms / 1000
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def press(
        self,
        key: str,
        durations: range | list[int] = range(160, 1121, 160),
        *,
        ends: int = 3,
        lost: int = 0,
        pause: bool = True,
        marked: bool = True,
        grows: int = 0,
        number: int = 101,
    ) -> None:
        """One key as telephone-events: updates with these durations, then end packets.

        Args:
            lost: so many packets at the beginning are not sent, but counted in the sequence.
            grows: the timestamp goes on by so many samples with each packet.
            number: payload type, whatever was agreed.
        """
        steps = [(duration, False) for duration in durations]
        steps += [(steps[-1][0] if steps else 800, True)] * ends
        for count, (duration, end) in enumerate(steps):
            if count < lost:
                self.sequence += 1
            else:
                event = telephone_event(key, end, duration)
                at = self.timestamp + count * grows
                self.send_rtp(number, event, at, marker=marked and count == 0)
            await asyncio.sleep(0.02 if not end else 0.002)
        self.timestamp += steps[-1][0]
        if pause:
            await self.silence(0.06)
