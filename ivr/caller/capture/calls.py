"""The calls in a capture, reconstructed from their SIP messages."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ivr.caller.capture.datagrams import Address, CannotBeRead, Capture, Datagram
from ivr.caller.wire.message import Message

_START = re.compile(r"SIP/2\.0 [1-6]\d\d( |$)|[A-Z]+ \S+ SIP/2\.0$")
_USER = re.compile(r"sips?:([^@;>]*)@")
_TAG = re.compile(r";\s*tag\s*=", re.I)
"""In the To of a request: it belongs to a call that has been answered (RFC 3261, 12.2.1.1)."""
_EVENT = re.compile(r"a=rtpmap:(\d+) telephone-event/", re.I)
_CRYPTO = re.compile(r"^a=(crypto|fingerprint):", re.M)
_KEY = re.compile(r"signal\s*=\s*([0-9*#A-D])", re.I)
OFFERS_SOUND = "m=audio"


@dataclass(frozen=True)
class KeyInfo:
    """A key that came as SIP INFO."""

    at: float
    key: str


@dataclass
class CallInCapture:
    """One call, on the first hop on which it was captured.

    Attributes:
        caller_sound, service_sound: where each side receives sound, by its own description.
        answered_at, ended_at: None if not captured.
        events: payload types of telephone-event in what the service agreed to.
        transfers: when the service sent a REFER, and its target.
    """

    call_id: str
    caller: Address
    service: Address
    invited_at: float
    number: str
    dialled: str
    answered_at: float | None = None
    ended_at: float | None = None
    by_caller: bool = False
    status: int = 0
    encrypted: bool = False
    had_begun: bool = False
    """Its first INVITE was not captured: the one that was belongs to a call that goes on."""
    caller_sound: set[Address] = field(default_factory=set)
    service_sound: set[Address] = field(default_factory=set)
    events: set[int] = field(default_factory=set)
    infos: list[KeyInfo] = field(default_factory=list)
    transfers: list[tuple[float, str]] = field(default_factory=list)
    _seen: set[tuple[bool, str]] = field(default_factory=set)

    def summary(self) -> str:
        """The call in one line, for a list."""
        began = datetime.fromtimestamp(self.invited_at, UTC)
        if self.had_begun:
            became = "had begun before the capture"
        elif self.answered_at is None:
            became = f"not answered{f' ({self.status})' if self.status else ''}"
        elif self.ended_at is None:
            became = "goes on when the capture ends"
        else:
            became = f"{self.ended_at - self.answered_at:.0f} s"
        encrypted = ", encrypted" if self.encrypted else ""
        return f"{self.call_id}  {began:%Y-%m-%d %H:%M:%S}  to {self.dialled}, {became}{encrypted}"


def calls_in(capture: Capture) -> list[CallInCapture]:
    """All calls in order. Raises CannotBeRead if there is none, and says what there is instead."""
    calls: dict[str, CallInCapture] = {}
    for datagram in capture.datagrams:
        message = _message(datagram)
        if message is None:
            continue
        call_id = message.header("Call-ID")
        if call_id not in calls and message.method == "INVITE" and message.is_request:
            calls[call_id] = CallInCapture(
                call_id,
                datagram.source,
                datagram.target,
                datagram.at,
                _user(message.header("From")),
                _user(message.uri) or _user(message.header("To")),
                had_begun=_TAG.search(message.header("To")) is not None,
            )
        if call_id in calls:
            _take(calls[call_id], datagram, message)
    if not calls:
        raise CannotBeRead(f"{capture.path}: {_why_none(capture)}")
    return list(calls.values())


def _why_none(capture: Capture) -> str:
    if capture.encrypted:
        return "no call is to be seen: its SIP is encrypted (TLS)"
    if capture.cut:
        return (
            f"no call is to be seen: {capture.cut} packets were cut when they were captured; "
            "capture whole ones (tcpdump -s 0)"
        )
    if capture.fragments:
        return "no call is to be seen: its SIP is in fragments, not all of which were captured"
    if capture.sip_streams:
        return "its SIP goes over TCP, which is not read: capture the hop behind the SIP front"
    if capture.damaged:
        return f"no call is to be seen; {capture.damaged}"
    return "no INVITE is in it: begin to capture before the call"


def _message(datagram: Datagram) -> Message | None:
    if b"SIP/2.0" not in datagram.payload[:2000]:
        return None
    message = Message.read(datagram.payload)
    if message is None or not _START.match(message.start):
        return None
    return message if message.header("Call-ID") else None


def _take(call: CallInCapture, datagram: Datagram, message: Message) -> None:
    """Take one message of the call; copies on other hops and retransmissions are skipped."""
    from_caller = datagram.source == call.caller and datagram.target == call.service
    from_service = datagram.source == call.service and datagram.target == call.caller
    if not from_caller and not from_service:
        return
    if OFFERS_SOUND in message.body and message.method in ("INVITE", "ACK", "UPDATE"):
        _described(call, message, from_caller=from_caller)
    if not message.is_request:
        if message.method == "INVITE" and from_service:
            call.status = message.status
            if 200 <= message.status < 300 and call.answered_at is None:
                call.answered_at = datagram.at
        return
    once = from_caller, message.header("CSeq")
    if once in call._seen:
        return
    call._seen.add(once)
    match message.method:
        case "BYE" if call.ended_at is None:
            call.ended_at, call.by_caller = datagram.at, from_caller
        case "INFO" if from_caller:
            call.infos += [KeyInfo(datagram.at, key) for key in _keys(message)]
        case "REFER" if from_service:
            call.transfers.append((datagram.at, message.header("Refer-To").strip("<>")))


def _described(call: CallInCapture, message: Message, *, from_caller: bool) -> None:
    """Note where a side receives sound, and in which form."""
    sound = call.caller_sound if from_caller else call.service_sound
    host = re.search(r"^c=IN IP[46] (\S+)", message.body, re.M)
    port = re.search(r"^m=audio (\d+) (\S+)", message.body, re.M)
    if host is not None and port is not None and int(port[1]):
        sound.add((_address(host[1]), int(port[1])))
        call.encrypted |= "SAVP" in port[2] or bool(_CRYPTO.search(message.body))
    if not from_caller:
        call.events |= {int(found) for found in _EVENT.findall(message.body)}


def _address(text: str) -> str:
    """An address as `Datagram` has it: of IPv6 there are several ways to write one."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text  # a name


def _keys(message: Message) -> Iterable[str]:
    kind = message.header("Content-Type").partition(";")[0].strip().lower()
    if kind == "application/dtmf-relay":
        return _KEY.findall(message.body.upper())[:1]
    if kind == "application/dtmf":
        return [message.body.strip().upper()[:1]]
    return []


def _user(text: str) -> str:
    found = _USER.search(text)
    return found[1] if found else ""
