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
    async with site() as edge_site:
        finals = [await edge_site.caller.call() for _ in range(2 * LINES)]
        assert {final.status for final in finals} == {200}
        assert [len(node.invites) for node in edge_site.nodes] == [LINES, LINES]
        (invite, _) = edge_site.nodes[0].invites
        assert invite.header("X-Rocars-Source") == f"pbx 127.0.0.1:{edge_site.caller.port};udp"
        assert (await edge_site.caller.call()).status == 503
        assert (await edge_site.caller.bye(finals[0])).status == 200
        ended = finals[0].header("Call-ID")
        node, invite = next(
            (node, invite)
            for node in edge_site.nodes
            for invite in node.invites
            if invite.header("Call-ID") != ended
        )
        node.send(node.within(invite, "BYE"), edge_site.inside)
        await edge_site.caller.until(lambda message: message.method == "BYE")
        await node.until(lambda message: message.status == 200 and "BYE" in message.header("CSeq"))
        assert sum(state.calls for state in edge_site.edge.nodes()) == 2 * LINES - 2


async def test_a_node_that_does_not_answer_is_passed_over_and_then_left_out() -> None:
    async with site() as edge_site:
        edge_site.nodes[0].silent = True
        for _ in range(LINES):
            assert (await edge_site.caller.call()).status == 200
        assert len(edge_site.nodes[1].invites) == LINES
        await edge_site.until_up("n1")
        edge_site.nodes[0].silent = False
        await edge_site.until_up("n0", "n1")


async def test_calls_to_an_overloaded_node_are_passed_to_another() -> None:
    """At once, for it says so to the INVITE; and no more are tried once it has said so itself."""
    async with site() as edge_site:
        edge_site.nodes[0].status = "503 Overloaded"
        assert [(await edge_site.caller.call()).status for _ in range(LINES)] == [200] * LINES
        assert len(edge_site.nodes[1].invites) == LINES
        edge_site.nodes[0].alive = "503 Overloaded"
        await edge_site.until_up("n1")
        states = {node.name: node for node in edge_site.edge.nodes()}
        assert (states["n0"].refuses, states["n1"].refuses) == (True, False)
        assert states["n1"].calls == LINES
        asked = len(edge_site.nodes[0].invites)
        assert (await edge_site.caller.call()).status == 503, "the other one is full"
        assert len(edge_site.nodes[0].invites) == asked
        edge_site.nodes[0].status = edge_site.nodes[0].alive = "200 OK"
        await edge_site.until_up("n0", "n1")
        assert (await edge_site.caller.call()).status == 200
        edge_site.nodes[1].silent = True
        await edge_site.until_up("n0")
        assert not any(node.refuses for node in edge_site.edge.nodes() if node.name == "n1")


async def test_a_draining_edge_says_when_to_come_back() -> None:
    async with site() as edge_site:
        final = await edge_site.caller.call()
        edge_site.edge.drain()
        for method in ("INVITE", "OPTIONS"):
            assert (await edge_site.caller.ask(method)).status == 503
        assert (await edge_site.caller.bye(final)).status == 200


async def test_only_nodes_speak_on_the_inside() -> None:
    async with site() as edge_site:
        stranger = FakeCaller(front=edge_site.inside)
        await open_end(stranger)
        stranger.send(stranger.request("INVITE", "from-outside"), edge_site.inside)
        await asyncio.sleep(0.5)
        assert not stranger.seen
        assert not any(node.invites for node in edge_site.nodes)
        assert edge_site.edge.kamailio.counters()["refused_stranger"] == 1
