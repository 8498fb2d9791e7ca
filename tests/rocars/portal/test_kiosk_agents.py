"""An agent at a kiosk acts for a client and a named driver, only with the client's consent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, ViewportSize

import tests.console
from rocars.kiosk.site import LANGUAGES, ROOT
from rocars.secrets.key_ring import Role
from tests.rocars.portal.conftest import (
    AGENT,
    DRIVER,
    OTHER_SHIPPER,
    PASSWORD,
    SHIPPER,
    Portal,
    Seen,
    Visit,
)
from tests.rocars.portal.test_kiosk import ROUTES, at_kiosk, knock
from tests.support.pace import limit

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

ACCESSIBLE = (Path(tests.console.__path__[0]) / "accessible.js").read_text()


async def agent_enters(kiosk: Visit, user_id: str = AGENT) -> Seen:
    return await kiosk.send(f"{ROOT}/agent", {"user_id": user_id, "password": PASSWORD})


async def lodged_for(portal: Portal, kiosk: Visit, agency: int) -> str:
    base = f"{ROOT}/clients/{agency}"
    page = await kiosk.go(f"{base}/lodge")
    assert "You act for Kwun Tong Transport (BR-1)." in page.text
    form = {name: str(value) for name, value in portal.world.cargo_data().items()}
    seen = await kiosk.send(f"{base}/lodge", form | {"key": page.key})
    found = re.fullmatch(rf"{base}/consignments/([0-9]{{13}})", seen.path)
    assert found is not None, seen.text
    return found[1]


async def test_an_agent_lodges_and_bundles_for_a_named_driver(portal: Portal, agency: int) -> None:
    kiosk = await at_kiosk(portal)
    seen = await agent_enters(kiosk)
    assert seen.path == f"{ROOT}/clients"
    base = f"{ROOT}/clients/{agency}"
    assert f'href="{base}"' in seen.text
    ccrn = await lodged_for(portal, kiosk, agency)
    record = await portal.world.ask("GET", f"/v1/consignments/{ccrn}", role=Role.SHIPPER)
    assert record.body["data"]["company"] == "BR-1"
    page = await kiosk.go(f"{base}/bundle")
    form = {"ccrns": ccrn, "vehicle": "AB1234", "key": page.key}
    stranger = await kiosk.send(f"{base}/bundle", form | {"driver": "29999999"})
    assert (stranger.status, "No such driver is registered." in stranger.text) == (422, True)
    assert ccrn in stranger.text, "what was typed is kept"
    first, again = [await kiosk.send(f"{base}/bundle", form | {"driver": DRIVER}) for _ in "12"]
    assert first.path == again.path, "sent twice, bundled once"
    assert "The driver may cross from" in first.text
    ubr = first.path.rpartition("/")[2]
    session = await portal.world.session(DRIVER)
    answer = await portal.world.ask("GET", "/v1/bundles", session=session)
    assert ubr in [bundle["ubr"] for bundle in answer.body["bundles"]]
    undone = await kiosk.send(f"{first.path}/unbundle", {"key": again.key})
    assert "unbundled" in undone.text
    client = await portal.visit(SHIPPER)
    deeds = (await client.go(f"/agents/{agency}")).text
    assert deeds.count("<td>agent1</td>") == 3, "lodged, bundled, unbundled"


async def test_without_consent_nothing_opens(portal: Portal, agency: int) -> None:
    of_clients = [(method, path) for method, path in ROUTES if path.startswith("/clients/{")]
    assert len(of_clients) >= 9
    kiosk = await at_kiosk(portal)
    await agent_enters(kiosk, OTHER_SHIPPER)
    assert "No company lets yours act for it." in (await kiosk.go(f"{ROOT}/clients")).text

    async def tried() -> set[int]:
        answers = set()
        for method, path in of_clients:
            status, _ = await knock(kiosk, method, path.replace("{client}", str(agency)))
            answers.add(status)
        return answers

    assert await tried() == {404}, "another company's agent"
    await agent_enters(kiosk)
    assert (await kiosk.go(f"{ROOT}/clients/{agency}/bundle")).status == 200
    client = await portal.visit(SHIPPER)
    await client.go("/agents")
    await client.send(f"/agents/{agency}/end")
    assert await tried() == {404}, "from the moment on that the consent is taken back"


@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_pages_of_agents_are_legible(
    chromium: Browser, portal: Portal, agency: int, language: str
) -> None:
    kiosk = await at_kiosk(portal)
    await agent_enters(kiosk)
    ccrn = await lodged_for(portal, kiosk, agency)
    base = f"{ROOT}/clients/{agency}"
    form = {"ccrns": ccrn, "vehicle": "AB1234", "driver": DRIVER}
    bundle = await kiosk.send(
        f"{base}/bundle", form | {"key": (await kiosk.go(f"{base}/bundle")).key}
    )
    context = await chromium.new_context(viewport=ViewportSize(width=1080, height=1920))
    context.set_default_timeout(limit(20) * 1000)
    kept = [(cookie.key, cookie.value) for cookie in kiosk.http.cookie_jar]
    cookies = dict(kept) | {"rocars_kiosk_language": language}
    await context.add_cookies(
        [
            {"name": name, "value": value, "url": portal.url + ROOT}
            for name, value in cookies.items()
        ]
    )
    page = await context.new_page()
    for path in (
        *("/menu", "/agent", "/clients", f"/clients/{agency}", f"/clients/{agency}/bundle"),
        *(bundle.path.removeprefix(ROOT), f"/clients/{agency}/consignments/{ccrn}"),
    ):
        await page.goto(portal.url + ROOT + path)
        assert await page.locator("html").get_attribute("lang") == language, path
        assert await page.evaluate(ACCESSIBLE) == [], path
    await context.close()
