"""Two nodes with addresses of their own behind one edge, on one PostgreSQL database."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from tests.calls.stutter import stuttering
from tests.support.bystander import Bystander
from tests.support.keeper import session_started
from tests.support.namespaces import EDGE, NETWORK, Machine, NoNamespaces, machines
from tests.support.pace import limit
from tests.support.postgres_server import PostgresServer
from tests.support.service import as_toml
from tests.support.sip_peer import Peer

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]

LINES = 4
OVERLOAD = {"late_ms": 300, "late_share": 0.1, "return_share": 0.05, "awake_late_ms": 5000}
"""Far more patient than usual: the machine of a test may be busy with other things."""
EDGE_PORT, WEB_PORT = 25060, 25080


@dataclass
class Program:
    """A process of ours with its settings, in a namespace or outside."""

    directory: Path
    command: str
    sections: dict[str, dict[str, Any]]
    machine: Machine | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        self.directory.mkdir(exist_ok=True)
        config = self.directory / "rocars-ivr.toml"
        config.write_text(as_toml(self.sections))
        words = [sys.executable, "-m", "ivr.cli", self.command, "--config", str(config)]
        if self.machine is not None:
            words = self.machine.command(*words)
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        session_started(self.process.pid)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            for stop_signal in (signal.SIGTERM, signal.SIGTERM):
                self.process.send_signal(stop_signal)
                try:
                    self.process.wait(limit(10))
                    return
                except subprocess.TimeoutExpired:
                    continue
            self.process.kill()
            self.process.wait()

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")


@dataclass
class Site:
    """The edge, its nodes, and their database."""

    edge: Program
    nodes: dict[str, Program]
    database: str

    async def query(self, sql: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.database.replace("+asyncpg", ""))
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    def metric(self, name: str, node: str) -> float:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{WEB_PORT}/metrics", timeout=limit(3)
        ) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(f'rocars_ivr_{name}{{name="{node}"}}'):
                    return float(line.split()[1])
        return -1.0

    async def until_up(self, *nodes: str, seconds: float = 60.0) -> float:
        """Wait until just these nodes take calls, as the edge sees it; how long that took."""
        began = time.monotonic()
        while {node for node in self.nodes if self.is_up(node)} != set(nodes):
            assert time.monotonic() - began < limit(seconds), self.logs()
            await asyncio.sleep(0.1)
        return time.monotonic() - began

    def logs(self) -> str:
        """The last of what each program said: which of them did not come up, and why."""
        programs = {"edge": self.edge, **self.nodes}
        return "\n".join(f"{name}:\n{program.log[-3000:]}" for name, program in programs.items())

    async def until_idle(self, seconds: float = 20.0) -> None:
        """Wait until no call is on."""
        began = time.monotonic()
        while await self.query("SELECT 1 FROM calls WHERE outcome IS NULL"):
            assert time.monotonic() - began < limit(seconds)
            await asyncio.sleep(0.2)

    def is_up(self, node: str) -> bool:
        try:
            return self.metric("edge_node_up", node) == 1.0
        except OSError:
            return False

    async def node_of(self, peer: Peer) -> str:
        for _ in range(50):
            rows = await self.query(f"SELECT node FROM calls WHERE sip_call_id = '{peer.call_id}'")
            if rows:
                return str(rows[0][0])
            await asyncio.sleep(0.1)
        raise AssertionError("the call is in no record")


def node(directory: Path, machine: Machine, name: str, database: str) -> Program:
    return Program(
        directory,
        "serve",
        {
            "node": {"name": name, "data": str(directory / "var"), "log_format": "json"},
            "sip": {
                "listen": [machine.address],
                "peers": [{"name": "edge", "networks": [f"{EDGE}/32"], "edge": True}],
            },
            "telephony": {"media_address": machine.address, "no_rtp_timeout_s": 5.0},
            "web": {"host": machine.address},
            "records": {"database_url": database},
            "handset": {"enabled": False},
            "pool": {"workers": 1, "drain_deadline_s": 40.0, "overload": OVERLOAD},
        },
        machine,
    )


@pytest.fixture(scope="module")
def two_machines() -> Iterator[list[Machine]]:
    try:
        with machines(2) as made:
            yield made
    except NoNamespaces as why:
        pytest.skip(f"NOT TESTED WITH TWO NODES: network namespaces cannot be made: {why}")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(
    two_machines: list[Machine],
    postgres: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Site]:
    database = await postgres.new_database()
    folder = tmp_path_factory.mktemp("site")
    names = ("hk1", "hk2")
    nodes = {
        name: node(folder / name, machine, name, database)
        for name, machine in zip(names, two_machines, strict=True)
    }
    edge = Program(
        folder / "edge",
        "edge",
        {
            "node": {"name": "edge", "data": str(folder / "edge" / "var"), "log_format": "json"},
            "sip": {
                "listen": [EDGE],
                "port": EDGE_PORT,
                "peers": [{"name": "carrier", "networks": [f"{NETWORK}.0/24"]}],
            },
            "edge": {
                "address": EDGE,
                "port": EDGE_PORT + 2,
                "nodes": [
                    {"name": name, "address": machine.address, "lines": LINES}
                    for name, machine in zip(names, two_machines, strict=True)
                ],
            },
            "web": {"port": WEB_PORT},
        },
    )
    site = Site(edge, nodes, database)
    try:
        # The first one makes the tables; the second finds them.
        for program in (*nodes.values(), edge):
            program.start()
        await site.until_up("hk1", "hk2")
        yield site
    finally:
        for program in (edge, *nodes.values()):
            program.stop()


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def whole(site: Site) -> AsyncIterator[None]:
    """After every try both nodes are there again, with all their lines free."""
    yield
    Bystander.leave_all()  # now, for the lines to become free
    for program in site.nodes.values():
        assert program.process is not None
        if not site.is_up(program.sections["node"]["name"]):
            await asyncio.to_thread(program.stop)
            program.start()
    await site.until_up(*site.nodes)
    await site.until_idle()


async def calls(count: int) -> list[Bystander]:
    return [await Bystander.call((EDGE, EDGE_PORT), EDGE) for _ in range(count)]


async def spread(site: Site, bystanders: list[Bystander]) -> Counter[str]:
    return Counter([await site.node_of(bystander.peer) for bystander in bystanders])


async def one_call() -> tuple[int, Peer]:
    peer = Peer((EDGE, EDGE_PORT), host=EDGE, called="3902")
    status, _ = await peer.invite(within_s=10)
    return status, peer


async def ended(*peers: Peer) -> None:
    for peer in peers:
        assert (await peer.ask("BYE"))[0] == 200
        peer.close()


async def test_calls_spread_over_the_nodes_and_are_told_when_all_lines_are_busy(
    site: Site,
) -> None:
    talking = await calls(2 * LINES)
    assert await spread(site, talking) == {"hk1": LINES, "hk2": LINES}
    status, refused = await one_call()
    assert status == 503
    refused.close()
    ((source,),) = await site.query(
        f"SELECT source FROM calls WHERE sip_call_id = '{talking[0].peer.call_id}'"
    )
    assert source == f"carrier {EDGE}:{talking[0].peer.port};udp"  # not the edge's own address
    await asyncio.gather(*(bystander.leaves_unhurt() for bystander in talking))


async def test_a_node_drains_without_losing_a_call(site: Site) -> None:
    talking = await calls(4)
    assert await spread(site, talking) == {"hk1": 2, "hk2": 2}
    leaving = site.nodes["hk1"]
    assert leaving.process is not None
    leaving.process.terminate()
    await site.until_up("hk2", seconds=5)
    new = [await one_call() for _ in range(2)]
    assert [status for status, _ in new] == [200, 200]
    assert {await site.node_of(peer) for _, peer in new} == {"hk2"}
    status, refused = await one_call()
    assert status == 503
    refused.close()
    await asyncio.sleep(3)
    await ended(*(peer for _, peer in new))
    await asyncio.gather(*(bystander.leaves_unhurt() for bystander in talking))
    assert await asyncio.to_thread(leaving.process.wait, limit(20)) == 0
    leaving.start()
    await site.until_up("hk1", "hk2")


async def test_a_node_that_dies_is_left_out_within_seconds(site: Site) -> None:
    talking = await calls(4)
    assert await spread(site, talking) == {"hk1": 2, "hk2": 2}
    dying = site.nodes["hk2"]
    assert dying.process is not None
    os.killpg(dying.process.pid, signal.SIGKILL)
    began = time.monotonic()
    status, first = await one_call()  # before anybody has noticed
    assert status == 200
    assert await site.node_of(first) == "hk1"
    print(f"a call as the node died was answered after {time.monotonic() - began:.1f} s")
    left_out = await site.until_up("hk1", seconds=10)
    print(f"the dead node was left out after {left_out:.1f} s more")
    status, second = await one_call()
    assert status == 200
    assert await site.node_of(second) == "hk1"
    await ended(first, second)
    for bystander in talking:
        if await site.node_of(bystander.peer) == "hk1":
            await bystander.leaves_unhurt()
        else:
            bystander.stops()
            bystander.peer.close()
    dying.start()
    await site.until_up("hk1", "hk2")
    lost = await site.query("SELECT outcome FROM calls WHERE node = 'hk2' AND outcome IS NULL")
    assert lost == []  # the calls that died with it have their end in the records
    again = await calls(4)
    assert await spread(site, again) == {"hk1": 2, "hk2": 2}
    await asyncio.gather(*(bystander.leaves_unhurt() for bystander in again))


async def test_an_overloaded_nodes_calls_go_to_the_other_and_it_comes_back(site: Site) -> None:
    talking = await calls(2)
    assert await spread(site, talking) == {"hk1": 1, "hk2": 1}
    (worker,) = {
        int(pid)
        for pid, node in await site.query(
            "SELECT worker_pid, node FROM calls WHERE outcome IS NULL"
        )
        if node == "hk1"
    }
    with stuttering(worker, stands_s=0.6):
        await site.until_up("hk2", seconds=30)
        status, new = await one_call()
        assert status == 200
        assert await site.node_of(new) == "hk2"
        await ended(new)
    await site.until_up("hk1", "hk2", seconds=30)
    assert "it drains or is overloaded" in site.edge.log
    assert "overloaded: no new calls" in site.nodes["hk1"].log
    more = []
    for _ in range(2 * LINES - 2):
        await asyncio.sleep(1.0)  # so shortly after an overload a node takes a few a second
        more += await calls(1)
    assert await spread(site, [*talking, *more]) == {"hk1": LINES, "hk2": LINES}
    for bystander in (*talking, *more):
        bystander.stops()
    await ended(*(bystander.peer for bystander in (*talking, *more)))
