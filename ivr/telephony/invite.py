"""What an INVITE says about a call: numbers, selected headers, offered codecs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ivr.telephony.identity import Identity, identities, is_private, name_and_uri

_COMPACT = {
    "i": "call-id",
    "f": "from",
    "t": "to",
    "m": "contact",
    "v": "via",
    "c": "content-type",
    "k": "supported",
    "l": "content-length",
    "s": "subject",
    "x": "session-expires",
    "b": "referred-by",
    "e": "content-encoding",
    "o": "event",
    "r": "refer-to",
}
_STATIC = {0: "PCMU", 3: "GSM", 4: "G723", 8: "PCMA", 9: "G722", 13: "CN", 18: "G729"}
_RTPMAP = re.compile(r"^a=rtpmap:(\d{1,3}) ([^/\s]+)")
_NOBODY = '"Anonymous" <sip:anonymous@anonymous.invalid>'
"""The name that RFC 3323, 4.1.1.3 gives a caller who withholds their identity."""
_TELL_WHO = frozenset(
    {
        *("from", "contact", "p-asserted-identity", "p-preferred-identity", "remote-party-id"),
        *("identity", "reply-to", "call-info", "referred-by"),
    }
)
_USER = re.compile(r"^(?:sips?:(?P<user>[^@?]*)@|tel:(?P<tel>[^;?]*))", re.IGNORECASE)


@dataclass(frozen=True)
class Invite:
    """One INVITE as received; all text is the other side's and not to be trusted.

    Attributes:
        call_id: SIP Call-ID.
        called: user part of the request URI, the number dialled.
        calling: user part of the most trusted identity; empty if there is none.
        identities: all that is said of who calls, most trusted first.
        private: the caller does not want their number shown: then nothing here has it.
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
    identities: tuple[Identity, ...] = ()
    private: bool = False
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
    private = is_private(headers)
    if private:
        headers = {name: values for name, values in headers.items() if name not in _TELL_WHO}
        headers["from"] = [_NOBODY]
    name, from_uri = name_and_uri(_first(headers, "from"))
    known_by = identities(headers)
    codecs, events = _offer(body)
    return Invite(
        call_id=_first(headers, "call-id"),
        called=_user(words[1]) if len(words) > 1 else "",
        calling=re.split("[;:]", known_by[0].user)[0],
        identities=known_by,
        private=private,
        from_uri=from_uri,
        display_name=name,
        source=source,
        codecs=codecs,
        telephone_event=events,
        headers={name: _first(headers, name.lower()) for name in kept if name.lower() in headers},
    )


def _first(headers: Mapping[str, list[str]], name: str) -> str:
    return headers[name][0] if name in headers else ""


def _headers(text: str) -> dict[str, list[str]]:
    unfolded = re.sub(r"\r\n[ \t]+", " ", text)  # RFC 3261, 7.3.1
    found: dict[str, list[str]] = {}
    for line in unfolded.split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            key = name.strip().lower()
            found.setdefault(_COMPACT.get(key, key), []).append(value.strip())
    return found


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
