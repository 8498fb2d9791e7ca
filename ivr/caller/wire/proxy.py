"""The SIP part of the wire: a proxy that stays in the dialog and relays the sound."""

from __future__ import annotations

import asyncio
import random
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from ivr.caller.wire.message import Message, address_of
from ivr.caller.wire.relay import Address, Impairment, Relay

TICKET = "X-Wire"
_REMEMBERED = 4096
"""Transactions that are remembered because answers may still come."""

Shown = Callable[[Message], Message]
"""A message in the form that may be shown: without its secrets."""


@dataclass(frozen=True)
class Passed:
    """A SIP message that passed the wire.

    Attributes:
        at: monotonic seconds.
        to_service: its direction.
        text: the whole message as it was forwarded; keys and secrets were masked before it was
            recorded.
    """

    at: float
    to_service: bool
    text: str

    @property
    def title(self) -> str:
        """The request line or the status."""
        return self.text.partition("\r\n")[0].replace("SIP/2.0 ", "").replace(" SIP/2.0", "")


@dataclass
class WiredCall:
    """One call on the wire: its ladder and its sound."""

    relay: Relay
    shown: Shown = lambda message: message
    ladder: list[Passed] = field(default_factory=list)
    transfer_to: str = ""
    """Refer-To of a REFER that the service sent."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Wire(asyncio.DatagramProtocol):
    """The wire between a telephone on this machine and one SIP server."""

    def __init__(self, server: Address, host: str = "127.0.0.1", seed: int = 0) -> None:
        self._server = server
        self._host = host
        self._chance = random.Random(seed)
        self._transport: asyncio.DatagramTransport | None = None
        self._calls: dict[str, WiredCall] = {}
        self._planned: dict[str, tuple[Impairment, Shown]] = {}
        self._asked: dict[str, Address] = {}
        self._telephone: Address | None = None
        self._opening: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Take a port. Raises OSError."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(self._host, 0))

    def close(self) -> None:
        for call in self._calls.values():
            call.relay.close()
        if self._transport is not None:
            self._transport.close()

    def uri(self, number: str) -> str:
        """The URI that the telephone must dial to reach that number of the server."""
        host, port = self._address
        return f"sip:{number}@{host}:{port}"

    def plan(self, ticket: str, impairment: Impairment, shown: Shown) -> None:
        """Set how to treat the call whose INVITE carries this ticket (header `TICKET`), and how its
        messages may be shown."""
        self._planned[ticket] = impairment, shown

    def call(self, sip_call_id: str) -> WiredCall:
        """The call with that Call-ID. Raises KeyError: its INVITE has not passed yet."""
        return self._calls[sip_call_id]

    def forget(self, sip_call_id: str) -> None:
        """The call is over and was reported: drop everything about it."""
        call = self._calls.pop(sip_call_id, None)
        if call is not None:
            call.relay.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        message = Message.read(data)
        if message is None:
            return
        call_id = message.header("Call-ID")
        if message.method == "INVITE" and message.is_request and call_id not in self._calls:
            self._telephone = self._telephone or addr
            task = asyncio.ensure_future(self._begin(call_id, message, addr))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
            return
        self._pass(message, addr)

    async def _begin(self, call_id: str, invite: Message, addr: Address) -> None:
        unplanned: tuple[Impairment, Shown] = Impairment(), lambda message: message
        impairment, shown = self._planned.pop(invite.header(TICKET), unplanned)
        relay = Relay(self._host, impairment, self._chance)
        await relay.open()
        if call_id in self._calls:  # the INVITE was retransmitted meanwhile
            relay.close()
        else:
            self._calls[call_id] = WiredCall(relay, shown)
        self._pass(invite, addr)

    @property
    def _address(self) -> Address:
        if self._transport is None:
            raise RuntimeError("the wire is not open")
        host, port = self._transport.get_extra_info("sockname")
        return host, port

    def _pass(self, message: Message, addr: Address) -> None:
        to_service = addr == self._telephone
        message = self._described(message.without_first(TICKET), to_service)
        if message.is_request:
            bent, to = self._request(message, addr)
        else:
            branch = _branch(message.header("Via"))
            bent, to = message.without_first("Via"), self._asked.get(branch, ("", 0))
        self._note(bent, to_service)
        if to[1] and self._transport is not None:
            self._transport.sendto(bent.data(), to)

    def _described(self, message: Message, to_service: bool) -> Message:
        call = self._calls.get(message.header("Call-ID"))
        if call is None or "sdp" not in message.header("Content-Type").lower():
            return message
        bend = call.relay.offered if to_service else call.relay.answered
        return message.with_body(bend(message.body))

    def _request(self, message: Message, addr: Address) -> tuple[Message, Address]:
        host, port = self._address
        ours = f"{host}:{port}"
        branch = "z9hG4bKwire" + re.sub(r"^z9hG4bK", "", _branch(message.header("Via")))
        self._asked[branch] = addr
        if len(self._asked) > _REMEMBERED:
            del self._asked[next(iter(self._asked))]
        routes = message.values("Route")
        if routes and ours in routes[0]:
            message, routes = message.without_first("Route"), routes[1:]
        if routes:
            to = address_of(routes[0])
        elif ours in message.uri:
            at = message.uri.replace(ours, f"{self._server[0]}:{self._server[1]}")
            message, to = message.with_start(f"{message.method} {at} SIP/2.0"), self._server
        else:
            to = address_of(message.uri)
        if message.method == "INVITE":
            message = message.with_first("Record-Route", f"<sip:{ours};lr>")
        via = f"SIP/2.0/UDP {ours};branch={branch};rport"
        return message.with_first("Via", via), to

    def _note(self, message: Message, to_service: bool) -> None:
        call = self._calls.get(message.header("Call-ID"))
        if call is None:
            return
        shown = call.shown(message)
        if message.header("Content-Type").lower().startswith("application/dtmf"):
            shown = shown.with_body("•" if message.body else "")
        text = shown.data().decode("utf-8", errors="replace")
        call.ladder.append(Passed(time.monotonic(), to_service, text))
        if message.method == "REFER" and message.is_request and not to_service:
            call.transfer_to = message.header("Refer-To").strip("<>")
        changed, call.changed = call.changed, asyncio.Event()
        changed.set()


def _branch(via: str) -> str:
    match = re.search(r";\s*branch=([^;,\s]+)", via)
    return match[1] if match else "z9hG4bK" + secrets.token_hex(8)
