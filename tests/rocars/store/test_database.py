"""A database that is busy, silent or slow: the answer is 503, in time, and nothing is half done."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import pytest
from sqlalchemy import text

from rocars.secrets.key_ring import Role
from rocars.server import serve
from rocars.store.database import Database
from rocars.store.settings import DatabaseSettings
from tests.rocars.conftest import make_world, settings_for
from tests.support.pace import limit

pytestmark = pytest.mark.service


async def test_a_writer_that_does_not_end_makes_others_give_up(tmp_path):
    settings = settings_for(tmp_path).model_copy(
        update={"database": DatabaseSettings(busy_timeout_ms=200)}
    )
    async for world in make_world(settings):
        await world.driver()
        session = await world.session()
        ccrn = await world.lodge()
        async with world.running.service.database.writing() as holder:
            await holder.execute(text("UPDATE schema_version SET version = version"))
            reply = await world.bundle(session, [ccrn], key="k")
            assert (reply.status, reply.code) == (503, "unavailable")
            looked = await world.ask("GET", f"/v1/cargo/{ccrn}", session=session)
            assert looked.body["state"] == "free"  # readers are not held up (WAL)
        assert (await world.bundle(session, [ccrn], key="k")).status == 201


async def test_a_writer_of_another_process_is_waited_for_no_longer(tmp_path):
    settings = settings_for(tmp_path).model_copy(
        update={"database": DatabaseSettings(busy_timeout_ms=200)}
    )
    async for world in make_world(settings):
        other = Database(settings.database_url, DatabaseSettings())
        async with other.writing() as holder:
            await holder.execute(text("UPDATE schema_version SET version = version"))
            reply = await world.ask("POST", "/v1/user-ids/20000001/unlock", role=Role.ADMIN)
            assert (reply.status, reply.code) == (503, "unavailable")
        reply = await world.ask("POST", "/v1/user-ids/20000001/unlock", role=Role.ADMIN)
        assert reply.status == 200
        await other.close()


async def test_all_who_write_at_once_are_served_in_their_order(tmp_path):
    """SQLite itself lets those who wait try again at random, and the unlucky give up."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite3'}", DatabaseSettings())
    await database.prepare()
    served = []

    async def write(number):
        async with database.writing() as session:
            await session.execute(text("UPDATE schema_version SET version = version"))
            served.append(number)

    await asyncio.gather(*(write(number) for number in range(40)))
    await database.close()
    assert served == list(range(40))


async def test_statements_are_bounded_on_postgresql(tmp_path, postgres):
    url = await postgres.new_database()
    settings = settings_for(tmp_path).model_copy(
        update={"database": DatabaseSettings(url=url, statement_timeout_s=0.5)}
    )
    async for world in make_world(settings):
        ccrn = await world.lodge()
        async with world.running.service.database.writing() as holder:
            await holder.execute(text("SELECT id FROM consignment FOR UPDATE"))
            began = time.monotonic()
            reply = await world.ask(
                "PUT", f"/v1/consignments/{ccrn}", world.cargo_data(), role=Role.SHIPPER
            )
            assert (reply.status, reply.code) == (503, "unavailable")
            assert time.monotonic() - began < limit(8)
        assert (await world.ask("GET", "/health", role=None)).status == 200


async def test_a_silent_database_server_does_not_hang_the_start(tmp_path):
    async def say_nothing(reader, writer):
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    url = f"postgresql+asyncpg://rocars@127.0.0.1:{port}/rocars"
    settings = settings_for(tmp_path).model_copy(
        update={"database": DatabaseSettings(url=url, statement_timeout_s=0.5)}
    )
    try:
        async with asyncio.timeout(limit(5)):
            with pytest.raises(OSError):  # noqa: PT011 - TimeoutError is one, without words
                await serve(settings)
    finally:
        silent.close()


async def test_a_closed_service_takes_no_more_requests(tmp_path):
    running = await serve(settings_for(tmp_path))
    await running.close()
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(running.base_url + "/health")
