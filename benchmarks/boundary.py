"""From a camera's post to the board of its lane, with many lanes busy at a time.

    .venv/bin/python -m benchmarks.boundary [--lanes 20] [--vehicles 30] [--every 1.0]

A ROCARS of its own with a database of its own: each vehicle is registered, its cargo lodged and
bundled over the API; then a camera in every lane posts one vehicle after the other, and a board of
every lane follows by server-sent events. Measured is from the first byte of the post to the event
in which the board has the plate. Exit status 1 when the 95th percentile is above 300 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import random
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pyotp

LIMIT_S = 0.3
SEED = b"boundary benchmark 1"


@dataclass
class Measured:
    """Seconds of each vehicle: until the camera was answered, and until the board showed it."""

    posted: dict[str, float] = field(default_factory=dict)
    answered: list[float] = field(default_factory=list)
    shown: dict[str, float] = field(default_factory=dict)
    instructions: set[str] = field(default_factory=set)


async def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lanes", type=int, default=20)
    parser.add_argument("--vehicles", type=int, default=30, help="in each lane")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two in a lane")
    asked = parser.parse_args()
    lanes = [
        {"code": f"LMC-{number}", "control_point": "LMC", "direction": "outbound", "sign": "1"}
        for number in range(1, asked.lanes + 1)
    ]
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "rocars"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "rocars"),
            env=os.environ
            | {
                "ROCARS_DATA_DIR": str(data),
                "ROCARS_LISTEN__PORT": "0",
                "ROCARS_LOG_LEVEL": "error",
                "ROCARS_RULES__LEAD_MINUTES": "0",
                "ROCARS_CROSSING__LANES": json.dumps(lanes),
                "ROCARS_CROSSING__RANDOM_SHARE": "0",
                "ROCARS_CROSSING__OPEN_DISPLAYS": "true",
            },
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(60):
                line = await process.stdout.readline()
            url = line.decode().rpartition(" ")[2].strip()
            connector = aiohttp.TCPConnector(limit=0)
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
            async with aiohttp.ClientSession(url, connector=connector, timeout=timeout) as http:
                measured = await run(http, data, lanes, asked.vehicles, asked.every)
        finally:
            process.terminate()
            await process.wait()
    return report(measured, asked.lanes)


async def run(
    http: aiohttp.ClientSession,
    data: Path,
    lanes: list[dict[str, str]],
    vehicles: int,
    every: float,
) -> Measured:
    keys = {role: (data / f"{role}.key").read_text().strip() for role in ("admin", "ivr", "camera")}
    marks = {
        lane["code"]: [f"B{place:02}{number:04}" for number in range(vehicles)]
        for place, lane in enumerate(lanes)
    }
    await bundle_all(http, keys, [mark for line in marks.values() for mark in line])
    measured = Measured()
    boards = [asyncio.create_task(board(http, lane["code"], measured)) for lane in lanes]
    await asyncio.sleep(2)
    await asyncio.gather(
        *(camera(http, keys["camera"], code, line, every, measured) for code, line in marks.items())
    )
    await asyncio.sleep(2)
    for follower in boards:
        follower.cancel()
    await asyncio.gather(*boards, return_exceptions=True)
    return measured


async def bundle_all(http: aiohttp.ClientSession, keys: dict[str, str], marks: list[str]) -> None:
    admin, channel = {"X-Api-Key": keys["admin"]}, {"X-Api-Key": keys["ivr"]}
    company = {"registration_number": "BR-1", "name": "Carrier", "responsible_person": "Wong"}
    await post(http, "/v1/companies", company, admin)
    driver = {"user_id": "20000001", "company": "BR-1", "name": "Chan", "pin": "864213"}
    await post(http, "/v1/drivers", driver | {"token": {"seed": SEED.hex()}}, admin)
    code = pyotp.HOTP(base64.b32encode(SEED).decode()).at(0)
    body = {"user_id": "20000001", "pin": "864213", "code": code}
    session = (await post(http, "/v1/log-in", body, channel))["session"]
    today = (datetime.now(UTC) + timedelta(hours=8)).date().isoformat()
    cargo = {
        "company": "BR-1",
        "direction": "outbound",
        "packages": 1,
        "expected_date": today,
        "package_description": "Cartons",
        "articles": "Umbrellas",
        "consignor_name": "A",
        "consignor_address": "A",
        "consignee_name": "B",
        "consignee_address": "B",
    }
    for mark in marks:
        ccrn = (await post(http, "/v1/consignments", cargo, admin))["ccrn"]
        headers = channel | {
            "Authorization": f"Bearer {session}",
            "Idempotency-Key": secrets.token_hex(8),
        }
        await post(http, "/v1/bundles", {"ccrns": [ccrn], "vehicle": mark}, headers)


async def post(
    http: aiohttp.ClientSession, path: str, body: Mapping[str, object], headers: dict[str, str]
) -> dict[str, str]:
    async with http.post(path, json=body, headers=headers) as answer:
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {answer.status} {await answer.text()}")
        found: dict[str, str] = await answer.json()
        return found


async def board(http: aiohttp.ClientSession, code: str, measured: Measured) -> None:
    """A board, as its browser follows it."""
    async with http.get(f"/boundary/boards/{code}/events") as stream:
        async for line in stream.content:
            if line.startswith(b"data: {"):
                plate = json.loads(line[6:])["plate"]
                if plate in measured.posted and plate not in measured.shown:
                    measured.shown[plate] = time.perf_counter() - measured.posted[plate]


async def camera(
    http: aiohttp.ClientSession,
    key: str,
    code: str,
    marks: list[str],
    every: float,
    measured: Measured,
) -> None:
    await asyncio.sleep(random.uniform(0, every))
    for mark in marks:
        reading = {
            "lane": code,
            "plate": mark,
            "confidence": 0.98,
            "taken_at": datetime.now(UTC).isoformat(),
        }
        began = measured.posted[mark] = time.perf_counter()
        headers = {"X-Api-Key": key, "Idempotency-Key": secrets.token_hex(8)}
        answer = await post(http, "/v1/readings", dict(reading), headers)
        measured.answered.append(time.perf_counter() - began)
        measured.instructions.add(answer["instruction"])
        await asyncio.sleep(max(0.0, every * random.uniform(0.8, 1.2) - measured.answered[-1]))


def report(measured: Measured, lanes: int) -> int:
    missing = len(measured.posted) - len(measured.shown)
    print(f"{lanes} lanes, {len(measured.posted)} vehicles, {os.cpu_count()} cores")
    print(f"instructions: {', '.join(sorted(measured.instructions))}; never shown: {missing}")
    p95 = 0.0
    for name, found in (
        ("camera answered", measured.answered),
        ("post → board", list(measured.shown.values())),
    ):
        cuts = statistics.quantiles(found, n=20)
        p95 = cuts[18]
        print(
            f"{name}: median {statistics.median(found) * 1000:.0f} ms, "
            f"p95 {p95 * 1000:.0f} ms, longest {max(found) * 1000:.0f} ms"
        )
    return 1 if missing or p95 > LIMIT_S else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
