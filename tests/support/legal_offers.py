"""Offers that RFC 3264, RFC 8866 and RFC 3261 allow, drawn at random, each with plain G.711 in it.

A seed gives the same offer each time, so that one that went wrong can be looked into.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

SHORT = {
    "Via": "v",
    "From": "f",
    "To": "t",
    "Call-ID": "i",
    "Contact": "m",
    "Content-Type": "c",
    "Content-Length": "l",
    "Supported": "k",
    "Session-Expires": "x",
}

_KEY = "AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
_BESIDE = {
    "video": (
        "m=video {port} RTP/AVP 97 98",
        "a=rtpmap:97 H264/90000",
        "a=fmtp:97 profile-level-id=42801F",
        "a=rtpmap:98 VP8/90000",
    ),
    "feedback": ("m=video {port} RTP/AVPF 96", "b=AS:1000", "a=rtcp-fb:96 nack pli"),
    "image": ("m=image {port} udptl t38", "a=T38FaxVersion:0", "a=T38FaxRateManagement:localTCF"),
    "bfcp": ("m=application {port} TCP/BFCP *", "a=setup:actpass", "a=connection:new"),
    "data": ("m=application {port} UDP/DTLS/SCTP webrtc-datachannel", "a=sctp-port:5000"),
    "chat": ("m=message {port} TCP/MSRP *", "a=accept-types:text/plain", "a=path:msrp://x:9/a;tcp"),
    "text": ("m=text {port} RTP/AVP 99", "a=rtpmap:99 t140/1000"),
    "refused": ("m=audio 0 RTP/AVP 8", "c=IN IP4 0.0.0.0"),
    "secure": ("m=audio {port} RTP/SAVP 8 0", f"a=crypto:1 {_KEY}"),
    "other codec": ("m=audio {port} RTP/AVP 18", "a=rtpmap:18 G729/8000", "a=fmtp:18 annexb=no"),
}
_OF_A_LINE = (
    "a=ptime:{ptime}",
    "a=maxptime:150",
    "a=rtcp:{next}",
    "a=rtcp:{next} IN IP4 {host}",
    "a=rtcp:{next} IN IP6 2001:db8::7",
    "a=ssrc:12345 cname:user@pbx.example.org",
    "a=candidate:1 1 UDP 2130706431 2001:db8::14 {port} typ host",
    "a=candidate:2 1 UDP 1694498815 {host} {port} typ host",
    "a=ice-ufrag:f14f",
    "a=ice-pwd:abcdefghijklmnopqrstuv",
    "a=rtcp-fb:* trr-int 1000",
    "a=label:1",
    "a=mid:0",
    "a=silenceSupp:off - - - -",
    "a=X-nat:0",
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "b=AS:64",
    "b=TIAS:64000",
    "i=the caller",
)
_OF_THE_SESSION = (
    "i=a call",
    "u=http://pbx.example.org/",
    "e=pbx@example.org",
    "b=CT:1000",
    "b=AS:80",
)
_LAST_OF_THE_SESSION = (
    "a=group:BUNDLE 0 1",
    "a=msid-semantic: WMS *",
    "a=tool:pbx 1.0",
    "a=ice-lite",
    "a=X-host:pbx.example.org",
)
_DIRECTIONS = ("", "", "", "sendrecv", "recvonly", "sendonly", "inactive")


@dataclass(frozen=True)
class LegalOffer:
    """One offer.

    Attributes:
        body, kind: of the INVITE; its Content-Type.
        lines: kind of each media line.
        hears: whether the offerer takes sound.
        events: number of its key presses; None where it offers none at 8000 Hz.
        short, folded: whether header names are short, and long headers go on in the next line.
    """

    body: str
    kind: str
    lines: tuple[str, ...]
    hears: bool
    events: int | None
    short: bool
    folded: bool

    def spelt(self, message: str) -> str:
        """The INVITE, its headers in this offer's spelling (RFC 3261, 7.3)."""
        head, gap, body = message.partition("\r\n\r\n")
        if self.folded:
            head = re.sub(r"(?m)^(From|To): (.*?)(;tag=)", r"\1:\t\2\r\n \3", head)
        if self.short:
            head = re.sub(
                r"(?m)^([A-Za-z-]+)(?=:)", lambda header: SHORT.get(header[1], header[1]), head
            )
        return head + gap + body


