"""Real softphones call, hear the greeting, press keys, and are hung up on by `*9`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.reached import Reached
from tests.support.softphones import Baresip, Linphone, Softphone

pytestmark = pytest.mark.call


@pytest.fixture(params=[Baresip, Linphone])
def model(request: pytest.FixtureRequest) -> type[Softphone]:
    kind: type[Softphone] = request.param
    if missing := kind.missing():
        pytest.skip(missing)
    return kind


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_a_softphone_calls_and_is_understood(
    model: type[Softphone], transport: str, reached: Reached, tmp_path: Path
) -> None:
    before = await asyncio.to_thread(lambda: reached.calls)
    phone = model(tmp_path, transport, reached.authority)
    try:
        await phone.call(reached.uri(transport))
        await phone.until_heard()
        for key in "3*9":
            await phone.press(key)
            await asyncio.sleep(1.0)
        source, caller, ended_by, keys = await asyncio.to_thread(reached.last_call, before)
    finally:
        await phone.close()
    assert source.startswith("loopback 127.0.0.1:")
    assert source.endswith(f";{transport}")
    assert (caller, ended_by, keys) == ("+85291234567", "service", 3)
