"""Relays the sound of one call through the wire."""

from __future__ import annotations

import array
import asyncio
import fcntl
import random
import re
import socket
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from ivr.caller.wire.keys import KeyStyle, duration, packets
from ivr.caller.wire.rtp import Packet, StreamCount
from ivr.caller.wire.stream_sound import StreamSound

Address = tuple[str, int]
_GAP_S = 0.06
_FIRST_SOUND_S = 3.0
_LOOK_AFTER_S = 0.01
_REST_S = 0.2
_KEPT_BYTES = 4 * 1024 * 1024
"""About 100 s of a call, as the kernel counts a packet of 20 ms."""
_SO_RCVBUFFORCE = 33  # asm-generic/socket.h


@dataclass(frozen=True)
class Impairment:
    """What the wire does to a call's sound.

    Attributes:
        loss: share of the packets that are lost, each way.
        events: whether our side offers telephone-events for its keys.
    """

    loss: float = 0.0
    events: bool = True


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, came: Callable[[bytes], None]) -> None:
        self._came = came
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._came(data)


class Relay:
    """Relays RTP between our telephone (near) and the service (far); counts, drops and inserts
    packets.

    Attributes:
        sent, received: as counted on the wire: what our telephone sent, what the service sent.
    """

    def __init__(self, host: str, impairment: Impairment, chance: random.Random) -> None:
        self._host = host
        self._impairment = impairment
        self._chance = chance
        self.sent = StreamCount()
        self.received = StreamCount()
        self.on_sound: Callable[[bytes], None] = lambda pcm: None
        """Called with the service's sound, mono s16le at 8000 Hz."""
        self._sound_received = StreamSound(lambda pcm: self.on_sound(pcm))
        self._near = _Socket(self._from_telephone)
        self._far = _Socket(self._from_service)
        self._telephone: Address | None = None
        self._service: Address | None = None
        self._event_type = 101
        self._last: Packet | None = None
        self._sound_flows: asyncio.Future[Packet] = asyncio.get_running_loop().create_future()
        self._shift = 0
        self._pressing = False
        self._keys_end: int | None = None
        self._looking: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Take two ports. Raises OSError."""
        loop = asyncio.get_running_loop()
        for side in (self._near, self._far):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setblocking(False)
            _keep_much(sock)
            sock.bind((self._host, 0))
            await loop.create_datagram_endpoint(lambda side=side: side, sock=sock)  # type: ignore[misc]
        self._looking = loop.create_task(self._look_for_rests())

    async def _look_for_rests(self) -> None:
        """Notice when the service sends nothing, as it may while it is silent."""
        while True:
            await asyncio.sleep(_REST_S)
            if self._far.transport is not None and not _waiting(self._far.transport):
                self._sound_received.rest()

    def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        for side in (self._near, self._far):
            if side.transport is not None:
                side.transport.close()

    async def taken_in(self) -> None:
        """Wait until everything that the service has sent so far has been handed on.

        If this program is late, the end of a call would otherwise overtake its last sound.
        """
        while self._far.transport is not None and _waiting(self._far.transport):  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_AFTER_S)

    def offered(self, sdp: str) -> str:
        """The telephone's SDP in the form that the service shall see."""
        self._telephone = _address(sdp) or self._telephone
        bent = _readdressed(sdp, self._host, _port(self._far))
        return bent if self._impairment.events else _without_events(bent)

    def answered(self, sdp: str) -> str:
        """The service's SDP in the form that the telephone shall see."""
        self._service = _address(sdp) or self._service
        events = re.search(r"^a=rtpmap:(\d+) telephone-event/8000", sdp, re.M)
        if events:
            self._event_type = int(events[1])
        return _readdressed(sdp, self._host, _port(self._near))

    async def press(self, key: str, style: KeyStyle) -> None:
        """Send one key as telephone-events; the telephone's sound is dropped meanwhile.

        Raises TimeoutError: no sound flows, so the packets cannot be numbered.
        """
        async with asyncio.timeout(_FIRST_SOUND_S):
            await asyncio.shield(self._sound_flows)
        before = self._last
        assert before is not None
        self._pressing = True
        try:
            began, ms = time.monotonic(), 0
            timestamp = self._after_the_last_key(before.timestamp + 160)
            self._keys_end = timestamp + duration(style)
            for packet in packets(key, style):
                self._shift += 1
                sequence = (self._last or before).sequence + self._shift
                if packet.sent:
                    self._to_service(
                        Packet(
                            self._event_type,
                            packet.marker,
                            sequence,
                            timestamp,
                            before.source,
                            packet.payload,
                        )
                    )
                ms += packet.then_ms
                await asyncio.sleep(max(0.0, began + ms / 1000 - time.monotonic()))
            await asyncio.sleep(max(0.0, began + duration(style) / 8000 - time.monotonic()))
        finally:
            self._pressing = False
        await asyncio.sleep(_GAP_S)

    def _after_the_last_key(self, timestamp: int) -> int:
        """Give the next key a later timestamp: if no sound flows, two keys would have the same one.

        (RFC 4733, 2.1: the timestamp distinguishes presses.)
        """
        end = self._keys_end
        if end is None or (timestamp - end) & 0xFFFFFFFF < 0x80000000:
            return timestamp
        return end

    def _from_telephone(self, data: bytes) -> None:
        packet = Packet.read(data)
        if packet is None:
            return
        if self._last is not None and packet.source == self._last.source and self._pressing:
            self._shift -= 1
        self._last = packet
        if not self._sound_flows.done():
            self._sound_flows.set_result(packet)
        if self._pressing:
            return
        self._to_service(replace(packet, sequence=packet.sequence + self._shift))

    def _to_service(self, packet: Packet) -> None:
        self.sent.count(packet, time.monotonic())
        if self._service is None or self._far.transport is None or self._is_lost():
            return
        self._far.transport.sendto(packet.data(), self._service)

    def _from_service(self, data: bytes) -> None:
        packet = Packet.read(data)
        if packet is None or self._is_lost():
            return
        self.received.count(packet, time.monotonic())
        self._sound_received.packet(packet)
        if self._telephone is not None and self._near.transport is not None:
            self._near.transport.sendto(data, self._telephone)

    def _is_lost(self) -> bool:
        return self._impairment.loss > 0 and self._chance.random() < self._impairment.loss