def legal_offer(seed: int, host: str, port: int) -> LegalOffer:
    """That of this seed, for RTP at this address."""
    chance = random.Random(seed)
    ptime = chance.choice((10, 20, 30, 40, 60))
    words = {"host": host, "port": port, "next": port + 1, "ptime": ptime}
    beside = chance.sample(sorted(_BESIDE), chance.choice((0, 0, 1, 1, 2, 3, 5)))
    at = chance.randint(0, len(beside))
    audio, direction, events = _audio(chance, words)
    of_all = chance.random() < 0.7
    blocks = [_BESIDE[name] for name in beside]
    lines = [
        [line.format(**words | {"port": 40000 + 2 * n}) for line in block]
        for n, block in enumerate(blocks)
    ]
    if not of_all:
        audio.insert(1, f"c=IN IP4 {host}")
        for block in lines:
            if len(block) < 2 or not block[1].startswith("c="):
                block.insert(1, chance.choice((f"c=IN IP4 {host}", "c=IN IP6 2001:db8::9")))
    lines.insert(at, audio)
    user = chance.choice(("-", "pbx", "user@example.org", "FreeSWITCH"))
    version = chance.choice(("1", "1234567890", "9223372036854775807"))
    origin = chance.choice((f"IN IP4 {host}", "IN IP6 2001:db8::1", "IN IP4 pbx.example.org"))
    head = [
        "v=0",
        f"o={user} {version} {chance.randint(0, 9999)} {origin}",
        "s=" + chance.choice(("-", " ", "a call", "pjmedia")),
        *(line for line in _OF_THE_SESSION if not line.startswith("b=") and chance.random() < 0.2),
        *([f"c=IN IP4 {host}"] if of_all else []),
        *(line for line in _OF_THE_SESSION if line.startswith("b=") and chance.random() < 0.2),
        chance.choice(("t=0 0", "t=2873397496 2873404696\r\nr=604800 3600 0 90000")),
        *(line for line in _LAST_OF_THE_SESSION if chance.random() < 0.2),
    ]
    if direction and chance.random() < 0.2:
        head.append(f"a={direction}")
    elif direction:
        audio.append(f"a={direction}")
    sdp = "".join(f"{line}\r\n" for line in (*head, *(line for block in lines for line in block)))
    body, kind = _within(chance, sdp)
    return LegalOffer(
        body,
        kind,
        tuple(block[0].split()[0].removeprefix("m=") for block in lines),
        direction in ("", "sendrecv", "recvonly"),
        events,
        chance.random() < 0.3,
        chance.random() < 0.2,
    )


def _audio(chance: random.Random, words: dict[str, object]) -> tuple[list[str], str, int | None]:
    dynamic = chance.sample(range(96, 128), 4)
    formats: list[int] = []
    maps: list[str] = []
    for number, name in ((8, "PCMA"), (0, "PCMU")):
        if not formats or chance.random() < 0.6:
            formats.append(number)
            if chance.random() < 0.7:
                maps.append(f"a=rtpmap:{number} {name}/8000" + chance.choice(("", "/1")))
    if chance.random() < 0.5:
        formats.reverse()
    for number, name in ((dynamic[0], "opus/48000/2"), (18, "G729/8000"), (9, "G722/8000")):
        if chance.random() < 0.3:
            formats.insert(chance.randint(0, len(formats)), number)
            maps.append(f"a=rtpmap:{number} {name}")
    events = None
    if chance.random() < 0.3:
        formats.append(dynamic[1])
        maps.append(f"a=rtpmap:{dynamic[1]} telephone-event/48000")
    if chance.random() < 0.8:
        events = dynamic[2]
        formats.append(events)
        maps += [f"a=rtpmap:{events} telephone-event/8000"]
        maps += [f"a=fmtp:{events} 0-{chance.choice((11, 15, 16))}"] * chance.randint(0, 1)
    if chance.random() < 0.3:
        formats.append(13)
    chance.shuffle(maps)
    port = f"{words['port']}{chance.choice(('', '', '', '/1'))}"
    profile = chance.choice(("RTP/AVP", "RTP/AVP", "RTP/AVPF"))
    more = [line.format(**words) for line in _OF_A_LINE if chance.random() < 0.2]
    first = [line for line in more if line[0] in "ib"]
    return (
        [
            f"m=audio {port} {profile} {' '.join(map(str, formats))}",
            *sorted(first, reverse=True),
            *maps,
            *(line for line in more if line[0] == "a"),
        ],
        chance.choice(_DIRECTIONS),
        events,
    )


def _within(chance: random.Random, sdp: str) -> tuple[str, str]:
    """The SDP alone, or among other parts of a body (RFC 5621)."""
    if chance.random() < 0.75:
        return sdp, chance.choice(("application/sdp", "application/sdp;charset=utf-8"))
    own = ["Content-Type: application/sdp"]
    own += ["Content-Disposition: session;handling=required"] * chance.randint(0, 1)
    own += ["Content-ID: <sdp@pbx>"] * chance.randint(0, 1)
    others = [
        ("Content-Type: application/isup;version=itu-t92+", "\x01\x00H\x00"),
        ("Content-Type: application/pidf+xml", "<presence/>"),
        ("Content-Type: application/x-note", "v1=x"),
    ]
    optional = "Content-Disposition: signal;handling=optional"
    parts = [
        "\r\n".join([kind, optional, "", content])
        for kind, content in chance.sample(others, chance.randint(0, 2))
    ]
    offer = "\r\n".join([*own, "", sdp])
    if chance.random() < 0.2:  # a part of a part
        kind = f"multipart/{chance.choice(('alternative', 'mixed', 'related'))};boundary=within"
        offer = f"Content-Type: {kind}\r\n\r\n--within\r\n{offer}\r\n--within--\r\n"
    parts.insert(chance.randint(0, len(parts)), offer)
    bounds = chance.choice(("b42", "----=_Part_1"))
    body = "".join(f"--{bounds}\r\n{part}\r\n" for part in parts) + f"--{bounds}--\r\n"
    boundary = f'"{bounds}"' if "=" in bounds or chance.random() < 0.5 else bounds
    return body, f"multipart/{chance.choice(('mixed', 'related'))};boundary={boundary}"
