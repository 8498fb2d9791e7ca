"""What the telephone channel and ROCARS say to each other, as typed values.

All instants are aware datetimes; ROCARS answers in Hong Kong time (UTC+8).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True)
class Credentials:
    """What a driver keys to log in. Never logged: the secrets are kept out of repr. The user ID may
    be the alias of a caller who was recognised."""

    user_id: str
    pin: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True)
class Driver:
    """A trucker who is logged in, for as long as `session` lives.

    Attributes:
        user_id: as ROCARS knows it.
        session: bearer token of this log-in; never logged.
        vehicles: Hong Kong registration marks on file, most recently used first, no spaces.
        language: preferred language tag (``yue``, ``cmn``, ``en``) or None.
    """

    user_id: str
    session: str = field(repr=False)
    vehicles: tuple[str, ...]
    language: str | None = None


@dataclass(frozen=True)
class Caller:
    """Who a telephone number belongs to, as far as ROCARS knows; both None when it does not.

    Attributes:
        alias: stands for their user ID at log-in, and ends in its last three characters; more of
            it is not told to whoever calls.
    """

    alias: str | None = None
    language: str | None = None


class CargoState(StrEnum):
    """Where a consignment stands, as far as this driver may know."""

    FREE = "free"  # lodged, not bundled: may be bundled
    BUNDLED = "bundled"  # in a live bundle already
    EXPIRED = "expired"  # expected date too long past
    CROSSED = "crossed"  # has passed the boundary


@dataclass(frozen=True)
class Cargo:
    """A consignment as a driver may hear of it: number and state, never contents or names."""

    ccrn: str
    state: CargoState


@dataclass(frozen=True)
class EarliestCrossing:
    """ROCARS' crossing instruction: at once, or not before `at`."""

    immediately: bool
    at: datetime


class BundleState(StrEnum):
    LIVE = "live"
    UNBUNDLED = "unbundled"
    CROSSED = "crossed"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Receipt:
    """A bundle that exists in ROCARS."""

    ubr: str
    ccrns: tuple[str, ...]
    vehicle: str
    bundled_at: datetime
    crossing: EarliestCrossing
    state: BundleState = BundleState.LIVE
