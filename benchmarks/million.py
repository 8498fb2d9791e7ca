"""How quick the pages of the portal are with a million consignments in PostgreSQL.

    .venv/bin/python -m benchmarks.million --database postgresql://... [--consignments 1000000]

Fills an empty database (a company that has half of all, a hundred others, a bundle for every three
consignments), starts a ROCARS with its portal on it, and asks for each page several times over HTTP
on loopback. Exit status 1 when a page takes over 300 ms at the 95th percentile.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import aiohttp
import structlog
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from ground.database.migrate import MIGRATION_TIMEOUT_S
from rocars.hotline.subjects import Kind, Subject
from rocars.secrets.settings import KeySettings
from rocars.server import RunningRocars, serve
from rocars.settings import ListenSettings, PortalSettings, RocarsSettings
from rocars.store.database import Database
from rocars.store.settings import DatabaseSettings

LIMIT_S = 0.3
ADMIN = "a" * 32
PASSWORD = "a secret of the benchmark"
SHIPPER, DRIVER = "shipper1", "20000001"
VEHICLE = "AB1001"

COMPANIES = """
INSERT INTO company (registration_number, name, responsible_person)
SELECT 'C-' || n, 'Company ' || n, 'Wong Siu Ming' FROM generate_series(1, 101) AS n
"""
DRIVERS = """
INSERT INTO driver (user_id, company_id, name, pin_hash, language)
SELECT (20000000 + n)::text, 1 + n % 101, 'Driver ' || n, '', 'yue'
FROM generate_series(1, 1000) AS n
"""
CONSIGNMENTS = """
INSERT INTO consignment (ccrn, company_id, direction, packages, package_description, articles,
  consignor_name, consignor_address, consignee_name, consignee_address, expected_date,
  container_numbers, licence_numbers, transhipment, lodged_at, crossed_at, withdrawn_at)
SELECT lpad(n::text, 13, '0'), CASE WHEN n % 2 = 0 THEN 1 ELSE 2 + n % 100 END,
  CASE WHEN n % 3 = 0 THEN 'inbound' ELSE 'outbound' END, 1 + n % 900, '紙箱 Cartons',
  '雨傘、燈籠及電子零件 Umbrellas, lanterns and electronic parts ' || n, '香港九龍貿易有限公司',
  '九龍觀塘工業區鴻圖道 1 號 1 Hung To Road, Kwun Tong, Kowloon',
  '深圳市羅湖電子有限公司 ' || n % 500,
  '深圳市羅湖區人民南路 2 號 2 Renmin South Road, Luohu, Shenzhen',
  (now() - make_interval(mins => (:count - n) / 2))::date, '[]', '[]', false,
  now() - make_interval(mins => (:count - n) / 2),
  CASE WHEN n < :count * 9 / 10 AND n % 20 <> 0 THEN now() END,
  CASE WHEN n % 200 = 0 THEN now() END
FROM generate_series(1, :count) AS n
"""
BUNDLES = """
INSERT INTO bundle (ubr, driver_id, mark, state, bundled_at, immediately, cross_from, expires_at,
  crossed_at, control_point)
SELECT lpad(n::text, 10, '0'), 1 + n % 1000, 'AB' || 1000 + n % 1000,
  CASE WHEN n < :count * 9 / 10 THEN 'crossed' ELSE 'live' END,
  now() - make_interval(mins => (:count - n)), true, now(), now() + interval '3 days',
  CASE WHEN n < :count * 9 / 10 THEN now() END, 'LMC'
FROM generate_series(1, :count) AS n
"""
IN_BUNDLES = """
INSERT INTO bundled_cargo (bundle_id, consignment_id, place, live)
SELECT 1 + n / 3, n, n % 3, n / 3 + 1 >= :count * 9 / 10
FROM generate_series(1, :count * 3 - 1) AS n WHERE 1 + n / 3 <= :count
"""
CHANGES = """
INSERT INTO consignment_change (consignment_id, done_at, done_by, deed, changes)
SELECT n, now(), 'shipper1', 'amended', '{"packages": [1, 2]}'
FROM generate_series(1, :count, 5) AS n
"""
IN_FILES = """
INSERT INTO batched_consignment (consignment_id, batch_id, line, reference)
SELECT n, 1, n, 'PO-' || n FROM generate_series(1, :count, 2) AS n
"""
ONE_FILE = """
INSERT INTO batch (id, company_id, file_name, sha256, format, encoding, keep, rows, lodged, errors,
  unlisted, taken_at)
