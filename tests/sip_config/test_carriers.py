"""What carriers and PBXs write into their messages: sizes, extensions, short names, numbers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from pydantic import ValidationError

from sip_config.service_cfg import numbers_served
from tests.support.peers import (
    SDP,
    SHORT,
    FakeCaller,
    FakeWorker,
    Message,
    TcpCaller,
    answer,
    final_answer,
)
from tests.support.scene import Scene, front_between, settings_for

IDENTITY = "Identity: " + "e" * 2400 + ";info=<https://c.example.org/a.pem>;alg=ES256;ppt=shaken"


@pytest.fixture(params=["UDP", "TCP"])
async def caller(scene: Scene, request: pytest.FixtureRequest) -> AsyncIterator[FakeCaller]:
    if request.param == "UDP":
        yield scene.caller
        return
    tcp = TcpCaller(front=("127.0.0.1", scene.port))
    await tcp.connect()
    yield tcp
    await tcp.close()


def called(scene: Scene) -> FakeWorker:
    (worker,) = [candidate for candidate in scene.workers if candidate.invites]
    return worker


# Sizes


@pytest.mark.call
@pytest.mark.parametrize("times", [1, 5])
async def test_what_no_worker_needs_keeps_no_call_out(
    scene: Scene, caller: FakeCaller, times: int
) -> None:
    more = "\r\n".join([IDENTITY] * times + ["User-Agent: " + "a" * 300])
    final = await caller.call(more=more)
    assert final.status == 200
    worker = called(scene)
    assert len(worker.invites[0].text) < 4000
    assert "eeee" not in worker.invites[0].text
    assert worker.invites[0].header("X-Rocars-Source").startswith("pbx 127.0.0.1:")
    again = caller.request(
        "INVITE", final.header("Call-ID"), cseq=2, established=final, more=more, sdp=SDP
    )
    caller.send(again, caller.front)
    await caller.until(
        lambda message: message.header("CSeq") == "2 INVITE" and message.status == 200
    )
    assert len(worker.invites[1].text) < 4000
    assert worker.invites[1].body == SDP
    assert (await caller.bye(final)).status == 200


@pytest.mark.call
async def test_what_a_worker_would_need_and_cannot_take_is_513(
    scene: Scene, caller: FakeCaller
) -> None:
    final = await caller.call(sdp=SDP + "a=fmtp:8 " + "y" * 3000 + "\r\n")
    assert final.status == 513
    assert scene.invites == 0


@pytest.mark.call
async def test_the_largest_size_is_a_setting() -> None:
    async with front_between(max_message_bytes=2000) as scene:
        assert (await scene.caller.call(more=IDENTITY)).status == 513
        assert (await scene.caller.call()).status == 200


# Methods within a call


@pytest.mark.call
async def test_options_within_a_call_are_200_while_its_worker_lives(
    scene: Scene,
) -> None:
    final = await scene.caller.call()
    worker = called(scene)
    for cseq, (says, status) in enumerate(
        [("500 Internal Server Error", 200), ("481 Call Does Not Exist", 481), ("200 OK", 200)], 2
    ):
        worker.alive = says
        request = scene.caller.request(
            "OPTIONS", final.header("Call-ID"), cseq=cseq, established=final
        )
        scene.caller.send(request, scene.caller.front)
        answer = await scene.caller.until(final_answer("CSeq", f"{cseq} OPTIONS"))
        assert answer.status == status
        if says.startswith("500"):
            assert "BYE" in answer.header("Allow")
            assert answer.header("Accept") == "application/sdp"


@pytest.mark.call
@pytest.mark.parametrize("who", ["caller", "worker"])
async def test_a_call_that_was_hung_up_is_gone_for_everybody_who_asks(
    scene: Scene, who: str
) -> None:
    """The worker's library knows it for a while, and would say 500."""
    final = await scene.caller.call()
    worker = called(scene)
    await worker.until(lambda message: message.method == "ACK")
    if who == "caller":
        assert (await scene.caller.bye(final)).status == 200
    else:
        worker.send(worker.within(worker.invites[0], "BYE"), ("127.0.0.1", scene.port + 1))
        await scene.caller.until(lambda message: message.method == "BYE")
    seen = len(worker.seen)
    worker.alive = "500 Unhandled by dialog usages"
    for cseq, method in enumerate(("OPTIONS", "INFO", "INVITE", "UPDATE"), 10):
        request = scene.caller.request(
            method, final.header("Call-ID"), cseq=cseq, established=final
        )
        scene.caller.send(request, scene.caller.front)
        answer = await scene.caller.until(final_answer("CSeq", f"{cseq} {method}"))
        assert (method, answer.status) == (method, 481)
    assert not [message.method for message in worker.seen[seen:] if not message.status]


