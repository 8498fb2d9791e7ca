"""A caller is handed over by REFER, to a hand-made peer that tells how it went."""

from __future__ import annotations

import pytest

from tests.support.phone_process import PhoneProcess
from tests.support.sip_peer import Peer

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]


async def called(ivr: PhoneProcess) -> tuple[Peer, str]:
    """A call that is being handed over, and the REFER that came."""
    peer = Peer(ivr.address, called="9100")
    status, _ = await peer.invite()
    assert status == 200
    return peer, await peer.request("REFER", 5)


async def over(ivr: PhoneProcess, peer: Peer) -> None:
    status, _ = await peer.ask("BYE")
    assert status in (200, 481)
    peer.close()
    await ivr.free()


async def test_a_transfer_that_is_answered(ivr: PhoneProcess) -> None:
    peer, refer = await called(ivr)
    assert "sip:hotline@192.0.2.7" in refer.partition("Refer-To:")[2].splitlines()[0]
    peer.agree(refer, "202 Accepted")
    assert await peer.tells_of_transfer("100 Trying", over=False) == 200
    assert await peer.tells_of_transfer("180 Ringing", over=False) == 200
    assert await peer.tells_of_transfer("200 OK", over=True) == 200
    assert (await ivr.event("transferred"))["became"] == "connected"
    await over(ivr, peer)


async def test_nobody_answers_at_the_hotline(ivr: PhoneProcess) -> None:
    peer, refer = await called(ivr)
    peer.agree(refer, "202 Accepted")
    assert await peer.tells_of_transfer("486 Busy Here", over=True) == 200
    assert (await ivr.event("transferred"))["became"] == "refused"
    await over(ivr, peer)


@pytest.mark.parametrize("status", ["405 Method Not Allowed", "603 Decline"])
async def test_a_trunk_that_does_not_transfer(ivr: PhoneProcess, status: str) -> None:
    peer, refer = await called(ivr)
    peer.agree(refer, status)
    assert (await ivr.event("transferred"))["became"] in ("refused", "timed_out")
    await over(ivr, peer)


async def test_no_news_of_the_transfer_is_not_waited_for_forever(ivr: PhoneProcess) -> None:
    peer, refer = await called(ivr)
    peer.agree(refer, "202 Accepted")
    assert (await ivr.event("transferred"))["became"] == "timed_out"
    await over(ivr, peer)


async def test_the_caller_hangs_up_meanwhile(ivr: PhoneProcess) -> None:
    peer, refer = await called(ivr)
    peer.agree(refer, "202 Accepted")
    await over(ivr, peer)
    assert (await ivr.event("transferred"))["became"] == "hung up"
