"""Messages of orders a second, with a backlog before them and drivers who bundle beside them.

    .venv/bin/python -m benchmarks.bulk [--backlog 1000] [--rate 50] [--seconds 60] [--orders 10]
                                        [--postgresql | --database URL]

A ROCARS of its own: on SQLite, on a PostgreSQL server of its own, or on an empty database. First so
many messages are sent as quickly as they are taken, then so many a second, while drivers lodge and
bundle one consignment after the other. Exit status 1 when messages are not taken or not worked off
at that rate, or when a driver's bundling takes over 300 ms at the 95th percentile.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pyotp

from benchmarks.support.processes import cpu_s
from tests.support.postgres_server import postgres_server

LIMIT_S = 0.3
PATIENCE_S = 60.0
"""A request that is not answered by then has failed."""

COMPANIES = 5
DRIVER_PAUSE_S = 0.2
SENDERS = 8
"""Messages under way at a time while the backlog is made."""


@dataclass
class Measured:
    """Seconds of each request, and when everything was taken and done."""

    backlog_taken_s: float = 0.0
    taken: list[float] = field(default_factory=list)
    bundled: list[float] = field(default_factory=list)
    rate_kept: float = 0.0
    waiting_after: int = 0
    done_s: float = 0.0
    cpu_s: float = 0.0
    """Processor time of ROCARS, without that of PostgreSQL."""

    held_back: int = 0
    failed: int = 0
    """Requests of drivers that were refused or not answered in time."""

    all_done: bool = False
    """Whether all that was taken was worked off before the benchmark gave up."""


@dataclass
class Sender:
    """A company's system."""

    http: aiohttp.ClientSession
    key: str
    sent: int = 0
    held_back: int = 0
    """How often a message had to be sent again later."""

    async def send(self, orders: int) -> float:
        """Send until it is taken; gives the seconds from the first try on."""
        self.sent += 1
        path = f"/v1/messages/m-{self.sent}"
        body = {"orders": [{"do": "lodge", **cargo()} for _ in range(orders)]}
        began = time.perf_counter()
        while True:
            async with self.http.put(path, json=body, headers={"X-Api-Key": self.key}) as answer:
                if answer.status == 202:
                    return time.perf_counter() - began
                if answer.status not in (429, 503):
                    raise RuntimeError(f"{path}: {answer.status} {await answer.text()}")
                self.held_back += 1
                await asyncio.sleep(float(answer.headers["Retry-After"]))

    async def is_done(self, message: int) -> bool:
        path, headers = f"/v1/messages/m-{message}", {"X-Api-Key": self.key}
        while True:
            async with self.http.get(path, headers=headers) as answer:
                if answer.status == 200:
                    return bool((await answer.json())["state"] == "done")
                if answer.status not in (429, 503):
                    raise RuntimeError(f"{path}: {answer.status} {await answer.text()}")
                await asyncio.sleep(float(answer.headers["Retry-After"]))

    async def done(self) -> None:
        """Wait until the last message is done, and all before it."""
        while True:
            if await self.is_done(self.sent):
                return
            await asyncio.sleep(0.2)

    async def waiting(self) -> int:
        """How many of its messages are not done."""
        first, last = 0, self.sent
        while first < last:
            middle = (first + last + 1) // 2
            first, last = (middle, last) if await self.is_done(middle) else (first, middle - 1)
        return self.sent - first


def cargo() -> dict[str, Any]:
    return {
        "direction": "outbound",
        "packages": 1,
        "expected_date": (datetime.now(UTC) + timedelta(hours=8)).date().isoformat(),
        "package_description": "紙箱 Cartons",
        "articles": "雨傘、燈籠及電子零件 Umbrellas, lanterns and electronic parts",
        "consignor_name": "香港九龍貿易有限公司",
        "consignor_address": "九龍觀塘工業區鴻圖道 1 號 1 Hung To Road, Kwun Tong, Kowloon",
        "consignee_name": "深圳市羅湖電子有限公司",
        "consignee_address": "深圳市羅湖區人民南路 2 號 2 Renmin South Road, Luohu, Shenzhen",
    }


