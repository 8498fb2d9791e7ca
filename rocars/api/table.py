"""The table of all endpoints."""

from __future__ import annotations

from rocars.api.administration import ADMINISTRATION
from rocars.api.agents import AGENTS
from rocars.api.boundary import CAMERAS, DISPLAYS, OFFICERS
from rocars.api.channel import CHANNEL
from rocars.api.demonstration import DEMONSTRATION
from rocars.api.endpoint import Endpoint
from rocars.api.health import HEALTH
from rocars.api.shipper import SHIPPERS
from rocars.api.systems import PUBLISHED, SYSTEM_KEYS, SYSTEMS


def endpoints(*, demo: bool) -> tuple[Endpoint, ...]:
    """Those of the demo only in demo mode."""
    return (
        *CHANNEL.endpoints,
        *SHIPPERS.endpoints,
        *SYSTEMS.endpoints,
        *AGENTS.endpoints,
        *PUBLISHED.endpoints,
        *ADMINISTRATION.endpoints,
        *SYSTEM_KEYS.endpoints,
        *CAMERAS.endpoints,
        *DISPLAYS.endpoints,
        *OFFICERS.endpoints,
        *HEALTH.endpoints,
        *(DEMONSTRATION.endpoints if demo else ()),
    )
