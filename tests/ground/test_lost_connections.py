"""Connections to PostgreSQL that died are replaced, and those just used are not asked."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from ground.database import engine as engines
from ground.database.engine import Limits, open_engine
from tests.support.pace import limit
from tests.support.postgres_server import PostgresServer

pytestmark = pytest.mark.service

LIMITS = Limits(
    pool_size=1, pool_timeout_s=60, busy_timeout_ms=0, connect_timeout_s=60, statement_timeout_s=60
)
BACKEND = text("SELECT pg_backend_pid()")


async def test_one_that_the_server_ended_is_never_given_out(postgres: PostgresServer) -> None:
    url = await postgres.new_database()
    engine, other = open_engine(url, LIMITS), open_engine(url, LIMITS)
    ended = asyncio.Event()
    async with engine.connect() as connection:
        first = await connection.scalar(BACKEND)
        raw = await connection.get_raw_connection()
        assert raw.driver_connection is not None
        raw.driver_connection.add_termination_listener(lambda _: ended.set())
    async with other.connect() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": first})
    async with asyncio.timeout(limit(10)):
        await ended.wait()
    async with engine.connect() as connection:
        assert await connection.scalar(BACKEND) != first
    await engine.dispose()
    await other.dispose()


@pytest.mark.parametrize(("after_s", "asked"), [(3600.0, 0), (0.0, 1)])
async def test_only_one_that_was_idle_is_asked(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, after_s: float, asked: int
) -> None:
    monkeypatch.setattr(engines, "PING_AFTER_S", after_s)
    engine = open_engine(await postgres.new_database(), LIMITS)
    pings: list[object] = []
    ping = engine.dialect.do_ping

    def counted(connection: object) -> bool:
        pings.append(connection)
        return ping(connection)  # type: ignore[arg-type]

    monkeypatch.setattr(engine.dialect, "do_ping", counted)
    for _ in range(2):
        async with engine.connect() as connection:
            await connection.scalar(BACKEND)
    assert len(pings) == asked
    await engine.dispose()
