"""ROCARS on paper: a few drivers, some cargo, and errors on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

from backend_client.errors import (
    AlreadyBundled,
    BundleNotLive,
    LoginLocked,
    LoginRefused,
    UnknownBundle,
    UnknownCcrn,
)
from backend_client.types import (
    BundleState,
    Caller,
    Cargo,
    CargoState,
    Credentials,
    Driver,
    EarliestCrossing,
    Receipt,
)
from call_flows.call_context import UnannouncedResult
from speech.languages.language import Language

HONG_KONG = timezone(timedelta(hours=8))
NOW = datetime(2010, 5, 17, 9, 0, tzinfo=HONG_KONG)

KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")

USER_ID, PIN, CODE = "12345678", "246810", "135791"


def keys_of(mark: str) -> str:
    """A mark as keyed on a telephone (E.161)."""
    return mark.translate(KEYPAD)


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
    callers: dict[str, Caller] = field(default_factory=dict)
    settled: dict[str, Receipt] = field(default_factory=dict)

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
        return tuple(mark for mark in (*self.vehicles, *self.known_marks) if keys_of(mark) == keyed)

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
        await self._begin("unbundle")
        for at, receipt in enumerate(self.receipts):
            if receipt.ubr == ubr:
                if receipt.state is not BundleState.LIVE:
                    raise BundleNotLive(ubr)
                self.receipts[at] = replace(receipt, state=BundleState.UNBUNDLED)
                for ccrn in receipt.ccrns:
                    self.cargo[ccrn] = CargoState.FREE
                return self.receipts[at]
        raise UnknownBundle(ubr)

    async def bundles(self, driver: Driver) -> tuple[Receipt, ...]:
        await self._begin("bundles")
        return tuple(reversed(self.receipts))

    async def status(self, ubr: str, vehicle: str) -> Receipt:
        await self._begin("status")
        for receipt in self.receipts:
            if receipt.ubr == ubr and vehicle in (receipt.vehicle, keys_of(receipt.vehicle)):
                return receipt
        raise UnknownBundle(ubr)

    async def settle(self, user_id: str, idempotency_key: str) -> Receipt | None:
        await self._begin("settle")
        return self.settled.get(idempotency_key)

    async def recognise(self, phone: str) -> Caller:
        await self._begin("recognise")
        return self.callers.get(phone, Caller())

    def bundled(self, ccrn: str, vehicle: str, state: BundleState = BundleState.LIVE) -> Receipt:
        """A bundle made before the call."""
        at = NOW if self.immediately else NOW + timedelta(minutes=30)
        ubr = f"{5550001 + len(self.receipts)}"
        receipt = Receipt(ubr, (ccrn,), vehicle, NOW, EarliestCrossing(self.immediately, at), state)
        self.receipts.append(receipt)
        self.cargo[ccrn] = CargoState.BUNDLED
        return receipt


@dataclass
class PaperLedger:
    """Keeps the bundling requests in the order they were written."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    unheard: tuple[UnannouncedResult, ...] = ()

    async def sending(self, key: str, driver: Driver, ccrns: tuple[str, ...], vehicle: str) -> None:
        self.lines.append(("sending", f"{'+'.join(ccrns)} {vehicle}"))

    async def undoing(self, key: str, driver: Driver, bundle: Receipt) -> None:
        self.lines.append(("undoing", bundle.ubr))

    async def confirmed(self, key: str, receipt: Receipt) -> None:
        self.lines.append(("confirmed", receipt.ubr))

    async def refused(self, key: str, reason: str) -> None:
        self.lines.append(("refused", reason))

    async def unknown(self, key: str, reason: str) -> None:
        self.lines.append(("unknown", reason))

    def result_announced(self, key: str) -> None:
        self.lines.append(("told", "" if len(key) == 32 else key))

    async def unannounced_results(self, driver: Driver) -> tuple[UnannouncedResult, ...]:
        return self.unheard


@dataclass
class PaperTexts:
    """Keeps the text messages; `taken` is what the gateway says to each."""

    taken: bool = True
    seconds: float = 0.0
    sent: list[tuple[str, Language]] = field(default_factory=list)
    ending: str = "4567"

    async def send(self, receipt: Receipt, language: Language, key: str) -> bool:
        await asyncio.sleep(self.seconds)
        self.sent.append((receipt.ubr, language))
        return self.taken
