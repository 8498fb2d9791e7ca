"""The answers of ROCARS as transmitted. Unknown fields are ignored, so that ROCARS may grow."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from pydantic import AwareDatetime, BaseModel, ConfigDict

from backend_client.types import (
    BundleState,
    Cargo,
    CargoState,
    EarliestCrossing,
    Receipt,
    RehearsedStep,
)

HONG_KONG = timezone(timedelta(hours=8), "HKT")


class WireAnswer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class WireProblem(WireAnswer):
    """Problem details (RFC 9457) with the stable code of ROCARS."""

    code: str
    subject: str = ""


class WireLogin(WireAnswer):
    user_id: str
    session: str
    vehicles: tuple[str, ...]
    language: str | None = None


class WireRehearsed(WireAnswer):
    steps: tuple[str, ...]

    def rehearsed(self) -> frozenset[RehearsedStep]:
        """Without steps that are not of the telephone's course, as it is known here."""
        return frozenset(step for step in RehearsedStep if step in self.steps)


class WireCargo(WireAnswer):
    ccrn: str
    state: CargoState

    def cargo(self) -> Cargo:
        return Cargo(self.ccrn, self.state)


class WireMatches(WireAnswer):
    marks: tuple[str, ...]


class WireCrossing(WireAnswer):
    immediately: bool
    at: AwareDatetime


class WireReceipt(WireAnswer):
    ubr: str
    ccrns: tuple[str, ...]
    vehicle: str
    bundled_at: AwareDatetime
    crossing: WireCrossing
    state: BundleState

    def receipt(self) -> Receipt:
        return Receipt(
            ubr=self.ubr,
            ccrns=self.ccrns,
            vehicle=self.vehicle,
            bundled_at=in_hong_kong(self.bundled_at),
            crossing=EarliestCrossing(self.crossing.immediately, in_hong_kong(self.crossing.at)),
            state=self.state,
        )


class WireSettled(WireAnswer):
    receipt: WireReceipt | None


class WireRecognised(WireAnswer):
    alias: str | None
    language: str | None


class WireBundles(WireAnswer):
    bundles: tuple[WireReceipt, ...]


def in_hong_kong(instant: datetime) -> datetime:
    return instant.astimezone(HONG_KONG)
