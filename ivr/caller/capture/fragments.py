"""UDP datagrams that came in several IP packets (RFC 791, 3.2): a SIP message can be that long."""

from __future__ import annotations

from dataclasses import dataclass, field

import dpkt

_Key = tuple[bytes, bytes, int]


@dataclass
class _Parts:
    """The fragments of one datagram by their offset, in bytes; `length` of all once known."""

    by_offset: dict[int, bytes] = field(default_factory=dict)
    length: int | None = None

    def whole(self) -> bytes | None:
        data = b""
        while len(data) != self.length:
            part = self.by_offset.get(len(data))
            if not part:
                return None
            data += part
        return data


class Reassembly:
    """Collects fragments of IPv4 until a datagram is whole."""

    def __init__(self) -> None:
        self._waiting: dict[_Key, _Parts] = {}

    @property
    def left(self) -> int:
        """How many fragments belong to datagrams that did not become whole."""
        return sum(len(parts.by_offset) for parts in self._waiting.values())

    def add(self, ip: dpkt.ip.IP) -> dpkt.udp.UDP | None:
        """Take a fragment; gives the datagram with the last one of it. Other protocols than UDP
        are left out."""
        if ip.p != dpkt.ip.IP_PROTO_UDP:
            return None
        key = ip.src, ip.dst, ip.id
        parts = self._waiting.setdefault(key, _Parts())
        data = bytes(ip.data)
        begins = ip.offset * 8
        parts.by_offset[begins] = data
        if not ip.mf:
            parts.length = begins + len(data)
        whole = parts.whole()
        if whole is None:
            return None
        del self._waiting[key]
        try:
            return dpkt.udp.UDP(whole)
        except dpkt.UnpackError:
            return None
