"""Rubbish on the media ports during calls, from callers and from strangers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest
import pytest_asyncio

from tests.support.attack import Health, own_log_is_sound
from tests.support.bystander import Bystander
from tests.support.malformed_media import bad_rtcp, bad_rtp
from tests.support.service import Service
from tests.support.sip_peer import Peer

pytestmark = pytest.mark.call

GROWN_KB = 4096


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("media"), {"pool": {"workers": 1}})
    service.start()
    yield service
    service.stop()


@pytest_asyncio.fixture(autouse=True)
async def idle(service: Service) -> None:
    """Every try begins with all lines free."""
    await asyncio.to_thread(service.until_idle, 60)


async def pour(from_socket: socket.socket, to: tuple[str, int], packets: Iterator[bytes]) -> int:
    """A thousand packets a second."""
    sent = 0
    for packet in packets:
        from_socket.sendto(packet, to)
        sent += 1
        if sent % 10 == 0:
            await asyncio.sleep(0.01)
    return sent


async def test_rubbish_on_the_media_ports(service: Service) -> None:
    """Two callers pour it into their own calls, a stranger into all; a fourth call goes on."""
    first = Peer(("127.0.0.1", service.sip_port), called="3902")
    assert (await first.invite())[0] == 200
    bystander = await Bystander.call(("127.0.0.1", service.sip_port))
    second = Peer(("127.0.0.1", service.sip_port), called="3902")
    assert (await second.invite())[0] == 200
    await asyncio.sleep(0.5)
    before = Health.of(service)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        host, port = bystander.peer.remote_media
        sent = await asyncio.gather(
            pour(first.media, first.remote_media, bad_rtp(4000, 1)),
            pour(second.media, second.remote_media, bad_rtp(4000, 2)),
            pour(first.media, _rtcp_of(first), bad_rtcp(2000, 3)),
            pour(stranger, _rtcp_of(second), bad_rtcp(2000, 4)),
            pour(stranger, (host, port + 1), bad_rtcp(2000, 5)),
            pour(stranger, first.remote_media, bad_rtp(2000, 6)),
        )
    print(
        f"{sum(sent)} packets of rubbish; longest gap of the bystander's sound "
        f"{bystander.longest_gap_s * 1000:.0f} ms"
    )
    for caller in (first, second):
        assert (await caller.ask("BYE"))[0] in (200, 481)  # the flow may have given up on it
        caller.close()
    await bystander.leaves_unhurt()
    await asyncio.to_thread(service.until_idle)
    Health.of(service).must_be_that_of(before, grown_kb=GROWN_KB)
    own_log_is_sound(service)
    again = Peer(("127.0.0.1", service.sip_port), called="3902")
    assert (await again.invite())[0] == 200
    assert (await again.ask("BYE"))[0] == 200
    again.close()


def _rtcp_of(peer: Peer) -> tuple[str, int]:
    host, port = peer.remote_media
    return host, port + 1
