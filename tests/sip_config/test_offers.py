"""What becomes of an offer between a caller and a worker (RFC 3264, 6; RFC 5621, 4.2)."""

from __future__ import annotations

import re

import pytest

from tests.support.peers import SDP
from tests.support.scene import Scene

pytestmark = pytest.mark.call

HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
AUDIO = "m=audio 40000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
OTHER = "m=audio 40010 RTP/AVP 18\r\na=rtpmap:18 G729/8000\r\n"
KEY = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\r\n"
SECURE = "m=audio 40020 RTP/SAVP 8\r\n" + KEY
VIDEO = "m=video 40002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"
IMAGE = "m=image 40004 udptl t38\r\na=T38FaxVersion:0\r\n"
BFCP = "m=application 40006 TCP/BFCP *\r\na=setup:passive\r\n"
DATA = "m=application 40008 DTLS/SCTP 5000\r\nc=IN IP4 slow.example.org\r\n"

LINES = {
    AUDIO: "m=audio 0 RTP/AVP 8",
    OTHER: "m=audio 0 RTP/AVP 18",
    SECURE: "m=audio 0 RTP/SAVP 8",
    VIDEO: "m=video 0 RTP/AVP 97",
    IMAGE: "m=image 0 udptl t38",
    BFCP: "m=application 0 TCP/BFCP *",
    DATA: "m=application 0 DTLS/SCTP 0",
}


async def shown(scene: Scene, sdp: str, *, kind: str = "application/sdp") -> str:
    """The offer that reaches a worker."""
    assert (await scene.caller.call(sdp=sdp, kind=kind)).status == 200
    (invite,) = [message for worker in scene.workers for message in worker.invites]
    if invite.body:
        assert invite.all("Content-Type") == ["application/sdp"]
    assert int(invite.header("Content-Length")) == len(invite.body)
    return invite.body


def media_of(sdp: str) -> list[str]:
    return [line for line in sdp.split("\r\n") if line.startswith("m=")]


@pytest.mark.parametrize(
    ("offer", "served"),
    [
        ([AUDIO, VIDEO], 0),
        ([VIDEO, AUDIO], 1),
        ([SECURE, AUDIO], 1),
        ([AUDIO, SECURE], 0),
        ([OTHER, AUDIO], 1),
        ([AUDIO, AUDIO], 0),
        ([BFCP, DATA, VIDEO, AUDIO, IMAGE, SECURE], 3),
        ([OTHER, VIDEO], 0),
    ],
)
async def test_one_audio_line_is_served_and_each_other_has_port_0_in_its_place(
    scene: Scene, offer: list[str], served: int
) -> None:
    sdp = await shown(scene, HEAD + "".join(offer))
    expected = [LINES[line] for line in offer]
    expected[served] = offer[served].partition("\r\n")[0]
    assert media_of(sdp) == expected
    assert "slow.example.org" not in sdp
    assert "H264" not in sdp


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("RTP/AVP", "RTP/AVPF", "m=audio 40000 RTP/AVPF 8 101"),
        ("m=audio 40000 ", "m=audio 40000/1 ", "m=audio 40000 RTP/AVP 8 101"),
        ("\r\n", "\n", "m=audio 40000 RTP/AVP 8 101"),
        ("t=0 0\r\n", "t=0 0\r\n\r\n", "m=audio 40000 RTP/AVP 8 101"),
        ("event/8000\r\n", "event/8000\r\n\r\n", "m=audio 40000 RTP/AVP 8 101"),
        ("event/8000\r\n", "event/8000", "m=audio 40000 RTP/AVP 8 101"),
        ("c=IN IP4", "c=in ip4", "m=audio 40000 RTP/AVP 8 101"),
    ],
)
async def test_what_is_written_in_another_way(scene: Scene, old: str, new: str, line: str) -> None:
    assert media_of(await shown(scene, SDP.replace(old, new))) == [line]


