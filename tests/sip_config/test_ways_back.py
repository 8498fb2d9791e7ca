"""Where answers and requests to a caller go (RFC 3261, 12.2.1.1, 18.1.1 and 18.2.2; RFC 3581)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.support.peers import SDP, FakeCaller, FakeWorker, Message, TcpCaller, answer
from tests.support.scene import Scene, front_between

pytestmark = pytest.mark.call


@dataclass
class Apart(FakeCaller):
    """Sends from one port and listens on another, which its Via and Contact name."""

    ears: FakeCaller | None = None
    asks: bool = False
    """Whether it asks for answers to where it sends from (RFC 3581)."""
    names: str = "127.0.0.1"
    """The address it gives in its Via."""

    def send(self, text: str, address: tuple[str, int]) -> None:
        assert self.ears is not None
        here = f"127.0.0.1:{self.port}"
        text = text.replace(here, f"{self.names}:{self.ears.port}", 1)
        text = text.replace(f"caller@{here}", f"caller@127.0.0.1:{self.ears.port}")
        super().send(text if self.asks else text.replace(";rport", "", 1), address)


async def apart(scene: Scene, *, asks: bool = False, names: str = "127.0.0.1") -> Apart:
    ears = await scene.another_caller()
    caller = Apart(front=("127.0.0.1", scene.port), ears=ears, asks=asks, names=names)
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: caller, local_addr=("127.0.0.1", 0))
    return caller


def in_the_dialogue(method: str) -> Callable[[Message], bool]:
    return lambda message: message.method == method and "tag=w" in message.header("To")


def ok_to(cseq: int) -> Callable[[Message], bool]:
    return lambda message: message.status == 200 and message.header("CSeq").startswith(f"{cseq} ")


def called(scene: Scene) -> FakeWorker:
    (worker,) = [candidate for candidate in scene.workers if candidate.invites]
    return worker


def to_workers(scene: Scene) -> tuple[str, int]:
    return ("127.0.0.1", scene.port + 1)


async def answered_at(where: FakeCaller, method: str) -> Message:
    return await where.until(
        lambda message: message.status == 200 and method in message.header("CSeq")
    )


async def test_a_peer_that_listens_elsewhere_is_answered_and_asked_there(scene: Scene) -> None:
    caller = await apart(scene)
    assert caller.ears is not None
    caller.send(caller.request("INVITE", "apart"), caller.front)
    final = await answered_at(caller.ears, "INVITE")
    caller.send(caller.request("ACK", "apart", established=final), caller.front)
    worker = called(scene)
    await worker.until(lambda message: message.method == "ACK")
    worker.send(worker.within(worker.invites[0], "INVITE"), to_workers(scene))
    again = await caller.ears.until(lambda message: message.method == "INVITE")
    contact = f"Contact: <sip:caller@127.0.0.1:{caller.ears.port}>"
    caller.ears.send(answer(again, "200 OK", more=contact, body=SDP), caller.front)
    await worker.until(
        lambda message: message.status == 200 and message.header("CSeq") == "100 INVITE"
    )
    worker.send(worker.within(worker.invites[0], "BYE"), to_workers(scene))
    await caller.ears.until(lambda message: message.method == "BYE")
    await worker.until(lambda message: message.status == 200 and "BYE" in message.header("CSeq"))
    assert not caller.seen


@pytest.mark.parametrize(("asks", "names"), [(True, "127.0.0.1"), (False, "192.0.2.55")])
async def test_who_asks_for_it_or_names_another_address_is_answered_where_they_send_from(
    scene: Scene, asks: bool, names: str
) -> None:
    caller = await apart(scene, asks=asks, names=names)
    assert caller.ears is not None
    caller.send(caller.request("INVITE", "asks"), caller.front)
    final = await answered_at(caller, "INVITE")
    caller.send(caller.request("ACK", "asks", established=final), caller.front)
    worker = called(scene)
    await worker.until(lambda message: message.method == "ACK")
    worker.send(worker.within(worker.invites[0], "BYE"), to_workers(scene))
    await caller.until(lambda message: message.method == "BYE")
    assert not caller.ears.seen


async def test_a_peer_behind_nat_by_its_settings_is_reached_where_it_sends_from() -> None:
    peer = {"name": "pbx", "networks": ("127.0.0.1/32",), "nat": True}
    async with front_between(peers=(peer,)) as scene:
        caller = await apart(scene)
        assert caller.ears is not None
        caller.send(caller.request("INVITE", "behind"), caller.front)
        await answered_at(caller, "INVITE")
        worker = called(scene)
        assert worker.invites[0].header("X-Rocars-Nat") == "yes"
        worker.send(worker.within(worker.invites[0], "BYE"), to_workers(scene))
        await caller.until(lambda message: message.method == "BYE")
        assert not caller.ears.seen


async def test_nobody_says_themselves_that_they_are_behind_nat(scene: Scene) -> None:
    assert (await scene.caller.call(more="X-Rocars-Nat: yes")).status == 200
    assert not called(scene).invites[0].header("X-Rocars-Nat")


async def test_a_new_connection_is_made_to_the_contact_when_the_calls_own_is_gone(
    scene: Scene,
) -> None:
    came = asyncio.get_running_loop().create_future()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bye = Message((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(answer(bye, "200 OK").encode())
        await writer.drain()
        came.set_result(bye)
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    caller = TcpCaller(front=("127.0.0.1", scene.port))
    await caller.connect()
    caller.contact = f"sip:caller@127.0.0.1:{server.sockets[0].getsockname()[1]};transport=tcp"
    assert (await caller.call()).status == 200
    worker = called(scene)
    await worker.until(lambda message: message.method == "ACK")
    await caller.close()
    await asyncio.sleep(0.2)  # the front hears of it
    worker.send(worker.within(worker.invites[0], "BYE"), to_workers(scene))
    async with asyncio.timeout(5):
        assert (await came).method == "BYE"
    await worker.until(lambda message: message.status == 200 and "BYE" in message.header("CSeq"))
    server.close()


def unrouted(text: str, scene: Scene, *, called_again: bool) -> str:
    lines = [line for line in text.split("\r\n") if not line.startswith("Route:")]
    if called_again:
        method = lines[0].partition(" ")[0]
        lines[0] = f"{method} sip:3902@127.0.0.1:{scene.port} SIP/2.0"
    return "\r\n".join(lines)


@pytest.mark.parametrize("called_again", [False, True])
async def test_a_peer_that_follows_no_route_is_served(scene: Scene, called_again: bool) -> None:
    caller = scene.caller
    final = await caller.ask("INVITE", call_id="unrouted")
    worker = called(scene)
    for cseq, method in enumerate(("ACK", "UPDATE", "INVITE", "BYE"), 1):
        request = caller.request(method, "unrouted", cseq=cseq, established=final)
        caller.send(unrouted(request, scene, called_again=called_again), caller.front)
        await worker.until(in_the_dialogue(method))
        if method != "ACK":
            await caller.until(ok_to(cseq))
    assert set(scene.front.loads().values()) == {0}


async def test_without_route_a_call_is_its_own_callers_alone() -> None:
    """Other tags, another address, and a call that is over: nobody's."""
    peers = ({"name": "pbx", "networks": ("127.0.0.0/8",)},)
    async with front_between(peers=peers) as scene:
        final = await scene.caller.call(call_id="mine")
        worker = called(scene)
        stranger = await scene.another_caller("127.0.0.2")
        bye = scene.caller.request("BYE", "mine", cseq=9, established=final)
        other_tag = bye.replace(";tag=c", ";tag=d", 1)
        for who, text in ((stranger, bye), (scene.caller, other_tag)):
            who.send(unrouted(text, scene, called_again=False), who.front)
            refused = await who.until(
                lambda message: message.header("CSeq") == "9 BYE" and message.status > 0
            )
            assert refused.status == 481
        assert {message.method for message in worker.seen} == {"INVITE", "ACK"}
        scene.caller.seen.clear()
        assert (await scene.caller.bye(final)).status == 200
        again = scene.caller.request("BYE", "mine", cseq=10, established=final)
        scene.caller.send(unrouted(again, scene, called_again=False), scene.caller.front)
        refused = await scene.caller.until(
            lambda message: message.header("CSeq") == "10 BYE" and message.status > 0
        )
        assert refused.status == 481


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_what_belongs_to_a_call_keeps_its_order(scene: Scene, transport: str) -> None:
    caller = scene.caller
    if transport == "tcp":
        caller = TcpCaller(front=("127.0.0.1", scene.port))
        await caller.connect()
    final = await caller.call()
    worker = called(scene)
    body = "Signal=5\r\nDuration=160\r\n"
    for cseq in range(2, 252):
        caller.send(
            caller.request(
                *("INFO", final.header("Call-ID")),
                cseq=cseq,
                established=final,
                kind="application/dtmf-relay",
                body=body,
            ),
            caller.front,
        )
        if cseq % 25 == 0:
            await asyncio.sleep(0.01)
    await worker.until(lambda message: message.header("CSeq") == "251 INFO", 10)
    came = [
        int(message.header("CSeq").split()[0])
        for message in worker.seen
        if message.method == "INFO"
    ]
    assert came == sorted(came)
    if isinstance(caller, TcpCaller):
        await caller.close()
