"""ROCARS as a process: port file, printed address, restart on the same data, end by SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sqlite3
import sys
from datetime import timedelta

import aiohttp
import pytest
from sqlalchemy import text

from rocars.clock import hong_kong_now
from rocars.settings import RocarsSettings
from rocars.store.database import Database
from rocars.store.migrations.upgrade import SchemaMismatch
from rocars.store.settings import DatabaseSettings
from tests.rocars.cargo.test_batch_files import GOOD, as_csv
from tests.support.migrated import new_rocars
from tests.support.pace import limit

pytestmark = pytest.mark.service


async def start(tmp_path, *arguments, **variables):
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("ROCARS_")
    } | {
        "ROCARS_DATA_DIR": str(tmp_path / "data"),
        "ROCARS_LISTEN__PORT": "0",
        "ROCARS_LISTEN__PORT_FILE": str(tmp_path / "port"),
        "ROCARS_DEMO__ENABLED": "true",
        **variables,
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "rocars", *arguments, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


def lasting(info):
    """Without the code of the token that counts seconds."""
    for driver in info["drivers"]:
        if driver.pop("code_valid_s") is not None:
            del driver["code"]
    return info


async def test_started_asked_stopped_and_started_again(tmp_path):
    seen = []
    for _ in range(2):
        process = await start(tmp_path)
        try:
            async with asyncio.timeout(limit(20)):
                line = await process.stdout.readline()
            url = line.decode().removeprefix("rocars listening on ").strip()
            assert url == f"http://127.0.0.1:{(tmp_path / 'port').read_text().strip()}"
            key = (tmp_path / "data" / "demo.key").read_text().strip()
            async with (
                aiohttp.ClientSession(headers={"X-Api-Key": key}) as http,
                http.get(url + "/demo") as response,
            ):
                seen.append(lasting(await response.json()))
        finally:
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(limit(20)):
                _, log = await process.communicate()
        assert process.returncode == 0
        assert all(line.startswith(b"{") for line in log.splitlines()), log.decode()
        assert all(json.loads(line)["event"] for line in log.splitlines())
    assert seen[0] == seen[1]
    assert (tmp_path / "data" / "rocars.sqlite3").stat().st_mode & 0o777 == 0o600
    shown = await start(tmp_path, "--demo-codes")
    async with asyncio.timeout(limit(20)):
        out, _ = await shown.communicate()
    assert lasting(json.loads(out)) == seen[0]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"ROCARS_LISTEN__PORT": "70000"}, "setting listen.port:"),
        ({"ROCARS_DATABASE__URL": "mysql://x"}, "expected sqlite+aiosqlite://"),
        ({"ROCARS_EMBEDDED": "false"}, "keys.ivr must be set"),
    ],
)
async def test_wrong_settings_are_named(tmp_path, variables, expected):
    process = await start(tmp_path, **variables)
    async with asyncio.timeout(limit(20)):
        _, errors = await process.communicate()
    assert process.returncode in (1, 2)
    assert expected in errors.decode()


def test_environment_wins_over_the_file(tmp_path, monkeypatch):
    file = tmp_path / "rocars.toml"
    file.write_text("log_level = 'error'\n[rules]\nlead_minutes = 45\nmax_ccrns = 3\n")
    monkeypatch.setenv("ROCARS_RULES__LEAD_MINUTES", "20")
    settings = RocarsSettings.from_file(file)
    assert settings.rules.lead_minutes == 20
    assert settings.rules.max_ccrns == 3
    assert settings.log_level == "error"
    with pytest.raises(FileNotFoundError, match="expected a TOML file"):
        RocarsSettings.from_file(tmp_path / "absent.toml")


async def test_another_schema_version_is_refused(tmp_path):
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite3'}", DatabaseSettings())
    try:
        await database.prepare()
        await database.prepare()
        async with database.writing() as session:
            await session.execute(text("UPDATE schema_version SET version = 99"))
        with pytest.raises(SchemaMismatch, match="schema version 99, expected 1"):
            await database.prepare()
    finally:
        await database.close()


STARTED = """
import asyncio, sys
from rocars.server import serve
from rocars.settings import RocarsSettings

async def started_and_stopped():
    running = await serve(RocarsSettings())
    await running.close()

