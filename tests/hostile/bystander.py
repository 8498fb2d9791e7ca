"""A call that goes on while others do harm: it must not notice."""

from __future__ import annotations

import asyncio
import struct
import time
from dataclasses import dataclass, field
from typing import ClassVar

from telephony.sip_peer import Peer


@dataclass
class Bystander:
    """Listens to the service and asks to hear its question again and again.

    Attributes:
        sequences: RTP sequence numbers of the packets that came, in order.
        longest_gap_s: between two of them.
    """

    peer: Peer
    sequences: list[int] = field(default_factory=list)
    longest_gap_s: float = 0.0
    tasks: tuple[asyncio.Task[None], ...] = ()

    listening: ClassVar[list[Bystander]] = []

    @classmethod
    async def call(cls, server: tuple[str, int], host: str = "127.0.0.1") -> Bystander:
        peer = Peer(server, host=host, called="3902")
        status, _ = await peer.invite()
        assert status == 200, status
        bystander = cls(peer)
        bystander.tasks = (
            asyncio.ensure_future(bystander._listen()),
            asyncio.ensure_future(bystander._keep_asking()),
        )
        cls.listening.append(bystander)
        return bystander

    @classmethod
    def leave_all(cls) -> None:
        """Those that a test which failed left behind, and every other call of such a test."""
        for bystander in list(cls.listening):
            bystander.stops()
        Peer.leave_all()

    def stops(self) -> None:
        self.listening.remove(self)
        for task in self.tasks:
            if not task.get_loop().is_closed():
                task.cancel()

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        last = time.monotonic()
        while True:
            packet = await loop.sock_recv(self.peer.media, 2048)
            now = time.monotonic()
            self.longest_gap_s, last = max(self.longest_gap_s, now - last), now
            self.sequences.append(struct.unpack_from("!H", packet, 2)[0])

    async def _keep_asking(self) -> None:
        """`*` `*`: the question again. Otherwise the service would hang up, as it should."""
        while True:
            await self.peer.silence(3.0)
            for _ in range(2):
                await self.peer.press("*", [160, 320])

    async def leaves_unhurt(self) -> None:
        """Every packet that was sent has come, and the call is still there to be ended."""
        assert not any(task.done() for task in self.tasks), self.tasks
        self.stops()
        first, last = self.sequences[0], self.sequences[-1]
        assert len(set(self.sequences)) == (last - first) % 65536 + 1
        status, _ = await self.peer.ask("BYE")
        assert status == 200
        self.peer.close()
