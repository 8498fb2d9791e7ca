"""Which RTP a call accepts, where ours is sent, and events of payload types not agreed.

SDP decides (RFC 3264): RTP from an address that is not in SDP is not played, and ours goes only to
the address in SDP, so that a late packet from the previous address does not redirect it. Only a
peer behind NAT, by its settings, is followed to wherever its RTP comes from.
SRTP is recognised by its key, whatever its address; key presses in it are read if the other side's
offer contained the key (`secure_events.py`).
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address

from ivr.dialogue.line import KEYS
from ivr.telephony.library.media_sockets import MediaTransport
from ivr.telephony.library.packet_filter import (
    PLAIN_EVENT,
    SO_ATTACH_FILTER,
    SO_ATTACH_REUSEPORT_CBPF,
    attach,
    let_everybody_in,
    only_from,
    second_for_events_but,
    share_port,
)
from ivr.telephony.library.secure_events import LENGTHS, SecureEvents
from ivr.telephony.press import IS_END, KeyEvent

_EVENT = struct.Struct("!xxHIIBBH")
_BY_EVENTS = 0
_MOST_AT_ONCE = 50
_LOOPBACK = IPv4Address("127.0.0.1")
_DoWithSocket = Callable[[int], None]


@dataclass(frozen=True)
class Agreed:
    """What SDP agreed about a stream.

    Attributes:
        host, port: where its RTP comes from and goes to.
        events: payload type of its key presses; below 0: none.
        secure: whether it is SRTP.
    """

    host: IPv4Address
    port: int
    events: int
    secure: bool

    @classmethod
    def read(cls, remote: str, events: int, *, secure: bool) -> Agreed:
        """`remote`: address and port, as `192.0.2.1:4000`. Raises ValueError."""
        host, _, port = remote.rpartition(":")
        return cls(IPv4Address(host), int(port), events, secure)


class MediaGate:
    """The gate of one call. Used on the pj thread only."""

    def __init__(self) -> None:
        self.behind_nat = False
        """Whether RTP is accepted from any address, and ours sent to that address."""
        self.keys: tuple[bytes, ...] = ()
        """The keys that the other side offered for its SRTP; empty if it offered none."""
        self.strays = 0
        """Events that came under payload types that were not agreed."""
        self._transport: MediaTransport | None = None
        self._agreed: Agreed | None = None
        self._hosts: tuple[IPv4Address, ...] = ()
        self._left: set[int] = set()
        self._second: socket.socket | None = None
        self._secure: SecureEvents | None = None
        self._latest: tuple[int, int] | None = None  # sender and number of the last such packet
        self.settled = True
        """Whether the accepted source is final, so that nothing is learnt from later packets."""

    def agreed(self, transport: MediaTransport, now_agreed: Agreed) -> None:
        """A stream begins on this transport. Raises OSError."""
        if transport != self._transport:
            self.close()
            self._transport = transport
        before, self._agreed = self._agreed, now_agreed
        transport.follow(self.behind_nat)
        if before is not None and before.host == now_agreed.host:
            self._left.add(before.port)
        elif before is not None:
            self._left.clear()
        self._left.discard(now_agreed.port)
        self._open_second(transport, now_agreed)
        self._hosts = _addresses_of(now_agreed.host)
        self.settled = self.behind_nat or now_agreed.secure
        if self.settled:
            self._everywhere(let_everybody_in)
            let_everybody_in(transport.rtcp)
            return
        rule = only_from(self._hosts, but_ports=self._left)
        self._everywhere(lambda sock: attach(sock, SO_ATTACH_FILTER, rule))
        attach(transport.rtcp, SO_ATTACH_FILTER, only_from(self._hosts))

    def comes_from(self, source: str) -> None:
        """Take the source of the last packet, as `192.0.2.1:4000`.

        Once it is the agreed port, no other is accepted. (A sender may use another port than it
        listens on: RFC 4961.)
        """
        agreed = self._agreed
        if self.settled or agreed is None:
            return
        if source not in (f"{host}:{agreed.port}" for host in self._hosts):
            return
        rule = only_from(self._hosts, agreed.port)
        self._everywhere(lambda sock: attach(sock, SO_ATTACH_FILTER, rule))
        self.settled = True

    def stray_events(self) -> list[KeyEvent]:
        """Give the events that came under other payload types since the last time, in order."""
        found: list[KeyEvent] = []
        if self._second is None:
            return found
        for _ in range(_MOST_AT_ONCE):
            try:
                packet = self._second.recv(64)
            except (BlockingIOError, ConnectionError):
                break
            plain = packet if self._secure is None else self._secure.opened(packet)
            event = None if plain is None else self._event_in(plain)
            if event is not None:
                found.append(event)
        self.strays += len(found)
        return found

    def fileno(self) -> int:
        """Descriptor of the socket that those events come to; -1 if there is none."""
        return -1 if self._second is None else self._second.fileno()

    def close(self) -> None:
        """The transport is going away."""
        if self._second is not None:
            self._second.close()
        self._second = None
        self._transport = None

    def _open_second(self, transport: MediaTransport, now_agreed: Agreed) -> None:
        self._secure = SecureEvents(self.keys) if now_agreed.secure else None
        lengths = LENGTHS if now_agreed.secure else PLAIN_EVENT
        if now_agreed.secure and not self.keys:  # the content of its packets cannot be read here
            if self._second is not None:
                self._second.close()
            self._second = None
        elif self._second is None:
            self._second = share_port(transport.rtp, now_agreed.events, lengths)
        else:
            program = second_for_events_but(now_agreed.events, lengths)
            attach(transport.rtp, SO_ATTACH_REUSEPORT_CBPF, program)

    def _everywhere(self, do: _DoWithSocket) -> None:
        if self._transport is not None:
            do(self._transport.rtp)
        if self._second is not None:
            do(self._second.fileno())

    def _event_in(self, packet: bytes) -> KeyEvent | None:
        if len(packet) != _EVENT.size:
            return None
        sequence, timestamp, sender, event, flags, duration = _EVENT.unpack(packet)
        if self._latest is not None and self._latest[0] == sender:
            ahead = (sequence - self._latest[1]) & 0xFFFF
            if not 0 < ahead < 0x8000:
                return None  # twice, or out of order
        if event >= len(KEYS):
            return None
        self._latest = (sender, sequence)
        ends = IS_END if flags & 0x80 else 0
        return KeyEvent(_BY_EVENTS, KEYS[event], timestamp // 8, duration // 8, ends)


def _addresses_of(host: IPv4Address) -> tuple[IPv4Address, ...]:
    """The source addresses that packets of this host can have here.

    A telephone on this machine names its network address, but reaches us over loopback.
    """
    if host.is_loopback or not _is_this_machine(host):
        return (host,)
    return (host, _LOOPBACK)


def _is_this_machine(host: IPv4Address) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind((str(host), 0))
        except OSError:
            return False
    return True
