"""The wire: what it makes of keys, packets and messages."""

from __future__ import annotations

import struct

import pytest

from ivr.caller.hearing.repertoire import LOST
from ivr.caller.wire.keys import KeyStyle, info, packets
from ivr.caller.wire.message import Message, address_of
from ivr.caller.wire.relay import _readdressed, _without_events
from ivr.caller.wire.rtp import Packet, StreamCount
from ivr.caller.wire.stream_sound import StreamSound

pytestmark = pytest.mark.unit

INVITE = (
    b"INVITE sip:3902@127.0.0.1:6000 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 127.0.0.1:7000;branch=z9hG4bKa\r\n"
    b"Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKb\r\n"
    b"Route: <sip:127.0.0.1:6000;lr>, <sip:10.0.0.2;lr>\r\n"
    b"Call-ID: x\r\nCSeq: 7 INVITE\r\nContent-Length: 999\r\n\r\nbody"
)


def test_a_message_is_read_and_changed_like_a_proxy_does() -> None:
    message = Message.read(INVITE)
    assert message is not None
    assert (message.method, message.uri, message.header("call-id")) == (
        "INVITE",
        "sip:3902@127.0.0.1:6000",
        "x",
    )
    assert len(message.values("Via")) == 2
    bent = message.without_first("Via").without_first("Route").with_first("Via", "ours")
    again = Message.read(bent.data())
    assert again is not None
    assert again.values("Via") == ["ours", "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKb"]
    assert again.values("Route") == ["<sip:10.0.0.2;lr>"]
    assert again.header("Content-Length") == "4"
    assert Message.read(b"\r\n\r\n") is None
    assert address_of("<sip:a@127.0.0.1:6000;lr>") == ("127.0.0.1", 6000)
    with pytest.raises(ValueError, match="expected a SIP URI"):
        address_of("tel:1")


def sent(style: KeyStyle) -> list[tuple[bool, bool, int]]:
    """Marker, end bit and duration of the packets of a key that reach the other side."""
    return [
        (
            packet.marker,
            bool(packet.payload[1] & 0x80),
            struct.unpack_from("!H", packet.payload, 2)[0],
        )
        for packet in packets("5", style)
        if packet.sent
    ]


def test_keys_as_telephones_send_them() -> None:
    good = sent(KeyStyle.NORMAL)
    assert good[0] == (True, False, 160)
    assert [end for _, end, _ in good] == [False] * 8 + [True] * 3
    assert {duration for _, end, duration in good if end} == {1280}
    assert not any(marker for marker, _, _ in sent(KeyStyle.NO_MARKER))
    assert [end for _, end, _ in sent(KeyStyle.END_ONLY)] == [True] * 3
    assert sent(KeyStyle.LOST_START)[0][2] == 640
    assert not any(end for _, end, _ in sent(KeyStyle.LOST_END))
    assert sent(KeyStyle.LONG)[-1][2] == 20000
    assert info("#", KeyStyle.INFO) == ("application/dtmf", "#")
    assert info("#", KeyStyle.INFO_RELAY)[1].startswith("Signal=#\r\n")


SDP = (
    "v=0\r\nc=IN IP4 10.0.0.9\r\nm=audio 4000 RTP/AVP 8 0 101\r\na=rtcp:4001\r\n"
    "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
)


def test_descriptions_are_readdressed() -> None:
    bent = _readdressed(SDP, "127.0.0.1", 5000)
    assert "c=IN IP4 127.0.0.1\r\nm=audio 5000 RTP/AVP 8 0 101\r\n" in bent
    assert "rtcp" not in bent
    toneless = _without_events(bent)
    assert "m=audio 5000 RTP/AVP 8 0\r\n" in toneless
    assert "101" not in toneless


def packet(sequence: int, timestamp: int, payload: bytes = b"\xd5" * 160) -> Packet:
    return Packet(8, False, sequence, timestamp, 1, payload)


def test_loss_jitter_and_opinion_are_counted() -> None:
    count = StreamCount()
    for number in range(200):
        if number % 20 != 7:
            late = 0.004 if number % 2 else 0.0
            count.count(packet(65500 + number & 0xFFFF, 160 * number), number * 0.02 + late)
    assert (count.packets, count.lost) == (190, 10)
    assert count.loss == pytest.approx(0.05)
    assert 2 < count.jitter_ms < 5
    assert 3.0 < count.mos < 4.0
    clean = StreamCount()
    for number in range(200):
        clean.count(packet(number, 160 * number), number * 0.02)
    assert clean.mos > 4.3


def test_sound_is_put_together_by_timestamps() -> None:
    received = bytearray()
    sound = StreamSound(received.extend)
    for sequence, timestamp in ((1, 1000), (2, 1160), (4, 1480), (3, 1320), (5, 1640)):
        sound.packet(packet(sequence, timestamp))
    values = struct.unpack(f"<{len(received) // 2}h", bytes(received))
    assert len(values) == 5 * 160
    assert set(values[320:480]) == {LOST}
    assert LOST not in values[:320] + values[480:]
    sound.packet(Packet(101, True, 6, 1800, 1, b"\x05\x0a\x00\xa0"))
    assert len(received) == 5 * 320
    assert Packet.read(b"short") is None
    assert Packet.read(packet(9, 9).data()) == packet(9, 9)


def rested(*packets: tuple[int, bool, float]) -> list[int]:
    """Samples of what was heard of packets with these timestamps, markers and times; of each
    silence that was not sent, its length below zero."""
    received = bytearray()
    sound, lengths = StreamSound(received.extend), list[int]()
    for sequence, (timestamp, marker, at) in enumerate(packets):
        begun = len(received)
        sound.packet(Packet(8, marker, sequence, timestamp, 1, b"\xd5" * 160), 100 + at)
        values = struct.unpack(f"<{(len(received) - begun) // 2}h", bytes(received[begun:]))
        missing = values.count(LOST)
        lengths += [-missing] * bool(missing) + [len(values) - missing]
    return lengths


def test_who_sends_nothing_while_they_are_silent_is_silent_for_as_long() -> None:
    assert rested((0, True, 0.0), (8000 * 9, True, 9.0)) == [160, 160 - 72000, 160]
    # Their clock stands still meanwhile.
    stood = rested((0, True, 0.0), (160, True, 5.0), (320, False, 5.02))
    assert stood == [160, -40000, 160, 160]
    # Nothing began: these came late, all together.
    assert rested((0, True, 0.0), (160, False, 0.9), (320, False, 0.9)) == [160, 160, 160]
    # They began again: those of before count once.
    received = bytearray()
    sound = StreamSound(received.extend)
    sound.packet(Packet(8, False, 1, 0, 1, b"\xd5" * 160), 100.0)
    for at in (100.5, 100.9, 101.2, 101.7):
        sound.rest(at)
    assert len(received) == 2 * (160 + round(1.7 * 8000))
    sound.packet(Packet(8, True, 2, 160, 1, b"\xd5" * 160), 102.0)
    sound.packet(Packet(8, False, 3, 320, 1, b"\xd5" * 160), 102.02)
    assert len(received) == 2 * (3 * 160 + round(1.7 * 8000))
    # Another stream: nobody waited so long.
    assert rested((0, True, 0.0), (8000 * 500, False, 0.02)) == [160, 160]
