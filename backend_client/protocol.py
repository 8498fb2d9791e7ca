"""ROCARS as a flow sees it. `RocarsClient` does it over HTTP; tests do it by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from backend_client.types import Caller, Cargo, Credentials, Driver, Receipt


class Rocars(Protocol):
    """Every method may raise `BackEndUnavailable`; those that take a driver, `SessionExpired`."""

    async def log_in(self, credentials: Credentials) -> Driver:
        """Raises LoginRefused, LoginLocked. Never retried: a one-time code is spent by it."""

    async def look_up(self, driver: Driver, ccrn: str) -> Cargo:
        """Where a consignment stands. Raises UnknownCcrn."""

    async def match_vehicles(self, driver: Driver, keyed: str) -> tuple[str, ...]:
        """Marks ROCARS holds that spell `keyed` on a telephone keypad (E.161), own ones first.

        At most four; an empty tuple when none is known or too many are.
        """

    async def bundle(
        self, driver: Driver, ccrns: Sequence[str], vehicle: str, *, idempotency_key: str
    ) -> Receipt:
        """Bundle cargo and vehicle; the same key gives the same receipt however often it is sent.

        Raises UnknownCcrn, AlreadyBundled, CargoExpired, CargoCrossed, TooManyCcrns,
        MixedDirections, BadVehicle.
        """

    async def unbundle(self, driver: Driver, ubr: str, *, idempotency_key: str) -> Receipt:
        """Undo a live bundle of this driver. Raises UnknownBundle, BundleNotLive."""

    async def bundles(self, driver: Driver) -> tuple[Receipt, ...]:
        """The driver's own bundles, newest first, at most ten."""

    async def status(self, ubr: str, vehicle: str) -> Receipt:
        """For a caller who is not logged in and gives both. Raises UnknownBundle.

        `vehicle` is the mark, or the keys that spell it on a telephone (E.161).
        """

    async def settle(self, user_id: str, idempotency_key: str) -> Receipt | None:
        """How a request of a driver ended whose answer was lost, for good.

        None: it was not done and never will be, however late it still arrives. Raises
        UnknownDriver.
        """

    async def recognise(self, phone: str) -> Caller:
        """The driver registered with a number in E.164. It saves keying and proves nothing."""
