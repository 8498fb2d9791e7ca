"""Every route of the boundary's pages, for everybody who may knock."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from rocars.crossing.web.app import MODULES
from rocars.crossing.web.site import ROOT
from tests.rocars.crossing.conftest import OUT, PASSWORD, Boundary, code_at

pytestmark = pytest.mark.service

OPEN_TO_ALL = {"/login", "/language", "/display"}
OF_DISPLAYS = re.compile(r"/(boards|panels)/")
OF_ANALYSTS = re.compile(r"/(profiles|looks)")
OF_HOTLINE = re.compile(r"/enquiries")
OF_ANY = ("/", "/logout")
DESK = "/registration/queue"
ROUTES = sorted({(route.method, route.path) for module in MODULES for route in module.routes()})


def address(path: str) -> str:
    path = path.replace("{lane}", OUT)
    path = re.sub(r"\{number:[^}]*\}+", "1", path)
    path = re.sub(r"\{kind:[^}]*\}+", "user", path)
    return ROOT + re.sub(r"\{value:[^}]*\}+", "20000001", path)


@asynccontextmanager
async def browser(boundary: Boundary, name: str = "") -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(boundary.world.running.base_url, cookie_jar=jar) as session:
        if name:
            boundary.world.clock.forward(seconds=31)
            form = {"name": name, "password": PASSWORD, "code": code_at(boundary.world)}
            async with session.post(f"{ROOT}/login", data=form, allow_redirects=False) as answer:
                assert answer.status == 303, await answer.text()
        yield session


async def knock(session: aiohttp.ClientSession, method: str, path: str) -> tuple[int, str]:
    """Status, and where to; a stream is not read."""
    async with session.request(method, address(path), allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", "")


async def test_strangers_get_nowhere(small_boundary: Boundary) -> None:
    async with browser(small_boundary) as session:
        for method, path in ROUTES:
            status, location = await knock(session, method, path)
            if path in OPEN_TO_ALL:
                assert status in (200, 303, 403), path
                continue
            wanted = "display" if OF_DISPLAYS.match(path) else "login"
            assert status == 303, path
            assert location.startswith(f"{ROOT}/{wanted}"), path


async def test_each_role_sees_its_own_pages_only(small_boundary: Boundary) -> None:
    for name, role in (("wong", "officer"), ("lam", "analyst"), ("hoi", "hotline")):
        await small_boundary.officer(name, role)
    await small_boundary.read("FU88")
    for name in ("wong", "lam", "hoi"):
        async with browser(small_boundary, name) as session:
            for method, path in ROUTES:
                if path in OPEN_TO_ALL or path in OF_ANY or OF_DISPLAYS.match(path):
                    continue
                status, _ = await knock(session, method, path)
                if not path_is_of(path, name):
                    assert status == 403, (name, path)
                elif method == "GET":
                    assert status in (200, 404), path  # 404: no picture 1, nothing of the driver
                else:
                    assert status in (400, 403), path  # no form of ours


def path_is_of(path: str, name: str) -> bool:
    if OF_HOTLINE.match(path):
        return name == "hoi"
    if OF_ANALYSTS.match(path):
        return name == "lam"
    return name != "hoi"


async def test_everybody_comes_to_a_page_of_theirs(small_boundary: Boundary) -> None:
    for name, role, first in (
        ("wong", "officer", f"{ROOT}/lanes"),
        ("hoi", "hotline", f"{ROOT}/enquiries"),
        ("yau", "registrar", DESK),
    ):
        await small_boundary.officer(name, role)
        async with browser(small_boundary, name) as session:
            assert await knock(session, "GET", "/") == (303, first)


async def test_an_account_that_is_withdrawn_is_out(small_boundary: Boundary) -> None:
    await small_boundary.officer("wong")
    async with browser(small_boundary, "wong") as session:
        assert (await knock(session, "GET", "/lanes"))[0] == 200
        await small_boundary.world.running.service.officers.withdraw("wong")
        assert (await knock(session, "GET", "/lanes"))[0] == 303
    small_boundary.world.clock.forward(seconds=31)
    officers = small_boundary.world.running.service.officers
    code = code_at(small_boundary.world)
    assert await officers.log_in("wong", PASSWORD, code, "192.0.2.7") is None


@pytest.mark.parametrize("name", ["", "\x00", "A" * 5000, "wong'; --", "黃"])
async def test_odd_names_are_nobodys(small_boundary: Boundary, name: str) -> None:
    async with (
        browser(small_boundary) as session,
        session.post(f"{ROOT}/login", data={"name": name, "password": "x", "code": "1"}) as page,
    ):
        assert page.status == (400 if "\x00" in name else 403)
        assert page.status == 400 or "wrong" in await page.text()


async def test_a_lane_that_is_not_is_not_found(small_boundary: Boundary) -> None:
    await small_boundary.officer("wong")
    async with browser(small_boundary, "wong") as session:
        for path in ("boards/NONE", "boards/NONE/events", "panels/NONE", "lanes/NONE", "nowhere"):
            async with session.get(f"{ROOT}/{path}") as page:
                assert page.status == 404, path
                assert "There is no such page" in await page.text()
