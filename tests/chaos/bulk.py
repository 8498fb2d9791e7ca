"""A ROCARS that dies at every step of a message, one after the other.

With ROCARS_..., PORTS and DEATHS in the environment, `run` serves as `python -m rocars` does. The
file DEATHS keeps at which steps it died already; a message that comes to the next one kills the
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
from rocars.service import wire
from rocars.settings import RocarsSettings
from rocars.systems.intake import Intake
from rocars.systems.messages import MessageStatus
from rocars.systems.orders import Orders, Turn
from rocars.systems.pushes import Pusher
from rocars.systems.submissions import Submissions
from rocars.systems.worker import MessageWorker
from tests.chaos.mortal import die_at

STEPS = (
    "before the message is read",
    "before the message is committed",
    "after the message is committed",
    "before it is answered",
    "orders claimed",
    "orders done",
    "before the orders are committed",
    "after the orders are committed",
    "push claimed",
    "push sent",
    "push written down",
)


def at(step: str) -> None:
    die_at(step, STEPS)


class MortalSubmissions(Submissions):
    async def take(self, *sent: Any) -> MessageStatus:
        at("before the message is read")
        status = await super().take(*sent)
        at("before it is answered")
        return status


class MortalIntake(Intake):
    async def keep(self, *taken: Any) -> None:
        await super().keep(*taken)
        at("before the message is committed")


class MortalWorker(MessageWorker):
    def accepted(self) -> None:
        at("after the message is committed")
        super().accepted()

    async def claim(self, *given: Any) -> Turn | None:
        turn = await super().claim(*given)
        if turn is not None:
            at("orders claimed")
        return turn

    async def work(self, *turn: Any) -> list[dict[str, Any]]:
        results = await super().work(*turn)
        at("orders done")
        return results

    async def keep(self, *done: Any) -> None:
        await super().keep(*done)
        at("before the orders are committed")

    def committed(self, turn: Turn) -> None:
        at("after the orders are committed")
        super().committed(turn)


class MortalPusher(Pusher):
    async def claim(self) -> Any:
        push = await super().claim()
        if push is not None:
            at("push claimed")
        return push

    async def send(self, *push: Any) -> str:
        failure = await super().send(*push)
        at("push sent")
        return failure

    async def settle(self, *ended: Any) -> None:
        await super().settle(*ended)
        at("push written down")


async def _serve() -> None:
    settings = RocarsSettings()
    service = wire(settings, hong_kong_now)
    database, clock, limits = service.database, service.clock, settings.systems
    pusher = MortalPusher(database, clock, limits, service.keys.pushes)
    orders = Orders(clock, service.consignments, service.own_cargo)
    worker = MortalWorker(database, clock, limits, orders, finished=pusher.due)
    intake = MortalIntake(database, limits, accepted=worker.accepted)
    service = replace(
        service,
        pusher=pusher,
        message_worker=worker,
        submissions=MortalSubmissions(
            database, clock, limits, service.consignments, service.agencies, intake
        ),
    )
    runner = web.AppRunner(application(service), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["PORTS"])).start()
    print(f"listening on {runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


def run() -> None:
    asyncio.run(_serve())
