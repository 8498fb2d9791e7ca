"""A call that goes on while others do harm: it must not notice."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field
from typing import ClassVar

from tests.support.sip_peer import Peer

_TIMESTAMPS = 35
"""SO_TIMESTAMPNS of socket(7): when the kernel had the packet, however late we come to read it."""
_TIMESTAMP = struct.Struct("@ll")


@dataclass
class Bystander:
    """Listens to the service and asks to hear its question again and again.

    Attributes:
        sequences: RTP sequence numbers of the packets that came, in order.
        longest_gap_s: between two of them, as they came to this machine's kernel: how busy the test
            itself is does not count.
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
        loop, media, came = asyncio.get_running_loop(), self.peer.media, asyncio.Event()
        media.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
        loop.add_reader(media, came.set)
        last = None
        try:
            while True:
                await came.wait()
                came.clear()
                with contextlib.suppress(BlockingIOError):
                    while True:
                        packet, ancillary, _, _ = media.recvmsg(
                            2048, socket.CMSG_SPACE(_TIMESTAMP.size)
                        )
                        at = _came_at(ancillary)
                        if at is not None and last is not None:
                            self.longest_gap_s = max(self.longest_gap_s, at - last)
                        last = at
                        self.sequences.append(struct.unpack_from("!H", packet, 2)[0])
        finally:
            loop.remove_reader(media)

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


def _came_at(ancillary: list[tuple[int, int, bytes]]) -> float | None:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _TIMESTAMPS):
            seconds, nanoseconds = _TIMESTAMP.unpack(data)
            return float(seconds + nanoseconds / 1e9)
    return None
