"""The course for shippers: its steps check themselves, on data that nobody else sees."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser

import tests.console
from rocars.crossing.instructions import Instruction
from rocars.crossing.messages import Reading
from rocars.portal.rendering import LANGUAGES
from rocars.secrets.key_ring import Role
from rocars.training.course import TO_LODGE
from tests.rocars.portal.conftest import (
    DRIVER,
    OTHER_SHIPPER,
    Portal,
    Visit,
    add_account,
    browser_of,
)
from tests.rocars.portal.test_shippers import notice

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

ACCESSIBLE = (Path(tests.console.__path__[0]) / "accessible.js").read_text()
PAGES = ("/course/", "/course/consignments", "/course/lodge", "/course/bundles")


def asked_for(portal: Portal, **changed: str) -> dict[str, str]:
    tomorrow = portal.world.clock().date() + timedelta(days=1)
    return {**TO_LODGE, "expected_date": tomorrow.isoformat(), **changed}


async def lodge(portal: Portal, visit: Visit, **changed: str) -> str:
    page = await visit.go("/course/lodge")
    seen = await visit.send("/course/lodge", asked_for(portal, key=page.key, **changed))
    found = re.fullmatch(r"/course/consignments/([0-9]{13})", seen.path)
    assert found is not None, seen.text
    return found[1]


async def done(visit: Visit) -> int:
    """Steps, as the page says."""
    found = re.search(r"([0-9]) of 4 are done", (await visit.go("/course/")).text)
    assert found is not None
    return int(found[1])


async def test_from_the_first_step_to_the_last(portal: Portal) -> None:
    world = portal.world
    await add_account(world, "trainee1", "shipper", "BR-2")
    visit = await portal.visit("trainee1")
    assert await done(visit) == 0
    await lodge(portal, visit, packages="11")
    assert await done(visit) == 0, "not what was asked for"
    ccrn = await lodge(portal, visit)
    assert await done(visit) == 1
    amended = f"/course/consignments/{ccrn}/amend"
    await visit.go(amended)
    await visit.send(amended, asked_for(portal, packages="15"))
    assert await done(visit) == 2
    mark = re.search(r"with the vehicle (TR[0-9]+)", (await visit.go("/course/")).text)
    assert mark is not None
    page = await visit.go("/course/bundles")
    bundled = await visit.send(
        "/course/bundles", {"ccrns": ccrn, "vehicle": mark[1], "key": page.key}
    )
    assert bundled.path.startswith("/course/bundles/"), bundled.text
    assert await done(visit) == 3
    board = await visit.send("/course/drive-up")
    assert "<strong>Too early</strong>" in board.text
    assert "You may cross from 09:31." in board.text
    wrong = await visit.send("/course/answer", {"answer": "proceed"})
    assert notice(wrong) == "That is not what the board means. Read it again."
    right = await visit.send("/course/answer", {"answer": "wait"})
    assert notice(right) == "Right. You have done the course."
    assert await done(visit) == 4
    (trainee,) = [
        trainee
        for trainee in await world.running.service.course_progress.trainees()
        if trainee.user_id == "trainee1"
    ]
    assert trainee.progress.next_step is None

    real = await world.ask("GET", f"/v1/consignments/{ccrn}", role=Role.SHIPPER)
    assert real.code == "unknown_ccrn"
    assert ccrn not in (await visit.go("/consignments")).text
    reading = Reading(lane="LMC-OUT-1", plate=mark[1], confidence=1.0, taken_at=world.clock())
    at_the_boundary = await world.running.service.passages.read("r" * 16, reading)
    assert at_the_boundary.instruction is Instruction.NO_BUNDLE

    other = await portal.visit(OTHER_SHIPPER)
    assert (await other.go(f"/course/consignments/{ccrn}")).status == 404
    await visit.go("/course/")
    await visit.send("/course/again", allow_redirects=False)
    trainees = await world.running.service.course_progress.trainees()
    assert "trainee1" not in {trainee.user_id for trainee in trainees}


async def test_the_course_is_for_shippers(portal: Portal) -> None:
    stranger, driver = await portal.stranger(), await portal.visit(DRIVER)
    for path in PAGES:
        seen = await stranger.go(path, allow_redirects=False)
        assert (seen.status, seen.headers["Location"][:6]) == (303, "/login"), path
        assert (await driver.go(path)).status == 404, path
    assert "/course/" not in (await driver.go("/bundles")).text


@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_pages_of_the_course_are_legible(
    chromium: Browser, portal: Portal, language: str
) -> None:
    visit = await portal.visit(OTHER_SHIPPER)
    await visit.go("/course/")
    context = await browser_of(chromium, portal, visit, language)
    page = await context.new_page()
    for path in PAGES:
        await page.goto(portal.url + path)
        assert await page.locator("html").get_attribute("lang") == language, path
        for width, height in ((390, 844), (1280, 900)):
            await page.set_viewport_size({"width": width, "height": height})
            assert await page.evaluate(ACCESSIBLE) == [], (path, width)
    await context.close()
