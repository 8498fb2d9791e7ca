"""Whether the service can do its work."""

from __future__ import annotations

from rocars.messages import Health
from rocars.routes.endpoint import Endpoint, Incoming


async def health(incoming: Incoming) -> Health:
    await incoming.service.database.check()
    return Health(demo=incoming.service.settings.demo.enabled)


ENDPOINTS = (
    Endpoint(
        "health", "GET", "/health", "200 when the database answers, otherwise 503", health, Health
    ),
)
