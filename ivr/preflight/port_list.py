"""Every port that a node takes, with the setting that moves it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ivr.settings.card_ports import telephony_of
from ivr.settings.pool import PUBLISHED_LINES

if TYPE_CHECKING:
    from ivr.settings.service import Settings

CARDS = "telephony.sip_port"

LEAST_RTP_PAIRS = 2 * PUBLISHED_LINES
"""Two pairs of ports per line: one in use, one that rests after the previous call."""


class Transport(StrEnum):
    UDP = "UDP"
    TCP = "TCP"


@dataclass(frozen=True, order=True)
class Port:
    """One port of one address."""

    transport: Transport
    address: str
    number: int


@dataclass(frozen=True)
class PortGroup:
    """Ports that one setting moves together.

    Attributes:
        setting: the name of the setting, such as ``telephony.sip_port``.
        purpose: who uses them, for people.
        first: the number in the setting.
    """

    setting: str
    purpose: str
    first: int
    ports: tuple[Port, ...]


@dataclass(frozen=True)
class RtpRange:
    """UDP ports of one line card: even ones for RTP, the next for RTCP.

    The library takes another pair if one is in use, so not all of them must be free.
    """

    card: int
    address: str
    first: int
    count: int

    def pairs(self) -> Iterator[tuple[Port, Port]]:
        for number in range(self.first, self.first + self.count - 1, 2):
            yield (
                Port(Transport.UDP, self.address, number),
                Port(Transport.UDP, self.address, number + 1),
            )


def node_ports(settings: Settings) -> list[PortGroup]:
    """The ports that a node takes besides RTP, without those that may be any free port."""
    groups = [*front_ports(settings)]
    inside = settings.sip.internal_port
    groups.append(
        PortGroup(
            "sip.internal_port",
            "the front's side towards the workers",
            inside,
            (Port(Transport.UDP, "127.0.0.1", inside),),
        )
    )
    groups += worker_ports(settings, *range(settings.pool.workers))
    groups += _tcp("web.port", "console, health and metrics", settings.web.host, settings.web.port)
    web = settings.web
    groups += _tcp("web.health_port", "health and metrics", web.health_host, web.health_port)
    rocars = settings.embedded_rocars
    if rocars.enabled:
        groups += _tcp("embedded_rocars.port", "the embedded ROCARS", rocars.host, rocars.port)
        groups += _tcp(
            "embedded_rocars.portal_port",
            "the portal of the embedded ROCARS",
            rocars.host,
            rocars.portal_port,
        )
    if settings.has_handset:
        handset = settings.handset
        purpose = "the telephone in the browser"
        groups += _tcp("handset.port", purpose, handset.host, handset.port)
    return groups


def worker_ports(settings: Settings, *slots: int) -> list[PortGroup]:
    """The SIP ports of the line cards of some workers."""
    cards = [
        telephony_of(settings, slot).for_card(number)
        for slot in slots
        for number in range(settings.pool.cards_per_worker)
    ]
    ports = tuple(Port(Transport.UDP, str(card.sip_host), card.sip_port) for card in cards)
    return [PortGroup(CARDS, "the workers' SIP", cards[0].sip_port, ports)]


def edge_ports(settings: Settings) -> list[PortGroup]:
    """The ports of an edge."""
    edge = settings.edge
    inside = PortGroup(
        "edge.port",
        "the edge's side towards its nodes",
        edge.port,
        (Port(Transport.UDP, str(edge.address), edge.port),),
    )
    web = settings.web
    return [*front_ports(settings), inside, *_tcp("web.port", "metrics", web.host, web.port)]


def front_ports(settings: Settings) -> list[PortGroup]:
    """The ports that face the callers."""
    sip = settings.sip
    both = (Transport.UDP, Transport.TCP)
    plain = tuple(Port(kind, str(address), sip.port) for address in sip.listen for kind in both)
    groups = [PortGroup("sip.port", "SIP of callers", sip.port, plain)]
    if sip.tls.on:
        secure = tuple(Port(Transport.TCP, str(address), sip.tls.port) for address in sip.listen)
        groups.append(PortGroup("sip.tls.port", "SIP over TLS", sip.tls.port, secure))
    return groups


def rtp_ranges(settings: Settings) -> list[RtpRange]:
    """The RTP ranges of all line cards; none if the system assigns any free ports."""
    if not settings.telephony.rtp_port_first:
        return []
    per_worker = settings.pool.cards_per_worker
    ranges = []
    for number in range(settings.pool.cards):
        card = telephony_of(settings, number // per_worker).for_card(number % per_worker)
        ranges.append(
            RtpRange(number, str(card.media_address), card.rtp_port_first, card.rtp_ports_per_card)
        )
    return ranges


def _tcp(setting: str, purpose: str, host: str, number: int) -> list[PortGroup]:
    """Nothing for port 0, which means any free port."""
    if not number:
        return []
    return [PortGroup(setting, purpose, number, (Port(Transport.TCP, host, number),))]
