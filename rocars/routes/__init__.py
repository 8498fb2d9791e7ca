"""The endpoints of ROCARS, one file a kind of caller."""

from __future__ import annotations

from rocars.routes import administration, channel, demonstration, health, shipper
from rocars.routes.endpoint import Endpoint

__all__ = ["Endpoint", "endpoints"]


def endpoints(*, demo: bool) -> tuple[Endpoint, ...]:
    """The table of endpoints; those of the demo only in demo mode."""
    return (
        *channel.ENDPOINTS,
        *shipper.ENDPOINTS,
        *administration.ENDPOINTS,
        *health.ENDPOINTS,
        *(demonstration.ENDPOINTS if demo else ()),
    )
