"""The UDP datagrams of a packet capture, in the order in which they came."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dpkt
import dpkt.sll2

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
        fragments: parts of datagrams too long for one packet.
        streams: TCP segments; `encrypted` of them to or from a port of TLS.
    """

    path: Path
    datagrams: list[Datagram] = field(default_factory=list)
    cut: int = 0
    fragments: int = 0
    streams: int = 0
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
            for at, frame in _frames(reader, capture):
                _take(capture, float(at), _ip_of(frame, link))
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
            return dpkt.ip6.IP6(frame) if frame[:1] and frame[0] >> 4 == 6 else dpkt.ip.IP(frame)
        return _FRAMES[link](frame).data
    except dpkt.UnpackError:
        return None


def _take(capture: Capture, at: float, ip: Any) -> None:
    if not isinstance(ip, dpkt.ip.IP | dpkt.ip6.IP6):
        return
    if isinstance(ip, dpkt.ip.IP):
        if ip.mf or ip.offset:
            capture.fragments += 1
            return
    elif ip.nxt == dpkt.ip.IP_PROTO_FRAGMENT:
        capture.fragments += 1
        return
    carried = ip.data
    if isinstance(carried, dpkt.tcp.TCP):
        capture.streams += 1
        capture.encrypted += not _TLS_PORTS.isdisjoint((carried.sport, carried.dport))
    elif isinstance(carried, dpkt.udp.UDP):
        if len(carried.data) < carried.ulen - 8:
            capture.cut += 1
            return
        source = (str(ipaddress.ip_address(ip.src)), carried.sport)
        target = (str(ipaddress.ip_address(ip.dst)), carried.dport)
        capture.datagrams.append(Datagram(at, source, target, bytes(carried.data)))
