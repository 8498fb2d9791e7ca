"""`RocarsClient`: how the telephone channel calls ROCARS, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import quote

from backend_client.answers import (
    WireBundles,
    WireCargo,
    WireLogin,
    WireMatches,
    WireReceipt,
    WireRecognised,
    WireRehearsed,
    WireSettled,
)
from backend_client.errors import UnknownBundle, UnknownCcrn
from backend_client.refusals import error_for
from backend_client.settings import RocarsClientSettings
from backend_client.transport import AnswerT, Call, HttpTransport, Observer, ProblemAnswered, Repeat
from backend_client.types import Caller, Cargo, Credentials, Driver, Receipt, RehearsedStep

_REFERENCE = re.compile(r"[A-Za-z0-9-]{1,40}")


class RocarsClient:
    """Fulfils `Rocars` and `Trainers` of `backend_client.protocol`; see there for what each method
    means and raises.

    Belongs to one event loop. `observer` is called with every request, for metrics.
    """

    def __init__(self, settings: RocarsClientSettings, observer: Observer | None = None) -> None:
        self._transport = HttpTransport(settings, observer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._transport.close()

    async def log_in(self, credentials: Credentials) -> Driver:
        keyed = {
            "user_id": credentials.user_id,
            "pin": credentials.pin,
            "code": credentials.code,
        }
        answer = await self._ask(
            Call(
                "log_in",
                "POST",
                "/v1/log-in",
                body=keyed,
                repeat=Repeat.IF_NEVER_SENT,
                changes=True,
            ),
            WireLogin,
        )
        return Driver(answer.user_id, answer.session, answer.vehicles, answer.language)

    async def look_up(self, driver: Driver, ccrn: str) -> Cargo:
        if not _REFERENCE.fullmatch(ccrn):
            raise UnknownCcrn(ccrn)
        call = Call("look_up", "GET", f"/v1/cargo/{ccrn}", headers=_as(driver))
        return (await self._ask(call, WireCargo)).cargo()

    async def match_vehicles(self, driver: Driver, keyed: str) -> tuple[str, ...]:
        call = Call(
            "match_vehicles",
            "GET",
            "/v1/vehicles/match",
            query={"keyed": keyed},
            headers=_as(driver),
        )
        return (await self._ask(call, WireMatches)).marks

    async def bundle(
        self, driver: Driver, ccrns: Sequence[str], vehicle: str, *, idempotency_key: str
    ) -> Receipt:
        call = Call(
            "bundle",
            "POST",
            "/v1/bundles",
            headers={**_as(driver), "Idempotency-Key": idempotency_key},
            body={"ccrns": list(ccrns), "vehicle": vehicle},
            changes=True,
        )
        return (await self._ask(call, WireReceipt)).receipt()

    async def unbundle(self, driver: Driver, ubr: str, *, idempotency_key: str) -> Receipt:
        if not _REFERENCE.fullmatch(ubr):
            raise UnknownBundle(ubr)
        call = Call(
            "unbundle",
            "POST",
            f"/v1/bundles/{ubr}/unbundle",
            headers={**_as(driver), "Idempotency-Key": idempotency_key},
            changes=True,
        )
        return (await self._ask(call, WireReceipt)).receipt()

    async def bundles(self, driver: Driver) -> tuple[Receipt, ...]:
        call = Call("bundles", "GET", "/v1/bundles", headers=_as(driver))
        return tuple(receipt.receipt() for receipt in (await self._ask(call, WireBundles)).bundles)

    async def status(self, ubr: str, vehicle: str) -> Receipt:
        if not _REFERENCE.fullmatch(ubr):
            raise UnknownBundle(ubr)
        call = Call("status", "GET", f"/v1/bundles/{ubr}/status", query={"vehicle": vehicle})
        return (await self._ask(call, WireReceipt)).receipt()

    async def settle(self, user_id: str, idempotency_key: str) -> Receipt | None:
        call = Call(
            "settle",
            "POST",
            f"/v1/requests/{quote(idempotency_key, safe='')}/settle",
            body={"user_id": user_id},
        )
        settled = (await self._ask(call, WireSettled)).receipt
        return None if settled is None else settled.receipt()

    async def recognise(self, phone: str) -> Caller:
        call = Call("recognise", "POST", "/v1/callers/recognise", body={"phone": phone})
        known = await self._ask(call, WireRecognised)
        return Caller(known.alias, known.language)

    async def rehearsed(
        self, user_id: str, steps: Collection[RehearsedStep]
    ) -> frozenset[RehearsedStep]:
        body = {"user_id": user_id, "steps": sorted(steps)}
        call = Call("rehearsed", "POST", "/v1/rehearsals", body=body)
        return (await self._ask(call, WireRehearsed)).rehearsed()

    async def _ask(self, call: Call, answer: type[AnswerT]) -> AnswerT:
        try:
            return await self._transport.ask(call, answer)
        except ProblemAnswered as problem:
            raise error_for(problem) from None


def _as(driver: Driver) -> dict[str, str]:
    return {"Authorization": f"Bearer {driver.session}"}
