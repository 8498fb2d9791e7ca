"""A real Kamailio between hand-made callers and workers."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from sip_config.front import KamailioFront
from sip_config.service_cfg import CardAddress
from sip_config.settings import Peer, SipSettings
from tests.support.peers import FakeCaller, FakeWorker, open_end
from tests.support.ports import free_ports

LINES = 2


@dataclass
class Scene:
    """A front, its workers, and a caller it knows."""

    front: KamailioFront
    workers: list[FakeWorker]
    caller: FakeCaller
    port: int

    async def another_caller(self, host: str = "127.0.0.1") -> FakeCaller:
        caller = FakeCaller(front=("127.0.0.1", self.port), host=host)
        await open_end(caller, host)
        return caller

    @property
    def invites(self) -> int:
        """How many reached a worker; one that was sent again by a timer counts once."""
        sent = [invite for worker in self.workers for invite in worker.invites]
        return len({invite.all("Via")[0] for invite in sent})


def settings_for(port: int, **more: object) -> SipSettings:
    return SipSettings.model_validate(
        {
            "port": port,
            "internal_port": port + 1,
            "peers": (Peer(name="pbx", networks=(IPv4Network("127.0.0.1/32"),)),),
            "worker_answer_timeout_ms": 10_000,  # a busy machine's worker is not a dead one
            **more,
        }
    )


@asynccontextmanager
async def front_between(*, count: int = 3, cards: int = 1, **more: object) -> AsyncIterator[Scene]:
    """A front and `count` line cards, some to a worker; `more` are settings of the front."""
    program = SipSettings().kamailio
    assert program.exists(), f"no {program}: these tests need Debian's package kamailio"
    workers = [FakeWorker() for _ in range(count)]
    for worker in workers:
        await open_end(worker)
    port = free_ports(2)
    directory = Path(tempfile.mkdtemp(prefix="front-", dir="/tmp"))
    front = KamailioFront(
        settings_for(port, **more),
        [
            CardAddress(at // cards, at % cards, worker.port, LINES)
            for at, worker in enumerate(workers)
        ],
        directory,
    )
    try:
        await asyncio.to_thread(front.start)
        for slot in range(count // cards):
            front.open_worker(slot, LINES * cards)
        front.accept(True)
        caller = FakeCaller(front=("127.0.0.1", port))
        await open_end(caller)
        yield Scene(front, workers, caller, port)
    finally:
        await asyncio.to_thread(front.stop)
        shutil.rmtree(directory, ignore_errors=True)
