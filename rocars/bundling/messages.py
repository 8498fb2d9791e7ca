"""Requests to bundle, and what is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from rocars.messages import Answer, Keyed, Request


class BundleRequest(Request):
    ccrns: list[Keyed] = Field(min_length=1, max_length=1000)
    vehicle: Keyed


class AgentBundleRequest(BundleRequest):
    """A client's cargo, bundled by its agent."""

    driver: Keyed = Field(description="User ID of the driver, who is the client's or the agent's.")

    @property
    def asked(self) -> BundleRequest:
        """As a driver would ask."""
        return BundleRequest(ccrns=self.ccrns, vehicle=self.vehicle)


class Crossing(Answer):
    immediately: bool
    at: datetime = Field(description="Earliest crossing, Hong Kong time.")


class BundleReceipt(Answer):
    ubr: str
    ccrns: list[str]
    vehicle: str
    bundled_at: datetime
    crossing: Crossing
    state: Literal["live", "unbundled", "crossed", "expired"]


class ClientBundle(BundleReceipt):
    """A bundle that an agent made for a client."""

    driver: str = Field(description="User ID of the driver.")


class BundleList(Answer):
    bundles: list[BundleReceipt]


class Settle(Request):
    """Whose request it was; there need not be a log-in any more."""

    user_id: Keyed


class Settled(Answer):
    """How a request ended for good. Without a receipt it was never done, and never will be."""

    receipt: BundleReceipt | None