async def ask(
    http: aiohttp.ClientSession, method: str, path: str, body: Any, headers: Mapping[str, str]
) -> Any:
    async with http.request(method, path, json=body, headers=headers) as answer:
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {answer.status} {await answer.text()}")
        return await answer.json()


async def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--backlog", type=int, default=1000, help="messages sent beforehand")
    parser.add_argument("--rate", type=float, default=50.0, help="messages a second")
    parser.add_argument("--seconds", type=float, default=60.0, help="for so long")
    parser.add_argument("--orders", type=int, default=10, help="in each message")
    parser.add_argument("--drivers", type=int, default=4, help="who bundle meanwhile")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--postgresql", action="store_true", help="on a PostgreSQL server of its own"
    )
    where.add_argument("--database", default="", help="URL of an empty database")
    parser.add_argument(
        "--wait", type=float, default=120.0, help="for what is not worked off at the end, seconds"
    )
    asked = parser.parse_args()
    with ExitStack() as stack:
        if asked.postgresql:
            server = stack.enter_context(postgres_server(durable=True))
            asked.database = await server.new_database()
        data = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "rocars"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "rocars"),
            env=os.environ
            | {
                "ROCARS_DATA_DIR": str(data),
                "ROCARS_DATABASE__URL": asked.database,
                "ROCARS_LISTEN__PORT": "0",
                "ROCARS_LOG_LEVEL": "error",
                "ROCARS_SYSTEMS__REQUESTS_PER_MINUTE": "1000000",
                "ROCARS_SYSTEMS__MAX_WAITING": "100000",
            },
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(60):
                line = await process.stdout.readline()
            url = line.decode().rpartition(" ")[2].strip()
            connector = aiohttp.TCPConnector(limit=0)
            timeout = aiohttp.ClientTimeout(total=PATIENCE_S, sock_connect=10)
            async with aiohttp.ClientSession(url, connector=connector, timeout=timeout) as http:
                spent = cpu_s(process.pid)
                measured = await run(http, data, asked)
                measured.cpu_s = cpu_s(process.pid) - spent
        finally:
            process.terminate()
            await process.wait()
    return report(measured, asked)


async def run(http: aiohttp.ClientSession, data: Path, asked: argparse.Namespace) -> Measured:
    keys = {role: (data / f"{role}.key").read_text().strip() for role in ("admin", "ivr")}
    measured = Measured()
    senders = [await company(http, keys["admin"], number) for number in range(COMPANIES)]
    began = time.perf_counter()
    drivers = [
        asyncio.create_task(bundle_on(http, keys, number, measured))
        for number in range(asked.drivers)
    ]
    turns = iter(range(asked.backlog))

    async def send_backlog() -> None:
        for turn in turns:
            await senders[turn % COMPANIES].send(asked.orders)

    await asyncio.gather(*(send_backlog() for _ in range(SENDERS)))
    measured.backlog_taken_s = time.perf_counter() - began
    paced_from = time.perf_counter()
    count = int(asked.rate * asked.seconds)
    under_way = set()
    for turn in range(count):
        await asyncio.sleep(max(0.0, paced_from + turn / asked.rate - time.perf_counter()))
        under_way.add(asyncio.create_task(senders[turn % COMPANIES].send(asked.orders)))
    measured.taken = await asyncio.gather(*under_way)
    measured.rate_kept = count / (time.perf_counter() - paced_from)
    measured.waiting_after = sum([await sender.waiting() for sender in senders])
    try:
        async with asyncio.timeout(asked.wait):
            for sender in senders:
                await sender.done()
        measured.all_done = True
    except TimeoutError:
        measured.waiting_after = sum([await sender.waiting() for sender in senders])
    measured.done_s = time.perf_counter() - began
    measured.held_back = sum(sender.held_back for sender in senders)
    for driver in drivers:
        driver.cancel()
    await asyncio.gather(*drivers, return_exceptions=True)
    return measured


