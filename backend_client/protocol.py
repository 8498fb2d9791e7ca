"""ROCARS as a flow sees it. `RocarsClient` implements it over HTTP; tests implement it by hand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from backend_client.types import Caller, Cargo, Credentials, Driver, Receipt, RehearsedStep


class Rocars(Protocol):
    """Every method may raise `BackEndUnavailable`; those that take a driver may raise
    `SessionExpired`."""

    async def log_in(self, credentials: Credentials) -> Driver:
        """Raises LoginRefused, LoginLocked. Never retried, since a log-in uses up a one-time
        code."""

    async def look_up(self, driver: Driver, ccrn: str) -> Cargo:
        """Look up the state of a consignment. Raises UnknownCcrn."""

    async def match_vehicles(self, driver: Driver, keyed: str) -> tuple[str, ...]:
        """Find registration marks in ROCARS that spell `keyed` on a telephone keypad (E.161), own
        ones first.

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
        """Look up a bundle for a caller who gives both without logging in. Raises UnknownBundle.

        `vehicle` is the mark, or the keys that spell it on a telephone (E.161).
        """

    async def settle(self, user_id: str, idempotency_key: str) -> Receipt | None:
        """Settle for good how a driver's request ended whose answer was lost.

        None: it was not done and never will be, however late it may still arrive. Raises
        UnknownDriver.
        """

    async def recognise(self, phone: str) -> Caller:
        """Find the driver registered with a number in E.164. It saves keying and proves nothing."""


class Trainers(Protocol):
    """Whoever sees how far drivers are on the practice line."""

    async def rehearsed(
        self, user_id: str, steps: Collection[RehearsedStep]
    ) -> frozenset[RehearsedStep]:
        """What was done in one call, under a user ID that nobody has proved. The answer has what
        was done in former calls too; nothing, if it is no driver's. Raises BackEndUnavailable."""
