"""A caller asks for a person, through the front, from a side that sends no telephone-events."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from ivr.observe.metrics import MeteredRecords
from ivr.records.call_book import CallBook
from tests.support.service import Service
from tests.support.sip_peer import Peer
from tests.support.touch_tones import alaw, quiet, tone

pytestmark = pytest.mark.call


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(
        tmp_path_factory.mktemp("hotline"),
        {
            "pool": {"workers": 1},
            "flows": {
                "hotline_transfer_uri": "sip:36690000@192.0.2.7",
                "hotline_transfer_s": 5.0,
            },
        },
    )
    service.start()
    yield service
    service.stop()


async def asks_for_a_person(service: Service) -> tuple[Peer, str]:
    """English by a tone, * by INFO in one form, 0 by INFO in the other; the REFER that comes."""
    peer = Peer(("127.0.0.1", service.sip_port), called="3902", codecs="8")
    assert (await peer.invite())[0] == 200
    await peer.silence(1.0)
    await peer.sound(alaw(tone("3", 100), quiet(1500)))
    assert (await peer.ask("INFO", "Signal=10\r\nDuration=160\r\n", "dtmf-relay"))[0] == 200
    assert (await peer.ask("INFO", "0", "dtmf"))[0] == 200
    sound = asyncio.ensure_future(peer.silence(60))
    refer = await peer.request("REFER", 15)
    sound.cancel()
    assert "sip:36690000@192.0.2.7" in refer.partition("Refer-To:")[2].splitlines()[0]
    return peer, refer


async def record(service: Service, peer: Peer) -> tuple[str, str, int, list[str]]:
    """Outcome, language, keys heard and everything said in this peer's call."""
    await asyncio.to_thread(service.until_idle)
    book = CallBook(service.settings.records_url, service.settings.records, MeteredRecords())
    ((call_id, outcome, language, keys),) = service.query(
        "SELECT call_id, outcome, language, keys FROM calls WHERE sip_call_id = ?", peer.call_id
    )
    steps = await book.steps(call_id)
    await book.shut()
    return outcome, language, keys, [step.name for step in steps if step.text]


async def test_the_hotline_takes_the_call(service: Service) -> None:
    peer, refer = await asks_for_a_person(service)
    peer.agree(refer, "202 Accepted")
    assert await peer.tells_of_transfer("180 Ringing", over=False) == 200
    assert await peer.tells_of_transfer("200 OK", over=True) == 200
    bye = await peer.request("BYE", 5)
    peer.agree(bye)
    peer.close()
    outcome, language, keys, prompts = await record(service, peer)
    assert (outcome, language, keys) == ("hotline", "en", 3)
    assert prompts[-1] == "hotline.connecting"


async def test_nobody_takes_the_call(service: Service) -> None:
    peer, refer = await asks_for_a_person(service)
    peer.agree(refer, "202 Accepted")
    assert await peer.tells_of_transfer("486 Busy Here", over=True) == 200
    sound = asyncio.ensure_future(peer.silence(60))
    bye = await peer.request("BYE", 60)
    sound.cancel()
    peer.agree(bye)
    peer.close()
    outcome, _, _, prompts = await record(service, peer)
    assert outcome == "hotline"
    at = prompts.index("hotline.nobody")
    assert prompts[at : at + 3] == ["hotline.nobody", "hotline.advice", "hotline.advice"]
