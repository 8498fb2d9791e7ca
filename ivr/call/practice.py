"""The practice line: a ROCARS in memory that accepts any valid request and bundles nothing."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from backend_client.errors import AlreadyBundled, BundleNotLive, LoginRefused, UnknownBundle
from backend_client.protocol import Trainers
from backend_client.types import (
    BundleState,
    Caller,
    Cargo,
    CargoState,
    Credentials,
    Driver,
    EarliestCrossing,
    Receipt,
    RehearsedStep,
)
from call_flows.call_context import UnannouncedResult
from call_flows.marks import on_keypad
from ivr.records.facts import now

VEHICLES = ("AB1234", "FU2468")
LEAD = timedelta(minutes=30)
UBR_DIGITS = 10
PREPARED = "1029384756"
"""Cargo of the bundle that is there for a step that needs one."""

WRONG_CODE = "000000"
"""The one code that is refused, so that a refusal can be rehearsed too."""


@dataclass
class PracticeRocars:
    """Fulfils `backend_client.protocol.Rocars` during one call, in memory only, and
    `call_flows.training_ground.TrainingGround`.

    Attributes:
        trainers: who keep what was done in former calls; None if nobody does.
        user_id: as keyed, whoever did it; empty before the log-in.
        steps: what was done since, for trainers.
        steps_now: what was done since a step of the course began.
    """

    bundled: list[Receipt] = field(default_factory=list)
    trainers: Trainers | None = None
    user_id: str = ""
    steps: set[RehearsedStep] = field(default_factory=set)
    steps_now: set[RehearsedStep] = field(default_factory=set)

    async def log_in(self, credentials: Credentials) -> Driver:
        if credentials.code == WRONG_CODE:
            raise LoginRefused
        self.user_id = credentials.user_id
        self.steps = {RehearsedStep.LOG_IN}
        return Driver(credentials.user_id, "practice", VEHICLES)

    async def look_up(self, driver: Driver, ccrn: str) -> Cargo:
        held = any(ccrn in bundle.ccrns for bundle in self._live())
        return Cargo(ccrn, CargoState.BUNDLED if held else CargoState.FREE)

    async def match_vehicles(self, driver: Driver, keyed: str) -> tuple[str, ...]:
        return tuple(mark for mark in VEHICLES if on_keypad(mark) == keyed)

    async def bundle(
        self, driver: Driver, ccrns: Sequence[str], vehicle: str, *, idempotency_key: str
    ) -> Receipt:
        for ccrn in ccrns:
            if any(ccrn in bundle.ccrns for bundle in self._live()):
                raise AlreadyBundled(ccrn)
        self._did(RehearsedStep.BUNDLE)
        if len(ccrns) > 1:
            self._did(RehearsedStep.BUNDLE_SEVERAL)
        return self._bundle(tuple(ccrns), vehicle)

    async def unbundle(self, driver: Driver, ubr: str, *, idempotency_key: str) -> Receipt:
        for at, receipt in enumerate(self.bundled):
            if receipt.ubr == ubr:
                if receipt.state is not BundleState.LIVE:
                    raise BundleNotLive(ubr)
                self.bundled[at] = replace(receipt, state=BundleState.UNBUNDLED)
                self._did(RehearsedStep.UNBUNDLE)
                return self.bundled[at]
        raise UnknownBundle(ubr)

    async def bundles(self, driver: Driver) -> tuple[Receipt, ...]:
        if self.bundled:
            self._did(RehearsedStep.HEAR)
        return tuple(reversed(self.bundled))

    async def status(self, ubr: str, vehicle: str) -> Receipt:
        for receipt in self.bundled:
            if receipt.ubr == ubr and vehicle in (receipt.vehicle, on_keypad(receipt.vehicle)):
                self._did(RehearsedStep.HEAR)
                return receipt
        raise UnknownBundle(ubr)

    async def settle(self, user_id: str, idempotency_key: str) -> Receipt | None:
        return None

    async def recognise(self, phone: str) -> Caller:
        return Caller()

    def begin(self, step: RehearsedStep) -> None:
        self.steps_now.clear()
        if step in (RehearsedStep.HEAR, RehearsedStep.UNBUNDLE) and not self._live():
            self._bundle((PREPARED,), VEHICLES[0])

    def achieved(self, step: RehearsedStep) -> bool:
        return step in self.steps_now

    async def done_so_far(self) -> frozenset[RehearsedStep]:
        done = frozenset(self.steps)
        if self.trainers is None:
            return done
        return done | await self.trainers.rehearsed(self.user_id, self.steps)

    def _did(self, step: RehearsedStep) -> None:
        self.steps.add(step)
        self.steps_now.add(step)

    def _bundle(self, ccrns: tuple[str, ...], vehicle: str) -> Receipt:
        ubr = "".join(secrets.choice("0123456789") for _ in range(UBR_DIGITS))
        at = now()
        receipt = Receipt(ubr, ccrns, vehicle, at, EarliestCrossing(False, at + LEAD))
        self.bundled.append(receipt)
        return receipt

    def _live(self) -> list[Receipt]:
        return [bundle for bundle in self.bundled if bundle.state is BundleState.LIVE]


class PracticeLedger:
    """Fulfils `call_flows.call_context.Ledger` without asking or recording anything."""

    async def sending(
        self, key: str, driver: Driver, ccrns: tuple[str, ...], vehicle: str
    ) -> None: ...

    async def undoing(self, key: str, driver: Driver, bundle: Receipt) -> None: ...

    async def confirmed(self, key: str, receipt: Receipt) -> None: ...

    async def refused(self, key: str, reason: str) -> None: ...

    async def unknown(self, key: str, reason: str) -> None: ...

    def result_announced(self, key: str) -> None: ...

    async def unannounced_results(self, driver: Driver) -> tuple[UnannouncedResult, ...]:
        return ()
