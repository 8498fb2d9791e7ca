"""What an INVITE says about a call: numbers, selected headers, offered codecs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_COMPACT = {"i": "call-id", "f": "from", "t": "to", "m": "contact", "v": "via", "c": "content-type"}
_STATIC = {0: "PCMU", 3: "GSM", 4: "G723", 8: "PCMA", 9: "G722", 13: "CN", 18: "G729"}
_RTPMAP = re.compile(r"^a=rtpmap:(\d{1,3}) ([^/\s]+)")
_ADDRESS = re.compile(
    r"""^\s*(?:(?P<name>"(?:[^"\\]|\\.)*"|[^<"]*?)\s*<(?P<bracketed>[^>]*)>|(?P<bare>[^\s;]+))""",
    re.DOTALL,
)
_USER = re.compile(r"^(?:sips?:(?P<user>[^@?]*)@|tel:(?P<tel>[^;?]*))", re.IGNORECASE)


@dataclass(frozen=True)
class Invite:
    """One INVITE as received; all text is the other side's and not to be trusted.

    Attributes:
        call_id: SIP Call-ID.
        called: user part of the request URI, the number dialled.
        calling: number of the caller as received: P-Asserted-Identity (RFC 3325) if the front let
            one through, otherwise From; empty if there is none.
        from_uri: URI of the From header.
        display_name: name of the From header, without quotes.
        source: IP address and port the request came from.
        codecs: names of the offered audio codecs in the offer's order, telephone-event left out;
            empty for an INVITE without an offer.
        telephone_event: whether key presses as RFC 4733 events were offered.
        headers: selected headers by the name they were asked for, the first of each.
    """

    call_id: str = ""
    called: str = ""
    calling: str = ""
    from_uri: str = ""
    display_name: str = ""
    source: str = ""
    codecs: tuple[str, ...] = ()
    telephone_event: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def source_address(self) -> str:
        """The IP address alone."""
        return self.source.rpartition(":")[0] or self.source


def read_invite(message: str, source: str, kept: Iterable[str]) -> Invite:
    """Read an INVITE that the library has already parsed and found well-formed."""
    head, _, body = message.partition("\r\n\r\n")
    first, _, rest = head.partition("\r\n")
    headers = _headers(rest)
    words = first.split()
    name, from_uri = _address(headers.get("from", ""))
    _, asserted = _address(headers.get("p-asserted-identity", ""))
    codecs, events = _offer(body)
    return Invite(
        call_id=headers.get("call-id", ""),
        called=_user(words[1]) if len(words) > 1 else "",
        calling=_user(asserted) or _user(from_uri),
        from_uri=from_uri,
        display_name=name,
        source=source,
        codecs=codecs,
        telephone_event=events,
        headers={one: headers[one.lower()] for one in kept if one.lower() in headers},
    )


def _headers(text: str) -> dict[str, str]:
    unfolded = re.sub(r"\r\n[ \t]+", " ", text)  # RFC 3261, 7.3.1
    found: dict[str, str] = {}
    for line in unfolded.split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            key = name.strip().lower()
            found.setdefault(_COMPACT.get(key, key), value.strip())
    return found


def _address(value: str) -> tuple[str, str]:
    """Display name and URI of a From-like header (RFC 3261, 20.10)."""
    match = _ADDRESS.match(" ".join(value.split()))
    if match is None:
        return "", ""
    if match["bare"] is not None:
        return "", match["bare"]
    name = (match["name"] or "").strip()
    if name.startswith('"'):
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return name, match["bracketed"].strip()


def _user(uri: str) -> str:
    match = _USER.match(uri)
    if match is None:
        return ""
    user = match["user"] if match["user"] is not None else match["tel"]
    return re.split("[;:]", user)[0]  # without parameters (RFC 3398, 12) and password


def _offer(sdp: str) -> tuple[tuple[str, ...], bool]:
    formats: list[int] = []
    names: dict[int, str] = dict(_STATIC)
    audio = False
    for line in sdp.splitlines():
        if line.startswith("m="):
            audio = line.startswith("m=audio ") and not formats
            if audio:
                formats = [
                    int(word) for word in line.split()[3:] if word.isascii() and word.isdigit()
                ]
        elif audio and (match := _RTPMAP.match(line)):
            names[int(match[1])] = match[2]
    offered = [names[number] for number in formats if number in names]
    keys = any(name.lower() == "telephone-event" for name in offered)
    return tuple(name for name in offered if name.lower() != "telephone-event"), keys
