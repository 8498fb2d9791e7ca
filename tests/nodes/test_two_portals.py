"""Two nodes of ROCARS behind a proxy, on one PostgreSQL: whichever answers, it is one web.

Each test says which node gets which request, so that what one keeps to itself is missed.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pyotp
import pytest
import pytest_asyncio
from cryptography.fernet import Fernet

from rocars.secrets.push_keys import fresh_push_key
from tests.rocars.cargo.test_batch_files import GOOD, as_csv
from tests.rocars.conftest import PIN, KeyedToken
from tests.rocars.crossing.conftest import OUT, SEED
from tests.rocars.crossing.test_boards import events
from tests.rocars.portal.conftest import PASSWORD, Seen, Visit
from tests.support.pace import limit
from tests.support.postgres_server import PostgresServer
from tests.support.reverse_proxy import ReverseProxy, reverse_proxy

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="module")]

SHIPPER, DRIVER, OTHER_DRIVER, OFFICER = "shipper1", "20000001", "20000002", "wong"
LOGINS_PER_MINUTE = 6
KIOSK, KIOSK_KEY = "kwun-tong-1", "the key of this kiosk"
BOTH_WAYS = [pytest.param(0, 1, id="0-1"), pytest.param(1, 0, id="1-0")]


@dataclass
class Cluster:
    """`portal` and `api` are the proxies, each before the same two nodes."""

    portal: ReverseProxy
    api: ReverseProxy
    keys: dict[str, str]
    http: aiohttp.ClientSession
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)
    tokens: dict[str, KeyedToken] = field(default_factory=dict)
    opened: list[aiohttp.ClientSession] = field(default_factory=list)
    visitors: int = 0

    async def start(self, directory: Path, database: str, course: str) -> None:
        shared = {
            "ROCARS_EMBEDDED": "false",
            "ROCARS_DATABASE__URL": database,
            "ROCARS_COURSE__DATABASE_URL": course,
            "ROCARS_LOG_LEVEL": "error",
            "ROCARS_LISTEN__PORT": "0",
            "ROCARS_PORTAL__ENABLED": "true",
            "ROCARS_PORTAL__PORT": "0",
            "ROCARS_PORTAL__PUBLIC_URL": self.portal.url,
            "ROCARS_PORTAL__LOGINS_PER_MINUTE": str(LOGINS_PER_MINUTE),
            "ROCARS_CROSSING__PUBLIC_URL": self.api.url,
            "ROCARS_CROSSING__OPEN_DISPLAYS": "true",
            "ROCARS_AUTH__ARGON2_MEMORY_KIB": "64",
            "ROCARS_BATCH__ANSWER_WITHIN_S": "0",
            "ROCARS_KIOSK__DEVICES": json.dumps([{"name": KIOSK, "key": KIOSK_KEY}]),
            **{f"ROCARS_KEYS__{name.upper()}": key for name, key in self.keys.items()},
        }
        for number in range(2):
            self.processes.append(
                await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "rocars"),
                    env=os.environ | shared | {"ROCARS_DATA_DIR": str(directory / str(number))},
                    stdout=asyncio.subprocess.PIPE,
                )
            )
        for process in self.processes:
            self.api.nodes.append(await _listening(process))
            self.portal.nodes.append(await _listening(process))

    async def ask(self, path: str, body: Any, role: str = "admin", **more: str) -> dict[str, Any]:
        headers = {"X-Api-Key": self.keys[role], **more}
        async with self.http.post(self.api.url + path, json=body, headers=headers) as answer:
            assert answer.status < 300, await answer.text()
            return dict(await answer.json())

    async def register(self) -> None:
        company = {"registration_number": "BR-1", "name": "A", "responsible_person": "Wong"}
        await self.ask("/v1/companies", company)
        account = {"role": "shipper", "company": "BR-1", "name": "Wong", "password": PASSWORD}
        await self.ask("/v1/accounts", account | {"user_id": SHIPPER})
        for user_id in (DRIVER, OTHER_DRIVER):
            token = self.tokens[user_id] = KeyedToken(secrets.token_bytes(20))
            driver = {
                "user_id": user_id,
                "company": "BR-1",
                "name": "Chan",
                "pin": PIN,
                "token": {"kind": "hotp", "seed": token.seed.hex()},
            }
            await self.ask("/v1/drivers", driver)
        as_driver = {"user_id": DRIVER, "role": "driver", "name": "Chan", "password": PASSWORD}
        await self.ask("/v1/accounts", as_driver | {"company": None})
        officer = {"name": OFFICER, "role": "officer", "password": PASSWORD, "seed": SEED}
        await self.ask("/v1/officers", officer)

    async def visit(self, proxy: ReverseProxy) -> Visit:
        """A browser of its own, at an address of its own."""
        self.visitors += 1
        http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            headers={"Accept-Language": "en", "X-Forwarded-For": f"203.0.113.{self.visitors}"},
        )
        self.opened.append(http)
        return Visit(proxy.url, http)

    async def shipper(self, *nodes: int) -> Visit:
        """Logged in at the first of these nodes; the next requests go to the others."""
        visit = await self.visit(self.portal)
        self.portal.then(*nodes)
        form = {"user_id": SHIPPER, "password": PASSWORD, "next": "/"}
        seen = await visit.send("/login", form, allow_redirects=False)
        assert seen.status == 303, seen.text
        return visit

    async def lodge(self) -> str:
        body = {**CARGO, "packages": 12, "company": "BR-1", "container_numbers": []}
        for name in ("reference", "licence_numbers", "transhipment"):
            del body[name]
        return str((await self.ask("/v1/consignments", body, "shipper"))["ccrn"])

    async def close(self) -> None:
        for http in self.opened:
            await http.close()
        for process in self.processes:
            with suppress(ProcessLookupError):
                process.terminate()
        for process in self.processes:
            await process.wait()


CARGO = GOOD | {
    "expected_date": (datetime.now(UTC) + timedelta(hours=8, days=2)).date().isoformat()
}


async def _listening(process: asyncio.subprocess.Process) -> str:
    """The address in the next line it prints."""
    assert process.stdout is not None
    async with asyncio.timeout(limit(30)):
        line = await process.stdout.readline()
    assert b"listening on" in line, line
    return line.decode().split()[-1]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(
    postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Cluster]:
    named = ("ivr", "shipper", "admin", "camera", "display")
    keys = {name: secrets.token_urlsafe(24) for name in named}
    keys |= {"token_seeds": Fernet.generate_key().decode(), "push_signing": fresh_push_key()}
    async with AsyncExitStack() as stack:
        portal, api = [await stack.enter_async_context(reverse_proxy()) for _ in range(2)]
        http = await stack.enter_async_context(aiohttp.ClientSession())
        made = Cluster(portal, api, keys, http)
        stack.push_async_callback(made.close)
        databases = [await postgres.new_database() for _ in range(2)]
        await made.start(tmp_path_factory.mktemp("nodes"), *databases)
        await made.register()
        yield made


async def step(visit: Visit, method: str, path: str, form: Any = None) -> Seen:
    """One request, so that it is known which node gets it."""
    if method == "GET":
        return await visit.go(path, allow_redirects=False)
    return await visit.send(path, form, allow_redirects=False)


@pytest.mark.parametrize(("here", "there"), BOTH_WAYS)
async def test_a_session_its_forms_and_what_they_are_told(
    cluster: Cluster, here: int, there: int
) -> None:
    visit = await cluster.shipper(here, there, here, there, here, there, here)
    page = await step(visit, "GET", "/lodge")
    form = {**CARGO, "key": page.key}
    del form["reference"]
    lodged = await step(visit, "POST", "/lodge", form)
    assert lodged.status == 303, lodged.text
    path = lodged.headers["Location"]
    again = await step(visit, "POST", "/lodge", form)
    assert (again.status, again.headers["Location"]) == (303, path), "sent twice, lodged once"
    cluster.portal.then(there, there, here, here, there, there)
    assert (await step(visit, "GET", path)).status == 200
    assert (await step(visit, "POST", path + "/withdraw")).status == 303
    assert "Nobody can bundle it any more." in (await step(visit, "GET", path)).text
    guessed = await step(visit, "POST", path + "/withdraw", {"csrf": "guessed"})
    assert guessed.status == 403
    assert (await step(visit, "POST", "/logout")).status == 303
    cluster.portal.then(here)
    assert (await step(visit, "GET", path)).headers["Location"].startswith("/login")


@pytest.mark.parametrize(("here", "there"), BOTH_WAYS)
async def test_how_far_a_file_is(cluster: Cluster, here: int, there: int) -> None:
    visit = await cluster.shipper(here, there, here)
    await step(visit, "GET", "/upload")
    mark = secrets.token_hex(4)
    content = as_csv([CARGO | {"reference": f"{mark}-{number}"} for number in range(1500)])
    form = aiohttp.FormData()
    form.add_field("csrf", visit.csrf)
    form.add_field("file", content, filename=f"{mark}.csv", content_type="text/csv")
    sent = await step(visit, "POST", "/upload", form)
    reading = sent.headers["Location"]
    assert reading.startswith("/upload/reading/")
    percents = [0]
    async with asyncio.timeout(limit(60)):
        while True:
            cluster.portal.then(there)
            seen = await step(visit, "GET", reading)
            if seen.status == 303:
                break
            far = re.search(r'<progress max="100" value="([0-9]+)"', seen.text)
            assert far is not None, seen.text
            percents.append(int(far[1]))
            await asyncio.sleep(0.05)
    assert percents == sorted(percents)
    batch = seen.headers["Location"]
    for node in (here, there):
        cluster.portal.then(node, node)
        assert "1500 of 1500 consignments were lodged." in (await step(visit, "GET", batch)).text
        assert f'href="{batch}"' in (await step(visit, "GET", "/upload")).text


async def test_a_code_of_a_token_counts_once_and_opens_bundling_everywhere(
    cluster: Cluster,
) -> None:
    visit = await cluster.visit(cluster.portal)
    cluster.portal.then(0, 1, 0, 1, 0)
    form = {"user_id": DRIVER, "password": PASSWORD, "next": "/"}
    await step(visit, "POST", "/login", form)
    await step(visit, "GET", "/bundles")
    code = cluster.tokens[DRIVER].next()
    await step(visit, "POST", "/bundles/code", {"code": code})
    page = await step(visit, "GET", "/bundles")
    assert 'name="ccrns"' in page.text
    bundle = {"ccrns": await cluster.lodge(), "vehicle": "AB1234", "key": page.key}
    bundled = await step(visit, "POST", "/bundles", bundle)
    assert bundled.status == 303, bundled.text
    cluster.portal.then(1)
    again = await step(visit, "POST", "/bundles", bundle)
    assert again.headers["Location"] == bundled.headers["Location"], "sent twice, bundled once"
    cluster.api.then(1)
    key = {"X-Api-Key": cluster.keys["ivr"]}
    used = {"user_id": DRIVER, "pin": PIN, "code": code}
    async with cluster.http.post(cluster.api.url + "/v1/log-in", json=used, headers=key) as answer:
        assert (await answer.json())["code"] == "login_refused"


async def test_wrong_codes_are_counted_together(cluster: Cluster) -> None:
    key, seen = {"X-Api-Key": cluster.keys["ivr"]}, []
    wrong = {"user_id": OTHER_DRIVER, "pin": PIN, "code": "000000"}
    for turn in range(6):
        cluster.api.then(turn % 2)
        async with cluster.http.post(
            cluster.api.url + "/v1/log-in", json=wrong, headers=key
        ) as answer:
            seen.append((await answer.json())["code"])
    assert seen == ["login_refused"] * 5 + ["login_locked"]


async def test_what_is_tried_from_one_address_is_counted_together(cluster: Cluster) -> None:
    """By turns: with a count of its own each node would let twice as many in."""
    visit, elsewhere = [await cluster.visit(cluster.portal) for _ in range(2)]
    statuses = []
    for turn in range(LOGINS_PER_MINUTE + 1):
        form = {"user_id": f"nobody{turn}", "password": "wrong", "next": "/"}
        cluster.portal.then(turn % 2)
        statuses.append((await step(visit, "POST", "/login", form)).status)
    assert statuses == [403] * LOGINS_PER_MINUTE + [429]
    cluster.portal.then(0)
    assert (await step(elsewhere, "POST", "/login", form)).status == 403


@pytest.mark.parametrize(("here", "there"), BOTH_WAYS)
async def test_a_board_shows_what_the_other_node_decides(
    cluster: Cluster, here: int, there: int
) -> None:
    cluster.api.then(here, there)
    url = f"{cluster.api.url}/boundary/boards/{OUT}/events"
    async with cluster.http.get(url) as stream:
        lines = events(stream)
        async with asyncio.timeout(limit(10)):
            await anext(lines)
        plate = f"KT{here + 1000}"
        reading = {
            "lane": OUT,
            "plate": plate,
            "confidence": 0.97,
            "taken_at": datetime.now(UTC).isoformat(),
        }
        more = {"Idempotency-Key": secrets.token_hex(8)}
        await cluster.ask("/v1/readings", reading, "camera", **more)
        async with asyncio.timeout(limit(10)):
            while (await anext(lines))["plate"] != plate:
                pass


async def test_an_officer_at_the_lanes(cluster: Cluster) -> None:
    visit = await cluster.visit(cluster.api)
    code = pyotp.TOTP(base64.b32encode(bytes.fromhex(SEED)).decode()).now()
    cluster.api.then(0, 1, 0, 1)
    form = {"name": OFFICER, "password": PASSWORD, "code": code, "next": "/boundary/"}
    assert (await step(visit, "POST", "/boundary/login", form)).status == 303
    page = await step(visit, "GET", f"/boundary/lanes/{OUT}")
    assert page.status == 200
    form = {"set": "closed", "reason": "a puncture"}
    closed = await step(visit, "POST", f"/boundary/lanes/{OUT}", form)
    assert closed.status == 303, closed.text
    assert "The lane is closed." in (await step(visit, "GET", closed.headers["Location"])).text


async def test_somebody_at_a_kiosk(cluster: Cluster) -> None:
    visit = await cluster.visit(cluster.portal)
    cluster.portal.then(0, 1, 0, 1)
    device = {"name": KIOSK, "key": KIOSK_KEY, "next": "/kiosk/"}
    assert (await step(visit, "POST", "/kiosk/device", device)).status == 303
    form = {"user_id": SHIPPER, "password": PASSWORD}
    assert (await step(visit, "POST", "/kiosk/shipper", form)).status == 303
    page = await step(visit, "GET", "/kiosk/lodge")
    lodged = await step(visit, "POST", "/kiosk/lodge", {**CARGO, "key": page.key})
    assert lodged.status == 303, lodged.text


async def test_the_training_ground_is_one(cluster: Cluster) -> None:
    visit = await cluster.shipper(0, 1, 0, 1)
    page = await step(visit, "GET", "/course/lodge")
    form = {**CARGO, "key": page.key}
    del form["reference"]
    lodged = await step(visit, "POST", "/course/lodge", form)
    assert lodged.status == 303, lodged.text
    assert (await step(visit, "GET", lodged.headers["Location"])).status == 200


async def test_a_node_that_is_killed_is_passed_over(cluster: Cluster) -> None:
    """The last test here: it has one node left."""
    visit = await cluster.shipper(0, 1)
    cluster.processes[0].kill()
    await cluster.processes[0].wait()
    before = cluster.portal.answered[1]
    page = await visit.go("/lodge")
    form = {**CARGO, "key": page.key}
    del form["reference"]
    lodged = await visit.send("/lodge", form)
    assert lodged.path.startswith("/consignments/")
    assert cluster.portal.answered[1] == before + 3
