"""PIN hashes: right and wrong, and the same work where there is nobody to verify."""

from __future__ import annotations

import asyncio
import time

import pytest

from rocars.secrets.pins import PinHasher
from rocars.settings import AuthSettings

pytestmark = pytest.mark.unit


@pytest.fixture
def pins():
    hasher = PinHasher(AuthSettings())
    yield hasher
    hasher.close()


async def test_right_wrong_and_nobody(pins):
    hashed = await pins.hash("246810")
    assert hashed.startswith("$argon2id$")
    assert "246810" not in hashed
    assert await pins.verify(hashed, "246810")
    assert not await pins.verify(hashed, "246811")
    assert not await pins.verify(None, "246810")
    assert not await pins.verify("not a hash", "246810")


async def test_an_unknown_driver_costs_as_much_as_a_wrong_pin(pins):
    hashed = await pins.hash("246810")

    async def least_work(pin_hash):
        best = float("inf")
        for _ in range(7):
            began = time.process_time()
            await pins.verify(pin_hash, "000000")
            best = min(best, time.process_time() - began)
        return best

    known, unknown = await least_work(hashed), await least_work(None)
    assert 0.5 < known / unknown < 2


async def test_hashing_leaves_the_loop_free():
    pins = PinHasher(AuthSettings(argon2_memory_kib=65_536, argon2_time_cost=6))
    try:
        hashing = asyncio.create_task(pins.hash("246810"))
        turns = 0
        while not hashing.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert turns > 1  # the loop ran meanwhile: hashing holds neither it nor the interpreter
    finally:
        pins.close()
