"""ROCARS on paper: a few drivers, some cargo, and errors on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from backend_client.errors import (
    AlreadyBundled,
    LoginLocked,
    LoginRefused,
    UnknownBundle,
    UnknownCcrn,
)
from backend_client.types import (
    Cargo,
    CargoState,
    Credentials,
    Driver,
    EarliestCrossing,
    Receipt,
)

HONG_KONG = timezone(timedelta(hours=8))
NOW = datetime(2010, 5, 17, 9, 0, tzinfo=HONG_KONG)

USER_ID, PIN, CODE = "12345678", "246810", "135791"


@dataclass
class PaperRocars:
    """Fulfils `backend_client.protocol.Rocars`; `fail[operation]` holds errors to raise in turn."""

    vehicles: tuple[str, ...] = ("AB1234", "FU88")
    cargo: dict[str, CargoState] = field(default_factory=dict)
    known_marks: tuple[str, ...] = ()
    immediately: bool = True
    fail: dict[str, list[Exception]] = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=dict)
    failures: int = 0
    receipts: list[Receipt] = field(default_factory=list)
    logins: int = 0

    async def _begin(self, operation: str) -> None:
        await asyncio.sleep(self.delays.get(operation, 0))
        errors = self.fail.get(operation, [])
        if errors:
            raise errors.pop(0)

    async def log_in(self, credentials: Credentials) -> Driver:
        await self._begin("log_in")
        if self.failures >= 5:
            raise LoginLocked
        if (credentials.user_id, credentials.pin, credentials.code) != (USER_ID, PIN, CODE):
            self.failures += 1
            raise LoginRefused
        self.logins += 1
        return Driver(USER_ID, f"session-{self.logins}", self.vehicles)

    async def look_up(self, driver: Driver, ccrn: str) -> Cargo:
        await self._begin("look_up")
        if ccrn not in self.cargo:
            raise UnknownCcrn(ccrn)
        return Cargo(ccrn, self.cargo[ccrn])

    async def match_vehicles(self, driver: Driver, keyed: str) -> tuple[str, ...]:
        await self._begin("match_vehicles")
        keypad = {
            letter: key
            for key, letters in enumerate(
                ("ABC", "DEF", "GHI", "JKL", "MNO", "PQRS", "TUV", "WXYZ"), start=2
            )
            for letter in letters
        }
        return tuple(
            mark
            for mark in (*self.vehicles, *self.known_marks)
            if "".join(str(keypad.get(character, character)) for character in mark) == keyed
        )

    async def bundle(
        self, driver: Driver, ccrns: Sequence[str], vehicle: str, *, idempotency_key: str
    ) -> Receipt:
        await self._begin("bundle")
        for ccrn in ccrns:
            if self.cargo.get(ccrn) is not CargoState.FREE:
                raise AlreadyBundled(ccrn)
        for ccrn in ccrns:
            self.cargo[ccrn] = CargoState.BUNDLED
        at = NOW if self.immediately else NOW + timedelta(minutes=30)
        receipt = Receipt(
            f"{5550001 + len(self.receipts)}",
            tuple(ccrns),
            vehicle,
            NOW,
            EarliestCrossing(self.immediately, at),
        )
        self.receipts.append(receipt)
        return receipt

    async def unbundle(self, driver: Driver, ubr: str, *, idempotency_key: str) -> Receipt:
        raise UnknownBundle(ubr)

    async def bundles(self, driver: Driver) -> tuple[Receipt, ...]:
        return tuple(self.receipts)

    async def status(self, ubr: str, vehicle: str) -> Receipt:
        raise UnknownBundle(ubr)


@dataclass
class PaperLedger:
    """Keeps the bundling requests in the order they were written."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    async def sending(self, key: str, driver: Driver, ccrns: tuple[str, ...], vehicle: str) -> None:
        self.lines.append(("sending", f"{'+'.join(ccrns)} {vehicle}"))

    async def confirmed(self, key: str, receipt: Receipt) -> None:
        self.lines.append(("confirmed", receipt.ubr))

    async def refused(self, key: str, reason: str) -> None:
        self.lines.append(("refused", reason))

    async def unknown(self, key: str, reason: str) -> None:
        self.lines.append(("unknown", reason))
