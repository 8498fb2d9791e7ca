"""The UDP datagrams of a packet capture, in the order in which they came."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dpkt
import dpkt.sll2

from ivr.caller.capture.fragments import Reassembly

Address = tuple[str, int]

_Frame = Callable[[bytes], Any]

_FRAMES: dict[int, _Frame] = {
    dpkt.pcap.DLT_EN10MB: dpkt.ethernet.Ethernet,
    dpkt.pcap.DLT_LINUX_SLL: dpkt.sll.SLL,
    dpkt.pcap.DLT_LINUX_SLL2: dpkt.sll2.SLL2,
    dpkt.pcap.DLT_NULL: dpkt.loopback.Loopback,
    dpkt.pcap.DLT_LOOP: dpkt.loopback.Loopback,
}
_RAW_IP = {12, 14, 101, 228, 229}
"""Link types whose frames are plain IP; two of the numbers are those of BSD."""

_VLAN = {0x8100, 0x88A8}
_IP = {0x0800, 0x86DD}

_TLS_PORTS = {443, 5061, 5081}


class CannotBeRead(Exception):
    """A capture that contains no usable call; the text names the file and says why."""


@dataclass(frozen=True)
class Datagram:
    """One datagram; `at` in seconds since 1970."""

    at: float
    source: Address
    target: Address
    payload: bytes


@dataclass
class Capture:
    """A capture that was read.

    Attributes:
        cut: packets of which only the beginning was captured.
        fragments: parts of datagrams too long for one packet, of which not all were captured.
        sip_streams: TCP segments with SIP in them.
        encrypted: TCP segments to or from a port of TLS.
    """

    path: Path
    datagrams: list[Datagram] = field(default_factory=list)
    cut: int = 0
    fragments: int = 0
    sip_streams: int = 0
    encrypted: int = 0
    damaged: str = ""


def read_capture(path: Path) -> Capture:
    """Read a file. The undamaged part of a damaged file is kept, and the damage is reported.

    Raises CannotBeRead: it is no capture, or its kind of network carries no IP.
    """
    capture = Capture(path)
    try:
        with path.open("rb") as file:
            reader = dpkt.pcap.UniversalReader(file)
            link = reader.datalink()
            if link not in _FRAMES and link not in _RAW_IP:
                raise CannotBeRead(f"{path}: frames of kind {link} are not understood")
            whole = Reassembly()
            for at, frame in _frames(reader, capture):
                _take(capture, float(at), _ip_of(frame, link), whole)
            capture.fragments += whole.left
    except OSError as failure:
        raise CannotBeRead(f"{path}: {failure.strerror}") from failure
    except (ValueError, dpkt.UnpackError) as failure:
        raise CannotBeRead(f"{path}: no packet capture (pcap or pcapng): {failure}") from failure
    capture.datagrams.sort(key=lambda datagram: datagram.at)
    return capture


def _frames(reader: Any, capture: Capture) -> Iterator[tuple[float, bytes]]:
    """All complete frames; a file that ends in the middle of a frame is damaged."""
    try:
        yield from reader
    except (dpkt.UnpackError, ValueError) as failure:
        capture.damaged = f"it ends in the middle of a packet ({failure or 'cut off'})"


def _ip_of(frame: bytes, link: int) -> Any:
    """The IP packet in a frame; None if there is none, or only a part of one."""
    try:
        if link in _RAW_IP:
            return _ip(frame)
        outer = _FRAMES[link](frame)
        if isinstance(outer, dpkt.sll.SLL | dpkt.sll2.SLL2):
            return _untagged(outer)
        return outer.data.data.data if isinstance(outer.data, dpkt.pppoe.PPPoE) else outer.data
    except (dpkt.UnpackError, struct.error, AttributeError, IndexError, ValueError):
        return None  # dpkt does not say of every frame that it is malformed


def _ip(packet: bytes) -> Any:
    return dpkt.ip6.IP6(packet) if packet[:1] and packet[0] >> 4 == 6 else dpkt.ip.IP(packet)


def _untagged(cooked: Any) -> Any:
    """What is in a frame of Linux's "cooked" kind, whose VLAN tags (802.1Q) dpkt leaves to us."""
    kind, data = cooked.ethtype, cooked.data
    while kind in _VLAN and isinstance(data, bytes):
        kind, data = int.from_bytes(data[2:4], "big"), data[4:]
    return _ip(data) if isinstance(data, bytes) and kind in _IP else data


def _take(capture: Capture, at: float, ip: Any, fragments: Reassembly) -> None:
    if not isinstance(ip, dpkt.ip.IP | dpkt.ip6.IP6):
        return
    carried = ip.data
    if isinstance(ip, dpkt.ip.IP) and (ip.mf or ip.offset):
        carried = fragments.add(ip)
    elif isinstance(ip, dpkt.ip6.IP6) and ip.nxt == dpkt.ip.IP_PROTO_FRAGMENT:
        capture.fragments += 1
        return
    if isinstance(carried, dpkt.tcp.TCP):
        capture.sip_streams += b"SIP/2.0" in bytes(carried.data)
        capture.encrypted += not _TLS_PORTS.isdisjoint((carried.sport, carried.dport))
    elif isinstance(carried, dpkt.udp.UDP):
        if len(carried.data) < carried.ulen - 8:
            capture.cut += 1
            return
        source = (str(ipaddress.ip_address(ip.src)), carried.sport)
        target = (str(ipaddress.ip_address(ip.dst)), carried.dport)
        capture.datagrams.append(Datagram(at, source, target, bytes(carried.data)))
