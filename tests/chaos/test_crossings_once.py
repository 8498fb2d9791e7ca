"""ROCARS is killed at every step of a reading, and at any moment; each crossing is written once.

Cameras post again under the same key until they are answered, as cameras do.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
import pytest

from tests.chaos.boundary import STEPS
from tests.chaos.mortal import Mortal
from tests.support.pace import limit

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]

LANES = ("LMC-OUT-1", "LMC-OUT-2", "MKT-OUT-1")


def mark(number: int) -> str:
    return f"KT{number + 1000}"


@dataclass
class Boundary(Mortal):
    server = "tests.chaos.boundary:run"
    settings: ClassVar[dict[str, str]] = {}

    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def camera(self, http: aiohttp.ClientSession, lane: str, marks: list[str]) -> None:
        for plate in marks:
            body = {
                "lane": lane,
                "plate": plate,
                "confidence": 0.99,
                "taken_at": datetime.now(UTC).isoformat(),
            }
            headers = {"X-Api-Key": self.key("camera"), "Idempotency-Key": f"read-{plate}"}
            while True:  # a camera does not give up; the test has its limit
                try:
                    async with http.post(
                        f"{self.url}/v1/readings", json=body, headers=headers
                    ) as answer:
                        if answer.status == 200:
                            self.answers[plate] = await answer.json()
                            break
                        assert answer.status >= 500, await answer.text()
                except (aiohttp.ClientError, OSError, TimeoutError):
                    pass
                await asyncio.sleep(0.05)


async def bundle_all(boundary: Boundary, http: aiohttp.ClientSession, count: int) -> None:
    """`count` vehicles with a bundle each that may cross, every third of them with a profile."""
    now = datetime.now(UTC)
    admin = {"X-Api-Key": boundary.key("admin")}
    company = {"registration_number": "BR-1", "name": "Carrier", "responsible_person": "Wong"}
    driver = {
        "user_id": "20000001",
        "company": "BR-1",
        "name": "Chan",
        "pin": "864213",
        "token": {"seed": "31" * 20},
    }
    for path, body in (("/v1/companies", company), ("/v1/drivers", driver)):
        async with http.post(boundary.url + path, json=body, headers=admin) as answer:
            assert answer.status == 201, await answer.text()
    text, instant = "'x'", now.strftime("'%Y-%m-%d %H:%M:%S.000000'")
    later = (now + timedelta(days=2)).strftime("'%Y-%m-%d %H:%M:%S.000000'")
    file = boundary.directory / "rocars" / "rocars.sqlite3"
    with sqlite3.connect(file, timeout=30) as database:
        for number in range(count):
            article = "'glass'" if number % 3 == 0 else text
            lot = database.execute(
                "INSERT INTO consignment (ccrn, company_id, direction, packages,"
                " package_description, articles, consignor_name, consignor_address,"
                " consignee_name, consignee_address, expected_date, container_numbers,"
                " licence_numbers, transhipment, lodged_at) VALUES"
                f" ('{10**12 + number}', 1, 'outbound', 1, {text}, {article}, {text}, {text},"
                f" {text}, {text}, date('now'), '[]', '[]', 0, {instant})"
            ).lastrowid
            bundle = database.execute(
                "INSERT INTO bundle (ubr, driver_id, mark, state, bundled_at, immediately,"
                f" cross_from, expires_at) VALUES ('{10**9 + number}', 1, '{mark(number)}',"
                f" 'live', {instant}, 1, {instant}, {later})"
            ).lastrowid
            database.execute(
                "INSERT INTO bundled_cargo (bundle_id, consignment_id, place, live)"
                f" VALUES ({bundle}, {lot}, 0, 1)"
            )
        conditions = json.dumps([{"item": "articles", "test": "is", "value": "glass"}])
        database.execute(
            "INSERT INTO risk_profile (name, scope, conditions, valid_from, valid_until, made_by,"
            f" made_at) VALUES ('glass', 'laden', '{conditions}', {instant}, {later}, 'lam',"
            f" {instant})"
        )


async def drive_through(boundary: Boundary, count: int, chance: random.Random | None) -> None:
    """Cameras read all vehicles while ROCARS dies; then everything held is compared."""
    try:
        await boundary.start()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(limit(20))) as http:
            await bundle_all(boundary, http, count)
            marks = [mark(number) for number in range(count)]
            async with boundary.dying(chance):
                await asyncio.gather(
                    *(
                        boundary.camera(http, lane, marks[place :: len(LANES)])
                        for place, lane in enumerate(LANES)
                    )
                )
        instructions = {plate: answer["instruction"] for plate, answer in boundary.answers.items()}
        assert instructions == {
            mark(number): "examine" if number % 3 == 0 else "proceed" for number in range(count)
        }
        passages = boundary.held("SELECT id, mark, instruction, crossed FROM passage")
        assert {plate: number for number, plate, _, _ in passages} == {
            plate: answer["passage"] for plate, answer in boundary.answers.items()
        }
        assert len(passages) == count
        assert all(crossed == (instruction == "proceed") for _, _, instruction, crossed in passages)
        assert dict(boundary.held("SELECT mark, state FROM bundle")) == {
            plate: "crossed" if instruction == "proceed" else "live"
            for plate, instruction in instructions.items()
        }
        assert len(boundary.held("SELECT 1 FROM plate_reading")) == count
        examined = {number for number, _, instruction, _ in passages if instruction == "examine"}
        assert {number for (number,) in boundary.held("SELECT passage_id FROM profile_hit")} == (
            examined
        )
        assert boundary.held("SELECT count(*) FROM consignment WHERE crossed_at IS NOT NULL") == [
            (count - len(examined),)
        ]
    finally:
        await boundary.close()


async def test_killed_at_every_step_a_crossing_is_written_once(tmp_path: Path) -> None:
    boundary = Boundary(tmp_path, at_steps=True)
    await drive_through(boundary, 4, None)
    assert tuple(boundary.died_at.read_text().splitlines()) == STEPS
    assert boundary.deaths == len(STEPS)


async def test_killed_at_any_moment_every_crossing_is_written_once(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    rounds = 15 if pytestconfig.getoption("soak") else 1
    for number in range(rounds):
        directory = tmp_path / str(number)
        directory.mkdir()
        boundary = Boundary(directory)
        await drive_through(boundary, 45, random.Random(2000 + number))
        assert boundary.deaths > 0
        print(f"\nkilled {boundary.deaths} times")
