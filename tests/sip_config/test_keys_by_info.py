"""Keys pressed by SIP INFO: whatever the form, a worker gets the one it understands."""

from __future__ import annotations

import pytest

from tests.support.peers import FakeWorker, Message
from tests.support.scene import Scene

pytestmark = pytest.mark.call

RELAY, PLAIN = "application/dtmf-relay", "application/dtmf"
NORTEL, EVENT = "application/vnd.nortelnetworks.digits", "audio/telephone-event"


async def pressed(scene: Scene, kind: str, body: str, *, tcp: bool = False) -> tuple[int, str]:
    """Send an INFO in a new call: the status it got, and the body that reached the worker."""
    final = await scene.caller.call()
    call_id = final.header("Call-ID")
    request = scene.caller.request("INFO", call_id, cseq=2, established=final, kind=kind, body=body)
    scene.caller.send(request, scene.caller.front)

    def answers(message: Message) -> bool:
        ours = message.header("Call-ID") == call_id and "INFO" in message.header("CSeq")
        return ours and message.status > 0

    answer = await scene.caller.until(answers)
    await scene.caller.bye(final)
    (worker,) = [
        candidate
        for candidate in scene.workers
        if any(_of(call_id, seen) for seen in candidate.seen)
    ]
    return answer.status, _info(worker, call_id)


def _of(call_id: str, message: Message) -> bool:
    return message.header("Call-ID") == call_id


def _info(worker: FakeWorker, call_id: str) -> str:
    infos = [
        message for message in worker.seen if _of(call_id, message) and message.method == "INFO"
    ]
    for info in infos:
        assert info.all("Content-Type") == [RELAY]
        assert int(info.header("Content-Length")) == len(info.body)
    return infos[0].body if infos else ""


@pytest.mark.parametrize(
    ("kind", "body", "key"),
    [
        (RELAY, "Signal=5\r\nDuration=160\r\n", "5"),
        (RELAY, "Signal=*\r\nDuration=250\r\n", "*"),
        (RELAY, "Signal=10\r\nDuration=160\r\n", "*"),
        (RELAY, "Signal=11\r\nDuration=160\r\n", "#"),
        (RELAY, "Signal= 1\r\nDuration= 160\r\n", "1"),
        (RELAY, "Duration=160\r\nsignal=15", "D"),
        (RELAY, "Signal=a\n", "A"),
        (f"{RELAY}; charset=utf-8", "Signal=0\r\n", "0"),
        (PLAIN, "6", "6"),
        (PLAIN, "#", "#"),
        (PLAIN, "10\r\n", "*"),
        (PLAIN, "b", "B"),
        (PLAIN, "Signal=7\r\nDuration=100\r\n", "7"),
        (RELAY, "d=5\r\n", "5"),
        (RELAY, "D=#\r\nDuration=160\r\n", "#"),
        (NORTEL, "p=Digit-Collection\r\ny=Digits\r\n\r\nd=4\r\n", "4"),
        (NORTEL, "y=Digits\r\nd=*", "*"),
        (EVENT, "8", "8"),
        (EVENT, "\x05\x0a\x03\x20", "5"),
        (EVENT, "\x00\x0a\x03\x20", "0"),
        (EVENT, "\x0a\x0a\x03\x20", "*"),
        (f"{EVENT};rate=8000", "\x0f\x0a\x03\x20", "D"),
        ("application/telephone-event", "\x0b\x0a\x03\x20", "#"),
        (RELAY, "Signal: 5\r\nDuration: 160\r\n", "5"),
        (RELAY, 'Signal="8"\r\n', "8"),
        (RELAY, "Signal=star\r\n", "*"),
        (PLAIN, "Pound", "#"),
        (EVENT, "Event: 10\r\nDuration: 160\r\n", "*"),
    ],
)
async def test_every_spelling_reaches_the_worker_as_one(
    scene: Scene, kind: str, body: str, key: str
) -> None:
    assert await pressed(scene, kind, body) == (200, f"Signal={key}\r\nDuration=160\r\n")


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        (RELAY, "Signal=16\r\n", 400),
        (RELAY, "Signal=\r\nDuration=160\r\n", 400),
        (RELAY, "Signal=55\r\n", 400),
        (RELAY, "Signal=5; rm\r\n", 400),
        (RELAY, "Duration=160\r\n", 400),
        (PLAIN, "flash", 400),
        (NORTEL, "p=Digit-Collection\r\ny=Digits\r\n", 400),
        (NORTEL, "d=45\r\n", 400),
        (EVENT, "\x10\x0a\x03\x20", 400),
        (PLAIN, "Signal=\x01", 400),
        ("application/media_control+xml", "<media_control/>", 415),
        ("application/dtmf-relayed", "Signal=5\r\n", 415),
    ],
)
async def test_what_is_no_key_ends_at_the_front(
    scene: Scene, kind: str, body: str, status: int
) -> None:
    assert await pressed(scene, kind, body) == (status, "")


async def test_an_empty_info_asks_whether_the_call_is_alive(scene: Scene) -> None:
    """RFC 2976, 2.2: an INFO without a body is answered 200."""
    assert await pressed(scene, RELAY, "") == (200, "")
