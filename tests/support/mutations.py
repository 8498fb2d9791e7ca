"""Good messages made bad at random, the same way for the same seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

from tests.support.corpus import METHODS, OFFERS, SDP, request

BRANCHES = [f"z9hG4bKused-again-{number}" for number in range(40)]
"""Few, so that requests of different methods meet on one: the worker's library aborts on it."""

_OFF_MACHINE = re.compile(rb"c=IN IP4 (?!127\.)|a=rtcp:[0-9]+ IN IP4 (?!127\.)")
_NUMBER = re.compile(rb"[0-9]+")
_NUMBERS = (b"0", b"-1", b"65536", b"4294967296", b"99999999999999999999", b"1e9", b"0x7f", b"")
_PIECES = (b"\r\n", b"\0", b"<", b">", b'"', b";", b",", b"=", b"@", b":", b"%0d%0a", b"\xff", b" ")

Mutation = Callable[[bytearray, random.Random], None]


def _flip(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _insert(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    data[at:at] = chance.choice(_PIECES) * chance.choice((1, 1, 2, 50))


def _delete(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    del data[at : at + chance.choice((1, 2, 10, 60))]


def _repeat(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    data[at:at] = data[at : at + chance.choice((5, 40, 200))] * chance.choice((1, 3))


def _number(data: bytearray, chance: random.Random) -> None:
    found = list(_NUMBER.finditer(data))
    if found:
        number = chance.choice(found)
        data[number.start() : number.end()] = chance.choice(_NUMBERS)


def _swap_lines(data: bytearray, chance: random.Random) -> None:
    lines = bytes(data).split(b"\r\n")
    first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    data[:] = b"\r\n".join(lines)


def _drop_line(data: bytearray, chance: random.Random) -> None:
    lines = bytes(data).split(b"\r\n")
    del lines[chance.randrange(len(lines))]
    data[:] = b"\r\n".join(lines)


def _splice(data: bytearray, chance: random.Random) -> None:
    other = request(chance.choice(METHODS)).encode()
    data[chance.randrange(len(data)) :] = other[chance.randrange(len(other)) :]


MUTATIONS: tuple[Mutation, ...] = (
    _flip,
    _flip,
    _insert,
    _delete,
    _repeat,
    _number,
    _number,
    _swap_lines,
    _drop_line,
    _splice,
)


def mutated(count: int, seed: int, *, transport: str = "UDP") -> Iterator[bytes]:
    """So many messages. A third keep their form and only share a branch with others."""
    chance = random.Random(seed)
    offers = [SDP] * len(OFFERS) + list(OFFERS.values())
    made = 0
    while made < count:
        message = request(
            chance.choice(METHODS),
            chance.choice(offers),
            chance.choice(BRANCHES) if chance.random() < 0.5 else "",
            transport=transport,
        )
        data = bytearray(message.encode("latin-1"))
        for _ in range(chance.choice((0, 1, 1, 2, 4))):
            if data:
                chance.choice(MUTATIONS)(data, chance)
        if not _OFF_MACHINE.search(data):
            made += 1
            yield bytes(data)
