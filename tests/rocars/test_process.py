"""ROCARS as a process: port file, printed address, restart on the same data, end by SIGTERM."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys

import aiohttp
import pytest
from sqlalchemy import text

from rocars.database import Database, SchemaMismatch
from rocars.settings import DatabaseSettings, RocarsSettings

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


async def test_started_asked_stopped_and_started_again(tmp_path):
    seen = []
    for _ in range(2):
        process = await start(tmp_path)
        try:
            line = await asyncio.wait_for(process.stdout.readline(), 20)
            url = line.decode().removeprefix("rocars listening on ").strip()
            assert url == f"http://127.0.0.1:{(tmp_path / 'port').read_text().strip()}"
            key = (tmp_path / "data" / "ivr.key").read_text().strip()
            async with (
                aiohttp.ClientSession(headers={"X-Api-Key": key}) as http,
                http.get(url + "/demo") as response,
            ):
                seen.append(await response.json())
        finally:
            process.send_signal(signal.SIGTERM)
            _, log = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 0
        assert all(json.loads(line)["event"] for line in log.splitlines())
    assert seen[0] == seen[1]
    assert (tmp_path / "data" / "rocars.sqlite3").stat().st_mode & 0o777 == 0o600
    shown = await start(tmp_path, "--demo-codes")
    out, _ = await asyncio.wait_for(shown.communicate(), 20)
    assert json.loads(out) == seen[0]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"ROCARS_LISTEN__PORT": "70000"}, "setting listen.port:"),
        ({"ROCARS_DATABASE__URL": "mysql://x"}, "expected a database URL that begins with"),
        ({"ROCARS_EMBEDDED": "false"}, "keys.ivr must be set"),
    ],
)
async def test_wrong_settings_are_named(tmp_path, variables, expected):
    process = await start(tmp_path, **variables)
    _, errors = await asyncio.wait_for(process.communicate(), 20)
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
        async with database.write() as session:
            await session.execute(text("UPDATE schema_version SET version = 99"))
        with pytest.raises(SchemaMismatch, match="schema version 99, expected 1"):
            await database.prepare()
    finally:
        await database.close()