asyncio.run(started_and_stopped())
print(*sys.modules)
"""


async def test_a_start_loads_nothing_that_only_some_requests_need(tmp_path):
    """Nor Alembic, where there is nothing to migrate."""
    new_rocars(tmp_path / "rocars.sqlite3")
    new_rocars(tmp_path / "course.sqlite3")
    environment = {
        "ROCARS_DATA_DIR": str(tmp_path),
        "ROCARS_LISTEN__PORT": "0",
        "ROCARS_PORTAL__ENABLED": "true",
        "ROCARS_PORTAL__PORT": "0",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STARTED, env=os.environ | environment, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(limit(20)):
        out, _ = await process.communicate()
    loaded = set(out.decode().splitlines()[-1].split())
    assert "sqlalchemy" in loaded
    assert not {"PIL", "alembic", "asyncpg", "babel", "mako", "reportlab", "zxcvbn"} & loaded


FIRST_START = """
import sys
from rocars.first_start import prepare_beside
from rocars.settings import RocarsSettings

prepare_beside(RocarsSettings())
print(*sys.modules)
"""


async def test_a_first_start_keeps_nothing_of_what_only_it_needs(tmp_path):
    """Tables and demo data are made in a child, and are there afterwards."""
    environment = {
        "ROCARS_DATA_DIR": str(tmp_path),
        "ROCARS_EMBEDDED": "true",
        "ROCARS_PORTAL__ENABLED": "true",
        "ROCARS_PORTAL__PORT": "0",
        "ROCARS_DEMO__ENABLED": "true",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", FIRST_START),
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(limit(30)):
        out, _ = await process.communicate()
    assert not {"alembic", "mako"} & set(out.decode().split())
    for name, drivers in (("rocars", 4), ("course", 0)):
        with sqlite3.connect(tmp_path / f"{name}.sqlite3") as database:
            found = database.execute("SELECT count(*) FROM driver").fetchone()
        assert found == (drivers,)


async def test_killed_over_a_file_it_is_lodged_whole_or_not_at_all(tmp_path):
    """Whoever got no answer sends it again: all of it is there once, whenever the kill came."""
    count = 1000
    due = (hong_kong_now().date() + timedelta(days=1)).isoformat()
    content = as_csv([GOOD | {"reference": str(n), "expected_date": due} for n in range(count)])
    answers: list[int | BaseException] = []
    for kill_after in (random.uniform(0.02, 0.5), None):
        process = await start(tmp_path)
        try:
            async with asyncio.timeout(limit(20)):
                line = await process.stdout.readline()
            url = line.decode().removeprefix("rocars listening on ").strip()
            key = (tmp_path / "data" / "shipper.key").read_text().strip()
            sending = asyncio.create_task(send_file(url, key, content))
            if kill_after is not None:
                await asyncio.wait({sending}, timeout=kill_after)
                process.kill()
            answers += await asyncio.gather(sending, return_exceptions=True)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()
    assert answers[1] in (201, 409), answers
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "rocars.sqlite3")) as kept:
        (lots,) = kept.execute("SELECT count(*) FROM batched_consignment").fetchone()
        (files,) = kept.execute("SELECT count(*) FROM batch WHERE lodged > 0").fetchone()
    assert (lots, files) == (count, 1)


async def send_file(url, key, content):
    path = "/v1/batches?company=DEMO-0001&keep=all&again=no"
    async with (
        aiohttp.ClientSession(headers={"X-Api-Key": key}) as http,
        http.post(url + path, data=content) as response,
    ):
        return response.status


async def test_the_portal_says_where_it_is(tmp_path):
    process = await start(
        tmp_path,
        ROCARS_PORTAL__ENABLED="true",
        ROCARS_PORTAL__PORT="0",
        ROCARS_PORTAL__PORT_FILE=str(tmp_path / "portal_port"),
    )
    try:
        async with asyncio.timeout(limit(20)):
            lines = [(await process.stdout.readline()).decode().strip() for _ in range(2)]
        url = lines[1].removeprefix("portal listening on ")
        assert url == f"http://127.0.0.1:{(tmp_path / 'portal_port').read_text().strip()}"
        async with aiohttp.ClientSession() as http, http.get(url + "/login") as response:
            assert response.status == 200
    finally:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(limit(20)):
            await process.communicate()
    assert process.returncode == 0