async def company(http: aiohttp.ClientSession, admin: str, number: int) -> Sender:
    name = f"BR-{number}"
    headers = {"X-Api-Key": admin}
    data = {"registration_number": name, "name": "Shipper", "responsible_person": "Wong"}
    await ask(http, "POST", "/v1/companies", data, headers)
    key = {"name": "Warehouse", "rights": ["lodge", "read"]}
    issued = await ask(http, "POST", f"/v1/companies/{name}/keys", key, headers)
    return Sender(http, issued["key"])


async def bundle_on(
    http: aiohttp.ClientSession, keys: dict[str, str], number: int, measured: Measured
) -> None:
    """A driver who lodges one consignment and bundles it, again and again."""
    admin, channel = {"X-Api-Key": keys["admin"]}, {"X-Api-Key": keys["ivr"]}
    seed, user_id = secrets.token_bytes(20), f"2000000{number}"
    driver = {"user_id": user_id, "company": "BR-0", "name": "Chan", "pin": "864213"}
    await ask(http, "POST", "/v1/drivers", driver | {"token": {"seed": seed.hex()}}, admin)
    code = pyotp.HOTP(base64.b32encode(seed).decode()).at(0)
    login = {"user_id": user_id, "pin": "864213", "code": code}
    session = (await ask(http, "POST", "/v1/log-in", login, channel))["session"]
    while True:
        lot = {"company": "BR-0", **cargo()}
        headers = channel | {
            "Authorization": f"Bearer {session}",
            "Idempotency-Key": secrets.token_hex(8),
        }
        try:
            ccrn = (await ask(http, "POST", "/v1/consignments", lot, admin))["ccrn"]
            began = time.perf_counter()
            body = {"ccrns": [ccrn], "vehicle": f"AB{1000 + number}"}
            await ask(http, "POST", "/v1/bundles", body, headers)
            measured.bundled.append(time.perf_counter() - began)
        except (RuntimeError, TimeoutError):
            measured.failed += 1
        await asyncio.sleep(DRIVER_PAUSE_S)


def report(measured: Measured, asked: argparse.Namespace) -> int:
    total = asked.backlog + len(measured.taken)
    worked = (total if measured.all_done else total - measured.waiting_after) / measured.done_s
    kind = "PostgreSQL" if asked.database else "SQLite"
    print(f"{total} messages of {asked.orders} orders, {os.cpu_count()} cores, {kind}")
    print(f"backlog of {asked.backlog} taken in {measured.backlog_taken_s:.1f} s")
    print(f"then {measured.rate_kept:.1f} a second; {measured.waiting_after} waited at their end")
    if measured.all_done:
        print(f"all done after {measured.done_s:.1f} s: {worked:.1f} a second worked off")
    else:
        print(f"given up after {measured.done_s:.1f} s with {measured.waiting_after} not done")
    each_ms = measured.cpu_s * 1000 / total
    print(f"processor time of ROCARS: {each_ms:.1f} ms a message, drivers' requests with it")
    print(f"told to come later {measured.held_back} times; drivers not answered {measured.failed}")
    for name, found in (("message taken", measured.taken), ("bundled", measured.bundled)):
        p95 = statistics.quantiles(found, n=20)[18]
        print(
            f"{name}: median {statistics.median(found) * 1000:.0f} ms, "
            f"p95 {p95 * 1000:.0f} ms, longest {max(found) * 1000:.0f} ms"
        )
    slow = statistics.quantiles(measured.bundled, n=20)[18] > LIMIT_S
    kept = min(measured.rate_kept, worked) >= asked.rate * 0.98
    return 0 if kept and measured.all_done and not slow and not measured.failed else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
