"""What a driver is about to bundle."""

from __future__ import annotations

from dataclasses import dataclass, field

from backend_client.types import Driver, Receipt


@dataclass
class Order:
    """Filled step by step; `receipt` only once ROCARS has confirmed it."""

    driver: Driver
    ccrns: list[str] = field(default_factory=list)
    vehicle: str = ""
    receipt: Receipt | None = None
    key: str = ""  # idempotency key of the request last sent
    review: bool = False  # something in the cargo is wrong: go through it again