@pytest.mark.parametrize(
    ("formats", "described", "expected"),
    [
        ("8 101", "", "8"),
        ("99 8 101", "101 telephone-event/8000", "8 101"),
        ("8 200 300 96", "200 x/8000 96 y/8000", "8 96"),
        ("96 101", "96 PCMA/8000 101 telephone-event/8000", "96 101"),
        ("18 8 97", "97", "18 8"),
    ],
)
async def test_formats_that_nothing_describes_are_taken_out(
    scene: Scene, formats: str, described: str, expected: str
) -> None:
    """The worker's library would refuse the whole offer."""
    maps = re.sub(r" *(\d+) (\S+)", r"a=rtpmap:\1  \2\r\n", described)  # two blanks, as some write
    sdp = await shown(scene, f"{HEAD}m=audio 40000 RTP/AVP {formats}\r\n{maps}")
    assert media_of(sdp) == [f"m=audio 40000 RTP/AVP {expected}"]
    assert "  " not in sdp


async def test_g711_is_served_under_whatever_number(scene: Scene) -> None:
    dynamic = "m=audio 40030 RTP/AVP 96\r\na=rtpmap:96 PCMU/8000\r\n"
    sdp = await shown(scene, HEAD + OTHER + dynamic)
    assert media_of(sdp) == ["m=audio 0 RTP/AVP 18", "m=audio 40030 RTP/AVP 96"]


async def test_nothing_described_at_all_is_488(scene: Scene) -> None:
    final = await scene.caller.call(sdp=f"{HEAD}m=audio 40000 RTP/AVP 96 101\r\n")
    assert (final.status, final.header("Warning")) == (
        488,
        '305 ROCARS-IVR "No format that is described"',
    )


@pytest.mark.parametrize("second", ["c=IN IP6 2001:db8::1", "c=IN IP4 slow.example.org"])
@pytest.mark.parametrize("of_session", [True, False])
async def test_of_two_addresses_one_serves(scene: Scene, second: str, of_session: bool) -> None:
    first = "c=IN IP4 127.0.0.1"
    head = HEAD.replace(first, f"{first}\r\n{second}") if of_session else HEAD
    more = "" if of_session else f"{first}\r\n{second}\r\n"
    sdp = await shown(scene, head + AUDIO.replace("101\r\n", f"101\r\n{more}", 1))
    assert set(re.findall(r"c=.*(?=\r)", sdp)) == {first}


@pytest.mark.parametrize(
    "origin", ["My PBX 1 1 IN IP4 pbx", "- -1 -1 IN IP4 h", "- 5f 1.0 IN IP4 "]
)
async def test_nobody_reads_the_origin(scene: Scene, origin: str) -> None:
    sdp = await shown(scene, SDP.replace("o=- 1 1 IN IP4 127.0.0.1", f"o={origin}"))
    assert re.sub(r"o=.*", "", sdp) == re.sub(r"o=.*", "", SDP)


@pytest.mark.parametrize("name", ["s= \r\n", "s=\r\n", "", "s=Cisco SDP 0\r\n"])
async def test_a_session_needs_no_name(scene: Scene, name: str) -> None:
    """The worker's library refuses a blank one, which RFC 8866, 5.3 writes for none."""
    sdp = await shown(scene, SDP.replace("s=-\r\n", name))
    assert sdp == SDP


@pytest.mark.parametrize("attribute", ["rtcp-fb:* nack", "ssrc:1 cname:a", "mid:0", "rtcp-mux",
    "candidate:1 1 UDP 2130706431 2001:db8::14 40000 typ host", "ice-ufrag:f14f", "extmap:1 urn:x",
    "rtcp:40001 IN IP6 ::1"])  # fmt: skip
async def test_attributes_nobody_reads_are_taken_out(scene: Scene, attribute: str) -> None:
    sdp = await shown(scene, f"{SDP}a={attribute}\r\na=ptime:20\r\n")
    assert sdp.replace("a=rtcp:40001\r\n", "") == SDP + "a=ptime:20\r\n"


@pytest.mark.parametrize("direction", ["inactive", "sendonly", "recvonly"])
async def test_the_direction_is_kept(scene: Scene, direction: str) -> None:
    assert f"a={direction}\r\n" in await shown(scene, f"{SDP}a={direction}\r\n")


async def test_a_call_may_be_held_at_the_port_that_discards(scene: Scene) -> None:
    held = SDP.replace("40000", "9").replace("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0")
    assert media_of(await shown(scene, f"{held}a=inactive\r\n")) == ["m=audio 9 RTP/AVP 8 101"]


