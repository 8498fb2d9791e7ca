"""Ports for what a test starts: free ones that no other test is given meanwhile."""

from __future__ import annotations

import random
import socket
from collections import deque

FIRST, LAST = 20000, 32000
"""Below the ports that the system gives to whoever asks for any."""

_BLOCK = 20
"""Ports that are claimed together, so that a claim takes few file descriptors."""
_REMEMBERED = 12
"""What a process has asked for so many times ago is not in use by it any more."""

_claims: deque[list[socket.socket]] = deque()


def free_ports(count: int) -> int:
    """The first of so many neighbouring free ports on 127.0.0.1, both for UDP and TCP.

    Between this look and the start of what is to use them, another process of the tests may look
    too: so they are claimed, by abstract sockets (unix(7)), which end with this process.

    Raises:
        RuntimeError: there are none.
    """
    for _ in range(200):
        first = random.randrange(FIRST, LAST)
        ports = range(first, first + count)
        claimed = _claimed(ports)
        if claimed is None:
            continue
        if all(_is_free(port) for port in ports):
            _claims.append(claimed)
            if len(_claims) > _REMEMBERED:
                _let_go(_claims.popleft())
            return first
        _let_go(claimed)
    raise RuntimeError("no free ports")


def _claimed(ports: range) -> list[socket.socket] | None:
    claims = []
    for block in range(ports.start // _BLOCK, (ports.stop - 1) // _BLOCK + 1):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        claims.append(claim)
        try:
            claim.bind(f"\0rocars-ivr-tests/ports/{block}")
        except OSError:
            _let_go(claims)
            return None
    return claims


def _let_go(claims: list[socket.socket]) -> None:
    for claim in claims:
        claim.close()


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