@pytest.mark.call
@pytest.mark.parametrize(
    ("method", "more", "status", "header"),
    [
        ("SUBSCRIBE", "Event: as-feature-event\r\nExpires: 60", 489, "Allow-Events"),
        ("SUBSCRIBE", "o: dialog", 489, "Allow-Events"),
        ("NOTIFY", "Event: presence\r\nSubscription-State: active", 489, "Allow-Events"),
        ("MESSAGE", "", 405, "Allow"),
        ("PUBLISH", "Event: presence", 405, "Allow"),
        ("REGISTER", "", 405, "Allow"),
        ("NONESUCH", "", 501, "Allow"),
        ("REFER", "Refer-To: <sip:3903@pbx.example.org>", 603, ""),
    ],
)
async def test_what_we_do_not_do_is_said_and_the_call_goes_on(
    scene: Scene, method: str, more: str, status: int, header: str
) -> None:
    final = await scene.caller.call()
    request = scene.caller.request(
        method, final.header("Call-ID"), cseq=2, established=final, more=more
    )
    scene.caller.send(request, scene.caller.front)
    answer = await scene.caller.until(
        lambda message: message.header("CSeq") == f"2 {method}" and message.status >= 200
    )
    assert answer.status == status
    assert not header or answer.header(header)
    assert {message.method for message in called(scene).seen} <= {"INVITE", "ACK"}
    assert (await scene.caller.bye(final)).status == 200


@pytest.mark.call
async def test_who_is_transferred_to_us_has_a_call_of_their_own(scene: Scene) -> None:
    """What the INVITE would replace belongs to whoever transfers, and ends by their BYE."""
    agent = await scene.caller.call()
    replaces = f"Replaces: {agent.header('Call-ID')};to-tag=a;from-tag=b"
    assert (await scene.caller.call(more=replaces)).status == 200
    invites = [message for worker in scene.workers for message in worker.invites]
    assert len(invites) == 2
    assert not [message for message in invites if message.all("Replaces")]


@pytest.mark.call
async def test_news_of_a_transfer_reaches_the_worker(scene: Scene) -> None:
    final = await scene.caller.call()
    more = "o: refer;id=7\r\nSubscription-State: active;expires=60"
    notify = scene.caller.request(
        "NOTIFY", final.header("Call-ID"), cseq=2, established=final, more=more
    )
    scene.caller.send(notify, scene.caller.front)
    await called(scene).until(lambda message: message.method == "NOTIFY")


# Extensions


@pytest.mark.call
@pytest.mark.parametrize(
    ("more", "lacking"),
    [
        ("Require: org.example.not-known", "org.example.not-known"),
        ("Require: timer, precondition", "precondition"),
        ("Require: 100rel\r\nRequire:  gruu ,a1", "gruu, a1"),
        ("REQUIRE: sec-agree,timer,,outbound", "sec-agree, outbound"),
        ("Proxy-Require: sec-agree", "sec-agree"),
        ("Require: a1\r\nProxy-Require: privacy,b2", "a1, b2"),
    ],
)
async def test_what_we_lack_and_is_required_is_420(scene: Scene, more: str, lacking: str) -> None:
    final = await scene.caller.call(more=more)
    assert (final.status, final.header("Unsupported")) == (420, lacking)
    assert scene.invites == 0


@pytest.mark.call
async def test_what_we_have_and_is_required_is_served(scene: Scene) -> None:
    more = "Require: 100rel , timer\r\nProxy-Require: privacy"
    assert (await scene.caller.call(more=more)).status == 200
    assert called(scene).invites[0].header("Require") == "100rel , timer"


@pytest.mark.call
async def test_a_call_is_ended_whatever_its_bye_requires(scene: Scene) -> None:
    final = await scene.caller.call()
    bye = scene.caller.request(
        "BYE", final.header("Call-ID"), cseq=2, established=final, more="Require: not-known"
    )
    scene.caller.send(bye, scene.caller.front)
    await called(scene).until(lambda message: message.method == "BYE")


# Names


def short(text: str) -> str:
    head, gap, body = text.partition("\r\n\r\n")
    return re.sub(
        r"(?m)^([A-Za-z-]+)(?=:)", lambda header: SHORT.get(header[1], header[1]), head
    ) + (gap + body)


@pytest.mark.call
async def test_short_names_are_as_good_as_long_ones(scene: Scene) -> None:
    more = "Supported: timer\r\nSession-Expires: 900;refresher=uac\r\nMin-SE: 120"
    seen: list[dict[str, str]] = []
    for spelt in (str, short):
        invite = spelt(scene.caller.request("INVITE", f"call-{spelt.__name__}", more=more))
        scene.caller.send(invite, scene.caller.front)
        call_id = f"call-{spelt.__name__}"
        final = await scene.caller.until(final_answer("Call-ID", call_id))
        assert final.status == 200
        (got,) = [
            message
            for worker in scene.workers
            for message in worker.invites
            if f"call-{spelt.__name__}" in message.text
        ]
        head = got.text.partition("\r\n\r\n")[0]
        long = {value: name for name, value in SHORT.items()}
        lines = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
        seen.append({long.get(name, name): value for name, value in lines.items()})
        assert got.body == SDP
    for name in ("Supported", "Session-Expires", "Min-SE", "Content-Type", "Contact"):
        assert seen[0][name] == seen[1][name]


