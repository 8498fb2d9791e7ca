"""Self-help kiosks over HTTP: who gets where, what is done once, and what is forgotten."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import update

from rocars.kiosk.app import MODULES
from rocars.kiosk.site import ROOT
from rocars.secrets.key_ring import Role
from rocars.store.tables.web import WebAccount
from tests.rocars.conftest import PIN, make_world, settings_for
from tests.rocars.portal.conftest import (
    DRIVER,
    KIOSK,
    KIOSKS,
    OTHER_DRIVER,
    PASSWORD,
    SHIPPER,
    Portal,
    Seen,
    Visit,
)

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

ROUTES = sorted({(route.method, route.path) for module in MODULES for route in module.routes()})
OF_DRIVERS = re.compile(r"/bundles?(/|$)")
OF_SHIPPERS = re.compile(r"/(lodge|consignments/.*)$")
OF_AGENTS = re.compile(r"/clients(/|$)")
SETTING_UP = ("/device", "")


async def at_kiosk(portal: Portal, name: str = KIOSK) -> Visit:
    """A kiosk that has been set up, with nobody before it."""
    kiosk = await portal.stranger()
    form = {"name": name, "key": KIOSKS[name], "next": f"{ROOT}/"}
    seen = await kiosk.send(f"{ROOT}/device", form)
    assert seen.status == 200, seen.text
    assert seen.path == f"{ROOT}/"
    await kiosk.send(f"{ROOT}/language", {"language": "en"})
    return kiosk


async def driver_enters(portal: Portal, kiosk: Visit, user_id: str = DRIVER) -> Seen:
    code = portal.world.tokens[user_id].next()
    return await kiosk.send(f"{ROOT}/driver", {"user_id": user_id, "pin": PIN, "code": code})


async def shipper_enters(kiosk: Visit, user_id: str = SHIPPER) -> Seen:
    return await kiosk.send(f"{ROOT}/shipper", {"user_id": user_id, "password": PASSWORD})


async def lodged(portal: Portal, kiosk: Visit) -> str:
    data = portal.world.cargo_data()
    form = {name: str(value) for name, value in data.items()}
    seen = await kiosk.send(f"{ROOT}/lodge", form | {"key": (await kiosk.go(f"{ROOT}/lodge")).key})
    assert seen.status == 200, seen.text
    return seen.path.rpartition("/")[2]


async def knock(kiosk: Visit, method: str, path: str) -> tuple[int, str]:
    """Status, and where to, of a request without a form."""
    path = re.sub(r"\{\w+\}", "999999999", path)
    async with kiosk.http.request(method, kiosk.url + ROOT + path, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", "")


async def test_only_kiosks_get_in(portal: Portal) -> None:
    stranger = await portal.stranger()
    for method, path in ROUTES:
        if path in SETTING_UP:
            continue
        status, there = await knock(stranger, method, path)
        if method == "GET":
            assert status == 303, path
            assert there.startswith(f"{ROOT}/device?next="), path
        else:
            assert status == 403, path
    for name, key in ((KIOSK, KIOSKS["fotan-2"]), ("nowhere", KIOSKS[KIOSK]), ("open", "")):
        seen = await stranger.send(f"{ROOT}/device", {"name": name, "key": key})
        assert seen.status == 403
        assert "not the name and key of a kiosk" in seen.text
    # nor does another kiosk's proof under this name
    other = await at_kiosk(portal, "fotan-2")
    proof = next(c.value for c in other.http.cookie_jar if c.key == "rocars_kiosk")
    forged = {"rocars_kiosk": proof.replace("fotan-2", KIOSK)}
    async with (
        aiohttp.ClientSession(cookies=forged) as http,
        http.get(f"{portal.url}{ROOT}/menu", allow_redirects=False) as answer,
    ):
        assert answer.status == 303


@pytest.mark.parametrize("who", ["nobody", "driver", "shipper"])
async def test_every_page_is_for_whom_it_is_for(portal: Portal, who: str) -> None:
    kiosk = await at_kiosk(portal)
    for method, path in ROUTES:
        if path in (*SETTING_UP, "/", "/end", "/language", "/menu", "/low", "/here"):
            continue
        if who == "driver":
            await driver_enters(portal, kiosk)
        elif who == "shipper":
            await shipper_enters(kiosk)
        status, there = await knock(kiosk, method, path)
        if OF_AGENTS.match(path):
            # who is nobody's agent finds a list of none, and no client
            theirs_alone = 200 if path == "/clients" else 404
            assert status == (theirs_alone if who == "shipper" else 303), (method, path)
        elif OF_DRIVERS.match(path) or OF_SHIPPERS.match(path):
            theirs = {"driver": OF_DRIVERS, "shipper": OF_SHIPPERS}.get(who)
            if theirs is not None and theirs.match(path):
                # without a form of the page: refused; of a number that is not: not found
                wanted = (200, 404) if method == "GET" else (403,)
                assert status in wanted, (method, path)
            else:
                assert (status, there) == (303, f"{ROOT}/"), (method, path)
        else:  # log-ins without a word are wrong, and soon too many
            assert status in (200, 403, 429), (method, path)


async def test_a_driver_bundles_once_and_hears_what_the_telephone_says(portal: Portal) -> None:
    ccrn = await portal.world.lodge()
    kiosk = await at_kiosk(portal)
    seen = await driver_enters(portal, kiosk)
    assert seen.path == f"{ROOT}/bundle"
    assert "AB1234" in seen.text
    form = {"ccrns": f"{ccrn}\n", "mark": "AB1234", "vehicle": "", "key": seen.key}
    wrong = await kiosk.send(f"{ROOT}/bundle", form | {"ccrns": f"{ccrn} 2222222222222"})
    assert wrong.status == 422
    assert "No such CCRN. (2222222222222)" in wrong.text
    assert ccrn in wrong.text  # nothing typed is lost
    first, second = [await kiosk.send(f"{ROOT}/bundle", form) for _ in range(2)]
    assert first.path == second.path
    ubr = first.path.rpartition("/")[2]
    assert "You may cross from 2010-05-17 09:31." in first.text

    session = await portal.world.session(DRIVER)
    reply = await portal.world.ask("GET", "/v1/bundles", session=session)
    assert [bundle["ubr"] for bundle in reply.body["bundles"] if ccrn in bundle["ccrns"]] == [ubr]

    # another driver at the next kiosk knows nothing of it
    other = await at_kiosk(portal, "fotan-2")
    await driver_enters(portal, other, OTHER_DRIVER)
    assert (await other.go(first.path)).status == 404

    undone = await kiosk.send(f"{first.path}/unbundle", {"key": first.key})
    assert "unbundled" in undone.text
    again = await kiosk.send(f"{first.path}/unbundle", {"key": undone.path[-16:]})
    assert again.status == 409


async def test_no_code_counts_twice_and_the_count_is_that_of_the_telephone(portal: Portal) -> None:
    await portal.world.driver("20000077", vehicles=())
    kiosk = await at_kiosk(portal)
    code = portal.world.tokens["20000077"].next()
    form = {"user_id": "20000077", "pin": PIN, "code": code}
    assert (await kiosk.send(f"{ROOT}/driver", form)).path == f"{ROOT}/bundle"
    for _ in range(5):
        seen = await kiosk.send(f"{ROOT}/driver", form)
        assert "User ID, PIN or code is wrong." in seen.text
        assert code not in seen.text
        assert PIN not in seen.text
    seen = await kiosk.send(f"{ROOT}/driver", form)
    assert seen.status == 429
    reply = await portal.world.key_in("20000077", PIN, portal.world.tokens["20000077"].next())
    assert reply.code == "login_locked"


async def test_a_shipper_lodges_once_and_never_sees_anothers(portal: Portal) -> None:
    kiosk = await at_kiosk(portal)
    seen = await shipper_enters(kiosk)
    assert seen.path == f"{ROOT}/lodge"
    data = portal.world.cargo_data() | {"packages": "a dozen"}
    form = {name: str(value) for name, value in data.items()} | {"key": seen.key}
    wrong = await kiosk.send(f"{ROOT}/lodge", form)
    assert wrong.status == 422
    assert "Umbrellas 雨傘" in wrong.text
    first, second = [await kiosk.send(f"{ROOT}/lodge", form | {"packages": "12"}) for _ in "12"]
    assert first.path == second.path
    ccrn = first.path.rpartition("/")[2]
    record = await portal.world.ask("GET", f"/v1/consignments/{ccrn}", role=Role.SHIPPER)
    assert record.body["data"]["packages"] == 12
    assert (await kiosk.go(f"{first.path}/qr.svg")).status == 200
    assert "Umbrellas" in (await kiosk.go(f"{ROOT}/lodge?copy={ccrn}")).text

    other = await at_kiosk(portal, "fotan-2")
    await shipper_enters(other, "shipper2")
    for path in (first.path, f"{first.path}/qr.svg", f"{ROOT}/lodge?copy={ccrn}"):
        assert (await other.go(path)).status == 404
    seen = await shipper_enters(other, DRIVER)
    assert "This is the account of a driver." in seen.text


async def test_a_first_password_lodges_nothing(portal: Portal) -> None:
    kiosk = await at_kiosk(portal)

    async def handed_over(at: datetime | None) -> None:
        async with portal.world.running.service.database.writing() as session:
            await session.execute(
                update(WebAccount).where(WebAccount.user_id == SHIPPER).values(first_password_at=at)
            )

    await handed_over(portal.world.clock())
    try:
        seen = await shipper_enters(kiosk)
    finally:
        await handed_over(None)
    assert seen.status == 403
    assert "Choose another on the portal first." in seen.text
    assert (await knock(kiosk, "GET", "/lodge"))[0] == 303


async def test_whoever_leaves_is_forgotten(portal: Portal) -> None:
    kiosk = await at_kiosk(portal)
    seen = await shipper_enters(kiosk)
    form = {"csrf": kiosk.csrf, "key": seen.key}
    portal.world.clock.forward(seconds=40)
    try:
        assert (await knock(kiosk, "POST", "/here"))[0] == 204
        portal.world.clock.forward(seconds=40)
        assert (await kiosk.go(f"{ROOT}/lodge")).path == f"{ROOT}/lodge"
        portal.world.clock.forward(seconds=46)
        assert (await knock(kiosk, "POST", "/here"))[0] == 403
        assert (await kiosk.go(f"{ROOT}/lodge")).path == f"{ROOT}/"
    finally:
        portal.world.clock.forward(seconds=-126)

    await shipper_enters(kiosk)
    kept = {c.key: c.value for c in kiosk.http.cookie_jar}
    await kiosk.send(f"{ROOT}/end", form)
    left = {c.key for c in kiosk.http.cookie_jar if c.value}
    assert "rocars_kiosk_visit" not in left
    assert "rocars_kiosk_language" not in left
    # the log-in itself has ended: its cookie, put back, is worth nothing
    async with (
        aiohttp.ClientSession(cookies=kept) as http,
        http.get(f"{portal.url}{ROOT}/lodge", allow_redirects=False) as answer,
    ):
        assert (answer.status, answer.headers["Location"]) == (303, f"{ROOT}/")


async def test_a_form_of_elsewhere_does_nothing(portal: Portal) -> None:
    kiosk = await at_kiosk(portal)
    await shipper_enters(kiosk)
    seen = await kiosk.send(f"{ROOT}/lodge", {"csrf": "another"})
    assert seen.status == 403
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert (await kiosk.send(f"{ROOT}/end", headers=foreign)).status == 403


async def test_a_kiosk_has_its_measure(tmp_path: Path) -> None:
    devices = [{"name": "kwun-tong-1", "key": KIOSKS[KIOSK]}]
    settings = settings_for(
        tmp_path,
        portal={"enabled": True, "port": 0},
        kiosk={"devices": devices, "requests_per_minute": 10, "keys_per_minute": 2},
    )
    async for world in make_world(settings):
        assert world.running.portal is not None
        portal = Portal(world, world.running.portal.url)
        kiosk = await at_kiosk(portal)  # its first page, and two for the language
        answers = [(await kiosk.go(f"{ROOT}/menu")).status for _ in range(8)]
        assert answers == [200] * 7 + [429]
        stranger = await portal.stranger()
        tried = [await stranger.send(f"{ROOT}/device", {"name": "x", "key": "y"}) for _ in "12"]
        assert [seen.status for seen in tried] == [403, 429]
        await portal.close()
