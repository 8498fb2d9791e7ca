"""A company's own cargo: search by text and state, and one consignment's history."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from rocars.cargo.own_cargo import STATES, OwnCargo, Wanted
from rocars.refusals import Code, Problem
from rocars.secrets.key_ring import Role
from rocars.store.tables.registration import Company
from tests.rocars.conftest import World

pytestmark = pytest.mark.service


async def company_id(world: World, number: str) -> int:
    async with world.running.service.database.reading() as session:
        row = await session.execute(select(Company.id).where(Company.registration_number == number))
        return row.scalar_one()


def own(world: World) -> OwnCargo:
    return world.running.service.own_cargo


async def one_of_each(world: World) -> dict[str, str]:
    """Cargo in every state, by state; the last day of some has passed since."""
    await world.driver()
    session = await world.session()
    today = world.clock().date()
    later = today.replace(day=today.day + 10).isoformat()
    made = {"expired": await world.lodge(articles="Lapsed tea")}
    crossed, bundled = [await world.lodge(expected_date=later) for _ in range(2)]
    ubr = (await world.bundle(session, [crossed])).body["ubr"]
    world.clock.forward(minutes=31)
    path = f"/v1/bundles/{ubr}/crossing"
    await world.ask("POST", path, {"control_point": "LMC"}, role=Role.ADMIN)
    await world.bundle(await world.session(), [bundled], "XY99")  # the first one has lapsed
    withdrawn = await world.lodge(expected_date=later)
    path = f"/v1/consignments/{withdrawn}/withdraw?company=BR-1"
    assert (await world.ask("POST", path, role=Role.SHIPPER)).status == 200
    free = await world.lodge(expected_date=later, articles="Green TEA 50%")
    world.clock.forward(days=3)
    return made | {"crossed": crossed, "bundled": bundled, "withdrawn": withdrawn, "free": free}


async def test_each_state_has_its_own(world: World) -> None:
    made = await one_of_each(world)
    number = await company_id(world, "BR-1")
    for state in STATES:
        found, more = await own(world).search(number, Wanted(state=state))
        assert [(lot.ccrn, lot.state) for lot in found] == [(made[state], state)]
        assert not more
        assert (await own(world).get(number, made[state])).state == state
    everything, _ = await own(world).search(number, Wanted())
    assert {lot.ccrn for lot in everything} == set(made.values())
    places = [lot.place for lot in everything]
    assert places == sorted(places, reverse=True)


async def test_text_is_looked_for_as_it_stands(world: World) -> None:
    made = await one_of_each(world)
    number = await company_id(world, "BR-1")
    for text, states in (
        ("tea", {"expired", "free"}),
        ("50%", {"free"}),
        ("5_%", set()),
        (made["bundled"], {"bundled"}),
        (made["bundled"][:6], set()),
    ):
        found, _ = await own(world).search(number, Wanted(text=text))
        assert {lot.state for lot in found} == states, text


async def test_a_page_looks_through_so_many_and_says_where_to_go_on(world: World) -> None:
    """But what has the text as its number is found however old it is."""
    service = world.running.service
    number = await company_id(world, "BR-1")
    oldest = await world.lodge(articles="Porcelain")
    for _ in range(6):
        await world.lodge()
    cargo = OwnCargo(
        service.database,
        service.clock,
        service.settings.rules,
        service.consignments,
        looked_through=3,
    )
    seen: list[str] = []
    before = 0
    for page in range(3):
        found, before = await cargo.search(number, Wanted(text="porcelain", before=before))
        seen += [lot.ccrn for lot in found]
        assert (before == 0) is (page == 2)
    assert seen == [oldest]
    found, older = await cargo.search(number, Wanted(text=oldest))
    assert ([lot.ccrn for lot in found], older > 0) == ([oldest], True)
    assert await cargo.search(number, Wanted(text=oldest, state="crossed")) == ([], older)
    everything, older = await cargo.search(number, Wanted())
    assert (len(everything), older) == (7, 0)


async def test_the_history_has_what_every_channel_did(world: World) -> None:
    made = await one_of_each(world)
    number = await company_id(world, "BR-1")
    crossed = await own(world).get(number, made["crossed"])
    assert [deed.deed for deed in crossed.history] == ["lodged", "bundled", "crossed"]
    assert (crossed.vehicle, crossed.changeable) == ("AB1234", False)
    bundled = await own(world).get(number, made["bundled"])
    assert (bundled.vehicle, bundled.changeable) == ("XY99", False)
    withdrawn = await own(world).get(number, made["withdrawn"])
    assert [deed.deed for deed in withdrawn.history] == ["lodged", "withdrawn"]


async def test_another_company_finds_nothing(world: World) -> None:
    made = await one_of_each(world)
    await world.company("BR-2")
    other = await company_id(world, "BR-2")
    assert await own(world).search(other, Wanted()) == ([], False)
    for ccrn in made.values():
        with pytest.raises(Problem) as refused:
            await own(world).get(other, ccrn)
        assert refused.value.code is Code.UNKNOWN_CCRN
        path = f"/v1/consignments/{ccrn}/withdraw?company=BR-2"
        reply = await world.ask("POST", path, role=Role.SHIPPER)
        assert (reply.status, reply.code) == (404, "unknown_ccrn")


async def test_accounts_are_given_to_shippers_and_drivers_only(world: World) -> None:
    await world.driver()

    async def give(user_id: str, role: str, company: str | None, password: str = "x7 and longer"):
        body = {"user_id": user_id, "role": role, "company": company, "name": "N"}
        reply = await world.ask(
            "POST", "/v1/accounts", body | {"password": password}, role=Role.ADMIN
        )
        return reply.status if reply.status == 201 else reply.code

    assert await give("shipper1", "shipper", "BR-1") == 201
    assert await give("shipper1", "shipper", "BR-1") == "already_registered"
    assert await give("20000001", "shipper", "BR-1") == "already_registered"
    assert await give("20000001", "driver", None) == 201
    assert await give("20000009", "driver", None) == "unknown_driver"
    assert await give("shipper2", "shipper", None) == "unknown_company"
    assert await give("shipper2", "shipper", "BR-9") == "unknown_company"
    assert await give("x", "shipper", "BR-1") == "invalid_registration"
    assert await give("shipper2", "shipper", "BR-1", "too short") == "invalid_registration"
    login = world.running.service.web_login
    token = await login.log_in("20000001", "x7 and longer", "192.0.2.1")
    visitor = await login.visitor(token)
    assert visitor is not None
    assert (visitor.role, visitor.company, visitor.user_id) == ("driver", "BR-1", "20000001")
    await login.open_bundling(visitor, world.tokens["20000001"].next())
    again = await login.visitor(token)
    assert again is not None
    assert again.bundling_until is not None
    await login.log_out(token)
    assert await login.visitor(token) is None
