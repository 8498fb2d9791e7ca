"""A ROCARS that dies at every step of a reading, one after the other.

With ROCARS_..., PORTS and DEATHS in the environment, `run` serves as `python -m rocars` does. The
file DEATHS keeps at which steps it died already; a reading that comes to the next one kills the
process. Without DEATHS it waits to be killed.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import Any

from aiohttp import web

from rocars.app import application
from rocars.clock import hong_kong_now
from rocars.crossing.finding import Found
from rocars.crossing.messages import Instructed, Reading
from rocars.crossing.passages import Passages
from rocars.service import wire
from rocars.settings import RocarsSettings
from tests.chaos.mortal import die_at

STEPS = (
    "before anything",
    "after the look-up",
    "after the decision",
    "before the commit",
    "after the commit",
    "before the answer",
)


def at(step: str) -> None:
    die_at(step, STEPS)


class MortalPassages(Passages):
    async def read(self, key: str, reading: Reading) -> Instructed:
        at("before anything")
        answer = await super().read(key, reading)
        at("before the answer")
        return answer

    async def find(self, *seen: Any) -> Found:
        found = await super().find(*seen)
        at("after the look-up")
        return found

    async def settle(self, *decision: Any) -> None:
        await super().settle(*decision)
        at("after the decision")

    async def keep(self, *reading: Any) -> None:
        await super().keep(*reading)
        await reading[0].flush()
        at("before the commit")


async def _serve() -> None:
    settings = RocarsSettings()
    service = wire(settings, hong_kong_now)
    mortal = MortalPassages(
        service.database,
        service.clock,
        settings.crossing,
        service.lanes,
        service.profiles,
        chance=lambda: 1.0,
        decided=lambda: at("after the commit"),
    )
    service = replace(service, passages=mortal)
    runner = web.AppRunner(application(service), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["PORTS"])).start()
    print(f"listening on {runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


def run() -> None:
    asyncio.run(_serve())
