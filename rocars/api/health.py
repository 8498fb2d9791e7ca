"""Whether the service can do its work."""

from __future__ import annotations

from typing import Literal

from rocars.api.endpoint import EndpointGroup, Incoming
from rocars.messages import Answer

HEALTH = EndpointGroup()


class Health(Answer):
    status: Literal["ok"] = "ok"
    demo: bool


@HEALTH.endpoint(
    "health",
    "GET",
    "/health",
    "200 when the database answers, otherwise 503",
)
async def health(incoming: Incoming) -> Health:
    await incoming.service.database.check()
    return Health(demo=incoming.service.settings.demo.enabled)