def _waiting(transport: asyncio.DatagramTransport) -> int:
    """Size of the next datagram that was not read yet; 0 if there is none."""
    if transport.is_closing():
        return 0
    size = array.array("i", [0])
    fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.FIONREAD, size)
    return size[0]


def _keep_much(near_or_far: socket.socket) -> None:
    """Have the kernel buffer packets while this program waits for a processor.

    The sound is assembled by timestamps, so delay does no harm, but a dropped packet is a gap. Only
    root gets more than `net.core.rmem_max`.
    """
    try:
        near_or_far.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _KEPT_BYTES)
    except PermissionError:
        near_or_far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _KEPT_BYTES)


def _port(side: _Socket) -> int:
    if side.transport is None:
        raise RuntimeError("the relay is not open")
    return int(side.transport.get_extra_info("sockname")[1])


def _address(sdp: str) -> Address | None:
    host = re.search(r"^c=IN IP4 (\S+)", sdp, re.M)
    port = re.search(r"^m=audio (\d+)", sdp, re.M)
    return (host[1], int(port[1])) if host and port and int(port[1]) else None


def _readdressed(sdp: str, host: str, port: int) -> str:
    sdp = re.sub(r"^c=IN IP4 \S+", f"c=IN IP4 {host}", sdp, flags=re.M)
    sdp = re.sub(r"^a=rtcp:.*\r?\n", "", sdp, flags=re.M)
    return re.sub(r"^m=audio [1-9]\d*", f"m=audio {port}", sdp, flags=re.M)


def _without_events(sdp: str) -> str:
    events = re.search(r"^a=rtpmap:(\d+) telephone-event/8000.*\r?\n", sdp, re.M)
    if events is None:
        return sdp
    number = events[1]
    sdp = re.sub(rf"^a=(?:rtpmap|fmtp):{number} .*\r?\n", "", sdp, flags=re.M)
    return re.sub(rf"^(m=audio .*?) {number}\b", r"\1", sdp, flags=re.M)
