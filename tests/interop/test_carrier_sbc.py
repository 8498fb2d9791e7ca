"""A second Kamailio before the service, as a carrier has one (`sip_config/examples`)."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sip_config.settings import SipSettings
from tests.support.pace import limit
from tests.support.ports import free_ports
from tests.support.reached import Reached
from tests.support.sip_peer import Peer
from tests.support.softphones import Baresip

pytestmark = pytest.mark.call

EXAMPLE = Path("sip_config/examples/kamailio-sbc.cfg")


def as_path(file: Path) -> str:
    return str(file).replace("/", r"\/")


def adapted(reached: Reached, onward: str, port: int) -> str:
    """The example for this machine, which is all that its head says is to be changed."""
    to = reached.uri(onward).replace("3902@", "")
    ours = {
        "LISTENS": "127.0.0.1",
        "UDP_PORT": str(port),
        "SECURE_PORT": str(port + 1),
        "ONWARD": to,
        "CUSTOMERS": r"127.0.0.0\/8",
        "AUTHORITY": as_path(reached.authority),
        "CERTIFICATE": as_path(reached.authority.with_name("cert.pem")),
        "PRIVATE_KEY": as_path(reached.authority.with_name("key.pem")),
    }
    text = EXAMPLE.read_text()
    for name, value in ours.items():
        (line,) = re.findall(rf'(?m)^#!substdef "/{name}/.*$', text)
        text = text.replace(line, f'#!substdef "/{name}/{value}/g"')
    return text


@asynccontextmanager
async def sbc(reached: Reached, onward: str, directory: Path) -> AsyncIterator[tuple[str, int]]:
    """Running, and its address."""
    program, port = SipSettings().kamailio, free_ports(2)
    config = directory / "sbc.cfg"
    config.write_text(adapted(reached, onward, port))
    with (directory / "sbc.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-f", config, "-DD", "-E", "-m", "16", "-M", "4", "-Y", directory],
            stdout=log,
            stderr=log,
        )
    try:
        await answers(port, lambda: (directory / "sbc.log").read_text(errors="replace"))
        yield "127.0.0.1", port
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, limit(10))


async def answers(port: int, log: Callable[[], str]) -> None:
    """Wait until it does: its OPTIONS goes to the service and back."""
    asks = Peer(("127.0.0.1", port), called="3902")
    try:
        for _ in range(round(limit(20))):
            asks.branch += "0"
            asks.send(asks.message("OPTIONS"))
            try:
                status, _ = await asks.response(0.5)
            except TimeoutError:
                continue
            assert status == 200, log()
            return
    finally:
        asks.close()
    raise AssertionError(log())


@pytest.mark.parametrize("onward", ["udp", "tcp", "tls"])
async def test_a_call_by_an_sbc(reached: Reached, onward: str, tmp_path: Path) -> None:
    """It is answered, heard and understood, and our BYE finds its way back."""
    before = await asyncio.to_thread(lambda: reached.calls)
    async with sbc(reached, onward, tmp_path) as address:
        peer = Peer(address, called="3902")
        try:
            status, _ = await peer.invite(within_s=6)
            assert status == 200
            await peer.hears_sound(6)
            for key in "3*9":
                await peer.press(key, [160, 320, 480])
                await peer.silence(1.0)
            peer.agree(await peer.request("BYE", within_s=20))
            source, caller, ended_by, keys = await asyncio.to_thread(reached.last_call, before)
        finally:
            peer.close()
    assert source.startswith("loopback 127.0.0.1:")
    assert source.endswith(f";{onward}")
    assert (caller, ended_by, keys) == ("+85291234567", "service", 3)


async def test_srtp_by_an_sbc_that_calls_us_by_tls(reached: Reached, tmp_path: Path) -> None:
    """The caller's SRTP goes through it untouched; from there to us the keys are in TLS."""
    if missing := Baresip.missing():
        pytest.skip(missing)
    before = await asyncio.to_thread(lambda: reached.calls)
    async with sbc(reached, "tls", tmp_path) as (host, port):
        phone = Baresip(tmp_path, "tcp", reached.authority, secure=True)
        try:
            await phone.call(f"sip:3902@{host}:{port};transport=tcp")
            await phone.until_heard()
            for key in "3*9":
                await phone.press(key)
                await asyncio.sleep(1.0)
            _, _, ended_by, keys = await asyncio.to_thread(reached.last_call, before)
        finally:
            await phone.close()
    assert (ended_by, keys) == ("service", 3)
