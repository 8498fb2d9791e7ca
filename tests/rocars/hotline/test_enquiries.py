"""Enquiries over real HTTP: what happened in every channel, masked, and each look written down."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from rocars.hotline.findings import Fact, Privacy
from rocars.settings import PortalSettings
from rocars.store.tables.hotline import ChannelEvent
from tests.rocars.cargo.test_batch_files import GOOD, as_csv
from tests.rocars.conftest import PIN, World
from tests.rocars.crossing.conftest import OUT, PASSWORD, Boundary, code_at
from tests.rocars.portal.conftest import PASSWORD as WEB_PASSWORD
from tests.rocars.portal.conftest import Portal, add_account
from tests.rocars.systems.conftest import system_of
from tests.rocars.systems.test_agents import agent_of, consent, send_for

pytestmark = pytest.mark.service

ROOT = "/boundary/enquiries"
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_CELL = re.compile(r"<td[^>]*>(.*?)</td>", re.DOTALL)
DRIVER = "20000001"


@pytest.fixture
def changes() -> dict[str, Any]:
    return {
        "crossing": {"random_share": 0},
        "portal": PortalSettings(enabled=True, port=0),
        "kiosk": {"devices": [{"name": "kwun-tong-1", "key": "the key of this kiosk"}]},
    }


@dataclass
class Officer:
    """An officer of the hotline at a browser."""

    http: aiohttp.ClientSession
    csrf: str = ""

    async def go(self, path: str) -> tuple[int, str]:
        async with self.http.get(ROOT + path) as answer:
            return self._seen(answer.status, await answer.text())

    async def send(self, path: str, **form: str) -> tuple[int, str]:
        async with self.http.post(ROOT + path, data={"csrf": self.csrf, **form}) as answer:
            return self._seen(answer.status, await answer.text())

    def _seen(self, status: int, text: str) -> tuple[int, str]:
        if found := _CSRF.search(text):
            self.csrf = found[1]
        return status, text


async def hotline(boundary: Boundary) -> AsyncIterator[Officer]:
    await boundary.officer("hoi", "hotline")
    jar = aiohttp.CookieJar(unsafe=True)
    url = boundary.world.running.base_url
    async with aiohttp.ClientSession(
        url, cookie_jar=jar, headers={"Accept-Language": "en"}
    ) as http:
        code = code_at(boundary.world)
        form = {"name": "hoi", "password": PASSWORD, "code": code, "next": "/boundary/"}
        async with http.post("/boundary/login", data=form) as answer:
            assert answer.url.path == ROOT  # the first page this officer may see
            officer = Officer(http)
            officer._seen(answer.status, await answer.text())
        yield officer


@pytest.fixture
async def officer(small_boundary: Boundary) -> AsyncIterator[Officer]:
    async for entered in hotline(small_boundary):
        yield entered


@pytest.fixture
async def officer_on_either(boundary: Boundary) -> AsyncIterator[Officer]:
    async for entered in hotline(boundary):
        yield entered


def happenings(page: str) -> list[tuple[str, str]]:
    """Channel and deed of each row, in order."""
    cells = [" ".join(cell.split()) for cell in _CELL.findall(page)]
    return [(cells[place + 1], cells[place + 2]) for place in range(0, len(cells), 5)]


async def through_every_channel(world: World) -> tuple[str, str]:
    """A consignment of a shipper's system, amended on the web, bundled at a kiosk, unbundled by
    telephone, bundled there anew. Its CCRN and UBR."""
    assert world.running.portal is not None
    await world.driver(DRIVER)
    await add_account(world, "shipper1", "shipper", "BR-1")
    portal = Portal(world, world.running.portal.url)
    ccrn = await world.lodge()
    world.clock.forward(minutes=1)
    shipper = await portal.stranger()
    await shipper.log_in("shipper1", WEB_PASSWORD)
    await shipper.go(f"/consignments/{ccrn}/amend")
    data = {name: str(value) for name, value in world.cargo_data(packages=13).items()}
    await shipper.send(f"/consignments/{ccrn}/amend", data)
    world.clock.forward(minutes=1)
    kiosk = await portal.stranger()
    await kiosk.send("/kiosk/device", {"name": "kwun-tong-1", "key": "the key of this kiosk"})
    code = world.tokens[DRIVER].next()
    entered = await kiosk.send("/kiosk/driver", {"user_id": DRIVER, "pin": PIN, "code": code})
    form = {"ccrns": ccrn, "mark": "AB1234", "key": entered.key}
    bundled = await kiosk.send("/kiosk/bundle", form)
    first = bundled.path.rpartition("/")[2]
    world.clock.forward(minutes=1)
    session = await world.session(DRIVER)
    assert (await world.unbundle(session, first)).status == 200
    world.clock.forward(minutes=1)
    reply = await world.bundle(session, [ccrn])
    await portal.close()
    return ccrn, str(reply.body["ubr"])


async def test_what_happened_is_told_in_order_of_every_channel(
    boundary: Boundary, officer_on_either: Officer
) -> None:
    officer = officer_on_either
    ccrn, ubr = await through_every_channel(boundary.world)
    boundary.world.clock.forward(minutes=31)
    assert await boundary.instructed("AB1234") == "proceed"
    _, page = await officer.go(f"/ccrn/{ccrn}")
    assert happenings(page) == [
        ("shipper&#39;s system", "lodged"),
        ("web", "amended"),
        ("kiosk kwun-tong-1", "bundled"),
        ("telephone", "unbundled"),
        ("telephone", "bundled"),
        ("boundary LMC", "crossed"),
        (f"boundary {OUT}", "Proceed"),
    ]
    assert "number of packages" in page
    _, page = await officer.go(f"/ubr/{ubr}")
    assert [deed for _, deed in happenings(page)] == ["bundled", "crossed", "Proceed"]
    _, page = await officer.go("/vehicle/ab1234")
    assert [deed for _, deed in happenings(page)][-2:] == ["crossed", "Proceed"]
    _, page = await officer.go(f"/user/{DRIVER}")
    assert happenings(page)[:2] == [
        ("kiosk kwun-tong-1", "logged in"),
        ("kiosk kwun-tong-1", "bundled"),
    ]


async def test_what_a_message_lodged_came_by_system(
    small_boundary: Boundary, officer: Officer
) -> None:
    system = await system_of(small_boundary.world)
    await system.send("m-1", [system.lodge()])
    ccrn = (await system.done("m-1"))["results"][0]["ccrn"]
    _, page = await officer.go(f"/ccrn/{ccrn}")
    assert happenings(page) == [("shipper&#39;s system", "lodged")]


async def test_the_history_names_the_agent_however_they_acted(
    small_boundary: Boundary, officer: Officer
) -> None:
    world = small_boundary.world
    assert world.running.portal is not None
    agent = await agent_of(world)
    agency = await consent(world)
    driver = await world.driver(DRIVER)
    await add_account(world, "agent1", "shipper", "BR-9")
    portal = Portal(world, world.running.portal.url)

    async def history(kind: str, number: str, **reason: str) -> list[tuple[str, str, str]]:
        """Channel, deed and remark of each row."""
        path = f"/{kind}/{number}"
        _, page = await (officer.send(f"{path}/show", **reason) if reason else officer.go(path))
        cells = [" ".join(cell.split()) for cell in _CELL.findall(page)]
        return [(cells[row + 1], cells[row + 2], cells[row + 4]) for row in range(0, len(cells), 5)]

    await send_for(agent, "BR-1", "m-1", agent.lodge())
    by_message = (await agent.done("m-1"))["results"][0]["ccrn"]
    by_key = (await agent.ask("POST", "/v1/consignments", world.cargo_data())).body["ccrn"]
    query = "/v1/batches?company=BR-1&keep=all&again=no"
    headers = {"X-Api-Key": agent.key, "Content-Type": "text/csv"}
    file = await world.ask("POST", query, role=None, raw=as_csv([GOOD]), extra=headers)
    by_file = file.body["consignments"][0]["ccrn"]
    by_hand = "agent: *** (***nt1)"
    system = f"agent: *** (***{agent.key_id[-3:]})"
    for ccrn, channel in (
        (by_message, "shipper&#39;s system"),
        (by_key, "shipper&#39;s system"),
        (by_file, f"file {file.body['batch']}"),
    ):
        assert await history("ccrn", ccrn) == [(channel, "lodged", system)]

    web = await portal.stranger()
    await web.log_in("agent1", WEB_PASSWORD)
    page = await web.go(f"/clients/{agency}/consignments/{by_key}")
    await web.send(f"/clients/{agency}/consignments/{by_key}/withdraw")
    kiosk = await portal.stranger()
    await kiosk.send("/kiosk/device", {"name": "kwun-tong-1", "key": "the key of this kiosk"})
    await kiosk.send("/kiosk/agent", {"user_id": "agent1", "password": WEB_PASSWORD})
    page = await kiosk.go(f"/kiosk/clients/{agency}/bundle")
    form = {"ccrns": by_message, "vehicle": "AB1234", "driver": driver, "key": page.key}
    bundled = await kiosk.send(f"/kiosk/clients/{agency}/bundle", form)
    await portal.close()
    assert (await history("ccrn", by_key))[1] == ("web", "withdrawn", by_hand)
    at_kiosk = ("kiosk kwun-tong-1", "bundled", by_hand)
    assert (await history("ccrn", by_message))[1] == at_kiosk
    ubr = bundled.path.rpartition("/")[2]
    assert await history("ubr", ubr) == [at_kiosk]
    ((_, _, shown),) = await history("ubr", ubr, reason="the driver asks who did it")
    assert shown == "agent: Kwun Tong Transport (agent1)"
    own = await world.lodge()
    assert await history("ccrn", own) == [("shipper&#39;s system", "lodged", "")]


async def test_all_is_masked_until_a_reason_is_given_and_each_look_is_kept(
    small_boundary: Boundary, officer: Officer
) -> None:
    ubr = await small_boundary.bundled("FU88")
    private = ("Chan Tai Man", "20000001", "FU88")
    _, page = await officer.go(f"/ubr/{ubr}")
    assert [text for text in private if text in page] == []
    assert "***001" in page
    for reason in ("", "  ", "x"):
        _, page = await officer.send(f"/ubr/{ubr}/show", reason=reason)
        assert "A reason is needed." in page
        assert "Chan Tai Man" not in page
    _, page = await officer.send(f"/ubr/{ubr}/show", reason="the caller is at the gate")
    assert [text for text in private if text not in page] == []
    _, page = await officer.go(f"/ubr/{ubr}")
    assert "Chan Tai Man" not in page
    status, page = await officer.go("/ccrn/0000000000000")
    assert status == 404
    assert "Nothing is known of it." in page

    looks = await small_boundary.world.running.service.enquiries.looks()
    kept = [(look.officer, look.deed, look.kind, look.subject, look.reason) for look in looks]
    assert kept[0] == ("hoi", "looked", "ccrn", "0000000000000", "")
    assert ("hoi", "shown", "ubr", ubr, "the caller is at the gate") in kept
    assert len([deed for _, deed, *_ in kept if deed == "shown"]) == 1


async def test_a_driver_who_is_locked_out_is_let_in_again(
    small_boundary: Boundary, officer: Officer
) -> None:
    world = small_boundary.world
    await world.driver(DRIVER)
    for _ in range(6):
        await world.key_in(DRIVER, "000000", "000000")
    status, page = await officer.send("", kind="user", value=" 2000 0001 ")
    assert status == 200
    assert "Log-ins are refused until 09:30." in page
    assert happenings(page) == [("telephone", "log-in refused")] * 5 + [
        ("telephone", "log-in refused: locked")
    ]
    _, page = await officer.send(f"/user/{DRIVER}/unlock", reason="knew the vehicle and the day")
    assert "Unlocked." in page
    assert ("hotline hoi", "unlocked by an officer") in happenings(page)
    assert "knew the vehicle and the day" in page
    assert (await world.key_in(DRIVER, PIN, world.tokens[DRIVER].next())).status == 200


async def test_a_pin_keyed_for_a_user_id_is_kept_nowhere(small_boundary: Boundary) -> None:
    world = small_boundary.world
    assert world.running.portal is not None
    portal = Portal(world, world.running.portal.url)
    for _ in range(6):  # refused, and then locked
        await world.key_in(PIN, PIN, "000000")
        await (await portal.stranger()).log_in(WEB_PASSWORD.replace(" ", "")[:20])
    await portal.close()
    async with world.running.service.database.reading() as session:
        events = (await session.execute(select(ChannelEvent))).scalars().all()
    assert {event.deed for event in events} == {"login_refused", "login_locked"}
    assert {event.subject for event in events} == {""}


async def test_a_bundle_is_undone_on_request_and_once(
    small_boundary: Boundary, officer: Officer
) -> None:
    ubr = await small_boundary.bundled("FU88")
    _, page = await officer.go(f"/ubr/{ubr}")
    _, page = await officer.send(f"/ubr/{ubr}/unbundle", ubr=ubr, reason="")
    assert "A reason is needed." in page
    assert await small_boundary.status(ubr, "FU88") == "live"
    _, page = await officer.send(f"/ubr/{ubr}/unbundle", ubr=ubr, reason="wrong vehicle")
    assert ("hotline hoi", "unbundled by an officer") in happenings(page)
    assert await small_boundary.status(ubr, "FU88") == "unbundled"
    for number in (ubr, "999", "' or 1"):
        _, page = await officer.send(f"/ubr/{ubr}/unbundle", ubr=number, reason="once more")
        assert "No such bundle." in page or "no longer live" in page
    # the cargo is free: another may bundle it
    session = await small_boundary.world.session(small_boundary.driver)
    _, page = await officer.go(f"/ubr/{ubr}")
    ccrn = re.search(rf"{ROOT}/ccrn/(\d+)", page)
    assert ccrn is not None
    assert (await small_boundary.world.bundle(session, [ccrn[1]])).status == 201


@pytest.mark.parametrize(
    ("kind", "value"),
    [("ccrn", "<script>"), ("nothing", "1"), ("vehicle", "粤Z1234港"), ("user", "x" * 90)],
)
async def test_what_is_no_number_is_asked_again(officer: Officer, kind: str, value: str) -> None:
    status, page = await officer.send("", kind=kind, value=value)
    assert status == 422
    assert "<script>" not in page
    assert 'role="alert"' in page


async def test_what_is_old_is_forgotten(small_boundary: Boundary, officer: Officer) -> None:
    world = small_boundary.world
    ccrn = await world.lodge()
    await officer.go(f"/ccrn/{ccrn}")
    world.clock.forward(days=366)
    await world.running.service.enquiries.sweep()
    assert len(await world.running.service.enquiries.looks()) == 1
    _, page = await officer.go(f"/ccrn/{ccrn}")
    assert happenings(page) == [("not known", "lodged")]  # of what ROCARS itself still holds
    world.clock.forward(days=366)
    await world.running.service.enquiries.sweep()
    (look,) = await world.running.service.enquiries.looks()  # the second one
    assert (world.clock() - look.done_at).days == 366


@pytest.mark.parametrize(
    ("value", "privacy", "shown"),
    [
        ("20000001", Privacy.NUMBER, "***001"),
        ("FU88", Privacy.NUMBER, "***"),
        ("Chan Tai Man", Privacy.TEXT, "***"),
        ("", Privacy.TEXT, ""),
        ("12", Privacy.PUBLIC, "12"),
    ],
)
def test_what_is_left_of_a_value(value: str, privacy: Privacy, shown: str) -> None:
    fact = Fact("name", value, privacy)
    assert fact.shown(clear=False) == shown
    assert fact.shown(clear=True) == value
