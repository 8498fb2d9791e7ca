"""ROCARS is killed while it bundles: after a restart the same key gives exactly one bundle."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import pytest

from backend_client.client import RocarsClient
from backend_client.errors import BackEndUnavailable
from backend_client.office import RocarsOffice
from backend_client.types import CargoState, Credentials
from tests.backend_client.conftest import client_settings
from tests.support.forked import program

pytestmark = pytest.mark.service

DIRECTIONS = ("inbound", "outbound")


async def start(rocars, tmp_path):
    environment = {
        "ROCARS_DATA_DIR": str(tmp_path / "data"),
        "ROCARS_LISTEN__PORT": "0",
        "ROCARS_DEMO__ENABLED": "true",
        "ROCARS_LOG_LEVEL": "error",
    }
    process, line = await rocars.start(environment, "rocars listening on ")
    return process, line.removeprefix("rocars listening on ")


def settings(tmp_path, url, role, **changes):
    key = (tmp_path / "data" / f"{role}.key").read_text().strip()
    return client_settings(url, key, **{"read_timeout_s": 5, "budget_s": 8, **changes})


async def kill(process):
    process.kill()
    await process.wait()


async def test_killed_at_any_moment(tmp_path):
    async with program("rocars.command:main") as rocars:
        moment = random.Random(5)
        process, url = await start(rocars, tmp_path)
        async with RocarsOffice(settings(tmp_path, url, "demo")) as office:
            demo = await office.demo()
        ccrns = [
            free
            for flow in DIRECTIONS
            for free in demo.free_ccrns(immediately=True, direction=flow)
        ]
        assert len(ccrns) >= 6
        person = demo.drivers[0]
        async with RocarsClient(settings(tmp_path, url, "ivr")) as client:
            driver = await client.log_in(Credentials(person.user_id, person.pin, person.code))
        for number, ccrn in enumerate(ccrns):
            key = f"attempt-{number}"
            hasty = settings(tmp_path, url, "ivr", attempts=1)
            async with RocarsClient(hasty) as client:
                asked = asyncio.create_task(
                    client.bundle(driver, [ccrn], "AB1234", idempotency_key=key)
                )
                await asyncio.sleep(moment.uniform(0, 0.02))
                await kill(process)
                first = None
                with suppress(BackEndUnavailable):
                    first = await asked
            process, url = await start(rocars, tmp_path)
            async with RocarsClient(settings(tmp_path, url, "ivr")) as client:
                again = await client.bundle(driver, [ccrn], "AB1234", idempotency_key=key)
                assert first in (None, again)
                held = [bundle for bundle in await client.bundles(driver) if ccrn in bundle.ccrns]
                assert held == [again]
                assert (await client.look_up(driver, ccrn)).state is CargoState.BUNDLED
