"""Shippers lodge, find, amend and withdraw; files go in and come out."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import aiohttp
import pytest

from rocars.secrets.key_ring import Role
from tests.rocars.cargo.test_batch_files import GOOD, as_csv
from tests.rocars.portal.conftest import (
    DRIVER,
    PASSWORD,
    SHIPPER,
    Portal,
    Seen,
    Visit,
    add_account,
)

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

ITEMS = {name: text for name, text in GOOD.items() if name != "reference"}


async def lodged(portal: Portal, **changed: str) -> str:
    """Through the form; gives the CCRN."""
    visit = await portal.visit(SHIPPER)
    page = await visit.go("/lodge")
    seen = await visit.send("/lodge", {**ITEMS, **changed, "key": page.key})
    found = re.fullmatch(r"/consignments/([0-9]{13})", seen.path)
    assert found is not None, seen.text
    return found[1]


async def held(portal: Portal, ccrn: str) -> Any:
    return (await portal.world.ask("GET", f"/v1/consignments/{ccrn}", role=Role.SHIPPER)).body


def notice(seen: Seen) -> str:
    """What the page says happened."""
    found = re.search(r'class="notice[^>]*>(.*?)</p>', seen.text, re.DOTALL)
    return " ".join(found[1].split()) if found else ""


async def test_what_was_filled_in_is_lodged(portal: Portal) -> None:
    ccrn = await lodged(portal, articles="雨傘 & <b>lanterns</b>", transhipment="yes")
    data = (await held(portal, ccrn))["data"]
    assert data["articles"] == "雨傘 & <b>lanterns</b>"
    assert (data["company"], data["transhipment"], data["packages"]) == ("BR-1", True, 12)
    assert data["container_numbers"] == ["TCLU1234567"]
    page = await (await portal.visit(SHIPPER)).go(f"/consignments/{ccrn}")
    assert "雨傘 &amp; &lt;b&gt;lanterns&lt;/b&gt;" in page.text


async def test_a_form_sent_twice_lodges_once(portal: Portal) -> None:
    visit = await portal.visit(SHIPPER)
    key = (await visit.go("/lodge")).key
    both = await asyncio.gather(*(visit.send("/lodge", {**ITEMS, "key": key}) for _ in range(3)))
    assert len({seen.path for seen in both}) == 1


async def test_a_form_gone_back_to_and_changed_lodges_nothing_unseen(portal: Portal) -> None:
    visit = await portal.visit(SHIPPER)
    key = (await visit.go("/lodge")).key
    first = (await visit.send("/lodge", {**ITEMS, "key": key})).path.removeprefix("/consignments/")
    seen = await visit.send("/lodge", {**ITEMS, "articles": "Lanterns", "key": key})
    assert seen.status == 422
    assert notice(seen).startswith(f"This form was lodged before, as {first}")
    assert ">Lanterns</textarea>" in seen.text
    second = await visit.send("/lodge", {**ITEMS, "articles": "Lanterns", "key": seen.key})
    ccrn = second.path.removeprefix("/consignments/")
    assert ccrn != first
    assert (await held(portal, first))["data"]["articles"] == "Umbrellas"
    assert (await held(portal, ccrn))["data"]["articles"] == "Lanterns"


async def test_what_was_typed_outlives_the_session(portal: Portal) -> None:
    """It ended meanwhile, in another tab perhaps; there somebody logs in again."""
    visit = await portal.stranger()
    await visit.log_in(SHIPPER)
    form = {**ITEMS, "articles": "Lanterns", "key": (await visit.go("/lodge")).key}
    await visit.send("/logout")
    from_a_page = {"Referer": f"{portal.url}/lodge"}
    lost = await visit.send("/lodge", form, headers=from_a_page)
    assert "You were logged out before you sent it" in lost.text
    assert "Lanterns" in lost.text
    await visit.log_in(SHIPPER)
    again = await visit.send("/lodge", {**form, "csrf": ""}, headers=from_a_page)
    assert "You logged in again since that page was shown" in again.text
    seen = await visit.send("/lodge", form, headers=from_a_page)
    assert seen.path.startswith("/consignments/")


async def test_a_wrong_password_loses_neither_the_name_nor_the_way(portal: Portal) -> None:
    visit = await portal.stranger()
    wanted = {"user_id": SHIPPER, "next": "/upload"}
    seen = await visit.send("/login", {**wanted, "password": "wrong"})
    assert seen.status == 403
    assert f'value="{SHIPPER}"' in seen.text
    assert 'name="next" value="/upload"' in seen.text
    assert "wrong" not in re.findall(r'value="([^"]*)"', seen.text)


async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(portal: Portal) -> None:
    visit = await portal.visit(SHIPPER)
    key = (await visit.go("/lodge")).key
    sent = {**ITEMS, "packages": "none", "consignee_name": "", "articles": "Lanterns", "key": key}
    seen = await visit.send("/lodge", sent)
    assert seen.status == 422
    assert 'id="wrong-packages"' in seen.text
    assert 'id="wrong-consignee_name"' in seen.text
    assert 'id="wrong-articles"' not in seen.text
    assert ">Lanterns</textarea>" in seen.text
    assert seen.key == key
    again = await visit.send("/lodge", {**ITEMS, "key": key})
    assert again.path.startswith("/consignments/")


@pytest.mark.parametrize("day", ["2010-05-16", "2010-06-01", "soon"])
async def test_the_date_is_judged_as_by_the_api(portal: Portal, day: str) -> None:
    visit = await portal.visit(SHIPPER)
    key = (await visit.go("/lodge")).key
    seen = await visit.send("/lodge", {**ITEMS, "expected_date": day, "key": key})
    assert (seen.status, 'id="wrong-expected_date"' in seen.text) == (422, True)


async def test_a_copy_has_everything_but_the_date(portal: Portal) -> None:
    ccrn = await lodged(portal, articles="Lacquer boxes")
    page = await (await portal.visit(SHIPPER)).go(f"/lodge?copy={ccrn}")
    assert ">Lacquer boxes</textarea>" in page.text
    assert 'value="2010-05-18"' not in page.text


async def test_amending_keeps_what_was_there_before(portal: Portal) -> None:
    ccrn = await lodged(portal)
    visit = await portal.visit(SHIPPER)
    form = await visit.go(f"/consignments/{ccrn}/amend")
    assert ">Umbrellas</textarea>" in form.text
    seen = await visit.send(
        f"/consignments/{ccrn}/amend", {**ITEMS, "articles": "Kites", "packages": "3"}
    )
    assert notice(seen) == "Amended."
    assert (await held(portal, ccrn))["data"]["articles"] == "Kites"
    history = " ".join(seen.text[seen.text.index("History") :].split())
    assert "<del>Umbrellas</del> → <ins>Kites</ins>" in history
    assert "<del>12</del> → <ins>3</ins>" in history
    assert f"amended ({SHIPPER})" in history


async def test_withdrawn_cargo_cannot_be_bundled_and_is_unknown_to_drivers(portal: Portal) -> None:
    ccrn = await lodged(portal)
    visit = await portal.visit(SHIPPER)
    await visit.go(f"/consignments/{ccrn}")
    seen = await visit.send(f"/consignments/{ccrn}/withdraw")
    assert notice(seen) == "Withdrawn. Nobody can bundle it any more."
    assert (await held(portal, ccrn))["state"] == "withdrawn"
    world = portal.world
    session = await world.session(DRIVER)
    assert (await world.bundle(session, [ccrn])).code == "unknown_ccrn"
    assert (await world.ask("GET", f"/v1/cargo/{ccrn}", session=session)).code == "unknown_ccrn"
    again = await visit.send(f"/consignments/{ccrn}/withdraw")
    assert notice(again) == f"The cargo was withdrawn. ({ccrn})"


async def test_bundled_cargo_is_neither_amended_nor_withdrawn(portal: Portal) -> None:
    ccrn = await lodged(portal)
    world = portal.world
    await world.bundle(await world.session(DRIVER), [ccrn], "AB1234")
    visit = await portal.visit(SHIPPER)
    page = await visit.go(f"/consignments/{ccrn}")
    assert "bundled with AB1234" in page.text
    assert "have the driver unbundle it" in page.text
    for deed, form in (("withdraw", {}), ("amend", {**ITEMS, "articles": "Kites"})):
        seen = await visit.send(f"/consignments/{ccrn}/{deed}", form)
        assert notice(seen) == f"Cargo data is amended only while unbundled. ({ccrn})"
    assert (await held(portal, ccrn))["data"]["articles"] == "Umbrellas"


async def test_cargo_is_found_by_number_name_and_state(portal: Portal) -> None:
    ccrn = await lodged(portal, articles="Porcelain 100%", consignee_name="Sun Tung_Yat")
    visit = await portal.visit(SHIPPER)
    for query, found in (
        (f"text={ccrn}", True),
        ("text=porcelain+100%25", True),
        ("text=tung_yat", True),
        ("text=tung%25yat", False),
        ("text=porcelain&state=free", True),
        ("text=porcelain&state=crossed", False),
        ("text=porcelain&state=withdrawn", False),
    ):
        assert (ccrn in (await visit.go(f"/consignments?{query}")).text) is found, query


async def test_older_ones_are_on_the_next_page(portal: Portal) -> None:
    await add_account(portal.world, "shipper3", "shipper", await portal.world.company("BR-3"))
    rows = [GOOD | {"reference": str(number)} for number in range(51)]
    visit = await portal.visit("shipper3")
    await send_file(visit, as_csv(rows))
    first = await visit.go("/consignments")
    older = re.search(r'href="(/consignments\?[^"]*before=[0-9]+)"', first.text)
    assert older is not None
    second = await visit.go(older[1].replace("&amp;", "&"))
    numbers = [re.findall(r"/consignments/([0-9]{13})", seen.text) for seen in (first, second)]
    assert [len(found) for found in numbers] == [50, 1]
    assert not set(numbers[0]) & set(numbers[1])


async def test_the_slip_has_the_number_for_people_and_for_scanners(portal: Portal) -> None:
    ccrn = await lodged(portal)
    visit = await portal.visit(SHIPPER)
    slip = await visit.go(f"/consignments/{ccrn}/slip")
    assert f"<strong>{ccrn}</strong>" in slip.text
    drawing = await visit.go(f"/consignments/{ccrn}/qr.svg")
    assert drawing.headers["Content-Type"] == "image/svg+xml"
    assert drawing.text.lstrip().startswith("<?xml")
    assert "<path" in drawing.text


async def send_file(
    visit: Visit, content: bytes, *, called: str = "cargo.csv", **fields: str
) -> Seen:
    await visit.go("/upload")
    form = aiohttp.FormData(quote_fields=False)  # as a browser sends the name of a file
    for name, text in ({"csrf": visit.csrf, "keep": "all"} | fields).items():
        form.add_field(name, text)
    form.add_field("file", content, filename=called, content_type="text/csv")
    return await visit.send("/upload", form)


async def test_a_file_whose_name_cannot_be_shown_is_listed_all_the_same(portal: Portal) -> None:
    visit = await portal.visit(SHIPPER)
    seen = await send_file(visit, as_csv([GOOD], "utf-8"), called="\u200b")
    listed = (await visit.go("/upload")).text
    assert f'<a href="{seen.path}">a file without a name</a>' in listed


async def test_a_file_is_taken_and_its_ccrns_come_as_a_file(portal: Portal) -> None:
    visit = await portal.visit(SHIPPER)
    rows = [GOOD | {"reference": f"file-{number}"} for number in range(3)]
    seen = await send_file(visit, as_csv(rows, "utf-8-sig"))
    assert notice(seen) == "3 of 3 consignments were lodged."
    assert "cargo.csv" in seen.text
    result = await visit.go(f"{seen.path}/ccrns.csv")
    assert result.headers["Content-Disposition"].startswith("attachment")
    (_, *lines) = result.text.lstrip("\ufeff").splitlines()
    assert [line.split(",")[:2] for line in lines] == [[str(n + 2), f"file-{n}"] for n in range(3)]
    for line in lines:
        assert (await held(portal, line.split(",")[2]))["state"] == "free"

    found = await visit.go("/consignments?text=file-1")
    assert re.findall(r"/consignments/([0-9]{13})", found.text) == [lines[1].split(",")[2]]

    again = await send_file(visit, as_csv(rows, "utf-8-sig"))
    assert again.status == 422
    assert "lodged before" in notice(again)
    assert f'href="{seen.path}"' in again.text
    on_purpose = await send_file(visit, as_csv(rows, "utf-8-sig"), again="yes")
    assert notice(on_purpose) == "3 of 3 consignments were lodged."


async def test_errors_of_a_file_are_told_in_the_language_of_the_page(portal: Portal) -> None:
    visit = await portal.visit(SHIPPER)
    content = as_csv([GOOD, GOOD | {"packages": "=1+1"}, GOOD | {"expected_date": "soon"}])
    refused = await send_file(visit, content)
    assert notice(refused) == "Nothing was lodged."
    partly = await send_file(visit, content, keep="good")
    assert notice(partly) == "1 of 3 consignments were lodged."
    chinese = {"headers": {"Accept-Language": "zh-CN"}}
    errors = await visit.go(f"{partly.path}/errors.csv", **chinese)
    assert errors.text.lstrip("\ufeff").splitlines() == [
        "行,列,项目,内容,应为",
        "3,3,packages,'=1+1,电子表格不会当作公式的文字",
        "4,10,expected_date,soon,日期，例如 2010-05-17",
    ]
    page = await visit.go(partly.path, **chinese)
    assert "3 批货物中已提交 1 批" in page.text


async def test_without_a_file_and_with_too_large_a_file(portal: Portal) -> None:
    visit = await portal.visit(SHIPPER)
    await visit.go("/upload")
    form = aiohttp.FormData({"csrf": visit.csrf})
    form.add_field("file", b"", filename="", content_type="application/octet-stream")
    assert (await visit.send("/upload", form)).status == 422
    huge = await send_file(visit, b"x" * 20_200_000)
    assert (huge.status, "too large" in huge.text) == (413, True)


async def test_log_in_fails_alike_and_is_locked_for_one_address_only(portal: Portal) -> None:
    await add_account(portal.world, "shipper4", "shipper", "BR-1")
    stranger = await portal.stranger()
    for user_id in ("shipper4", "nobody"):
        seen = await stranger.log_in(user_id, "wrong password")
        assert (seen.status, notice(seen)) == (403, "User ID or password is wrong.")
    for _ in range(4):
        await stranger.log_in("shipper4", "wrong password")
    locked = await stranger.log_in("shipper4")
    assert (locked.status, notice(locked)) == (429, "Too many log-ins failed. Wait 30 minutes.")
    login = portal.world.running.service.web_login
    assert await login.log_in("shipper4", PASSWORD, "192.0.2.7")


async def test_another_password_ends_all_sessions(portal: Portal) -> None:
    await add_account(portal.world, "shipper5", "shipper", "BR-1")
    here, there = await portal.stranger(), await portal.stranger()
    for visit in (here, there):
        await visit.log_in("shipper5")
    await here.go("/me")
    wrong = await here.send("/me/password", {"old": "no", "password": "x" * 20})
    assert notice(wrong) == "The password of today is wrong."
    weak = await here.send("/me/password", {"old": PASSWORD, "password": "short"})
    assert "12 to 256 characters" in notice(weak)
    await here.send("/me/password", {"old": PASSWORD, "password": "another one it is now"})
    for visit in (here, there):
        assert (await visit.go("/consignments")).path == "/login"
    assert (await here.log_in("shipper5")).status == 403
    assert (await here.log_in("shipper5", "another one it is now")).path == "/consignments"
