"""Hand-made SIP ends on UDP and TCP: they say exactly what a test tells them to."""

from __future__ import annotations

import asyncio
import contextlib
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.pace import limit

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)
SHORT = {
    "Via": "v",
    "From": "f",
    "To": "t",
    "Call-ID": "i",
    "Contact": "m",
    "Supported": "k",
    "Content-Type": "c",
    "Content-Length": "l",
    "Session-Expires": "x",
    "Event": "o",
}
"""Short forms of header names (RFC 3261, 7.3.3)."""


@dataclass(frozen=True)
class Message:
    """A SIP message as text, easy to look into."""

    text: str

    @property
    def first(self) -> str:
        return self.text.partition("\r\n")[0]

    @property
    def method(self) -> str:
        return self.first.partition(" ")[0]

    @property
    def status(self) -> int:
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0") else 0

    def all(self, name: str) -> list[str]:
        either = f"(?:{name}|{SHORT[name]})" if name in SHORT else name
        return re.findall(rf"^{either}:\s*(.*?)\r$", self.text, re.IGNORECASE | re.MULTILINE)

    def header(self, name: str) -> str:
        found = self.all(name)
        return found[0] if found else ""

    @property
    def body(self) -> str:
        return self.text.partition("\r\n\r\n")[2]


def final_answer(header: str, value: str) -> Callable[[Message], bool]:
    """Whether a message is a final answer (RFC 3261, 7.2) with this header."""
    return lambda message: message.status >= 200 and message.header(header) == value


@dataclass
class SipEnd(asyncio.DatagramProtocol):
    """One UDP socket and everything that came in on it."""

    seen: list[Message] = field(default_factory=list)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]
        self._arrived = asyncio.Event()

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        message = Message(data.decode(errors="replace"))
        self.seen.append(message)
        self._arrived.set()
        self.took(message, address)

    def took(self, message: Message, address: tuple[str, int]) -> None:
        """What this end does of its own accord."""

    def send(self, text: str, address: tuple[str, int]) -> None:
        self.transport.sendto(text.encode(), address)

    async def until(self, wanted: Callable[[Message], bool], seconds: float = 3.0) -> Message:
        """The first message so far, or to come, that is wanted."""
        async with asyncio.timeout(limit(seconds)):
            while True:
                for message in self.seen:
                    if wanted(message):
                        return message
                self._arrived.clear()
                await self._arrived.wait()


def answer(request: Message, status: str, *, more: str = "", body: str = "", tag: str = "w") -> str:
    """A response that keeps the dialogue together (RFC 3261, 8.2.6)."""
    lines = [f"SIP/2.0 {status}"]
    lines += [f"Via: {via}" for via in request.all("Via")]
    lines += [f"Record-Route: {route}" for route in request.all("Record-Route")]
    to = request.header("To")
    lines += [
        f"From: {request.header('From')}",
        f"To: {to if 'tag=' in to else f'{to};tag={tag}'}",
        f"Call-ID: {request.header('Call-ID')}",
        f"CSeq: {request.header('CSeq')}",
    ]
    if more:
        lines.append(more)
    if body:
        lines.append("Content-Type: application/sdp")
    lines += [f"Content-Length: {len(body)}", "", body]
    return "\r\n".join(lines)


@dataclass
class FakeWorker(SipEnd):
    """Answers INVITEs with `status`, or 488 where the front says so, OPTIONS with `alive`, all else
    with 200; says nothing when `silent`."""

    status: str = "200 OK"
    alive: str = "200 OK"
    silent: bool = False

    def took(self, message: Message, address: tuple[str, int]) -> None:
        if self.silent or message.status or message.method == "ACK":
            return
        contact = f"Contact: <sip:worker@127.0.0.1:{self.port}>"
        if message.method == "INVITE" and (why := message.header("X-Rocars-Unacceptable")):
            refusal = "488 Not Acceptable Here"
            self.send(answer(message, refusal, more=f"Warning: {why}"), address)
        elif message.method == "INVITE":
            ok = self.status.startswith("200")
            body = SDP if ok else ""
            self.send(answer(message, self.status, more=contact, body=body), address)
        else:
            status = self.alive if message.method == "OPTIONS" else "200 OK"
            self.send(answer(message, status), address)

    @property
    def invites(self) -> list[Message]:
        return [message for message in self.seen if message.method == "INVITE"]

    def within(self, invite: Message, method: str) -> str:
        """A request of the worker's in the dialogue that `invite` began (RFC 3261, 12.2.1.1)."""
        lines = [
            f"{method} {invite.header('Contact').strip('<>')} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch={_branch()};rport",
            *(f"Route: {route}" for route in invite.all("Record-Route")),
            f"From: {invite.header('To')};tag=w",
            f"To: {invite.header('From')}",
            f"Call-ID: {invite.header('Call-ID')}",
            f"CSeq: 100 {method}",
            f"Contact: <sip:worker@127.0.0.1:{self.port}>",
            "Max-Forwards: 70",
            *("Content-Length: 0", "", ""),
        ]
        return "\r\n".join(lines)


