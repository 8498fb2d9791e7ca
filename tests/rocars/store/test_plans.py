"""Pages ask PostgreSQL nothing that makes it read a large table from end to end.

The planner is told to do so only where there is no other way; the statements are those that the
pages really send.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event, select

from rocars.bundling.messages import BundleRequest
from rocars.cargo.own_cargo import STATES, OwnCargo, Wanted
from rocars.hotline.subjects import Kind, Subject
from rocars.registry.drivers import driver_id_of
from rocars.store.tables.registration import Company
from tests.rocars.conftest import World, make_world, settings_for
from tests.support.migrated import new_rocars_on

pytestmark = pytest.mark.service

LARGE = {
    *("consignment", "consignment_change", "bundle", "bundled_cargo", "batched_consignment"),
    *("bulk_consignment", "bulk_message", "bulk_results", "agent_deed", "channel_event"),
    *("passage", "idempotent_answer", "driver_vehicle"),
}


@pytest.fixture
async def large(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    url = await new_rocars_on(request.getfixturevalue("postgres"))
    async for world in make_world(settings_for(tmp_path, url)):
        yield world


@dataclass(frozen=True)
class Asked:
    statement: str
    values: tuple[Any, ...]


@contextmanager
def overheard(world: World) -> Iterator[list[Asked]]:
    """Every SELECT that is sent within."""
    engine = world.running.service.database._engine.sync_engine
    asked: list[Asked] = []

    def listen(_c: Any, _cursor: Any, statement: str, values: Any, _x: Any, _many: bool) -> None:
        if statement.lstrip().upper().startswith("SELECT") and "FROM" in statement:
            asked.append(Asked(statement, tuple(values)))

    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", listen)


async def read_from_end_to_end(world: World, asked: list[Asked]) -> list[str]:
    """The plans that do so with a large table."""
    url = world.running.service.settings.database_url.replace("postgresql+asyncpg", "postgresql")
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET enable_seqscan = off")
        found = []
        for question in asked:
            rows = await connection.fetch(f"EXPLAIN {question.statement}", *question.values)
            plan = "\n".join(row[0] for row in rows)
            if LARGE & set(re.findall(r"Seq Scan on (\w+)", plan)):
                found.append(f"{question.statement}\n{plan}")
        return found
    finally:
        await connection.close()


async def test_no_page_reads_a_large_table_from_end_to_end(large: World) -> None:
    service = large.running.service
    user_id = await large.driver()
    ccrn = await large.lodge()
    async with service.database.reading() as session:
        company_id = (await session.execute(select(Company.id))).scalar_one()
    driver_id = await driver_id_of(service.database, user_id)
    request = BundleRequest(ccrns=[ccrn], vehicle="AB1234")
    cargo = OwnCargo(
        service.database,
        service.clock,
        service.settings.rules,
        service.consignments,
        looked_through=1,
    )
    await large.lodge()
    with overheard(large) as asked:
        receipt = await service.bundling.bundle(driver_id, "k" * 20, request)
        await service.bundling.bundles_of(driver_id)
        await service.bundling.own(driver_id, receipt.ubr)
        await service.consignments.state(ccrn)
        await cargo.search(company_id, Wanted())
        await cargo.search(company_id, Wanted(before=9))
        await cargo.search(company_id, Wanted(text=ccrn))
        for state in STATES:
            await cargo.search(company_id, Wanted(text="umbrellas", state=state))
        await cargo.get(company_id, ccrn)
        for kind, value in (
            (Kind.CCRN, ccrn),
            (Kind.UBR, receipt.ubr),
            (Kind.VEHICLE, "AB1234"),
            (Kind.USER, user_id),
        ):
            assert await service.enquiries.look("hotline", Subject(kind, value)) is not None
    assert len(asked) > 40
    assert await read_from_end_to_end(large, asked) == []


async def test_a_question_without_an_index_would_be_seen(large: World) -> None:
    """This test can fail."""
    without = Asked("SELECT id FROM consignment WHERE articles = $1", ("umbrellas",))
    assert len(await read_from_end_to_end(large, [without])) == 1
