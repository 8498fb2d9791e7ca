"""A scripted caller that gets no processor for a while hears all the same."""

from __future__ import annotations

import random
import socket
import time

import pytest

from backend_client.settings import RocarsClientSettings
from ivr.caller.scenario.patience import patient, patient_client
from ivr.caller.scenario.steps import Expect, Press
from ivr.caller.wire.relay import Impairment, Relay
from ivr.caller.wire.rtp import Packet

pytestmark = pytest.mark.service

SECONDS = 20
SDP = "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio {port} RTP/AVP 8\r\n"


async def test_what_was_sent_before_the_end_is_heard_after_it() -> None:
    """Twenty seconds of sound wait in the socket while the event loop stands still."""
    relay = Relay("127.0.0.1", Impairment(), random.Random(1))
    await relay.open()
    received = bytearray()
    relay.on_sound = received.extend
    try:
        port = int(relay.offered(SDP.format(port=4000)).split("m=audio ")[1].split()[0])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as service:
            for number in range(SECONDS * 50):
                packet = Packet(8, False, number, number * 160, 1, bytes([number % 256]) * 160)
                service.sendto(packet.data(), ("127.0.0.1", port))
        time.sleep(0.3)
        assert not received
        await relay.taken_in()
    finally:
        relay.close()
    assert len(received) == SECONDS * 16000


def test_limits_are_longer_and_nothing_else_is_changed() -> None:
    step = Expect.model_validate({"expect": "welcome.greeting", "within": 5, "latency": 0.5})
    longer = patient(step, 4.0)
    assert isinstance(longer, Expect)
    assert (longer.within, longer.latency, longer.expect) == (20.0, 2.0, step.expect)
    assert patient(step, 1.0) is step
    press = Press.model_validate({"press": "1"})
    assert patient(press, 4.0) is press


def test_the_back_end_is_waited_for_as_long() -> None:
    settings = RocarsClientSettings()
    longer = patient_client(settings, 3.0)
    assert longer.read_timeout_s == 3 * settings.read_timeout_s
    assert longer.attempts == settings.attempts
