"""A call that goes on while others do harm: it must not notice."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass
from typing import ClassVar

from tests.support.sip_peer import Peer

_TIMESTAMPS = 35
"""SO_TIMESTAMPNS of socket(7): when the kernel had the packet, however late we come to read it."""
_TIMESTAMP = struct.Struct("@ll")
_DROPS = 40
"""SO_RXQ_OVFL of socket(7): how many packets the kernel had no room for, since we read too late."""
_COUNT = struct.Struct("@I")
_ANCILLARY = socket.CMSG_SPACE(_TIMESTAMP.size) + socket.CMSG_SPACE(_COUNT.size)


@dataclass
class Bystander:
    """Listens to the service and asks to hear its question again and again.

    Attributes:
        packets: RTP packets of this call that came.
        missing: how many numbers were left out between them.
        unread: how many packets came, but were dropped because the test was too busy to read them.
        longest_gap_s: between two of them, as they came to this machine's kernel: how busy the test
            itself is does not count.
    """

    peer: Peer
    packets: int = 0
    missing: int = 0
    unread: int = 0
    longest_gap_s: float = 0.0
    tasks: tuple[asyncio.Task[None], ...] = ()
    _number: int = 0
    _at: float = 0.0

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
        media.setsockopt(socket.SOL_SOCKET, _DROPS, 1)
        loop.add_reader(media, came.set)
        try:
            while True:
                await came.wait()
                came.clear()
                with contextlib.suppress(BlockingIOError):
                    while True:
                        packet, ancillary, _, sender = media.recvmsg(2048, _ANCILLARY)
                        # RTCP of a call whose port is the one below comes here, too: with ten
                        # thousand calls on ports drawn at random, about once to one of three.
                        if sender == self.peer.remote_media:
                            self._take(packet, ancillary)
        finally:
            loop.remove_reader(media)

    def _take(self, packet: bytes, ancillary: list[tuple[int, int, bytes]]) -> None:
        (number,) = struct.unpack_from("!H", packet, 2)
        at = 0.0
        for level, kind, value in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, _TIMESTAMPS):
                seconds, nanoseconds = _TIMESTAMP.unpack(value)
                at = seconds + nanoseconds / 1e9
            elif (level, kind) == (socket.SOL_SOCKET, _DROPS):
                (self.unread,) = _COUNT.unpack(value)
        if self.packets:
            on = (number - self._number + 0x8000) % 0x10000 - 0x8000
            self.missing += on - 1 if on > 0 else -1  # one that comes late was not missing
            self.longest_gap_s = max(self.longest_gap_s, at - self._at)
            number = number if on > 0 else self._number
        self.packets += 1
        self._number, self._at = number, at

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
        assert self.packets
        assert self.missing <= self.unread, self
        status, _ = await self.peer.ask("BYE")
        assert status == 200
        self.peer.close()
