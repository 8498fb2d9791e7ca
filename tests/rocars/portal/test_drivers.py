"""Drivers bundle by web with the code of their token; the telephone knows of it at once."""

from __future__ import annotations

import asyncio

import pytest

from tests.rocars.conftest import PIN
from tests.rocars.portal.conftest import DRIVER, Portal, Visit, add_account
from tests.rocars.portal.test_shippers import notice

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]


async def bundle(visit: Visit, ccrns: str, vehicle: str = "AB1234", key: str = ""):
    page = await visit.go("/bundles")
    return await visit.send(
        "/bundles", {"ccrns": ccrns, "vehicle": vehicle, "key": key or page.key}
    )


async def new_driver(portal: Portal, user_id: str) -> Visit:
    await portal.world.driver(user_id)
    await add_account(portal.world, user_id, "driver")
    return await portal.visit(user_id)


async def test_bundled_on_the_web_and_heard_by_telephone_and_back(portal: Portal) -> None:
    world = portal.world
    visit = await portal.bundling()
    first, second = await world.lodge(), await world.lodge()
    seen = await bundle(visit, f"{first}\n{second}", "ab 1234")
    ubr = seen.path.removeprefix("/bundles/")
    assert notice(seen) == "Bundled."
    assert "You may cross from 2010-05-17 09:31." in seen.text
    session = await world.session(DRIVER)
    (listed,) = [
        found
        for found in (await world.ask("GET", "/v1/bundles", session=session)).body["bundles"]
        if found["ubr"] == ubr
    ]
    assert (listed["ccrns"], listed["vehicle"], listed["state"]) == (
        [first, second],
        "AB1234",
        "live",
    )
    assert (await world.unbundle(session, ubr)).status == 200
    assert "unbundled" in (await visit.go(f"/bundles/{ubr}")).text
    by_phone = (await world.bundle(session, [first])).body["ubr"]
    assert by_phone in (await visit.go("/bundles")).text
    page = await visit.go(f"/bundles/{by_phone}")
    undone = await visit.send(f"/bundles/{by_phone}/unbundle", {"key": page.key})
    assert notice(undone) == "Unbundled. The cargo may be bundled anew."
    receipt = await world.ask("GET", f"/v1/bundles/{by_phone}/status?vehicle=AB1234")
    assert receipt.body["state"] == "unbundled"


async def test_numbers_are_taken_as_people_type_them(portal: Portal) -> None:
    """From a Chinese keyboard, and in the groups in which tokens and slips show them."""
    world = portal.world
    visit = await new_driver(portal, "20000071")
    await visit.go("/bundles")
    code = world.tokens["20000071"].next()
    shown = await visit.send("/bundles/code", {"code": f"{code[:3]} {wide(code[3:])}"})
    assert 'name="ccrns"' in shown.text
    first, second = await world.lodge(), await world.lodge()
    grouped = f"{first[:4]}-{first[4:8]}-{first[8:]}"
    seen = await bundle(visit, f"{grouped}，{wide(second)}", wide("ab1234"))
    assert notice(seen) == "Bundled."
    assert first in seen.text
    assert second in seen.text


def wide(text: str) -> str:
    """As a Chinese keyboard has letters and figures."""
    return "".join(chr(ord(letter) + 0xFEE0) for letter in text)


async def test_a_form_sent_twice_bundles_once(portal: Portal) -> None:
    visit = await portal.bundling()
    ccrn = await portal.world.lodge()
    key = (await visit.go("/bundles")).key
    form = {"ccrns": ccrn, "vehicle": "AB1234", "key": key}
    seen = await asyncio.gather(*(visit.send("/bundles", form) for _ in range(3)))
    assert len({one_of.path for one_of in seen}) == 1
    assert seen[0].path.startswith("/bundles/")


