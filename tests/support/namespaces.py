"""Two machines on one: network namespaces with addresses of their own, on a bridge."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.pace import limit

NETWORK = "10.213.7"
EDGE = f"{NETWORK}.1"


@dataclass(frozen=True)
class Machine:
    """A namespace."""

    name: str
    address: str

    def command(self, *words: str) -> list[str]:
        """These words, to be run in it."""
        return ["ip", "netns", "exec", self.name, *words]


class NoNamespaces(Exception):
    """This machine does not let us make any."""


@contextlib.contextmanager
def machines(count: int) -> Iterator[list[Machine]]:
    """So many, joined by a bridge on which this machine is `EDGE`. Raises NoNamespaces."""
    tag = f"r{os.getpid() % 10000}"
    bridge = f"{tag}br"
    made: list[Machine] = []
    try:
        _ip("link", "add", bridge, "type", "bridge")
        try:
            _ip("addr", "add", f"{EDGE}/24", "dev", bridge)
            _ip("link", "set", bridge, "up")
            for number in range(count):
                machine = Machine(f"{tag}n{number}", f"{NETWORK}.{number + 2}")
                _ip("netns", "add", machine.name)
                made.append(machine)
                _join(machine, bridge, f"{tag}v{number}")
            yield made
        finally:
            for machine in made:
                _ip("netns", "del", machine.name)
            _ip("link", "del", bridge)
    except (OSError, subprocess.CalledProcessError) as failure:
        raise NoNamespaces(str(failure)) from failure


def _join(machine: Machine, bridge: str, cable: str) -> None:
    _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", machine.name)
    _ip("link", "set", cable, "master", bridge, "up")
    for words in (
        ("addr", "add", f"{machine.address}/24", "dev", "eth0"),
        ("link", "set", "eth0", "up"),
        ("link", "set", "lo", "up"),
    ):
        _ip("-n", machine.name, *words)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=limit(20))