async def test_addresses_of_the_session_are_of_no_account_where_the_line_has_one(
    scene: Scene,
) -> None:
    sdp = SDP.replace("IN IP4 127.0.0.1", "IN IP6 2001:db8::1")
    sdp = await shown(scene, sdp.replace(" 8 101\r\n", " 8 101\r\nc=IN IP4 127.0.0.1\r\n"))
    assert sdp.count("c=") == 1
    assert "c=IN IP4 127.0.0.1" in sdp


async def test_a_plain_offer_is_not_touched(scene: Scene) -> None:
    assert await shown(scene, SDP) == SDP


ISUP = (
    "application/isup;version=itu-t92+;base=itu-t92+\r\n"
    "Content-Disposition: signal;handling={}\r\n\r\n\x01\x00H\x00\n\x03"
)
PIDF = "application/pidf+xml\r\nContent-ID: <a@b>\r\n\r\n<presence/>"


def parts(*bodies: str) -> str:
    return "".join(f"--b42\r\nContent-Type: {body}\r\n" for body in bodies) + "--b42--\r\n"


@pytest.mark.parametrize("kind", ["mixed", "related", "alternative"])
@pytest.mark.parametrize(
    "bodies",
    [
        [f"application/sdp\r\n\r\n{SDP}", ISUP.format("optional")],
        [ISUP.format("optional"), f"application/sdp\r\n\r\n{SDP}"],
        [
            f"application/sdp\r\nContent-Disposition: session;handling=required\r\n\r\n{SDP}",
            PIDF,
            ISUP.format("optional"),
        ],
    ],
)
async def test_the_sdp_of_several_parts_is_the_offer(
    scene: Scene, kind: str, bodies: list[str]
) -> None:
    sdp = await shown(scene, parts(*bodies), kind=f"multipart/{kind};boundary=b42")
    assert sdp.strip() == SDP.strip()


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
async def test_the_sdp_may_be_deep_in_parts_of_any_line_ends(scene: Scene, ends: str) -> None:
    inner = f"--i\r\nContent-Type: application/sdp\r\n\r\n{HEAD}{AUDIO}{VIDEO}\r\n--i--"
    body = (
        f"--b42\r\nContent-Type: multipart/related;boundary=i\r\n\r\n{inner}\r\n"
        "--b42\r\nContent-Type: application/x-note\r\n\r\nm=video 9 RTP/AVP 31\r\n--b42--\r\n"
    )
    kind = "multipart/mixed;boundary=b42"
    sdp = await shown(scene, body.replace("\r\n", ends), kind=kind)
    assert media_of(sdp) == [AUDIO.partition("\r\n")[0], LINES[VIDEO]]


@pytest.mark.parametrize("inner", ["mixed", "related", "alternative"])
@pytest.mark.parametrize("first", [True, False])
async def test_the_sdp_may_be_deep_in_parts_behind_a_binary_one(
    scene: Scene, inner: str, first: bool
) -> None:
    within = f"--i\r\nContent-Type: application/sdp\r\n\r\n{SDP}\r\n--i--\r\n"
    nested = f"multipart/{inner};boundary=i\r\n\r\n{within}"
    bodies = [ISUP.format("optional"), nested]
    body = parts(*(bodies if first else bodies[::-1]))
    sdp = await shown(scene, body, kind="multipart/mixed;boundary=b42")
    assert sdp.strip() == SDP.strip()


@pytest.mark.parametrize("nested", [False, True])
async def test_the_sdp_of_a_part_may_be_long(scene: Scene, nested: bool) -> None:
    """As of a browser behind a gateway; regular expressions of the front take 1,000 bytes."""
    candidates = "".join(
        f"a=candidate:{number} 1 UDP 2130706431 192.0.2.{number} 40000 typ host\r\n"
        for number in range(1, 60)
    )
    part = f"application/sdp\r\n\r\n{SDP}{candidates}"
    if nested:
        within = f"--i\r\nContent-Type: {part}\r\n--i--\r\n"
        part = f"multipart/alternative;boundary=i\r\n\r\n{within}"
    sdp = await shown(scene, parts(PIDF, part), kind="multipart/mixed;boundary=b42")
    assert sdp.strip() == SDP.strip()


async def test_parts_without_sdp_are_no_offer(scene: Scene) -> None:
    assert await shown(scene, parts(PIDF), kind='multipart/mixed; boundary="b42"') == ""


