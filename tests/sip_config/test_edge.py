"""The edge between a hand-made caller and hand-made nodes."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sip_config.edge import Edge, EdgeNode, EdgeSettings
from tests.support.pace import limit
from tests.support.peers import FakeCaller, FakeWorker, open_end
from tests.support.ports import free_ports
from tests.support.scene import settings_for

pytestmark = pytest.mark.call

LINES = 2


@dataclass
class Site:
    edge: Edge
    nodes: list[FakeWorker]
    caller: FakeCaller
    inside: tuple[str, int]

    async def until_up(self, *up: str) -> None:
        async with asyncio.timeout(limit(10)):
            while {node.name for node in self.edge.nodes() if node.takes_calls} != set(up):
                await asyncio.sleep(0.1)


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    nodes = [FakeWorker(), FakeWorker()]
    for node in nodes:
        await open_end(node)
    port = free_ports(3)
    directory = Path(tempfile.mkdtemp(prefix="edge-", dir="/tmp"))
    edge = Edge(
        settings_for(port),
        EdgeSettings(
            port=port + 2,
            node_answer_timeout_ms=400,
            nodes=tuple(
                EdgeNode(name=f"n{at}", address="127.0.0.1", port=node.port, lines=LINES)
                for at, node in enumerate(nodes)
            ),
        ),
        directory,
    )
    try:
        await asyncio.to_thread(edge.start)
        caller = FakeCaller(front=("127.0.0.1", port))
        await open_end(caller)
        site = Site(edge, nodes, caller, ("127.0.0.1", port + 2))
        await site.until_up("n0", "n1")
        yield site
    finally:
        await asyncio.to_thread(edge.kamailio.stop)
        shutil.rmtree(directory, ignore_errors=True)


async def test_calls_are_given_to_nodes_with_their_true_source() -> None:
    async with site() as one:
        finals = [await one.caller.call() for _ in range(2 * LINES)]
        assert {final.status for final in finals} == {200}
        assert [len(node.invites) for node in one.nodes] == [LINES, LINES]
        (invite, _) = one.nodes[0].invites
        assert invite.one("X-Rocars-Source") == f"pbx 127.0.0.1:{one.caller.port};udp"
        assert (await one.caller.call()).status == 503
        assert (await one.caller.bye(finals[0])).status == 200
        ended = finals[0].one("Call-ID")
        node, invite = next(
            (node, invite)
            for node in one.nodes
            for invite in node.invites
            if invite.one("Call-ID") != ended
        )
        node.send(node.within(invite, "BYE"), one.inside)
        await one.caller.until(lambda message: message.method == "BYE")
        await node.until(lambda message: message.status == 200 and "BYE" in message.one("CSeq"))
        assert sum(state.calls for state in one.edge.nodes()) == 2 * LINES - 2


async def test_a_node_that_does_not_answer_is_passed_over_and_then_left_out() -> None:
    async with site() as one:
        one.nodes[0].silent = True
        for _ in range(LINES):
            assert (await one.caller.call()).status == 200
        assert len(one.nodes[1].invites) == LINES
        await one.until_up("n1")
        one.nodes[0].silent = False
        await one.until_up("n0", "n1")


async def test_calls_to_an_overloaded_node_are_passed_to_another() -> None:
    """At once, for it says so to the INVITE; and no more are tried once it has said so itself."""
    async with site() as one:
        one.nodes[0].status = "503 Overloaded"
        assert [(await one.caller.call()).status for _ in range(LINES)] == [200] * LINES
        assert len(one.nodes[1].invites) == LINES
        one.nodes[0].alive = "503 Overloaded"
        await one.until_up("n1")
        states = {node.name: node for node in one.edge.nodes()}
        assert (states["n0"].refuses, states["n1"].refuses) == (True, False)
        assert states["n1"].calls == LINES
        asked = len(one.nodes[0].invites)
        assert (await one.caller.call()).status == 503, "the other one is full"
        assert len(one.nodes[0].invites) == asked
        one.nodes[0].status = one.nodes[0].alive = "200 OK"
        await one.until_up("n0", "n1")
        assert (await one.caller.call()).status == 200
        one.nodes[1].silent = True
        await one.until_up("n0")
        assert not any(node.refuses for node in one.edge.nodes() if node.name == "n1")


async def test_a_draining_edge_says_when_to_come_back() -> None:
    async with site() as one:
        final = await one.caller.call()
        one.edge.drain()
        for method in ("INVITE", "OPTIONS"):
            assert (await one.caller.ask(method)).status == 503
        assert (await one.caller.bye(final)).status == 200


async def test_only_nodes_speak_on_the_inside() -> None:
    async with site() as one:
        stranger = FakeCaller(front=one.inside)
        await open_end(stranger)
        stranger.send(stranger.request("INVITE", "from-outside"), one.inside)
        await asyncio.sleep(0.5)
        assert not stranger.seen
        assert not any(node.invites for node in one.nodes)
        assert one.edge.kamailio.counters()["refused_stranger"] == 1
