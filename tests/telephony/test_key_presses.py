"""Key presses as real RTP packets: RFC 4733 as it should be, and as it comes.

The letters are the cases of the conformance table. What the library swallows before we see it is
asserted as it is: a stated limit.
"""

from __future__ import annotations

import asyncio
import random
import re
import secrets
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.phone_process import PhoneProcess, StartPhone
from tests.support.sip_peer import EVENTS, Peer, rtp, telephone_event
from tests.support.srtp import SecureSender
from tests.support.touch_tones import alaw, quiet, tone

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def peer(ivr: PhoneProcess) -> AsyncIterator[Peer]:
    peer = Peer(ivr.address)
    assert (await peer.invite())[0] == 200
    await peer.silence(0.1)
    yield peer
    await peer.ask("BYE")
    peer.close()
    await ivr.free()


async def test_every_form_of_press_is_one_key(ivr: PhoneProcess, peer: Peer) -> None:
    expected = ""

    async def case(name: str, keys: str) -> None:
        nonlocal expected
        expected += keys
        await peer.silence(0.06)
        await ivr.hears(expected, of=name)

    await peer.press("5")
    await peer.press("5")
    await case("A: the same key twice", "55")
    await peer.press("9", range(160, 641, 160))
    await peer.press("9", range(160, 1121, 160), lost=4)
    await case("C: first packets of the second press lost", "99")
    await peer.press("3", [160, 320])
    await peer.press("3", [800, 960])
    await case("D: the second press begins with a greater duration", "33")
    await peer.press("4", [160])
    await peer.press("4", range(160, 2001, 160))
    await case("E: short, then long", "44")
    await peer.press("6", range(160, 1121, 160), lost=3)
    await case("lost start", "6")
    await peer.press("6", range(160, 1121, 160), ends=0)
    await peer.press("6", range(160, 481, 160), ends=0)
    await case("lost end, twice", "66")
    await peer.press("*", [160, 160, 320, 320])
    await case("every packet twice", "*")
    await peer.press("#", range(160, 8001, 160))
    await case("held for a second", "#")
    for letter in "ABCD":
        await peer.press(letter, [160, 320])
    await case("the fourth column", "ABCD")
    await peer.press("7", [], ends=3)
    await peer.press("7", [], ends=3)
    await case("B: end packets only; the library swallows the second", "7")
    await peer.press("2", [160, 320], marked=False)
    await peer.press("2", [160, 320], marked=False)
    await case("no marker bit", "22")
    await peer.press("5", grows=160)
    await peer.silence(0.2)
    await peer.press("5", range(400, 2801, 400), grows=400)
    await case("timestamps go on within a press", "55")
    await peer.silence(0.2)
    for _ in range(3):
        stands_at = peer.timestamp
        await peer.press("8", pause=False)
        peer.timestamp = stands_at
        await peer.silence(0.2)
        peer.timestamp = stands_at
    await case("timestamps stand still", "888")


async def test_a_key_held_beyond_the_duration_field_is_one_key(
    ivr: PhoneProcess, peer: Peer
) -> None:
    """RFC 4733, 2.5.1.3: a new segment, its timestamp further by 0xFFFF."""
    await peer.press("8", [160, 0xFFFF], ends=0, pause=False)  # moves the timestamp by 0xFFFF
    await peer.press("8", [160, 320])
    await peer.press("8", [160, 320])

    await peer.silence(0.06)
    await ivr.hears("88")


async def test_sip_info(ivr: PhoneProcess, peer: Peer) -> None:
    for symbol in "*55":
        status, _ = await peer.ask("INFO", f"Signal={symbol}\r\nDuration=160\r\n", "dtmf-relay")
        assert status == 200
        await peer.silence(0.04)
    await peer.silence(0.06)
    await ivr.hears("*55")

    status, _ = await peer.ask("INFO", "6", "dtmf")
    assert status == 500  # the SIP front rewrites this form
    await peer.silence(0.06)
    await ivr.hears("*55")