# One call by two ways


@pytest.mark.call
async def test_an_invite_that_comes_by_two_ways_is_one_call(scene: Scene) -> None:
    first = await scene.caller.call(call_id="forked")
    assert first.status == 200
    second = await scene.another_caller()
    assert (await second.ask("INVITE", call_id="forked")).status == 482
    assert scene.invites == 1
    third = await scene.another_caller()
    assert (await third.ask("INVITE", call_id="forked", cseq=2)).status == 200


@pytest.mark.call
async def test_three_ways_at_once_are_one_call(scene: Scene) -> None:
    callers = [await scene.another_caller() for _ in range(3)]
    finals = await asyncio.gather(*(caller.ask("INVITE", call_id="at-once") for caller in callers))
    assert sorted(final.status for final in finals) == [200, 482, 482]


@pytest.mark.call
@pytest.mark.parametrize("status", ["486 Busy Here", "488 Not Acceptable Here"])
async def test_a_refused_invite_may_come_again(scene: Scene, status: str) -> None:
    for worker in scene.workers:
        worker.status = status
    assert (await scene.caller.ask("INVITE", call_id="again")).status in (503, 488)
    for worker in scene.workers:
        worker.status = "200 OK"
    other = await scene.another_caller()
    assert (await other.ask("INVITE", call_id="again")).status == 200


# Numbers


@pytest.mark.call
async def test_a_number_that_is_not_served_is_404() -> None:
    served = ("3902", "+8522877390?", "1823*")
    async with front_between(numbers=served) as scene:
        for user, status in {
            "3902": 200,
            "+85228773905": 200,
            "%2B852-2877-3905;npdi": 200,
            "18230011": 200,
            "1823": 200,
            "3903": 404,
            "39020": 404,
            "+8522877390": 404,
            "85228773905": 404,
            "11823": 404,
            "admin": 404,
        }.items():
            final = await scene.caller.ask("INVITE", uri=f"sip:{user}@127.0.0.1:{scene.port}")
            assert (user, final.status) == (user, status)
            if status == 200:
                scene.front.forget_loads()
        final = await scene.caller.ask("INVITE", uri=f"sip:127.0.0.1:{scene.port}")
        assert final.status == 404
        assert scene.front.kamailio.counters()["refused_number"] == 7


@pytest.mark.call
async def test_any_number_is_a_choice() -> None:
    async with front_between(numbers=("any",)) as scene:
        for user in ("112@", "admin@", ""):
            uri = f"sip:{user}127.0.0.1:{scene.port}"
            assert (await scene.caller.ask("INVITE", uri=uri)).status == 200


@pytest.mark.unit
def test_numbers_of_accounts_are_served() -> None:
    account = {"name": "trunk", "registrar": "192.0.2.9", "username": "+85221234567"}
    settings = settings_for(5060, numbers=("3902",), registrations=({**account, "password": "x"},))
    assert re.fullmatch(numbers_served(settings), "+85221234567")
    assert not re.fullmatch(numbers_served(settings), "85221234567")
    for wrong in ((), ("",), ("39 02",), ("3902/",)):
        with pytest.raises(ValidationError):
            settings_for(5060, numbers=wrong)


# Who is believed


@pytest.mark.call
@pytest.mark.parametrize("believed", [True, False])
async def test_only_who_is_believed_says_who_calls(believed: bool) -> None:
    peer = {"name": "pbx", "networks": ("127.0.0.1/32",), "believed": believed}
    identity = (
        "P-Asserted-Identity: <sip:+85298765432@192.0.2.7>\r\n"
        "Remote-Party-ID: <sip:+85298765432@192.0.2.7>;party=calling\r\nPrivacy: id"
    )
    async with front_between(peers=(peer,)) as scene:
        assert (await scene.caller.call(more=identity)).status == 200
        invite: Message = called(scene).invites[0]
        assert ("+85298765432" in invite.text) is believed
        assert invite.header("Privacy") == "id"


@pytest.mark.call
async def test_a_large_answer_of_a_peers_reaches_the_worker(scene: Scene) -> None:
    await scene.caller.call()
    worker = called(scene)
    worker.send(worker.within(worker.invites[0], "INVITE"), ("127.0.0.1", scene.port + 1))
    request = await scene.caller.until(lambda message: message.method == "INVITE")
    more = f"{IDENTITY}\r\nX-More: {'z' * 1500}\r\nContact: <sip:c@127.0.0.1:{scene.caller.port}>"
    scene.caller.send(answer(request, "200 OK", more=more, body=SDP), scene.caller.front)
    reply = await worker.until(
        lambda message: message.status == 200 and "INVITE" in message.header("CSeq")
    )
    assert len(reply.text) < 4000
    assert reply.body == SDP
