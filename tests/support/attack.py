"""Sending what is hostile, over UDP and TCP, and what the service is like afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.support.service import Service


async def send_udp(port: int, messages: Iterable[bytes], *, a_second: float, host: str) -> int:
    """Send from one address, answers thrown away; how many were sent."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
        attacker.bind((host, 0))
        attacker.setblocking(False)
        began, sent = loop.time(), 0
        for message in messages:
            with contextlib.suppress(OSError):  # nothing at all, or too much for a datagram
                attacker.sendto(message, ("127.0.0.1", port))
            sent += 1
            if (ahead := began + sent / a_second - loop.time()) > 0:
                await asyncio.sleep(ahead)
        return sent


async def send_tcp(port: int, messages: Iterable[bytes], *, host: str) -> int:
    """Each on a connection of its own, some cut in two; how many were sent."""
    sent = 0
    for message in messages:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(host, 0))
            half = len(message) // 2 if sent % 3 == 0 else len(message)
            writer.write(message[:half])
            await writer.drain()
            writer.write(message[half:])
            await asyncio.sleep(0.002)
            writer.close()
        sent += 1
    return sent


@dataclass(frozen=True)
class Health:
    """What must not change under attack.

    Attributes:
        held_kb: memory that the workers hold. A page that they share with the supervisor since the
            fork counts before and after they write to it: that it becomes theirs is no growth, and
            has its limit in what the supervisor had loaded (`docs/capacity.md`).
    """

    workers: tuple[int, ...]
    worker_restarts: float
    front_restarts: float
    callback_errors: float
    held_kb: int

    @classmethod
    def of(cls, service: Service) -> Health:
        workers = tuple(service.workers())
        metrics = service.get("/metrics")
        return cls(
            workers,
            _total(metrics, "rocars_ivr_worker_restarts_total"),
            _total(metrics, "rocars_ivr_front_restarts_total"),
            _total(metrics, "rocars_ivr_callback_errors_total"),
            sum(_held_kb(pid) for pid in workers),
        )

    def must_be_that_of(self, before: Health, *, grown_kb: int) -> None:
        """Nobody died, nothing failed, and memory grew by no more than this in all workers."""
        assert self.workers == before.workers
        assert self.worker_restarts == before.worker_restarts
        assert self.front_restarts == before.front_restarts
        assert self.callback_errors == before.callback_errors
        assert self.held_kb - before.held_kb <= grown_kb, (before, self)


def _total(metrics: str, name: str) -> float:
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", metrics, re.M))


def _held_kb(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(
        int(kilobytes) for kilobytes in re.findall(r"^(?:Anonymous|Swap): +(\d+)", rollup, re.M)
    )


def own_log_is_sound(service: Service) -> None:
    """Every line of ours is one JSON object without control characters: nothing was forged."""
    forged = []
    for line in service.log.read_bytes().split(b"\n"):
        if line.startswith(b"{"):
            entry = json.loads(line)
            if entry.get("event") == "forged":
                forged.append(line)
        assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", line), line
    assert not forged