async def test_a_press_by_events_and_by_info_is_one_key(ivr: PhoneProcess, peer: Peer) -> None:
    """Some telephones send both, to be sure: before, within and after the events."""

    async def send_info(key: str) -> None:
        assert (await peer.ask("INFO", f"Signal={key}\r\nDuration=160\r\n", "dtmf-relay"))[0] == 200

    await send_info("5")
    await peer.press("5")
    await peer.press("6", range(160, 641, 160), ends=0, pause=False)
    at = peer.timestamp - 640
    await send_info("6")
    peer.timestamp = at
    await peer.press("6", range(800, 1281, 160))
    await peer.press("7")
    await send_info("7")
    await peer.press("8")
    await peer.press("8")
    await send_info("8")
    await send_info("8")
    await peer.silence(0.06)
    await ivr.hears("56788")


async def test_infos_sent_without_waiting_are_a_key_each(ivr: PhoneProcess, peer: Peer) -> None:
    for _ in range(8):
        peer.cseq += 1
        branch = f"z9hG4bK{peer.call_id}{peer.cseq}"
        body = "Signal=5\r\nDuration=160\r\n"
        peer.send(peer.message("INFO", body, "dtmf-relay", branch=branch))
    answered = [(await peer.response())[0] for _ in range(8)]
    await peer.silence(0.1)
    assert len(ivr.keys()) == answered.count(200) > 6


async def test_a_hundred_keys_over_a_line_that_loses_and_shakes(
    ivr: PhoneProcess, peer: Peer
) -> None:
    """2 % of the packets are lost; each of the others comes up to 30 ms late, out of order too."""
    chance = random.Random(2833)
    keys = "".join(chance.choices(list(EVENTS)[:12], k=100))
    packets: list[tuple[float, bytes]] = []
    at, sequence, timestamp = 0.0, 5000, 100_000
    for key in keys:
        steps = [(160 * number, False) for number in range(1, 6)] + [(960, True)] * 3
        for number, (duration, end) in enumerate(steps):
            packet = rtp(
                101, sequence, timestamp, telephone_event(key, end, duration), int(number == 0)
            )
            sequence += 1
            if chance.random() >= 0.02:
                packets.append((at + chance.random() * 0.03, packet))
            at += 0.02
        timestamp += 960
        for _ in range(3):
            packets.append((at, rtp(8, sequence, timestamp, b"\xd5" * 160)))
            sequence, timestamp, at = sequence + 1, timestamp + 160, at + 0.02
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for due, packet in sorted(packets):
        await asyncio.sleep(max(0.0, begun + due - loop.time()))
        peer.media.sendto(packet, peer.remote_media)

    await asyncio.sleep(0.2)
    await ivr.hears(keys)


async def test_what_is_agreed_decides_whether_tones_are_keys(ivr: PhoneProcess) -> None:
    """A re-INVITE takes the events away, and another brings them back."""
    peer = Peer(ivr.address)
    assert (await peer.invite())[0] == 200
    await peer.silence(0.2)
    await peer.press("1")
    for codecs in ("8 0", "8 0 101"):
        peer.codecs = codecs
        status, text = await peer.ask("INVITE", peer.offer())
        assert status == 200
        peer.take_answer(text)
        await peer.silence(0.2)
        if "101" in codecs:
            await peer.press("3")
        else:
            await peer.sound(alaw(tone("2", 70), quiet(60)))
    await peer.silence(0.2)
    await ivr.hears("123")
    await peer.ask("BYE")
    peer.close()
    await ivr.free()


async def test_a_press_is_heard_whatever_number_it_comes_under(
    ivr: PhoneProcess, peer: Peer
) -> None:
    await peer.press("5")
    await peer.press("5", number=96)
    await peer.press("5", range(960, 6721, 960), number=97)  # at 48000 Hz
    await peer.press("6", number=127)
    await peer.press("6")
    await peer.silence(0.06)
    await ivr.hears("55566")
    assert (await peer.ask("BYE"))[0] == 200
    received = (await ivr.event("ended", call=peer.call_id))["media"]["received"]
    assert received["lost"] == 0


