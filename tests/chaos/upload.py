"""A ROCARS that dies at every step of a file of consignments, one after the other.

With ROCARS_..., PORTS and DEATHS in the environment, `run` serves API and portal as
`python -m rocars` does. The file DEATHS keeps at which steps it died already; a file that comes to
the next one kills the process. Without DEATHS it waits to be killed.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.app import application
from rocars.cargo.batches import Batches
from rocars.cargo.file_readings import FileReadings, Standing
from rocars.cargo.messages import BatchReceipt
from rocars.clock import hong_kong_now
from rocars.portal.app import portal
from rocars.service import wire
from rocars.settings import RocarsSettings
from tests.chaos.mortal import die_at

STEPS = (
    "before the file is copied",
    "after it is noted that the file is read",
    "while it is read",
    "after it is read",
    "before the consignments are committed",
    "after the consignments are committed",
    "before it is answered",
)


def at(step: str) -> None:
    die_at(step, STEPS)


class MortalReadings(FileReadings):
    async def begin(self, *taken: Any, **how: Any) -> str:
        at("before the file is copied")
        token = await super().begin(*taken, **how)
        at("after it is noted that the file is read")
        return token

    async def awaited(self, *asked: Any) -> Standing:
        standing = await super().awaited(*asked)
        at("before it is answered")
        return standing


class MortalBatches(Batches):
    async def take(self, *taken: Any, **how: Any) -> BatchReceipt:
        progress, recorded = how.pop("progress"), how.pop("recorded")

        def read(*far: int) -> None:
            at("while it is read")
            progress(*far)

        async def written(session: AsyncSession, batch_id: int) -> None:
            await recorded(session, batch_id)
            at("before the consignments are committed")

        receipt = await super().take(*taken, progress=read, recorded=written, **how)
        at("after the consignments are committed")
        return receipt

    async def _lodge(self, *taken: Any) -> Any:
        at("after it is read")
        return await super()._lodge(*taken)


async def _serve() -> None:
    settings = RocarsSettings()
    service = wire(settings, hong_kong_now)
    batches = MortalBatches(service.database, service.clock, settings.batch, service.consignments)
    readings = MortalReadings(
        service.database,
        service.clock,
        batches,
        settings.batch.answer_within_s,
        silent=timedelta(seconds=float(os.environ["SILENT_S"])),
    )
    service = replace(service, batches=batches, file_readings=readings)
    ports = []
    for app, port in zip(
        (application(service), portal(service)), os.environ["PORTS"].split(), strict=True
    ):
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", int(port)).start()
        ports.append(runner.addresses[0][1])
    print("listening on", *ports, flush=True)
    await asyncio.Event().wait()


def run() -> None:
    asyncio.run(_serve())
