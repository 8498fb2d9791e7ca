"""RTP and RTCP that no telephone would send."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from tests.support.sip_peer import rtp, telephone_event


def bad_rtp(count: int, seed: int) -> Iterator[bytes]:
    """Headers that lie about what follows, keys that are none, sizes that do not fit."""
    chance = random.Random(seed)
    sequence, timestamp = 0, 0
    for _ in range(count):
        sequence += chance.choice((1, 1, 1, 0, -5, 3000, 40000))
        timestamp += chance.choice((160, 160, 0, -800, 1 << 20))
        good = rtp(8, sequence, timestamp & 0xFFFFFFFF, b"\xd5" * 160)
        match chance.randrange(14):
            case 0:
                yield good[: chance.randrange(12)]
            case 1:
                yield b"\x9f" + good[1:]  # extension announced, 15 CSRCs, none there
            case 2:
                yield b"\xb0" + good[1:-1] + b"\xff"  # padding longer than the packet
            case 3:
                yield b"\x90" + good[1:12] + struct.pack("!HH", 0xBEDE, 0xFFFF)
            case 4:
                yield bytes([chance.randrange(256) for _ in range(chance.randrange(1, 300))])
            case 5:
                yield rtp(chance.randrange(128), sequence, timestamp & 0xFFFFFFFF, b"\x00" * 40)
            case 6:
                yield rtp(8, sequence, timestamp & 0xFFFFFFFF, b"")
            case 7:
                yield rtp(8, sequence, timestamp & 0xFFFFFFFF, b"\x55" * 1400)
            case 8:
                yield rtp(8, sequence, timestamp & 0xFFFFFFFF, b"\x55" * 60000)
            case 9:
                yield rtp(101, sequence, timestamp & 0xFFFFFFFF, bytes(chance.randrange(4)))
            case 10:
                event = struct.pack("!BBH", chance.randrange(16, 256), 0x8A, 0xFFFF)
                yield rtp(101, sequence, timestamp & 0xFFFFFFFF, event)
            case 11:
                yield rtp(101, sequence, timestamp & 0xFFFFFFFF, telephone_event("5", True, 0) * 50)
            case 12:
                yield good[:8] + struct.pack("!I", chance.getrandbits(32)) + good[12:]
            case _:
                yield good


def bad_rtcp(count: int, seed: int) -> Iterator[bytes]:
    """Reports with wrong counts and lengths, unknown kinds, compounds without end."""
    chance = random.Random(seed)
    for _ in range(count):
        kind = chance.choice((200, 201, 202, 203, 204, 205, 206, 207, 0, 255))
        words = chance.choice((0, 1, 6, 7, 0xFFFF))
        first = 0x80 | chance.randrange(32) | chance.choice((0, 0x20))
        body = bytes([chance.randrange(256) for _ in range(chance.choice((0, 3, 4, 24, 200)))])
        yield (struct.pack("!BBH", first, kind, words) + body) * chance.choice((1, 1, 40))