VALUES (1, 1, 'cargo.csv', '', 'csv', 'utf-8', 'all', 1, 1, '[]', 0, now())
"""


async def fill(url: str, count: int) -> None:
    settings = DatabaseSettings(statement_timeout_s=60)
    await (database := Database(url, settings)).prepare()
    await database.close()
    patient = Database(
        url, settings.model_copy(update={"statement_timeout_s": MIGRATION_TIMEOUT_S})
    )
    bundles = count // 3
    try:
        async with patient.writing() as session:
            for statement, rows in (
                (COMPANIES, 0),
                (DRIVERS, 0),
                (CONSIGNMENTS, count),
                (BUNDLES, bundles),
                (IN_BUNDLES, bundles),
                (CHANGES, count),
                (ONE_FILE, 0),
                (IN_FILES, count),
            ):
                sized = {"count": rows} if ":count" in statement else {}
                await session.execute(text(statement), sized)
        async with patient.writing() as session:
            await session.execute(text("ANALYZE"))
    finally:
        await patient.close()


async def account(http: aiohttp.ClientSession, url: str, **data: str | None) -> None:
    headers = {"X-Api-Key": ADMIN}
    body = {"name": "Lee Ka Yan", "password": PASSWORD, **data}
    async with http.post(f"{url}/v1/accounts", json=body, headers=headers) as answer:
        answer.raise_for_status()


async def logged_in(portal: str, user_id: str) -> aiohttp.ClientSession:
    http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
    form = {"user_id": user_id, "password": PASSWORD, "next": "/"}
    async with http.post(f"{portal}/login", data=form) as answer:
        answer.raise_for_status()
    return http


async def timed(ask: Callable[[], Awaitable[object]], rounds: int) -> list[float]:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        await ask()
        took.append(time.perf_counter() - began)
    return took


async def measure(running: RunningRocars, count: int, rounds: int) -> dict[str, list[float]]:
    assert running.portal is not None
    portal, enquiries = running.portal.url, running.service.enquiries
    async with aiohttp.ClientSession() as http:
        await account(http, running.base_url, user_id=SHIPPER, role="shipper", company="C-1")
        await account(http, running.base_url, user_id=DRIVER, role="driver", company=None)
    shipper, driver = [await logged_in(portal, user_id) for user_id in (SHIPPER, DRIVER)]
    took: dict[str, list[float]] = {}

    async def page(http: aiohttp.ClientSession, name: str, path: str) -> None:
        async def ask() -> None:
            async with http.get(portal + path) as answer:
                answer.raise_for_status()
                await answer.read()

        took[name] = await timed(ask, rounds)

    try:
        lot = f"{count // 4 * 2:013}"
        await page(shipper, "list", "/consignments")
        await page(shipper, "list, the middle", f"/consignments?before={count // 2}")
        await page(shipper, "search: a CCRN", f"/consignments?text={lot}")
        await page(shipper, "search: a reference", f"/consignments?text=PO-{count // 2 + 1}")
        await page(shipper, "search: articles, nothing found", "/consignments?text=porcelain")
        await page(shipper, "search: a consignee", "/consignments?text=羅湖電子有限公司+7")
        for state in ("free", "bundled", "crossed", "expired", "withdrawn"):
            await page(shipper, f"search: {state}", f"/consignments?state={state}")
        await page(shipper, "one consignment", f"/consignments/{lot}")
        await page(driver, "a driver's bundles", "/bundles")
        for kind, value in ((Kind.VEHICLE, VEHICLE), (Kind.USER, DRIVER), (Kind.CCRN, lot)):
            look = partial(enquiries.look, "hotline", Subject(kind, value))
            took[f"hotline: {kind.value}, without the page"] = await timed(look, rounds)
    finally:
        await shipper.close()
        await driver.close()
    return took


async def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--database", required=True, help="URL of an empty PostgreSQL database")
    parser.add_argument("--consignments", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    began = time.perf_counter()
    await fill(asked.database, asked.consignments)
    filled_s = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as name:
        running = await serve(
            RocarsSettings(
                data_dir=Path(name),
                database=DatabaseSettings(url=asked.database),
                listen=ListenSettings(port=0),
                portal=PortalSettings(enabled=True, port=0),
                keys=KeySettings(admin=SecretStr(ADMIN)),
            )
        )
        try:
            took = await measure(running, asked.consignments, asked.rounds)
        finally:
            await running.close()
    table = Table(
        title=f"{asked.consignments} consignments, filled in {filled_s:.0f} s, "
        f"{os.cpu_count()} cores, {asked.rounds} rounds, ms"
    )
    for heading in ("page", "median", "p95", "longest"):
        table.add_column(heading, justify="left" if heading == "page" else "right")
    slow = False
    for name, found in took.items():
        p95 = statistics.quantiles(found, n=20)[18]
        slow = slow or p95 > LIMIT_S
        figures = (statistics.median(found), p95, max(found))
        table.add_row(name, *(f"{figure * 1000:.0f}" for figure in figures))
    Console().print(table)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
