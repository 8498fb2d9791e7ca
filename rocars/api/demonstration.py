"""The demo: drivers with their secrets, and cargo to try. These routes exist in demo mode only, and
have a key of their own: no key that is in use elsewhere shows secrets."""

from __future__ import annotations

from rocars.api.endpoint import EndpointGroup, Incoming
from rocars.secrets.key_ring import Role
from rocars.training.demo import DemoData
from rocars.training.messages import DemoInfo

DEMONSTRATION = EndpointGroup(Role.DEMO)


@DEMONSTRATION.endpoint(
    "showDemo",
    "GET",
    "/demo",
    "Demo drivers with PIN and next one-time code, and demo cargo",
)
async def show(incoming: Incoming) -> DemoInfo:
    return await DemoData(incoming.service).info()


@DEMONSTRATION.endpoint(
    "replenishDemo",
    "POST",
    "/demo/replenish",
    "See that there is free demo cargo for both crossing instructions, then show the demo",
)
async def replenish(incoming: Incoming) -> DemoInfo:
    demo = DemoData(incoming.service)
    await demo.replenish()
    return await demo.info()
