"""ROCARS is killed at every step of an upload, and at any moment; every row is lodged once.

Shippers do what the pages say: they send a file again that was interrupted or whose answer was
lost, and take what came of it before when they are told that it was lodged.
"""

from __future__ import annotations

import asyncio
import csv
import io
import random
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import aiohttp
import pytest

from tests.chaos.mortal import Mortal, neighbours
from tests.chaos.upload import STEPS
from tests.support.pace import PACE, limit

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]

COMPANY, SHIPPER, PASSWORD = "BR-1", "shipper1", "carry it over the hill"
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_BATCH = re.compile(r"/upload/([0-9]+)")
_AWAY = (aiohttp.ClientError, OSError, TimeoutError)


@dataclass
class Portal(Mortal):
    server = "tests.chaos.upload:run"
    settings: ClassVar[dict[str, str]] = {
        "ROCARS_COURSE__ENABLED": "false",
        "ROCARS_PORTAL__LOGINS_PER_MINUTE": "10000",
    }

    ports: list[int] = field(default_factory=lambda: neighbours(2))
    results: dict[str, bytes] = field(default_factory=dict)
    """The file of CCRNs that came of each file."""

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.ports[1]}"

    async def register(self, http: aiohttp.ClientSession) -> None:
        headers = {"X-Api-Key": self.key("admin")}
        company = {"registration_number": COMPANY, "name": "B", "responsible_person": "C"}
        account = {
            "user_id": SHIPPER,
            "role": "shipper",
            "company": COMPANY,
            "name": "Wong",
            "password": PASSWORD,
        }
        for path, body in (("/v1/companies", company), ("/v1/accounts", account)):
            async with http.post(self.url + path, json=body, headers=headers) as answer:
                assert answer.status == 201, await answer.text()
        form = {"user_id": SHIPPER, "password": PASSWORD, "next": "/upload"}
        async with http.post(self.web + "/login", data=form) as answer:
            assert answer.status == 200, await answer.text()

    async def upload(self, http: aiohttp.ClientSession, name: str, content: bytes) -> None:
        """Send a file, and again as the pages say, until there is a file of CCRNs."""
        page = ""
        while True:  # a shipper does not give up; the test has its limit
            try:
                batch = await self._batch(http, page, name, content)
                if batch is None:
                    page = ""  # interrupted
                elif batch.startswith("reading/"):
                    page = f"/upload/{batch}"
                else:
                    async with http.get(f"{self.web}/upload/{batch}/ccrns.csv") as answer:
                        if answer.status == 200:
                            self.results[name] = await answer.read()
                            return
            except _AWAY:
                page = ""  # whether it was taken nobody knows
            await asyncio.sleep(0.05)

    async def _batch(
        self, http: aiohttp.ClientSession, page: str, name: str, content: bytes
    ) -> str | None:
        """The number of the batch, or where it is being read; None: to be sent again."""
        if page:
            async with http.get(self.web + page) as answer:
                return _led_to(answer.url.path, await answer.text())
        async with http.get(self.web + "/upload") as answer:
            found = _CSRF.search(await answer.text())
        if found is None:
            return None
        form = aiohttp.FormData()
        form.add_field("csrf", found[1])
        form.add_field("file", content, filename=name, content_type="text/csv")
        async with http.post(self.web + "/upload", data=form) as answer:
            return _led_to(answer.url.path, await answer.text())


def _led_to(path: str, text: str) -> str | None:
    if "This very file was lodged before." in text:
        earlier = re.search(r'class="notice bad">.*?/upload/([0-9]+)"', text, re.DOTALL)
        assert earlier is not None
        return earlier[1]
    if "Nothing of it was lodged: send it again." in text:
        return None
    there = path.removeprefix("/upload/")
    return there if there.isdecimal() or there.startswith("reading/") else None


def file_of(name: str, rows: int) -> bytes:
    tomorrow = (datetime.now(UTC) + timedelta(hours=8, days=1)).date()
    items = {
        "direction": "outbound",
        "packages": "1",
        "package_description": "Cartons",
        "articles": "Umbrellas",
        "consignor_name": "A",
        "consignor_address": "A",
        "consignee_name": "B",
        "consignee_address": "B",
        "expected_date": tomorrow.isoformat(),
    }
    text = io.StringIO()
    writer = csv.DictWriter(text, ["reference", *items])
    writer.writeheader()
    writer.writerows({"reference": f"{name}/{row}", **items} for row in range(rows))
    return text.getvalue().encode()


async def upload_all(portal: Portal, count: int, rows: int, chance: random.Random | None) -> None:
    """A shipper uploads `count` files while ROCARS dies; then all that is held is compared."""
    files = {f"f{number}.csv": file_of(f"f{number}.csv", rows) for number in range(count)}
    try:
        await portal.start()
        jar = aiohttp.CookieJar(unsafe=True)
        timeout = aiohttp.ClientTimeout(limit(20))
        async with aiohttp.ClientSession(
            cookie_jar=jar, timeout=timeout, headers={"Accept-Language": "en"}
        ) as http:
            await portal.register(http)
            async with portal.dying(chance) as last_death:
                for name, content in files.items():
                    await portal.upload(http, name, content)
                await last_death
        lodged = portal.held(
            "SELECT reference, ccrn, batch_id FROM batched_consignment"
            " JOIN consignment ON consignment.id = consignment_id ORDER BY consignment.id"
        )
        assert [reference for reference, _, _ in lodged] == [
            f"{name}/{row}" for name in files for row in range(rows)
        ]
        assert portal.held("SELECT count(*) FROM consignment") == [(len(lodged),)]
        assert portal.held("SELECT rows, lodged FROM batch") == [(rows, rows)] * count
        result = {
            line["reference"]: line["CCRN"]
            for content in portal.results.values()
            for line in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
        }
        assert result == {reference: ccrn for reference, ccrn, _ in lodged}
    finally:
        await portal.close()


async def test_killed_at_every_step_a_row_is_lodged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROCARS_BATCH__ANSWER_WITHIN_S", "60")
    monkeypatch.setenv("SILENT_S", "30")
    portal = Portal(tmp_path, at_steps=True)
    await upload_all(portal, 3, 20, None)
    assert tuple(portal.died_at.read_text().splitlines()) == STEPS
    assert portal.deaths == len(STEPS)


async def test_killed_at_any_moment_every_row_is_lodged_once(
    tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files are answered with the page that says how far they are."""
    monkeypatch.setenv("ROCARS_BATCH__ANSWER_WITHIN_S", "0")
    monkeypatch.setenv("SILENT_S", str(2 * PACE.scale()))
    rounds = 15 if pytestconfig.getoption("soak") else 1
    for number in range(rounds):
        directory = tmp_path / str(number)
        directory.mkdir()
        portal = Portal(directory)
        await upload_all(portal, 8, 200, random.Random(4000 + number))
        assert portal.deaths > 0
        print(f"\nkilled {portal.deaths} times")
