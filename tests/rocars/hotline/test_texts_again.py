"""The text message with a bundle, sent again for a caller, through a real gateway over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.rocars.crossing.conftest import Boundary
from tests.rocars.hotline.test_enquiries import Officer, happenings, hotline
from tests.support.text_gateway import TextGateway, text_gateway

pytestmark = pytest.mark.service

PHONE = "+85291234567"
WHY = "knew the vehicle and the day"


@pytest.fixture
async def gateway() -> AsyncIterator[TextGateway]:
    async with text_gateway() as gateway:
        yield gateway


@pytest.fixture
def changes(gateway: TextGateway) -> dict[str, Any]:
    return {"crossing": {"random_share": 0}, "sms": {"url": gateway.url}}


@pytest.fixture
async def officer(small_boundary: Boundary) -> AsyncIterator[Officer]:
    async for entered in hotline(small_boundary):
        yield entered


@pytest.fixture
async def officer_on_either(boundary: Boundary) -> AsyncIterator[Officer]:
    async for entered in hotline(boundary):
        yield entered


async def kept(boundary: Boundary) -> list[tuple[str, str, str, str]]:
    """What the officer did, beside looking, the newest first."""
    looks = await boundary.world.running.service.enquiries.looks()
    return [
        (look.officer, look.deed, look.subject, look.reason)
        for look in looks
        if look.deed != "looked"
    ]


async def test_a_driver_gets_it_again_and_it_is_written_down(
    boundary: Boundary, officer_on_either: Officer, gateway: TextGateway
) -> None:
    officer = officer_on_either
    boundary.driver = await boundary.world.driver(phone=PHONE)
    ubr = await boundary.bundled()
    _, page = await officer.go(f"/ubr/{ubr}")
    assert "registered with: ***567" in page
    _, page = await officer.send(f"/ubr/{ubr}/text", ubr=ubr, reason=" ")
    assert "A reason is needed." in page
    assert gateway.taken == []
    _, page = await officer.send(f"/ubr/{ubr}/text", ubr=ubr, reason=WHY)
    assert "Text message sent to the number ***567." in page
    assert PHONE not in page
    assert ("hotline hoi", "text message sent again by an officer") in happenings(page)
    ((message, headers),) = gateway.taken
    assert message["to"] == PHONE
    assert f"捆绑参考编号 {ubr}。车牌 AB1234。" in message["text"]
    assert message["text"].endswith("可以马上过关。")
    assert headers["Idempotency-Key"].startswith("hotline-")
    assert await kept(boundary) == [("hoi", "texted", ubr, WHY)]


async def test_before_its_time_the_driver_is_told_from_when(
    small_boundary: Boundary, officer: Officer, gateway: TextGateway
) -> None:
    small_boundary.driver = await small_boundary.world.driver(phone=PHONE)
    ubr = await small_boundary.bundled(wait=False)
    await officer.send(f"/ubr/{ubr}/text", ubr=ubr, reason=WHY)
    ((message, _),) = gateway.taken
    assert message["text"].endswith("最早过关时间:5月17日 09:31。")


async def test_what_cannot_be_sent_is_said_plainly(
    small_boundary: Boundary, officer: Officer, gateway: TextGateway
) -> None:
    unknown = await small_boundary.bundled()
    _, page = await officer.go(f"/ubr/{unknown}")
    assert "No telephone number of the driver is known." in page
    assert f"/ubr/{unknown}/text" not in page
    _, page = await officer.send(f"/ubr/{unknown}/text", ubr=unknown, reason=WHY)
    assert "No telephone number of the driver is known." in page
    for number in ("999", "' or 1"):
        _, page = await officer.send(f"/ubr/{unknown}/text", ubr=number, reason=WHY)
        assert "No such bundle." in page
    small_boundary.driver = await small_boundary.world.driver("20000002", phone=PHONE)
    ubr = await small_boundary.bundled("FU88")
    gateway.status = 503
    _, page = await officer.send(f"/ubr/{ubr}/text", ubr=ubr, reason=WHY)
    assert "The text message was not taken. Try again, or read the reference out." in page
    assert ("hotline hoi", "text message not taken by the gateway") in happenings(page)
    assert await kept(small_boundary) == [
        ("hoi", "not_sent", ubr, "status 503"),
        ("hoi", "texted", ubr, WHY),
    ]
    await officer.send(f"/ubr/{ubr}/unbundle", ubr=ubr, reason=WHY)
    gateway.taken.clear()
    _, page = await officer.send(f"/ubr/{ubr}/text", ubr=ubr, reason=WHY)
    assert "The bundle is no longer live." in page
    assert f"/ubr/{ubr}/text" not in page
    assert gateway.taken == []


@pytest.mark.parametrize("changes", [{"crossing": {"random_share": 0}}])
async def test_where_no_gateway_is_set_the_page_says_so(
    small_boundary: Boundary, officer: Officer
) -> None:
    small_boundary.driver = await small_boundary.world.driver(phone=PHONE)
    ubr = await small_boundary.bundled()
    _, page = await officer.go(f"/ubr/{ubr}")
    assert "Text messages are not set up here." in page
    assert "Send again" not in page
    _, page = await officer.send(f"/ubr/{ubr}/text", ubr=ubr, reason=WHY)
    assert "Text messages are not set up here." in page
    assert await kept(small_boundary) == []