async def test_a_part_that_must_be_understood_is_415(scene: Scene) -> None:
    body = parts(f"application/sdp\r\n\r\n{SDP}", ISUP.format("required"))
    final = await scene.caller.call(sdp=body, kind="multipart/mixed;boundary=b42")
    assert (final.status, scene.invites) == (415, 0)
    assert "application/sdp" in final.header("Accept")


@pytest.mark.parametrize(
    ("sdp", "warning"),
    [
        (HEAD + VIDEO, '304 ROCARS-IVR "No audio line"'),
        (HEAD + SECURE, '302 ROCARS-IVR "SRTP only where signalling is TLS"'),
        (SDP.replace("127.0.0.1\r\nt=", "pbx.example.org\r\nt="), "301 ROCARS-IVR"),
        (SDP.replace("RTP/AVP", "UDP/TLS/RTP/SAVPF"), "302 ROCARS-IVR"),
        (SDP.replace("40000", "22"), "399 ROCARS-IVR"),
        (SDP.replace("40000", "0"), "304 ROCARS-IVR"),
    ],
)
async def test_what_cannot_be_served_goes_to_a_worker_without_sdp_and_with_the_reason(
    scene: Scene, sdp: str, warning: str
) -> None:
    """It is a worker that refuses the call and writes it down."""
    final = await scene.caller.call(sdp=sdp)
    assert final.status == 488
    assert final.header("Warning").startswith(warning)
    (invite,) = [message for worker in scene.workers for message in worker.invites]
    assert invite.header("X-Rocars-Unacceptable").startswith(warning)
    assert (invite.body, invite.header("Content-Length")) == ("", "0")


async def test_a_caller_cannot_have_themselves_refused(scene: Scene) -> None:
    await scene.caller.call(more='X-Rocars-Unacceptable: 399 x "y"')
    (invite,) = [message for worker in scene.workers for message in worker.invites]
    assert not invite.all("X-Rocars-Unacceptable")


async def test_within_a_call_the_answer_says_why(scene: Scene) -> None:
    final = await scene.caller.call()
    call_id = final.header("Call-ID")
    request = scene.caller.request("INVITE", call_id, cseq=2, established=final, sdp=HEAD + VIDEO)
    scene.caller.send(request, scene.caller.front)
    refused = await scene.caller.until(
        lambda message: message.header("CSeq") == "2 INVITE" and message.status >= 200
    )
    assert (refused.status, refused.header("Warning")) == (488, '304 ROCARS-IVR "No audio line"')


@pytest.mark.parametrize("address", [True, False])
async def test_within_a_call_sound_may_be_taken_away(scene: Scene, address: bool) -> None:
    """A worker is shown a refused line only with an address: its library aborts without one."""
    final = await scene.caller.call()
    call_id = final.header("Call-ID")
    head = HEAD if address else HEAD.replace("c=IN IP4 127.0.0.1\r\n", "")
    sdp = head + "m=audio 0 RTP/AVP 8\r\n" + VIDEO + "c=IN IP4 slow.example.org\r\n"
    request = scene.caller.request("INVITE", call_id, cseq=2, established=final, sdp=sdp)
    scene.caller.send(request, scene.caller.front)
    answer = await scene.caller.until(
        lambda message: message.header("CSeq") == "2 INVITE" and message.status >= 200
    )
    assert answer.status == (200 if address else 488)
    (worker,) = [candidate for candidate in scene.workers if candidate.invites]
    assert len(worker.invites) == (2 if address else 1)
    if address:
        expected = "m=audio 0 RTP/AVP 8\r\nm=video 0 RTP/AVP 97\r\n"
        assert worker.invites[1].body == HEAD + expected


async def test_the_address_of_the_served_line_holds_for_all(scene: Scene) -> None:
    """The library aborts on a refused line without any."""
    head = HEAD.replace("c=IN IP4 127.0.0.1\r\n", "")
    line = AUDIO.replace("\r\n", "\r\nc=IN IP4 127.0.0.1\r\n", 1)
    video = VIDEO.replace("\r\n", "\r\nc=IN IP6 2001:db8::1\r\n", 1)
    sdp = await shown(scene, head + video + line)
    assert sdp == HEAD + "m=video 0 RTP/AVP 97\r\n" + AUDIO