async def test_another_sender_in_the_same_stream_counts_its_packets_anew(
    ivr: PhoneProcess, peer: Peer
) -> None:
    """A PBX that connects the caller with somebody else: another SSRC (RFC 3550, 8), lower
    numbers."""
    peer.sequence = 40_000
    await peer.press("5", number=96)
    peer.source, peer.sequence = 0x5678, 20_000
    await peer.press("6", number=96)
    await peer.press("7")
    await peer.silence(0.06)
    await ivr.hears("567")


async def test_what_looks_like_an_event_and_is_none_is_no_key(
    ivr: PhoneProcess, peer: Peer
) -> None:
    for number, payload in (
        (96, b"\x10\x0a\x00\xa0"),
        (77, b"\x05\x0a\x00\xa0"),
        (96, b"\x05\x0a"),
    ):
        peer.send_rtp(number, payload, peer.timestamp, 1)
    await peer.silence(0.1)
    await ivr.hears("")


async def test_the_answer_in_an_ack_names_another_number_than_our_offer(
    ivr: PhoneProcess,
) -> None:
    peer = Peer(ivr.address)
    peer.send(peer.message("INVITE"))
    status, text = await peer.response()
    assert status == 200
    (ours,) = map(int, re.findall(r"^a=rtpmap:(\d+) telephone-event/8000", text, re.M))
    peer.take_answer(text, ack=False)
    answer = peer.offer().replace("101", "97")
    peer.send(peer.message("ACK", answer, branch="z9hG4bK" + secrets.token_hex(6)))
    await peer.silence(0.2)
    await peer.press("5", number=ours)
    await peer.press("6", number=97)
    await peer.press("6", number=ours)
    await peer.silence(0.06)
    await ivr.hears("566")
    await peer.ask("BYE")
    peer.close()
    await ivr.free()


async def test_tones_are_keys_where_events_at_8000_were_not_offered(ivr: PhoneProcess) -> None:
    peer = Peer(ivr.address)
    offer = peer.offer().replace("telephone-event/8000", "telephone-event/16000")
    peer.send(peer.message("INVITE", offer))
    status, text = await peer.response()
    assert status == 200
    peer.take_answer(text)
    await peer.silence(0.2)
    await peer.sound(alaw(tone("4", 70), quiet(60)))
    await peer.silence(0.2)
    await peer.press("5", range(320, 2241, 320))
    await peer.silence(0.06)
    await ivr.hears("45")
    await peer.ask("BYE")
    peer.close()
    await ivr.free()


async def test_tones_are_keys_where_events_were_not_offered(ivr: PhoneProcess) -> None:
    peer = Peer(ivr.address, codecs="8")
    assert (await peer.invite())[0] == 200
    await peer.silence(0.2)

    dialled = "0123456789*#ABCD55"
    await peer.sound(alaw(*(part for key in dialled for part in (tone(key, 70), quiet(60)))))
    await peer.silence(0.2)

    await ivr.hears(dialled, peer.call_id)
    await peer.ask("BYE")
    peer.close()
    await ivr.free()
    assert (await ivr.event("ended", call=peer.call_id))["media"]["keys"] == len(dialled)


async def test_tones_are_sound_where_keys_come_as_events(ivr: PhoneProcess, peer: Peer) -> None:
    """A gateway leaves the tone in the sound beside its events: one key, not two."""
    await peer.sound(alaw(tone("5", 40)))
    await peer.press("5")
    await peer.sound(alaw(tone("5", 100)))
    await peer.silence(0.1)
    await ivr.hears("5")


