"""The requests and answers between the telephone channel and ROCARS, as typed values.

All instants are aware datetimes; ROCARS answers in Hong Kong time (UTC+8).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True)
class Credentials:
    """What a driver keys to log in. Never logged: repr omits the secrets. The user ID may
    be the alias of a caller who was recognised."""

    user_id: str
    pin: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True)
class Driver:
    """A trucker who is logged in, until `session` expires.

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
    """Whom a telephone number belongs to, as far as ROCARS knows; both None if it does not know.

    Attributes:
        alias: stands for their user ID at log-in, and ends in its last three characters; the rest
            is not disclosed to the caller.
    """

    alias: str | None = None
    language: str | None = None


class RehearsedStep(StrEnum):
    """What can be done on the practice line."""

    LOG_IN = "log_in"
    BUNDLE = "bundle"
    BUNDLE_SEVERAL = "bundle_several"  # cargo numbers at once
    HEAR = "hear"  # of a bundle: its state, or the list of them
    UNBUNDLE = "unbundle"


class CargoState(StrEnum):
    """The state of a consignment, as far as this driver may know it."""

    FREE = "free"  # lodged, not bundled: may be bundled
    BUNDLED = "bundled"  # in a live bundle already
    EXPIRED = "expired"  # the expected date is too long ago
    CROSSED = "crossed"  # has passed the boundary


@dataclass(frozen=True)
class Cargo:
    """A consignment as a driver may hear of it: number and state, never its contents or names."""

    ccrn: str
    state: CargoState


@dataclass(frozen=True)
class EarliestCrossing:
    """ROCARS' crossing instruction: immediately, or not before `at`."""

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
