"""Events in SRTP under numbers nobody agreed on: whose they are, and what they say."""

from __future__ import annotations

import pytest

from ivr.telephony.library.secure_events import SecureEvents, keys_offered
from tests.support.sip_peer import rtp, telephone_event
from tests.support.srtp import SecureSender

pytestmark = pytest.mark.unit

OURS, OTHER = bytes(range(30)), bytes(range(1, 31))
EVENT = telephone_event("5", False, 160)


@pytest.mark.parametrize("tag", [10, 4])
def test_an_event_is_read_with_the_key_of_its_sender_alone(tag: int) -> None:
    packet = rtp(96, 7, 800, EVENT)
    events = SecureEvents((OTHER, OURS))
    assert events.opened(SecureSender(OURS).secured(packet, tag=tag)) == packet
    assert events.opened(SecureSender(OTHER).secured(packet, tag=tag)) is None, "it chose ours"
    assert SecureEvents(()).opened(SecureSender(OURS).secured(packet, tag=tag)) is None


def test_sequence_numbers_may_begin_anew() -> None:
    sender, events = SecureSender(OURS), SecureEvents((OURS,))
    for round_, sequence in ((0, 65535), (1, 0), (1, 1), (9, 400)):
        packet = rtp(96, sequence, 800, EVENT)
        assert events.opened(sender.secured(packet, round_=round_)) == packet


def test_what_was_changed_on_the_way_or_is_no_event_is_not_read() -> None:
    packet = SecureSender(OURS).secured(rtp(96, 7, 800, EVENT))
    events = SecureEvents((OURS,))
    for at in range(len(packet)):
        changed = packet[:at] + bytes([packet[at] ^ 1]) + packet[at + 1 :]
        assert events.opened(changed) is None
    assert events.opened(packet[:-1]) is None
    assert events.opened(SecureSender(OURS).secured(rtp(96, 7, 800, EVENT * 40))) is None


def test_keys_of_an_offer_are_those_the_library_can_use() -> None:
    good = SecureSender(OURS).crypto
    short = good.replace("_80", "_32").replace("a=crypto:1", "a=crypto:2")
    sdp = (
        "m=audio 4000 RTP/SAVP 8\r\n"
        "a=crypto:3 AES_256_CM_HMAC_SHA1_80 inline:" + "A" * 62 + "\r\n"
        f"{good.rstrip()}|2^20|1:4\r\n{short}"
        "a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:short\r\n"
    )
    assert keys_offered(sdp) == (OURS, OURS)