async def test_a_refusal_says_why_and_keeps_what_was_typed(portal: Portal) -> None:
    world = portal.world
    visit = await portal.bundling()
    ccrn = await world.lodge()
    await bundle(visit, ccrn)
    for ccrns, vehicle, reason in (
        (ccrn, "AB1234", f"The cargo is in a live bundle. ({ccrn})"),
        ("1" * 13, "AB1234", f"No such CCRN. ({'1' * 13})"),
        (await world.lodge(), "粤Z1234港", "A Mainland plate: give the Hong Kong registration"),
        (await world.lodge(), "???", "Not a Hong Kong registration mark. (???)"),
        ("", "AB1234", "Enter at least one CCRN, and the registration mark of the vehicle."),
        (" ".join([ccrn[:-4] + f"{n:04}" for n in range(21)]), "AB1234", "Too many CCRNs"),
    ):
        seen = await bundle(visit, ccrns, vehicle)
        assert seen.status == 422
        assert notice(seen).startswith(reason)
        assert f"{ccrns}</textarea>" in seen.text


async def test_without_a_code_nothing_is_bundled_or_undone(portal: Portal) -> None:
    world = portal.world
    visit = await new_driver(portal, "20000011")
    page = await visit.go("/bundles")
    assert 'name="ccrns"' not in page.text
    ccrn = await world.lodge()
    form = {"ccrns": ccrn, "vehicle": "AB1234", "key": "k" * 20}
    assert notice(await visit.send("/bundles", form)) == "Enter the code of your token first."
    session = await world.session("20000011")
    ubr = (await world.bundle(session, [ccrn])).body["ubr"]
    refused = await visit.send(f"/bundles/{ubr}/unbundle", {"key": "k" * 20})
    assert notice(refused) == "Enter the code of your token first."
    assert "live" in (await visit.go(f"/bundles/{ubr}")).text


async def test_no_code_counts_twice_whichever_channel_had_it(portal: Portal) -> None:
    world = portal.world
    visit = await new_driver(portal, "20000012")
    await visit.go("/bundles")
    code = world.tokens["20000012"].next()
    assert 'name="ccrns"' in (await visit.send("/bundles/code", {"code": code})).text
    assert (await world.key_in("20000012", PIN, code)).code == "login_refused"

    code = world.tokens["20000012"].next()
    assert (await world.key_in("20000012", PIN, code)).status == 200
    again = await visit.send("/bundles/code", {"code": code})
    assert notice(again).startswith("This code is not right, or was used before.")


async def test_wrong_codes_are_counted_with_those_of_the_telephone(portal: Portal) -> None:
    world = portal.world
    visit = await new_driver(portal, "20000013")
    await visit.go("/bundles")
    for _ in range(3):
        seen = await visit.send("/bundles/code", {"code": "000000"})
        assert notice(seen).startswith("This code is not right")
    for _ in range(2):
        assert (await world.key_in("20000013", PIN, "000000")).code == "login_refused"
    right = world.tokens["20000013"].next()
    locked = await visit.send("/bundles/code", {"code": right})
    assert notice(locked) == "Too many codes were wrong. Wait 30 minutes."
    assert (await world.key_in("20000013", PIN, right)).code == "login_locked"


async def test_wrong_passwords_lock_nobody_out_of_the_telephone(portal: Portal) -> None:
    world = portal.world
    await new_driver(portal, "20000014")
    stranger = await portal.stranger()
    for _ in range(8):
        await stranger.log_in("20000014", "guessed it is")
    reply = await world.key_in("20000014", PIN, world.tokens["20000014"].next())
    assert reply.status == 200


async def test_a_code_opens_bundling_for_a_while_only(portal: Portal) -> None:
    world = portal.world
    visit = await new_driver(portal, "20000015")
    await portal.bundling("20000015")
    before = world.clock.now
    try:
        world.clock.forward(minutes=31)
        assert "/bundles/code" in (await visit.go("/bundles")).text
    finally:
        world.clock.now = before
