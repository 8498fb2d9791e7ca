"""The trainer's page: who is how far, on the web, at kiosks and by telephone."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from rocars.store.tables.course import CourseTaken
from rocars.store.tables.web import WebAccount
from tests.rocars.counter.conftest import Office
from tests.rocars.portal.conftest import add_account

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

CELL = re.compile(r"<t[dh][^>]*>(?:<a[^>]*>)?(.*?)(?:</a>)?</t[dh]>", re.DOTALL)


def lodged(taken: CourseTaken) -> None:
    taken.steps = {"lodge": "2010-05-17T09:00:00+08:00"}


async def test_all_places_are_on_one_page(office: Office) -> None:
    world = office.world
    await world.driver("20000055", vehicles=())
    await add_account(world, "trainee5", "shipper", "BR-1")
    service = world.running.service
    async with service.database.reading() as session:
        account = await session.scalar(
            select(WebAccount.id).where(WebAccount.user_id == "trainee5")
        )
    assert account is not None
    await service.course_progress.of(account, "web")
    world.clock.forward(seconds=1)
    await service.course_progress.change(account, "kiosk", lodged)
    world.clock.forward(seconds=1)
    await service.rehearsals.note("20000055", ["log_in", "bundle"])
    officer = await office.officer()
    page = (await officer.go("/course")).text
    rows = [
        [" ".join(cell.split()) for cell in CELL.findall(row)]
        for row in page.split("<tr>")
        if "trainee5" in row or "20000055" in row
    ]
    assert [(row[0], row[3], row[5], row[6]) for row in rows] == [
        ("20000055", "telephone", "2 of 5", "bundled several cargoes"),
        ("trainee5", "kiosk", "1 of 3", "bundled"),
        ("trainee5", "web", "0 of 4", "lodged"),
    ]
