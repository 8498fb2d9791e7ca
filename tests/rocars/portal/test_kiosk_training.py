"""A kiosk in training: its exercises check themselves, and nothing of them is real."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, ViewportSize

import tests.console
from rocars.kiosk.pages import training
from rocars.kiosk.site import LANGUAGES, ROOT, TRAINING
from rocars.secrets.key_ring import Role
from rocars.training.course import TO_LODGE
from tests.rocars.portal.conftest import (
    OTHER_DRIVER,
    OTHER_SHIPPER,
    PASSWORD,
    SHIPPER,
    Portal,
    Seen,
    Visit,
    add_account,
)
from tests.rocars.portal.test_kiosk import at_kiosk, driver_enters, knock, shipper_enters
from tests.support.pace import limit

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

ACCESSIBLE = (Path(tests.console.__path__[0]) / "accessible.js").read_text()
ON_SCREEN = "Training: nothing here is real"
ON_SLIP = "TRAINING: of no use at the boundary"
OPEN = "/enter"
MARK = re.compile(r'name="mark" value="(KR[0-9]+)"')
ROUTES = sorted({(route.method, route.path) for route in training.PAGES.routes()})


async def trainee_enters(kiosk: Visit, user_id: str) -> Seen:
    return await kiosk.send(f"{TRAINING}/enter", {"user_id": user_id, "password": PASSWORD})


async def lodge(portal: Portal, kiosk: Visit, **changed: str) -> Seen:
    page = await kiosk.go(f"{TRAINING}/lodge")
    tomorrow = portal.world.clock().date() + timedelta(days=1)
    form = {**TO_LODGE, "expected_date": tomorrow.isoformat(), "key": page.key, **changed}
    return await kiosk.send(f"{TRAINING}/lodge", form)


async def done(kiosk: Visit) -> int:
    """Steps, as the page says."""
    found = re.search(r"([0-9]) of 3 are done", (await kiosk.go(f"{TRAINING}/")).text)
    assert found is not None
    return int(found[1])


async def test_from_the_first_step_to_the_last(portal: Portal) -> None:
    world = portal.world
    await add_account(world, "trainee2", "shipper", "BR-2")
    kiosk = await at_kiosk(portal)
    assert f'href="{TRAINING}/enter"' in (await kiosk.go(f"{ROOT}/menu")).text
    wrong = await kiosk.send(f"{TRAINING}/enter", {"user_id": "trainee2", "password": "wrong"})
    assert (wrong.status, ON_SCREEN in wrong.text) == (403, True)
    entered = await trainee_enters(kiosk, "trainee2")
    assert entered.path == f"{TRAINING}/"
    assert await done(kiosk) == 0
    await lodge(portal, kiosk, packages="11")
    assert await done(kiosk) == 0, "not what was asked for"
    wrong = await lodge(portal, kiosk, packages="a dozen")
    assert (wrong.status, ON_SCREEN in wrong.text) == (422, True)
    lodged = await lodge(portal, kiosk)
    assert ON_SCREEN in lodged.text
    assert ON_SLIP in lodged.text
    ccrn = lodged.path.rpartition("/")[2]
    assert await done(kiosk) == 1
    page = await kiosk.go(f"{TRAINING}/bundle")
    mark = MARK.search(page.text)
    assert mark is not None
    bundled = await kiosk.send(
        f"{TRAINING}/bundle", {"ccrns": ccrn, "mark": mark[1], "key": page.key}
    )
    assert bundled.path.startswith(f"{TRAINING}/bundles/"), bundled.text
    assert ON_SLIP in bundled.text
    assert await done(kiosk) == 2
    board = await kiosk.send(f"{TRAINING}/drive-up")
    assert "<strong>Too early</strong>" in board.text
    wrong = await kiosk.send(f"{TRAINING}/", {"answer": "proceed"})
    assert "That is not what the board means. Read it again." in wrong.text
    right = await kiosk.send(f"{TRAINING}/", {"answer": "wait"})
    assert "Right. You have done the course." in right.text
    assert await done(kiosk) == 3

    trainees = await world.running.service.course_progress.trainees()
    (mine,) = [trainee for trainee in trainees if trainee.user_id == "trainee2"]
    assert (mine.progress.place, mine.progress.next_step) == ("kiosk", None)
    real = await world.ask("GET", f"/v1/consignments/{ccrn}", role=Role.SHIPPER)
    assert real.code == "unknown_ccrn"
    on_the_web = await portal.visit("trainee2")
    assert ccrn not in (await on_the_web.go("/course/consignments")).text, "another trainee there"
    other = await at_kiosk(portal, "fotan-2")
    await trainee_enters(other, OTHER_SHIPPER)
    for path in (lodged.path, bundled.path, f"{lodged.path}/qr.svg"):
        seen = await other.go(path)
        assert seen.status == 404
        assert ON_SCREEN in seen.text, "what is not found says where one is"
    world.clock.forward(seconds=1)  # what was lodged before counts no more
    await kiosk.send(f"{TRAINING}/again")
    assert await done(kiosk) == 0


async def test_a_driver_with_an_account_may_practise_too(portal: Portal) -> None:
    kiosk = await at_kiosk(portal)
    assert (await trainee_enters(kiosk, OTHER_DRIVER)).path == f"{TRAINING}/"
    assert (await lodge(portal, kiosk)).status == 200


@pytest.mark.parametrize("who", ["nobody", "driver", "shipper", "trainee"])
async def test_training_is_for_trainees_and_opens_nothing_else(portal: Portal, who: str) -> None:
    kiosk = await at_kiosk(portal)
    if who == "driver":
        await driver_enters(portal, kiosk)
    elif who == "shipper":
        await shipper_enters(kiosk)
    elif who == "trainee":
        await trainee_enters(kiosk, SHIPPER)
    for method, path in ROUTES:
        status, there = await knock(kiosk, method, TRAINING.removeprefix(ROOT) + path)
        if path == OPEN:
            assert status in (200, 403, 429), (method, path)
        elif who == "trainee":  # without a form of the page: refused; of a number that is not: 404
            assert status in ((200, 404) if method == "GET" else (403,)), (method, path)
        else:
            assert (status, there) == (303, f"{ROOT}/"), (method, path)
    if who == "trainee":
        for path in ("/bundle", "/lodge", "/clients"):
            assert await knock(kiosk, "GET", path) == (303, f"{ROOT}/")


async def test_only_kiosks_train(portal: Portal) -> None:
    stranger = await portal.stranger()
    for method, path in ROUTES:
        status, there = await knock(stranger, method, TRAINING.removeprefix(ROOT) + path)
        if method == "GET":
            assert (status, there.partition("?")[0]) == (303, f"{ROOT}/device"), path
        else:
            assert status == 403, path


async def test_whoever_leaves_is_forgotten(portal: Portal) -> None:
    kiosk = await at_kiosk(portal)
    await trainee_enters(kiosk, SHIPPER)
    portal.world.clock.forward(seconds=40)
    try:
        assert (await knock(kiosk, "POST", "/here"))[0] == 204
        portal.world.clock.forward(seconds=46)
        assert (await knock(kiosk, "POST", "/here"))[0] == 403
        assert (await kiosk.go(f"{TRAINING}/")).path == f"{ROOT}/"
    finally:
        portal.world.clock.forward(seconds=-86)
    await trainee_enters(kiosk, SHIPPER)
    await kiosk.send(f"{ROOT}/end")
    left = {cookie.key for cookie in kiosk.http.cookie_jar if cookie.value}
    assert not left & {"rocars_kiosk_visit", "rocars_kiosk_language"}


@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_pages_are_legible_and_wiped(
    chromium: Browser, portal: Portal, language: str
) -> None:
    kiosk = await at_kiosk(portal)
    await trainee_enters(kiosk, OTHER_SHIPPER)
    ccrn = (await lodge(portal, kiosk)).path.rpartition("/")[2]
    form = await kiosk.go(f"{TRAINING}/bundle")
    mark = MARK.search(form.text)
    assert mark is not None
    bundled = await kiosk.send(
        f"{TRAINING}/bundle", {"ccrns": ccrn, "mark": mark[1], "key": form.key}
    )
    context = await chromium.new_context(viewport=ViewportSize(width=1080, height=1920))
    context.set_default_timeout(limit(20) * 1000)
    kept = {cookie.key: cookie.value for cookie in kiosk.http.cookie_jar}
    cookies = kept | {"rocars_kiosk_language": language}
    await context.add_cookies(
        [
            {"name": name, "value": value, "url": portal.url + ROOT}
            for name, value in cookies.items()
        ]
    )
    page = await context.new_page()
    await page.clock.install()
    for path in (
        *(f"{TRAINING}/enter", f"{TRAINING}/lodge", f"{TRAINING}/consignments/{ccrn}"),
        *(f"{TRAINING}/bundle", bundled.path, f"{TRAINING}/"),
    ):
        await page.goto(portal.url + path)
        assert await page.locator("html").get_attribute("lang") == language, path
        assert await page.locator("header .mark").is_visible(), path
        assert await page.evaluate(ACCESSIBLE) == [], path
    await page.emulate_media(media="print")
    await page.goto(portal.url + bundled.path)
    assert await page.locator(".slip .mark").is_visible()
    await page.emulate_media(media="screen")
    await page.clock.run_for(31_000)
    await page.wait_for_url(f"**{ROOT}/")
    await page.goto(f"{portal.url}{TRAINING}/")
    assert page.url == f"{portal.url}{ROOT}/"
    await context.close()
