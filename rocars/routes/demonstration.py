"""The demo: drivers with their secrets, and cargo to try. These routes exist in demo mode only."""

from __future__ import annotations

from rocars.demo import DemoData
from rocars.key_ring import Role
from rocars.messages import DemoInfo
from rocars.routes.endpoint import Endpoint, Incoming

_ANY_KEY = frozenset(Role)


async def show(incoming: Incoming) -> DemoInfo:
    return await DemoData(incoming.service).info()


async def replenish(incoming: Incoming) -> DemoInfo:
    demo = DemoData(incoming.service)
    await demo.replenish()
    return await demo.info()


ENDPOINTS = (
    Endpoint(
        "showDemo",
        "GET",
        "/demo",
        "Demo drivers with PIN and next one-time code, and demo cargo",
        show,
        DemoInfo,
        roles=_ANY_KEY,
    ),
    Endpoint(
        "replenishDemo",
        "POST",
        "/demo/replenish",
        "See that there is free demo cargo for both crossing instructions, then show the demo",
        replenish,
        DemoInfo,
        roles=_ANY_KEY,
    ),
)
