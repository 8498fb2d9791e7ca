"""ROCARS is killed at every step of a message, and at any moment; each order is done once.

Senders send again under the same ID until they are answered; a receiver takes what is pushed.
"""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
import pytest
from aiohttp import web

from tests.chaos.bulk import STEPS
from tests.chaos.mortal import Mortal
from tests.support.pace import limit

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]

COMPANIES = ("BR-1", "BR-2")


@dataclass
class Bulk(Mortal):
    server = "tests.chaos.bulk:run"
    settings: ClassVar[dict[str, str]] = {
        "ROCARS_SYSTEMS__ORDERS_AT_ONCE": "4",
        "ROCARS_SYSTEMS__LOOK_S": "0.05",
        "ROCARS_SYSTEMS__PUSH_TIMEOUT_S": "0.5",
        "ROCARS_SYSTEMS__PUSH_FIRST_PAUSE_S": "0.1",
        "ROCARS_SYSTEMS__PUSH_TRIES": "100",
    }

    keys: dict[str, str] = field(default_factory=dict)
    pushed: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What the receiver took, by message; a result may come more than once."""

    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def register(self, http: aiohttp.ClientSession, receiver: str) -> None:
        admin = {"X-Api-Key": self.key("admin")}
        for number in COMPANIES:
            company = {"registration_number": number, "name": "B", "responsible_person": "C"}
            key = {"name": "Warehouse", "rights": ["lodge", "change", "read"]}
            for method, path, body in (
                ("POST", "/v1/companies", company),
                ("POST", f"/v1/companies/{number}/keys", key),
                ("PUT", f"/v1/companies/{number}/push-address", {"url": receiver}),
            ):
                async with http.request(
                    method, self.url + path, json=body, headers=admin
                ) as response:
                    assert response.status < 300, await response.text()
                    self.keys[number] = (await response.json()).get("key") or self.keys.get(
                        number, ""
                    )

    async def send(
        self, http: aiohttp.ClientSession, company: str, messages: dict[str, bytes]
    ) -> None:
        """One after the other, each until it is taken."""
        headers = {"X-Api-Key": self.keys[company], "Content-Type": "application/json"}
        for message, body in messages.items():
            while True:  # a system does not give up; the test has its limit
                try:
                    async with http.put(
                        f"{self.url}/v1/messages/{message}", data=body, headers=headers
                    ) as answer:
                        if answer.status == 202:
                            break
                        assert answer.status >= 500, await answer.text()
                except (aiohttp.ClientError, OSError, TimeoutError):
                    pass
                await asyncio.sleep(0.05)

    async def take(self, request: web.Request) -> web.Response:
        result = await request.json()
        self.pushed.setdefault(result["message"], []).append(result)
        self.more.set()
        return web.Response(status=204)

    async def all_pushed(self, messages: set[str]) -> None:
        while self.pushed.keys() < messages:
            await self.more.wait()
            self.more.clear()

    async def written_down(self) -> None:
        """Until the last push is, too: or the process is killed before it gets there."""
        while self.held("SELECT 1 FROM push WHERE state = 'due'"):
            await asyncio.sleep(0.05)


def order(message: str, place: int) -> dict[str, Any]:
    tomorrow = (datetime.now(UTC) + timedelta(hours=8, days=1)).date()
    return {
        "do": "lodge",
        "reference": f"{message}/{place}",
        "direction": "outbound",
        "packages": place,
        "package_description": "Cartons",
        "articles": "Umbrellas",
        "consignor_name": "A",
        "consignor_address": "A",
        "consignee_name": "B",
        "consignee_address": "B",
        "expected_date": tomorrow.isoformat(),
    }


async def send_all(bulk: Bulk, count: int, orders: int, chance: random.Random | None) -> None:
    """Companies send `count` messages each while ROCARS dies; then all that is held is compared."""
    messages = {
        company: {
            f"{company}.{number}": json.dumps(
                {"orders": [order(f"{company}.{number}", place + 1) for place in range(orders)]}
            ).encode()
            for number in range(count)
        }
        for company in COMPANIES
    }
    names = {name for sent in messages.values() for name in sent}
    receiver = web.AppRunner(app := web.Application(), access_log=None)
    app.router.add_post("/", bulk.take)
    await receiver.setup()
    try:
        await web.TCPSite(receiver, "127.0.0.1", 0).start()
        await bulk.start()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(limit(20))) as http:
            await bulk.register(http, f"http://127.0.0.1:{receiver.addresses[0][1]}/")
            async with bulk.dying(chance) as last_death:
                await asyncio.gather(
                    *(bulk.send(http, company, sent) for company, sent in messages.items())
                )
                await last_death
                await bulk.all_pushed(names)
                await bulk.written_down()
        lodged = bulk.held(
            "SELECT reference, ccrn, packages FROM bulk_consignment"
            " JOIN consignment ON consignment.id = consignment_id ORDER BY consignment.id"
        )
        assert sorted(reference for reference, _, _ in lodged) == sorted(
            f"{name}/{place + 1}" for name in names for place in range(orders)
        )
        assert bulk.held("SELECT count(*) FROM consignment") == [(len(lodged),)]
        for company, sent in messages.items():  # each company's in the order they were sent
            assert [reference for reference, _, _ in lodged if reference.startswith(company)] == [
                f"{name}/{place + 1}" for name in sent for place in range(orders)
            ]
        ccrns = {reference: ccrn for reference, ccrn, _ in lodged}
        for name in names:
            for result in bulk.pushed[name]:
                ccrn_of = {row["reference"]: row["ccrn"] for row in result["results"]}
                assert ccrn_of == {
                    reference: ccrn
                    for reference, ccrn in ccrns.items()
                    if reference.startswith(f"{name}/")
                }
        assert bulk.held("SELECT DISTINCT state FROM bulk_message") == [("done",)]
        assert bulk.held("SELECT count(*) FROM bulk_orders") == [(0,)]
    finally:
        await bulk.close()
        await receiver.cleanup()


async def test_killed_at_every_step_an_order_is_done_once(tmp_path: Path) -> None:
    bulk = Bulk(tmp_path, at_steps=True)
    await send_all(bulk, 6, 10, None)
    assert tuple(bulk.died_at.read_text().splitlines()) == STEPS
    assert bulk.deaths == len(STEPS)


async def test_killed_at_any_moment_every_order_is_done_once(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    rounds = 15 if pytestconfig.getoption("soak") else 1
    for number in range(rounds):
        directory = tmp_path / str(number)
        directory.mkdir()
        bulk = Bulk(directory)
        await send_all(bulk, 10, 40, random.Random(3000 + number))
        assert bulk.deaths > 0
        print(f"\nkilled {bulk.deaths} times")
