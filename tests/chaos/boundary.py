"""A ROCARS that dies at every step of a reading, one after the other.

With ROCARS_... and DEATHS in the environment, `run` serves as `python -m rocars` does. The
file DEATHS keeps at which steps it died already; a reading that comes to the next one kills the
process. Without DEATHS it waits to be killed.
"""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp import web

from rocars.app import application
from rocars.clock import hong_kong_now
from rocars.crossing.finding import Found
from rocars.crossing.messages import Instructed, Reading
from rocars.crossing.passages import Passages
from rocars.service import wire
from rocars.settings import RocarsSettings

STEPS = (
    "before anything",
    "after the look-up",
    "after the decision",
    "before the commit",
    "after the commit",
    "before the answer",
)


def die_at(step: str) -> None:
    if not os.environ["DEATHS"]:
        return
    deaths = Path(os.environ["DEATHS"])
    before = deaths.read_text().splitlines() if deaths.exists() else []
    if STEPS[len(before) : len(before) + 1] == (step,):
        deaths.write_text("\n".join([*before, step]))
        os.kill(os.getpid(), signal.SIGKILL)


class MortalPassages(Passages):
    async def read(self, key: str, reading: Reading) -> Instructed:
        die_at("before anything")
        answer = await super().read(key, reading)
        die_at("before the answer")
        return answer

    async def find(self, *seen: Any) -> Found:
        found = await super().find(*seen)
        die_at("after the look-up")
        return found

    async def settle(self, *decision: Any) -> None:
        await super().settle(*decision)
        die_at("after the decision")

    async def keep(self, *reading: Any) -> None:
        await super().keep(*reading)
        await reading[0].flush()
        die_at("before the commit")


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
        decided=lambda: die_at("after the commit"),
    )
    service = replace(service, passages=mortal)
    runner = web.AppRunner(application(service), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", settings.listen.port).start()
    print(f"listening on {runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


def run() -> None:
    asyncio.run(_serve())