@dataclass
class FakeCaller(SipEnd):
    """Sends requests to the front and follows the route set of its dialogue."""

    front: tuple[str, int] = ("127.0.0.1", 5060)
    host: str = "127.0.0.1"
    contact: str = ""
    """Its Contact; the socket's own address when empty."""
    transport_name = "UDP"

    def took(self, message: Message, address: tuple[str, int]) -> None:
        if message.method == "BYE":
            self.send(answer(message, "200 OK"), address)

    def request(
        self,
        method: str,
        call_id: str,
        *,
        cseq: int = 1,
        sdp: str | None = SDP,
        more: str = "",
        established: Message | None = None,
        branch: str | None = None,
        uri: str = "",
        kind: str = "application/sdp",
        body: str = "",
    ) -> str:
        """One request; in a dialogue when `established`, the 200 of its INVITE, is given.

        An INVITE's body is `sdp`; another's is `body`, its Content-Type `kind`.
        """
        target = uri or f"sip:3902@127.0.0.1:{self.front[1]}"
        routes: list[str] = []
        to = f"<sip:3902@127.0.0.1:{self.front[1]}>"
        if established is not None:
            target = established.header("Contact").strip("<>")
            routes = [f"Route: {route}" for route in reversed(established.all("Record-Route"))]
            to = established.header("To")
        body = sdp if sdp and method == "INVITE" else body
        lines = [
            f"{method} {target} SIP/2.0",
            f"Via: SIP/2.0/{self.transport_name} {self.host}:{self.port}"
            f";branch={branch or _branch()};rport",
            *routes,
            f"From: <sip:+85291234567@{self.host}>;tag=c",
            f"To: {to}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: <{self.contact or f'sip:caller@{self.host}:{self.port}'}>",
            "Max-Forwards: 70",
        ]
        if more:
            lines.append(more)
        if body:
            lines.append(f"Content-Type: {kind}")
        lines += [f"Content-Length: {len(body)}", "", body]
        return "\r\n".join(lines)

    async def ask(self, method: str, **how: object) -> Message:
        """Send a request outside a dialogue; its final answer."""
        call_id = str(how.pop("call_id", "") or uuid.uuid4().hex)
        self.send(self.request(method, call_id, **how), self.front)  # type: ignore[arg-type]
        return await self.until(
            lambda message: message.status >= 200 and message.header("Call-ID") == call_id, 6.0
        )

    async def call(self, **how: object) -> Message:
        """Call, and acknowledge a 200; gives the final answer."""
        final = await self.ask("INVITE", **how)
        if final.status == 200:
            ack = self.request("ACK", final.header("Call-ID"), established=final)
            self.send(ack, self.front)
        return final

    async def bye(self, established: Message) -> Message:
        call_id = established.header("Call-ID")
        self.send(self.request("BYE", call_id, cseq=2, established=established), self.front)
        return await self.until(
            lambda message: (
                message.header("Call-ID") == call_id
                and "BYE" in message.header("CSeq")
                and message.status > 0
            )
        )


class TcpCaller(FakeCaller):
    """A caller on one TCP connection; nothing listens on the port it names in its Contact."""

    transport_name = "TCP"

    async def connect(self) -> None:
        reader, self._writer = await asyncio.open_connection(*self.front)
        self.connection_made(self._writer.transport)
        self.contact = "sip:caller@127.0.0.1:9;transport=tcp"
        self._reading = asyncio.create_task(self._read(reader))

    def send(self, text: str, address: tuple[str, int]) -> None:
        self._writer.write(text.encode())

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Messages end where Content-Length says (RFC 3261, 18.3)."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lstrip(b"\r\n")
                length = int(Message(head.decode()).header("Content-Length") or 0)
                self.datagram_received(head + await reader.readexactly(length), self.front)

    async def close(self) -> None:
        self._writer.close()
        await self._reading


def _branch() -> str:
    return f"z9hG4bK{uuid.uuid4().hex[:16]}"


async def open_end(end: SipEnd, host: str = "127.0.0.1") -> SipEnd:
    """Bind an end to a free port."""
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: end, local_addr=(host, 0))
    return end
