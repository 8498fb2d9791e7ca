"""Limits, faults and hand-made messages: the call ends, and its line is free for the next one."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest

from tests.support.pace import limit
from tests.support.phone_process import PhoneError, PhoneProcess, StartPhone, free_port
from tests.support.sip_peer import Peer

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]


async def test_four_lines_are_used_and_the_fifth_call_hears_busy(ivr: PhoneProcess) -> None:
    capacity = (await ivr.order("status"))["capacity"]
    before = await ivr.tally()
    peers = [Peer(ivr.address) for _ in range(capacity + 1)]

    statuses = [(await peer.invite())[0] for peer in peers]

    assert statuses == [200] * capacity + [486]
    assert (await ivr.order("status"))["active"] == capacity
    async with asyncio.timeout(limit(5)):  # the library answers first, and tells us afterwards
        while await ivr.tally() - before != {"taken": capacity, "refused_busy": 1}:
            await asyncio.sleep(0.02)
    await asyncio.gather(*(peer.silence(0.2) for peer in peers[:-1]))
    assert (await peers[0].ask("BYE"))[0] == 200
    again = Peer(ivr.address)
    assert (await again.invite())[0] == 200
    for peer in (*peers[1:-1], again):
        assert (await peer.ask("BYE"))[0] == 200
    await ivr.free()


async def test_an_invite_repeated_by_the_network_is_one_call(ivr: PhoneProcess) -> None:
    before = await ivr.tally()
    peer = Peer(ivr.address)
    invite = peer.message("INVITE", peer.offer())
    for _ in range(4):
        peer.send(invite)
    assert (await peer.invite())[0] == 200
    assert (await ivr.order("status"))["active"] == 1
    assert (await peer.ask("BYE"))[0] == 200
    await ivr.free()
    assert await ivr.tally() - before == {"taken": 1}


@pytest.mark.parametrize("seconds_of_rtp", [0.0, 0.5])
async def test_a_peer_that_is_gone_is_found(start_phone: StartPhone, seconds_of_rtp: float) -> None:
    """It sends no RTP, and does not say that it is there."""
    ivr = await start_phone(no_rtp_timeout_s=1.0, transaction_timeout_s=1.0)
    peer = Peer(ivr.address)
    began = time.monotonic()
    await peer.invite()
    await peer.silence(seconds_of_rtp)

    peer.agree(await peer.request("BYE", within_s=6))

    assert time.monotonic() - began > 1.4
    ended = await ivr.event("ended")
    assert (ended["who"], ended["cause"]) == ("network", "no_rtp")
    assert ended["media"]["received"]["packets"] == round(seconds_of_rtp * 50)
    await ivr.free()


async def test_a_peer_that_has_lost_the_call_is_found(start_phone: StartPhone) -> None:
    ivr = await start_phone(no_rtp_timeout_s=0.5)
    peer = Peer(ivr.address)
    await peer.invite()
    asked = await peer.request("OPTIONS", within_s=3)
    peer.agree(asked, "481 Call/Transaction Does Not Exist")
    ended = await ivr.event("ended")
    assert (ended["who"], ended["cause"]) == ("network", "no_rtp")
    await ivr.free()


@pytest.mark.parametrize("answer", ["200 OK", "405 Method Not Allowed", "503 Busy"])
async def test_a_muted_caller_is_not_hung_up_on(start_phone: StartPhone, answer: str) -> None:
    """RFC 3551, 4.1: a telephone that suppresses silence may send no RTP at all."""
    ivr = await start_phone(no_rtp_timeout_s=0.5, transaction_timeout_s=limit(1.0))
    peer = Peer(ivr.address)
    await peer.invite()
    for _ in range(4):
        peer.agree(await peer.request("OPTIONS", within_s=3), answer)
    assert (await ivr.order("status"))["active"] == 1
    await peer.press("5")
    await ivr.hears("5")
    assert (await peer.ask("BYE"))[0] == 200
    assert (await ivr.event("ended"))["cause"] == "hung_up"
    await ivr.free()


async def test_without_an_ack_the_call_is_ended(start_phone: StartPhone) -> None:
    ivr = await start_phone(transaction_timeout_s=1.0)
    peer = Peer(ivr.address)
    await peer.invite(ack=False)

    peer.agree(await peer.request("BYE", within_s=4))

    ended = await ivr.event("ended")
    assert (ended["who"], ended["cause"], ended["status"]) == ("network", "no_ack", 408)
    await ivr.free()


async def test_a_bye_nobody_answers_frees_the_line_all_the_same(start_phone: StartPhone) -> None:
    ivr = await start_phone(no_rtp_timeout_s=0.5, transaction_timeout_s=1.0)
    peer = Peer(ivr.address)
    await peer.invite()
    assert (await ivr.event("ended"))["cause"] == "no_rtp"
    await ivr.free(within_s=3)


async def test_calls_have_limits(start_phone: StartPhone) -> None:
    ivr = await start_phone(longest_call_s=0.6, longest_ringing_s=0.6)
    talking, ringing = Peer(ivr.address), Peer(ivr.address, called="2000")
    await talking.invite()
    status, _ = await ringing.invite()
    assert status == 480
    talking.agree(await talking.request("BYE", within_s=3))
    assert {(await ivr.event("ended"))["cause"] for _ in range(2)} == {"too_long", "not_answered"}
    await ivr.free()


async def test_forty_calls_one_after_another_leave_nothing_behind(ivr: PhoneProcess) -> None:
    async def calls(count: int) -> None:
        for number in range(count):
            peer = Peer(ivr.address)
            assert (await peer.invite())[0] == 200, number
            await peer.silence(0.04)
            assert (await peer.ask("BYE"))[0] == 200
            peer.close()
            ivr.events.clear()
            await asyncio.sleep(0.04)
        await ivr.free()
        await asyncio.sleep(0.7)  # retired ports are freed

    await calls(10)
    before = await ivr.order("status")
    await calls(40)
    after = await ivr.order("status")
    assert after["tally"]["taken"] - before["tally"]["taken"] == 40
    assert after["fds"] == before["fds"]
    assert after["rss_kb"] - before["rss_kb"] < 4000
    assert after["transports"] - before["transports"] < 20  # their sockets rest for half a second
    assert after["poll_age"] < 2


async def test_rtp_stays_in_its_range_and_the_advertised_address_is_named(
    start_phone: StartPhone,
) -> None:
    first = free_port() // 64 * 64
    ivr = await start_phone(
        rtp_port_first=first, rtp_ports_per_card=16, media_advertised_address="127.0.0.9"
    )
    ports = []
    for _ in range(12):
        peer = Peer(ivr.address)
        assert (await peer.invite())[0] == 200
        assert peer.remote_media[0] == "127.0.0.9"
        ports.append(peer.remote_media[1])
        assert (await peer.ask("BYE"))[0] == 200
        peer.close()
    await ivr.free()
    assert set(ports) <= set(range(first, first + 16, 2))
    assert all(port != after for port, after in itertools.pairwise(ports))  # a port rests


async def test_a_refused_call_tells_the_caller(caller: PhoneProcess, ivr: PhoneProcess) -> None:
    await caller.order("dial", name="refused", uri=ivr.uri("3000"))
    with pytest.raises(PhoneError, match="503") as refused:
        await caller.order("answered", name="refused")
    assert refused.value.kind == "CallRefused"

    await caller.order("dial", name="given up", uri=ivr.uri("2000"))
    assert await caller.order("progressed", name="given up") == 180
    ending = await caller.order("hang_up", name="given up")
    assert (ending["who"], ending["cause"], ending["status"]) == ("us", "hung_up", 487)
    assert (await ivr.event("ended", cause="cancelled"))["who"] == "caller"

    for wrong in ({"uri": "not a uri"}, {"uri": ivr.uri("1"), "headers": {"X": "a\r\nb: c"}}):
        with pytest.raises(PhoneError) as failed:
            await caller.order("dial", name="wrong", **wrong)
        assert failed.value.kind == "DialFailed"
    await ivr.free()
    await caller.free()


async def test_calls_in_progress_are_ended_by_a_stop(
    start_phone: StartPhone, caller: PhoneProcess
) -> None:
    ivr = await start_phone()
    await caller.order("dial", name="c", uri=ivr.uri("1000"))
    await caller.order("answered", name="c")

    assert await ivr.close() == 0

    assert (await caller.order("ended", name="c"))["who"] == "caller"
    assert (await ivr.event("ended"))["cause"] == "stopped"
    await caller.free()