async def test_tones_give_way_once_a_key_comes_by_info(ivr: PhoneProcess) -> None:
    peer = Peer(ivr.address, codecs="8")
    assert (await peer.invite())[0] == 200
    await peer.silence(0.1)
    assert (await peer.ask("INFO", "Signal=4\r\nDuration=160\r\n", "dtmf-relay"))[0] == 200
    await peer.sound(alaw(tone("4", 100)))
    await peer.silence(0.1)
    await ivr.hears("4", peer.call_id)
    await peer.ask("BYE")
    peer.close()
    await ivr.free()


async def test_a_hundred_keys_on_four_lines_at_once(ivr: PhoneProcess) -> None:
    chance = random.Random(4733)
    peers = [Peer(ivr.address) for _ in range(4)]
    pressed: dict[str, str] = {}
    for peer in peers:
        assert (await peer.invite())[0] == 200
        keys = chance.choices("0123456789*#", k=22)
        pressed[peer.call_id] = "".join(keys) + keys[-1] * 3

    async def press(peer: Peer) -> None:
        for key in pressed[peer.call_id]:
            await peer.press(key, [160, 320, 480])
        assert (await peer.ask("BYE"))[0] == 200
        peer.close()

    await asyncio.gather(*(press(peer) for peer in peers))

    await ivr.free()
    for call, their_keys in pressed.items():
        await ivr.hears(their_keys, call)
        assert (await ivr.event("ended", call=call))["media"]["keys"] == len(their_keys)
    assert b"DTMF" not in ivr.log


async def test_keys_of_our_own_caller(caller: PhoneProcess, ivr: PhoneProcess) -> None:
    await caller.order("dial", name="c", uri=ivr.uri("1000"))
    await caller.order("answered", name="c")

    await caller.order("press", name="c", keys="1100*#9990")

    await caller.order("hang_up", name="c")
    await ivr.free()
    await ivr.hears("1100*#9990")


async def test_keys_wait_until_they_are_asked_for(ivr: PhoneProcess) -> None:
    peer = Peer(ivr.address, called="8000")
    await peer.invite()
    for key in "12":
        await peer.press(key, [160, 320])
    await peer.silence(0.9)
    for key in "33":
        await peer.press(key, [160, 320])

    typed = await ivr.event("typed")

    assert (typed["forgotten"], typed["waiting"]) == (2, ["3", "3"])
    await peer.ask("BYE")
    peer.close()
    await ivr.free()


class SecurePeer(Peer):
    """Its sound is SRTP, with a key of its own."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.sender = SecureSender(secrets.token_bytes(30))

    def offer(self, direction: str = "sendrecv") -> str:
        sdp = super().offer(direction).replace("RTP/AVP ", "RTP/SAVP ")
        return sdp + self.sender.crypto

    def send_rtp(self, payload_type: int, payload: bytes, timestamp: int, marker: int = 0) -> None:
        self.sequence += 1
        packet = rtp(payload_type, self.sequence, timestamp, payload, marker)
        self.media.sendto(self.sender.secured(packet), self.remote_media)


async def test_events_in_srtp_are_heard_under_whatever_number(start_phone: StartPhone) -> None:
    ivr = await start_phone(srtp=True)
    peer = SecurePeer(ivr.address)
    assert (await peer.invite())[0] == 200
    await peer.silence(0.1)
    await peer.press("1")
    await peer.press("5", number=96)
    await peer.press("5", number=127)
    await peer.press("1")
    await peer.silence(0.1)
    await ivr.hears("1551")
    stranger = SecureSender(secrets.token_bytes(30))
    for count in range(8):
        event = telephone_event("9", count > 4, 160 * (count + 1))
        packet = rtp(96, peer.sequence + count + 1, peer.timestamp, event)
        peer.media.sendto(stranger.secured(packet), peer.remote_media)
    await peer.silence(0.2)
    await ivr.hears("1551")  # nothing under another key of SRTP
    await peer.ask("BYE")
    peer.close()
    await ivr.free()
