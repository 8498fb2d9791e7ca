"""Finds free ports in place of ports in use, for a service that is only tried out.

Two services that start at the same time would find the same ports free. So each port found is
claimed by an abstract Unix socket of its name (unix(7)): only one process can hold it, it ends with
that process, and like a port it belongs to the network namespace.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivr.preflight.port_list import (
    LEAST_RTP_PAIRS,
    Port,
    PortGroup,
    RtpRange,
    node_ports,
    rtp_ranges,
)
from ivr.preflight.ports import Trial, tried

if TYPE_CHECKING:
    from ivr.settings.service import Settings

STEP = 100
"""From 5060 to 5160, 5260 …: people can see which port it replaces."""

RTP_STEP = 1024
RTP_BLOCK = 16
FIRST, LAST = 1024, 32000
"""Ports below belong to root; above begin those that the system assigns."""


class NoFreePorts(Exception):
    """No free ports were found for a setting."""


@dataclass(frozen=True)
class Move:
    """A setting whose ports are in use, and the ports that the node uses instead."""

    setting: str
    purpose: str
    usual: int
    now: int


class Claims:
    """The ports that this process will take, by name; released when it ends."""

    def __init__(self) -> None:
        self._held: dict[str, socket.socket] = {}

    def claim(self, *names: str) -> bool:
        """Claim all of them or none: False if another service, or this one, has claimed one."""
        done: dict[str, socket.socket] = {}
        for name in names:
            claimed = None if name in self._held else _claimed(name)
            if claimed is None:
                for ours in done.values():
                    ours.close()
                return False
            done[name] = claimed
        self._held |= done
        return True

    def release_all(self) -> None:
        for claimed in self._held.values():
            claimed.close()
        self._held.clear()


def _claimed(name: str) -> socket.socket | None:
    claimed = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claimed.bind(f"\0rocars-ivr/{name}")
    except OSError as failure:
        claimed.close()
        if failure.errno == errno.EADDRINUSE:
            return None
        raise
    return claimed


def free_ports(settings: Settings, movable: Callable[[str], bool], claims: Claims) -> list[Move]:
    """Which settings have to move, and to which ports; claims what the node is to use.

    Args:
        movable: whether a setting may be moved: not what somebody has set on purpose.

    Raises:
        NoFreePorts: none were found.
    """
    moves = []
    groups = node_ports(settings)
    stay = {name for group in groups if not movable(group.setting) for name in _names(group.ports)}
    for group in groups:
        if not movable(group.setting):
            continue
        now = _first_free(
            group.first,
            STEP,
            lambda by, group=group: _group_is_free(group, by, stay, claims),  # type: ignore[misc]
        )
        if now is None:
            raise NoFreePorts(f"{group.setting}: no free ports from {FIRST} to {LAST}")
        if now != group.first:
            moves.append(Move(group.setting, group.purpose, group.first, now))
    ranges = rtp_ranges(settings)
    if ranges and movable("telephony.rtp_port_first"):
        first = ranges[0].first
        now = _first_free(first, RTP_STEP, lambda by: _ranges_are_free(ranges, by, claims))
        if now is None:
            raise NoFreePorts(f"telephony.rtp_port_first: no free range from {FIRST} to {LAST}")
        if now != first:
            moves.append(Move("telephony.rtp_port_first", "RTP", first, now))
    return moves


def _first_free(first: int, step: int, is_free: Callable[[int], bool]) -> int | None:
    return next((first + by for by in _distances(first, step) if is_free(by)), None)


def _distances(first: int, step: int) -> Iterator[int]:
    """Upwards first, then downwards."""
    yield 0
    yield from range(step, LAST - first + 1, step)
    yield from range(-step, FIRST - first - 1, -step)


def _group_is_free(group: PortGroup, by: int, stay: set[str], claims: Claims) -> bool:
    ports = [Port(port.transport, port.address, port.number + by) for port in group.ports]
    if stay.intersection(_names(ports)):
        return False  # nobody holds it yet: another setting of this node will use it
    trials = {tried(port) for port in ports}
    if trials & {Trial.HELD, Trial.FORBIDDEN}:
        return False  # the list reports a foreign address, whatever the port
    return claims.claim(*_names(ports))


def _ranges_are_free(ranges: list[RtpRange], by: int, claims: Claims) -> bool:
    for card in ranges:
        moved = RtpRange(card.card, card.address, card.first + by, card.count)
        free = sum(all(tried(port) is not Trial.HELD for port in pair) for pair in moved.pairs())
        if free < max(LEAST_RTP_PAIRS, card.count // 2 if by else 0):
            return False
    return claims.claim(*_blocks(ranges, by))


def claim_as_set(settings: Settings, claims: Claims) -> None:
    """Claim the ports of settings that are not moved, so that no other service moves there."""
    for group in node_ports(settings):
        claims.claim(*_names(group.ports))
    claims.claim(*_blocks(rtp_ranges(settings), 0))


def _names(ports: Iterable[Port]) -> list[str]:
    return sorted({f"port/{port.number}" for port in ports})


def _blocks(ranges: list[RtpRange], by: int) -> list[str]:
    """Divide ranges into pieces of the smallest size that may be set, so that overlapping ranges
    share one."""
    numbers = {
        port // RTP_BLOCK
        for card in ranges
        for port in range(card.first + by, card.first + by + card.count)
    }
    return [f"rtp/{number}" for number in sorted(numbers)]
