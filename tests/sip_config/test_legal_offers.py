"""Legal offers drawn at random: a worker is given the one line of sound in each."""

from __future__ import annotations

import re

import pytest

from tests.support.legal_offers import LegalOffer, legal_offer
from tests.support.peers import FakeCaller, Message
from tests.support.scene import Scene, front_between

pytestmark = pytest.mark.call

COUNT = 300
HOST, PORT = "127.0.0.1", 40_000


async def asks(caller: FakeCaller, seed: int, offer: LegalOffer) -> Message:
    call_id = f"legal-{seed}"
    request = caller.request("INVITE", call_id, sdp=offer.body, kind=offer.kind)
    caller.send(offer.spelt(request), caller.front)
    return await caller.until(
        lambda message: message.status >= 200 and message.header("Call-ID") == call_id, 6.0
    )


def wrong(offer: LegalOffer, invite: Message) -> str:
    """What is wrong with the offer that a worker is shown; nothing, if all is right."""
    media = re.findall(r"(?m)^m=(\w+) (\d+) (\S+) (.*?)\r$", invite.body)
    if tuple(kind for kind, *_ in media) != offer.lines:
        return f"lines {media}, of {offer.lines}"
    served = [
        (kind, profile, formats.split()) for kind, port, profile, formats in media if port != "0"
    ]
    if len(served) != 1:
        return f"{len(served)} lines are served"
    ((kind, profile, formats),) = served
    if kind != "audio" or profile not in ("RTP/AVP", "RTP/AVPF") or not {"0", "8"} & set(formats):
        return f"served is {kind} {profile} {formats}"
    if (
        offer.events is not None
        and f"a=rtpmap:{offer.events} telephone-event/8000" not in invite.body
    ):
        return "no events"
    if not re.search(r"(?m)^c=IN IP4 127", invite.body.partition("m=")[0]):
        return "no address for all lines: the library aborts on a refused line without one"
    if re.search(r"(?m)^(c=|a=rtcp:\d+ IN ).*example|candidate", invite.body):
        return "names or candidates"
    if len(invite.body) != int(invite.header("Content-Length")):
        return "another length than said"
    return ""


async def test_each_is_answered_and_a_worker_sees_its_sound() -> None:
    # As many line cards as are given all of them within one second: 12 each is the most.
    cards = -(-COUNT // 12)
    more = {"calls_per_second_per_source": 1000, "calls_per_second_per_card": 12}
    async with front_between(count=cards, **more) as scene:
        bad = []
        for seed in range(COUNT):
            if seed % 25 == 0:
                scene.front.forget_loads()
            offer = legal_offer(seed, HOST, PORT)
            final = await asks(scene.caller, seed, offer)
            if final.status != 200:
                bad.append((seed, final.first, final.header("Warning")))
                continue
            scene.caller.seen.clear()
            invite = given(scene, f"legal-{seed}")
            if problem := wrong(offer, invite):
                bad.append((seed, problem, ""))
        assert not bad, bad


def given(scene: Scene, call_id: str) -> Message:
    for worker in scene.workers:
        for invite in worker.invites:
            if invite.header("Call-ID") == call_id:
                worker.seen.clear()
                return invite
    raise AssertionError(f"no worker has {call_id}")


@pytest.mark.unit
def test_a_seed_is_an_offer() -> None:
    drawn = [legal_offer(seed, HOST, PORT) for seed in range(COUNT)]
    assert drawn == [legal_offer(seed, HOST, PORT) for seed in range(COUNT)]
    assert len({offer.body for offer in drawn}) > COUNT * 0.9
    assert {"audio", "video", "image", "application", "message", "text"} <= {
        line for offer in drawn for line in offer.lines
    }
