"""Tries ports: opens them as the node would, and closes them again."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from ivr.preflight.findings import Finding
from ivr.preflight.holders import Holder, holders
from ivr.preflight.port_list import LEAST_RTP_PAIRS, Port, PortGroup, RtpRange, Transport

ADDRESS_SETTINGS = {
    "sip.port": "sip.listen",
    "sip.tls.port": "sip.listen",
    "telephony.sip_port": "telephony.sip_host",
    "web.port": "web.host",
    "web.health_port": "web.health_host",
    "embedded_rocars.port": "embedded_rocars.host",
    "embedded_rocars.portal_port": "embedded_rocars.host",
    "edge.port": "edge.address",
}
"""The setting of the address that belongs to that of the port."""


class Trial(Enum):
    """The state of a port."""

    FREE = "free"
    HELD = "held by somebody"
    FORBIDDEN = "only for root"
    NO_ADDRESS = "of no address of this machine"


def tried(port: Port) -> Trial:
    """Open a port and close it again.

    Kamailio and aiohttp share a TCP port with connections that are ending (SO_REUSEADDR), so that
    is done here too; UDP ports are never shared, though Kamailio would share them.
    """
    kind = socket.SOCK_DGRAM if port.transport is Transport.UDP else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            if port.transport is Transport.TCP:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((port.address, port.number))
            if port.transport is Transport.TCP:
                probe.listen(1)
        except socket.gaierror:
            return Trial.NO_ADDRESS
        except OSError as failure:
            if failure.errno in (errno.EACCES, errno.EPERM):
                return Trial.FORBIDDEN
            if failure.errno == errno.EADDRNOTAVAIL:
                return Trial.NO_ADDRESS
            return Trial.HELD
    return Trial.FREE


def port_findings(
    groups: Iterable[PortGroup], ranges: Iterable[RtpRange], ours: frozenset[int] = frozenset()
) -> list[Finding]:
    """What is wrong with the ports of a node, one finding per setting.

    Args:
        ours: processes of a node that runs with these settings; ports that they hold are fine.
    """
    groups = list(groups)
    findings = _twice(groups)
    findings += [found for group in groups for found in _of_group(group, ours)]
    return findings + _of_rtp(list(ranges), ours)


def _twice(groups: list[PortGroup]) -> list[Finding]:
    """Two settings with the same port: each would be free when tried alone."""
    findings = []
    seen: dict[Port, PortGroup] = {}
    for group in groups:
        for port in group.ports:
            other = seen.setdefault(port, group)
            if other.setting != group.setting:
                findings.append(
                    Finding(
                        group.setting,
                        f"{port.transport} {port.address}:{port.number} ({group.purpose}) is also "
                        f"that of {other.setting} ({other.purpose}); set one of them to another "
                        "port",
                    )
                )
                break
    return findings


def _of_group(group: PortGroup, ours: frozenset[int]) -> Iterator[Finding]:
    trials = {port: tried(port) for port in group.ports}
    wrong = {port: trial for port, trial in trials.items() if trial is not Trial.FREE}
    elsewhere = sorted({port.address for port in wrong if wrong[port] is Trial.NO_ADDRESS})
    if elsewhere:
        yield Finding(
            ADDRESS_SETTINGS.get(group.setting, group.setting),
            f"{' and '.join(elsewhere)} is no address of this machine; "
            "`ip address` lists those it has",
        )
    forbidden = [port for port in wrong if wrong[port] is Trial.FORBIDDEN]
    if forbidden:
        yield Finding(
            group.setting,
            f"{_named(forbidden)} ({group.purpose}) may be opened by root only; "
            "set it to a port above 1023",
        )
    held = [port for port in wrong if wrong[port] is Trial.HELD]
    by = holders(held)
    held = [port for port in held if port not in by or by[port].pid not in ours]
    if held:
        yield Finding(
            group.setting,
            f"{_named(held)} ({group.purpose}) {_are(held)} held by {_by(held, by)}; "
            f"set it to {'the first of free ports' if len(group.ports) > 2 else 'a free port'}",
            held_by=_pids(held, by),
        )


def _of_rtp(ranges: list[RtpRange], ours: frozenset[int]) -> list[Finding]:
    """The library skips a port in use; a range without room is an error."""
    for card in ranges[:1]:
        if tried(Port(Transport.UDP, card.address, 0)) is not Trial.FREE:
            return [
                Finding(
                    "telephony.media_address",
                    f"{card.address} is no address of this machine; telephony."
                    "media_advertised_address is for the one callers see",
                )
            ]
    findings = []
    for card in ranges:
        held = [
            pair for pair in card.pairs() if any(tried(port) is not Trial.FREE for port in pair)
        ]
        free = card.count // 2 - len(held)
        if free >= LEAST_RTP_PAIRS:
            continue
        taken = [port for pair in held for port in pair if tried(port) is not Trial.FREE]
        by = holders(taken)
        taken = [port for port in taken if port not in by or by[port].pid not in ours]
        if not taken:
            continue
        findings.append(
            Finding(
                "telephony.rtp_port_first",
                f"of the {card.count // 2} pairs of UDP ports {card.address}:{card.first} to "
                f"{card.first + card.count - 1} (RTP of line card {card.card}) {free} are free, "
                f"and {LEAST_RTP_PAIRS} are needed; the others are held by {_by(taken, by)}; set "
                "it to the first of a free range",
                held_by=_pids(taken, by),
            )
        )
    return findings


def _pids(ports: list[Port], known: Mapping[Port, Holder]) -> frozenset[int]:
    """The pids of all holders; none if one is not known."""
    pids = {known[port].pid if port in known else 0 for port in ports}
    return frozenset() if 0 in pids else frozenset(pids)


def _named(ports: list[Port]) -> str:
    """In words, as ``UDP and TCP 127.0.0.1:5060``, or ``UDP 127.0.0.1:5070, 5071``."""
    transports = " and ".join(sorted({port.transport for port in ports}, reverse=True))
    places = []
    for address in sorted({port.address for port in ports}):
        numbers = sorted({port.number for port in ports if port.address == address})
        places.append(f"{address}:{', '.join(map(str, numbers))}")
    return f"{transports} {' and '.join(places)}"


def _are(ports: list[Port]) -> str:
    return "is" if len({(port.address, port.number) for port in ports}) == 1 else "are"


def _by(ports: list[Port], known: Mapping[Port, Holder]) -> str:
    named = sorted({known[port] for port in ports if port in known})
    if not named:
        return "somebody the system does not name"
    return " and ".join(map(str, named[:3])) + (" and others" if len(named) > 3 else "")
