"""Every route of the desk, for everybody who may knock."""

from __future__ import annotations

import re
from typing import Any

import pytest

from rocars.counter.app import MODULES
from rocars.counter.site import ROOT
from rocars.crossing.messages import OfficerData
from tests.rocars.counter.conftest import Office
from tests.rocars.crossing.conftest import PASSWORD, SEED, code_at

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

ROUTES = sorted({(route.method, route.path) for module in MODULES for route in module.routes()})
OPEN = {("GET", "/"), ("GET", "/login"), ("POST", "/login"), ("POST", "/language")}


def address(path: str, number: str = "1", user_id: str = "20000001") -> str:
    path = re.sub(r"\{number:[^}]*\}+\]?\}?", number, path)
    return re.sub(r"\{user_id:.*?\}\}", user_id, path)


async def test_strangers_are_led_to_the_log_in(office: Office) -> None:
    stranger = office.stranger()
    assert len(ROUTES) > 20
    for method, path in ROUTES:
        if (method, path) in OPEN:
            continue
        form: Any = {} if method == "POST" else None
        seen = await stranger.ask(method, address(path), form, allow_redirects=False)
        assert seen.status == 303, path
        assert seen.headers["Location"].startswith(f"{ROOT}/login"), path


@pytest.mark.parametrize("name", ["wong", "lam"])
async def test_officers_of_the_boundary_have_no_business_here(office: Office, name: str) -> None:
    """Neither by their log-in, nor by the session they have at the boundary."""
    office.world.clock.forward(seconds=31)
    form = {"name": name, "password": PASSWORD, "code": code_at(office.world)}
    seen = await office.stranger().send("/login", form)
    assert (seen.status, "for registrars" in seen.text) == (403, True)
    office.world.clock.forward(seconds=31)
    visitor = await office.desk.service.officers.log_in(
        name, PASSWORD, code_at(office.world), "192.0.2.7"
    )
    assert visitor is not None
    here = office.stranger()
    here.csrf = visitor.csrf
    for method, path in ROUTES:
        if (method, path) in OPEN:
            continue
        seen = await here.ask(
            method,
            address(path),
            {} if method == "POST" else None,
            allow_redirects=False,
            headers={"Cookie": f"registration={visitor.token}"},
        )
        assert seen.status == 403, path


async def test_a_registrar_has_no_business_at_the_boundary(office: Office) -> None:
    office.world.clock.forward(seconds=31)
    visitor = await office.desk.service.officers.log_in(
        "hoi", PASSWORD, code_at(office.world), "192.0.2.7"
    )
    assert visitor is not None
    for path in ("lanes", "profiles", "passages/1"):
        async with office.world.http.get(
            f"{office.world.running.base_url}/boundary/{path}",
            headers={"Cookie": f"boundary={visitor.token}"},
        ) as answer:
            assert answer.status == 403, path


async def test_a_registrar_reaches_all_and_changes_nothing_without_a_form(office: Office) -> None:
    reference, _ = await office.applied()
    number = str(await office.number_of(reference))
    registrar = await office.officer()
    before = await office.desk.service.registration_log.deeds()
    for method, path in ROUTES:
        if (method, path) in OPEN or path == "/logout":
            continue
        there = address(path, number)
        if method == "GET":
            seen = await registrar.go(there)
            assert seen.status in (200, 404), path  # 404: nobody has that user ID
            continue
        token, registrar.csrf = registrar.csrf, "guessed"
        without = await registrar.send(there)
        registrar.csrf = token
        foreign = await registrar.send(there, headers={"Sec-Fetch-Site": "cross-site"})
        assert (without.status, foreign.status) == (403, 403), path
    after = await office.desk.service.registration_log.deeds()
    assert [deed.deed for deed in after if deed.id > before[0].id] == ["looked"]


async def test_what_is_not_there_is_not_found(office: Office) -> None:
    registrar = await office.officer()
    for path in ("/applications/999999", "/registrants/nobody", "/nowhere"):
        seen = await registrar.go(path)
        assert seen.status == 404, path
        assert "default-src 'none'" in seen.headers["Content-Security-Policy"], path
    for path in ("print", "hand-over"):
        seen = await registrar.send(f"/packs/999999/{path}", {"seen": "yes"})
        assert (seen.status, "There is no such page" in seen.text) == (404, True), path


async def test_an_account_that_is_withdrawn_is_out(office: Office) -> None:
    data = {"name": "yuen", "role": "registrar", "password": PASSWORD, "seed": SEED}
    await office.desk.service.officers.add(OfficerData.model_validate(data))
    registrar = await office.officer("yuen")
    assert (await registrar.go("/queue")).path == f"{ROOT}/queue"
    await office.desk.service.officers.withdraw("yuen")
    assert (await registrar.go("/queue")).path == f"{ROOT}/login"
