"""Results are pushed where a company wants them: signed, again until taken, nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import event
from sqlalchemy.pool import QueuePool

from rocars.refusals import Code, Problem
from rocars.secrets.key_ring import Role
from rocars.secrets.push_keys import PushKeys, fresh_push_key
from rocars.store.database import Database
from rocars.systems.push_addresses import GuardedResolver, check
from rocars.systems.pushes import Pusher
from rocars.systems.settings import SystemSettings
from tests.rocars.conftest import World
from tests.rocars.systems.conftest import client_module, system_of
from tests.support.pace import limit

pytestmark = pytest.mark.service

CLIENT = client_module()


@pytest.fixture
def changes() -> dict[str, Any]:
    return {"systems": SystemSettings(look_s=0.05, push_tries=3, push_first_pause_s=5)}


@dataclass
class Receiver:
    """A company's own server; `answers` are the next statuses, and 204 after these."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: asyncio.Queue[tuple[Any, bytes, dict[str, Any]]] = field(default_factory=asyncio.Queue)

    async def take(self, request: web.Request) -> web.Response:
        status = self.answers.pop(0) if self.answers else 204
        body = await request.read()
        message = CLIENT.Message("POST", self.url, request.headers)
        await self.got.put((message, body, await request.json()))
        headers = {"Location": self.url} if status == 307 else {}
        return web.Response(status=status, headers=headers)

    async def next(self) -> tuple[Any, bytes, dict[str, Any]]:
        async with asyncio.timeout(limit(20)):
            return await self.got.get()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/results", made.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/results"
    yield made
    await runner.cleanup()


async def register(world: World, url: str) -> Any:
    body = {"url": url}
    path = "/v1/companies/BR-1/push-address"
    return await world.ask("PUT", path, body, role=Role.ADMIN)


async def pushed(world: World, state: str) -> dict[str, Any]:
    """The message m-1 once its push is in this state."""
    system = await system_of(world)
    async with asyncio.timeout(limit(20)):
        while True:
            body = (await system.ask("GET", "/v1/messages/m-1")).body
            if body["push"] == state:
                return dict(body)
            await asyncio.sleep(0.02)


async def test_a_result_is_pushed_and_signed(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await register(world, receiver.url)).status == 200
    system = await system_of(world)
    await system.send("m-1", [system.lodge(reference="PO-1")])
    message, body, result = await receiver.next()
    status = await pushed(world, "delivered")
    assert result == status | {"push": "due"}
    monkeypatch.setattr(CLIENT, "URL", world.running.base_url)
    assert await asyncio.to_thread(CLIENT.verified, message, body)
    assert not await asyncio.to_thread(CLIENT.verified, message, body + b" ")
    elsewhere = CLIENT.Message("POST", receiver.url + "x", message.headers)
    assert not await asyncio.to_thread(CLIENT.verified, elsewhere, body)


async def test_a_push_is_tried_again_until_it_is_taken(
    small_world: World, receiver: Receiver
) -> None:
    receiver.answers = [500, 307]
    await register(small_world, receiver.url)
    system = await system_of(small_world)
    await system.send("m-1", [system.lodge()])
    for answer in ("answered 500", "answered 307"):
        await receiver.next()
        await written_down(small_world, answer)
        small_world.clock.forward(seconds=13)  # the second pause is 10 s and a fifth at most
    await receiver.next()
    await pushed(small_world, "delivered")
    assert receiver.got.empty()


async def written_down(world: World, last: str) -> None:
    """Until a try has ended like this."""
    path = "/v1/companies/BR-1/push-address"
    async with asyncio.timeout(limit(20)):
        while (await world.ask("GET", path, role=Role.ADMIN)).body["last"] != last:
            await asyncio.sleep(0.02)


