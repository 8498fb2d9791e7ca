"""Malformed and malicious SIP in the manner of RFC 4475: every defect in every method it fits.

Each message is otherwise a good one, so that what is looked at is the defect. Addresses in SDP are
on loopback, or such as a front must refuse: nothing here makes anybody send off this machine.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

METHODS = (
    *("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "UPDATE"),
    *("REGISTER", "MESSAGE", "SUBSCRIBE", "NOTIFY", "REFER", "FOO"),
)

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)


@dataclass(frozen=True)
class Hostile:
    """One message, and what is wrong with it."""

    name: str
    data: bytes


Defect = Callable[[str], str]


def _line(name: str, value: str) -> Defect:
    """Another value for a header."""

    def spoil(message: str) -> str:
        head, _, rest = message.partition(f"\r\n{name}: ")
        _, _, after = rest.partition("\r\n")
        return f"{head}\r\n{name}: {value}\r\n{after}"

    return spoil


def _without(name: str) -> Defect:
    def spoil(message: str) -> str:
        head, _, rest = message.partition(f"\r\n{name}: ")
        _, _, after = rest.partition("\r\n")
        return f"{head}\r\n{after}"

    return spoil


def _more(lines: str) -> Defect:
    """Further header lines, before the rest."""

    def spoil(message: str) -> str:
        first, _, rest = message.partition("\r\n")
        return f"{first}\r\n{lines}\r\n{rest}"

    return spoil


def _first(change: Callable[[str, str, str], str]) -> Defect:
    def spoil(message: str) -> str:
        first, _, rest = message.partition("\r\n")
        method, uri, version = first.split(" ")
        return f"{change(method, uri, version)}\r\n{rest}"

    return spoil


VIA = "SIP/2.0/UDP 127.0.0.1:5999;branch=z9hG4bK"
DEFECTS: dict[str, Defect] = {
    # What must be there is not
    **{
        f"no {name}": _without(name)
        for name in ("Via", "From", "To", "Call-ID", "CSeq", "Max-Forwards", "Contact")
    },
    "no Content-Length": _without("Content-Length"),
    # The start line
    "SIP/7.0": _first(lambda method, uri, _: f"{method} {uri} SIP/7.0"),
    "no version": _first(lambda method, uri, _: f"{method} {uri}"),
    "two spaces": _first(lambda method, uri, version: f"{method}  {uri}  {version}"),
    "tabs": _first(lambda method, uri, version: f"{method}\t{uri}\t{version}"),
    "no URI": _first(lambda method, _, version: f"{method}  {version}"),
    "URI in brackets": _first(lambda method, uri, version: f"{method} <{uri}> {version}"),
    "URI of 3 kB": _first(lambda method, uri, version: f"{method} sip:{'9' * 3000}@x {version}"),
    "URI without user": _first(lambda method, _, version: f"{method} sip: {version}"),
    "URI with escapes": _first(
        lambda method, _, version: f"{method} sip:%00%0d%0a%zz@127.0.0.1 {version}"
    ),
    "URI with format signs": _first(
        lambda method, _, version: f"{method} sip:%n%s%n%x@127.0.0.1 {version}"
    ),
    "URI of another scheme": _first(lambda method, _, version: f"{method} nobody:x {version}"),
    "tel URI": _first(lambda method, _, version: f"{method} tel:+85236690000;x=y {version}"),
    "URI with port 99999": _first(lambda method, _, version: f"{method} sip:x@h:99999 {version}"),
    "URI with headers": _first(
        lambda method, uri, version: f"{method} {uri}?Route=%3Csip:x%3E&Subject=a {version}"
    ),
    "method in lower case": _first(
        lambda method, uri, version: f"{method.lower()} {uri} {version}"
    ),
    # Via
    "Via of another protocol": _line("Via", "HTTP/1.1/TCP 127.0.0.1;branch=z9hG4bKa"),
    "Via with port 99999": _line("Via", "SIP/2.0/UDP 127.0.0.1:99999;branch=z9hG4bKb"),
    "Via without branch": _line("Via", "SIP/2.0/UDP 127.0.0.1:5999"),
    "Via with an empty branch": _line("Via", f"{VIA[:-7]}"),
    "Via with a long branch": _line("Via", VIA + "x" * 2000),
    "Via with nothing": _line("Via", ""),
    "Via with commas": _line("Via", f",, {VIA}c,,"),
    "Via with forged received": _line(
        "Via", f"{VIA}d;received=192.0.2.255;rport=1;maddr=224.0.0.1"
    ),
    "Via seventy times": _more("\r\n".join(f"Via: {VIA}{number}" for number in range(40))),
    # From, To, Contact
    "From with an open quote": _line("From", '"Bob <sip:bob@127.0.0.1>;tag=1'),
    "From with an open bracket": _line("From", "<sip:bob@127.0.0.1;tag=1"),
    "From without tag": _line("From", "<sip:bob@127.0.0.1>"),
    "From with two tags": _line("From", "<sip:bob@127.0.0.1>;tag=1;tag=2"),
    "From with a tag of 2 kB": _line("From", f"<sip:bob@127.0.0.1>;tag={'t' * 2000}"),
    "From with control characters": _line("From", '"\x1b[31m\x00\x07" <sip:\x01@127.0.0.1>;tag=1'),
    "From with a forged log line": _line(
        "From", '"x\\\r\n {\\"event\\": \\"forged\\"}" <sip:bob@127.0.0.1>;tag=1'
    ),
    "From with a byte order mark": _line("From", "\ufeff<sip:bob@127.0.0.1>;tag=1"),
    "From with nothing": _line("From", ""),
    "From twice": _more("From: <sip:other@127.0.0.1>;tag=2"),
    "To with an unknown tag": _line("To", "<sip:3902@127.0.0.1>;tag=nobody"),
    "To with rubbish": _line("To", "<<<>>>;;;===,,,"),
    "Contact with rubbish": _line("Contact", "<sip:@@:::>;q=99"),
    "Contact with a star": _line("Contact", "*"),
    "Contact with a host name": _line("Contact", "<sip:x@slow.example.org>"),
    "Contact of port 0": _line("Contact", "<sip:x@127.0.0.1:0>"),
    "Contact twenty times": _more(
        "\r\n".join(f"Contact: <sip:x@127.0.0.1:{number}>" for number in range(1, 20))
    ),
    # CSeq, Max-Forwards, Content-Length and other numbers
    "CSeq too large": _line("CSeq", "36893488147419103232 INVITE"),
    "CSeq negative": _line("CSeq", "-1 INVITE"),
    "CSeq of another method": _line("CSeq", "1 OTHER"),
    "CSeq without number": _line("CSeq", "INVITE"),
    "Max-Forwards 0": _line("Max-Forwards", "0"),
    "Max-Forwards 300": _line("Max-Forwards", "300"),
    "Max-Forwards in words": _line("Max-Forwards", "seventy"),
    "Content-Length negative": _line("Content-Length", "-999"),
    "Content-Length too large": _line("Content-Length", "9999"),
    "Content-Length too small": _line("Content-Length", "3"),
    "Content-Length overflowing": _line("Content-Length", "4294967295"),
    "Content-Length in words": _line("Content-Length", "many"),
    "Content-Length twice": _more("Content-Length: 1"),
    "Expires overflowing": _more("Expires: 99999999999999999999"),
    "Session-Expires 0": _more("Session-Expires: 0;refresher=uas\r\nSupported: timer"),
    "Session-Expires overflowing": _more("Session-Expires: 4294967296\r\nMin-SE: -1"),
    # The whole
    "unknown Require": _more("Require: nothingSupportsThis, 100rel\r\nProxy-Require: neither"),
    "routes to a worker": _more("Route: <sip:127.0.0.1:5070;lr>\r\nRoute: <sip:127.0.0.1;lr>"),
    "routes in a loop": _more("Route: <sip:127.0.0.1:5060;lr>" + ", <sip:127.0.0.1:5060;lr>" * 30),
    "a forged source": _more("X-Rocars-Source: trunk 10.0.0.1:5060;udp"),
    "a hundred headers": _more("\r\n".join(f"X-{number}: {number}" for number in range(100))),
    "a header of 2.5 kB": _more("Subject: " + "s" * 2500),
    "a header of 20 kB": _more("Subject: " + "s" * 20_000),
    "a header without name": _more(": nothing"),
    "a header without colon": _more("Nothing at all"),
    "a header of folds": _more("Subject: a" + "\r\n " * 200 + "b"),
    "bad credentials": _more('Authorization: Digest username="x", realm=, nonce="'),
    "a date that is none": _more("Date: Fri, 99 Foo 0000 99:99:99 ???"),
    "line feeds alone": lambda message: message.replace("\r\n", "\n"),
    "carriage returns alone": lambda message: message.replace("\r\n", "\r"),
    "no blank line": lambda message: message.replace("\r\n\r\n", "\r\n"),
    "half a message": lambda message: message[: len(message) // 2],
    "two messages": lambda message: message + message,
    "blank lines before": lambda message: "\r\n\r\n\r\n" + message,
    "rubbish before": lambda message: "\x00\xff\xfe" + message,
    "a body of another kind": lambda message: message.replace(
        "application/sdp", 'multipart/mixed;boundary="--"'
    ),
    "a body without kind": _without("Content-Type"),
}

OFFERS: dict[str, str] = {
    "empty": "",
    "blank": "\r\n\r\n",
    "bytes": "\x00\x01\x02\xff" * 50,
    "no version": SDP.replace("v=0\r\n", ""),
    "no session": SDP.replace("s=-\r\n", ""),
    "no connection": SDP.replace("c=IN IP4 127.0.0.1\r\n", ""),
    "no media": SDP[: SDP.index("m=")],
    "two media": SDP + "m=audio 40002 RTP/AVP 8\r\n",
    "fifty media": SDP + "m=audio 40002 RTP/AVP 8\r\n" * 50,
    "video": SDP.replace("m=audio", "m=video"),
    "a host name": SDP.replace("c=IN IP4 127.0.0.1", "c=IN IP4 slow.example.org"),
    "a host name in rtcp": SDP + "a=rtcp:40001 IN IP4 slow.example.org\r\n",
    "IPv6": SDP.replace("c=IN IP4 127.0.0.1", "c=IN IP6 ::1"),
    "multicast": SDP.replace("c=IN IP4 127.0.0.1", "c=IN IP4 224.2.0.1/127"),
    "broadcast": SDP.replace("c=IN IP4 127.0.0.1", "c=IN IP4 255.255.255.255"),
    "impossible address": SDP.replace("c=IN IP4 127.0.0.1", "c=IN IP4 999.999.999.999"),
    **{
        f"port {port}": SDP.replace("40000", port)
        for port in ("-1", "0", "1", "65535", "65536", "99999999999999", "40000/2", "x")
    },
    "no formats": SDP.replace(" 8 0 101", ""),
    "formats beyond 127": SDP.replace(" 8 0 101", " 8 255 999"),
    "forty formats": SDP.replace(" 8 0 101", " 8" * 40),
    "formats without map": SDP.replace(" 8 0 101", " 96 97 98"),
    "unknown codec": SDP.replace("8 0 101", "96") + "a=rtpmap:96 L99/999999999/99\r\n",
    "map without number": SDP + "a=rtpmap: PCMA/8000\r\na=rtpmap:\r\na=rtpmap:8\r\n",
    "map of clock 0": SDP + "a=rtpmap:8 PCMA/0\r\n",
    "events of another range": SDP + "a=fmtp:101 0-999999999999,x-y\r\n",
    "ptime 0": SDP + "a=ptime:0\r\na=maxptime:0\r\n",
    "ptime 99999": SDP + "a=ptime:99999\r\n",
    "ptime 60": SDP + "a=ptime:60\r\n",
    "keys in an open offer": SDP + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\n",
    "SRTP": SDP.replace("RTP/AVP", "RTP/SAVP"),
    "candidates": SDP + "a=ice-ufrag:x\r\na=candidate:1 1 UDP 1 127.0.0.1 9 typ host\r\n" * 20,
    "a long attribute": SDP + f"a={'x' * 2000}\r\n",
    "two hundred attributes": SDP + "a=x\r\n" * 200,
    "an origin without end": SDP.replace("o=- 1 1", f"o={'o' * 600} 99999999999999999999 -1"),
    "lines without sign": SDP + "nothing\r\n=\r\n==\r\n",
    "held by everybody": SDP + "a=inactive\r\na=sendonly\r\na=recvonly\r\n",
    "the front's own port": SDP.replace("40000", "5060"),
    "line feeds alone": SDP.replace("\r\n", "\n"),
    "no end of line": SDP.rstrip(),
}

ALONE: dict[str, bytes] = {
    "nothing": b"",
    "a line": b"\r\n",
    "keep-alive": b"\r\n\r\n",
    "a zero": b"\0",
    "a kilobyte of zeros": bytes(1000),
    "every byte": bytes(range(256)) * 4,
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "RTP": b"\x80\x08\x00\x01" + bytes(168),
    "STUN": b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12),
    "DNS": b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x00\x00\x01\x00\x01",
    "a TLS hello": b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03",
    "spaces": b" " * 3000,
    **{
        f"an answer {status!r} to nothing": (
            f"SIP/2.0 {status}\r\nVia: {VIA}answer\r\nFrom: <sip:a@b>;tag=1\r\n"
            "To: <sip:c@d>;tag=2\r\nCall-ID: nothing\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
        ).encode()
        for status in ("200 OK", "100", "99 Low", "1000 High", "-1 Bad", "700 New", "OK", "")
    },
}


def request(method: str, body: str = SDP, branch: str = "", *, transport: str = "UDP") -> str:
    """A good request outside any dialogue, from 127.0.0.1:5999."""
    call_id = secrets.token_hex(8)
    return (
        f"{method} sip:3902@127.0.0.1 SIP/2.0\r\n"
        f"Via: SIP/2.0/{transport} 127.0.0.1:5999;rport;branch={branch or 'z9hG4bK' + call_id}\r\n"
        f"From: <sip:+85291234567@127.0.0.1>;tag={call_id[:6]}\r\n"
        "To: <sip:3902@127.0.0.1>\r\n"
        f"Call-ID: {call_id}\r\n"
        f"CSeq: 1 {method}\r\n"
        "Contact: <sip:caller@127.0.0.1:5999>\r\n"
        "Max-Forwards: 70\r\n"
        "Content-Type: application/sdp\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )


def corpus(*, transport: str = "UDP") -> Iterator[Hostile]:
    """Every defect in every method, every offer in an INVITE, and what is no SIP at all."""
    for method in METHODS:
        for name, spoil in DEFECTS.items():
            spoilt = spoil(request(method, transport=transport))
            yield Hostile(f"{method}: {name}", _bytes(spoilt))
    for name, offer in OFFERS.items():
        yield Hostile(f"offer: {name}", _bytes(request("INVITE", offer, transport=transport)))
    for name, data in ALONE.items():
        yield Hostile(name, data)


def _bytes(message: str) -> bytes:
    return message.encode("latin-1", errors="replace")