async def test_a_push_is_given_up_and_its_result_can_be_read(
    small_world: World, receiver: Receiver
) -> None:
    receiver.answers = [500, 502, 503]
    await register(small_world, receiver.url)
    system = await system_of(small_world)
    await system.send("m-1", [system.lodge()])
    for status in (500, 502, 503):
        await receiver.next()
        await written_down(small_world, f"answered {status}")
        small_world.clock.forward(hours=1)
    message = await pushed(small_world, "given_up")
    assert message["results"][0]["result"] == "done"
    record = await small_world.ask("GET", "/v1/companies/BR-1/push-address", role=Role.ADMIN)
    assert (record.body["due"], record.body["given_up"]) == (0, 1)


async def test_an_address_that_was_withdrawn_gets_nothing(
    small_world: World, receiver: Receiver
) -> None:
    path = "/v1/companies/BR-1/push-address"
    assert (await small_world.ask("GET", path, role=Role.ADMIN)).code == "no_push_address"
    await register(small_world, receiver.url)
    assert (await small_world.ask("DELETE", path, role=Role.ADMIN)).status == 200
    assert (await small_world.ask("DELETE", path, role=Role.ADMIN)).code == "no_push_address"
    system = await system_of(small_world)
    await system.send("m-1", [system.lodge()])
    assert (await system.done("m-1"))["push"] == "none"


async def test_nothing_is_pushed_unsigned(small_world: World) -> None:
    small_world.running.service.push_addresses._keys = PushKeys({})
    reply = await register(small_world, "http://127.0.0.1:9/")
    assert (reply.status, reply.code) == (422, "push_address_refused")


def test_the_key_of_pushes_can_be_changed() -> None:
    new, old = fresh_push_key(), fresh_push_key()
    both = PushKeys.of([new, old])
    assert both.current == PushKeys.of([new]).current != PushKeys.of([old]).current
    assert both.published == PushKeys.of([old]).published | PushKeys.of([new]).published


LIMITS = SystemSettings(push_hosts=("localhost", "127.0.0.1", "shipper.example"))


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://192.168.1.1/",
        "https://shipper.example@10.0.0.1/",
        "https://user:word@shipper.example/",
        "https://shipper.example.evil.example/",
        "http://shipper.example/",
        "http://[::ffff:7f00:1]/",
        "http://2130706433/",
        "file:///etc/passwd",
        "https://shipper.example:99999/",
        "//shipper.example/",
        "",
    ],
)
async def test_addresses_that_are_refused(small_world: World, url: str) -> None:
    with pytest.raises(Problem) as refused:
        check(url, LIMITS)
    assert refused.value.code is Code.PUSH_ADDRESS_REFUSED
    reply = await register(small_world, url)
    assert (reply.status, reply.code) == (422, "push_address_refused")


async def test_a_name_that_leads_to_a_machine_of_ours_is_not_followed() -> None:
    check("https://shipper.example/results", LIMITS)
    resolver = GuardedResolver(SystemSettings(push_networks=()))
    with pytest.raises(OSError, match="no address that is allowed"):
        await resolver.resolve("localhost", 443)
    assert await GuardedResolver(LIMITS).resolve("localhost", 443)


async def test_a_host_that_is_no_longer_allowed_gets_nothing(
    small_world: World, receiver: Receiver
) -> None:
    await register(small_world, receiver.url)
    small_world.running.service.pusher._settings = SystemSettings(push_hosts=())
    system = await system_of(small_world)
    await system.send("m-1", [system.lodge()])
    await written_down(small_world, "this host is not in systems.push_hosts")
    assert receiver.got.empty()


async def test_however_many_push_they_take_one_connection(small_world: World) -> None:
    service = small_world.running.service
    database = Database(service.settings.database_url, service.settings.database)
    pool = database._engine.pool
    assert isinstance(pool, QueuePool)
    taken: list[int] = []
    event.listen(pool, "checkout", lambda *_: taken.append(pool.checkedout()))
    pusher = Pusher(database, service.clock, service.settings.systems, service.keys.pushes)
    try:
        async with aiohttp.ClientSession() as http:
            await asyncio.gather(*(pusher.step(http) for _ in range(20)))
    finally:
        await database.close()
    assert len(taken) == 20
    assert max(taken) == 1
