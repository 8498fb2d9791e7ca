"""Security tokens of drivers: given, revoked, brought back in step, and about to expire."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.clock import Clock
from rocars.registry.deeds import NotPossible, needed, note
from rocars.registry.settings import RegistrationSettings
from rocars.secrets.kept_tokens import latest_place, spend, token_on_file
from rocars.secrets.key_ring import KeyRing
from rocars.secrets.resynchronising import Resynchronising
from rocars.secrets.settings import TokenSettings
from rocars.secrets.tokens import MIN_SEED_BYTES, as_believed
from rocars.store.database import Database
from rocars.store.tables.applications import StockedToken
from rocars.store.tables.registration import Driver
from rocars.store.tables.security import SecurityToken

log = structlog.get_logger("rocars.registration")

MOST_DEVICES = 1000
"""In one order."""
A_PAGE = 200


@dataclass(frozen=True)
class TokenView:
    """A driver's token as officers and the driver see it."""

    user_id: str
    name: str
    serial: str | None
    kind: str
    issued_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class OrderedDevice:
    """One row of the list for a token maker. `seed` in hexadecimal."""

    serial: str
    kind: str
    digits: int
    step_s: int | None
    seed: str = field(repr=False)


def fresh_serial(kind: str) -> str:
    """`S` and nine digits for a soft token, `D` and nine digits for a device."""
    return f"{kind}{secrets.randbelow(10**9):09}"


class DriverTokens:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: RegistrationSettings,
        forms: TokenSettings,
        keys: KeyRing,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._forms = forms
        self._keys = keys

    @property
    def soft_kind(self) -> str:
        """What a token is that is handed over as a QR code: `hotp` or `totp`."""
        return self._settings.token_kind

    async def give_soft(
        self, session: AsyncSession, driver_id: int, serial: str, locked_seed: str
    ) -> None:
        """A driver's token from now on, in the transaction that hands it over."""
        kind = self._settings.token_kind
        step_s = self._forms.totp_step_s if kind == "totp" else None
        await self._give(session, driver_id, serial, kind, self._forms.digits, step_s, locked_seed)

    async def give_device(self, session: AsyncSession, driver_id: int, serial: str) -> str:
        """A device of the stock; gives its serial number as kept. Raises NotPossible."""
        wanted = serial.strip().upper()[:20]
        stocked = (
            await session.execute(
                select(StockedToken).where(StockedToken.serial == wanted).with_for_update()
            )
        ).scalar()
        if stocked is None:
            raise NotPossible("There is no such device in stock. Look at its serial number.")
        await self._give(
            session,
            driver_id,
            stocked.serial,
            stocked.kind,
            stocked.digits,
            stocked.step_s,
            stocked.seed,
        )
        await session.delete(stocked)
        return wanted

    async def _give(
        self,
        session: AsyncSession,
        driver_id: int,
        serial: str,
        kind: str,
        digits: int,
        step_s: int | None,
        locked_seed: str,
    ) -> None:
        now = self._clock()
        await session.merge(
            SecurityToken(
                driver_id=driver_id,
                kind=kind,
                seed=locked_seed,
                digits=digits,
                step_s=step_s,
                next_counter=0,
                drift=0,
                serial=serial,
                issued_at=now,
                expires_at=now + timedelta(days=self._settings.token_days),
                revoked_at=None,
            )
        )

    async def of_driver(self, user_id: str) -> TokenView | None:
        async with self._database.reading() as session:
            row = (await session.execute(_tokens().where(Driver.user_id == user_id))).one_or_none()
        return _view(row[0], row[1]) if row is not None else None

    async def expiring(self) -> Sequence[TokenView]:
        """Those that expire within `notice_days` and those that have, the first to expire first."""
        until = self._clock() + timedelta(days=self._settings.notice_days)
        async with self._database.reading() as session:
            rows = await session.execute(
                _tokens()
                .where(SecurityToken.expires_at < until, SecurityToken.revoked_at.is_(None))
                .order_by(SecurityToken.expires_at)
                .limit(A_PAGE)
            )
            return [_view(token, driver) for token, driver in rows]

    async def expires_soon(self, driver_id: int) -> datetime | None:
        """When a driver's token expires, if they are to be told."""
        async with self._database.reading() as session:
            at = await session.scalar(
                select(SecurityToken.expires_at).where(
                    SecurityToken.driver_id == driver_id, SecurityToken.revoked_at.is_(None)
                )
            )
        soon = self._clock() + timedelta(days=self._settings.notice_days)
        return at if at is not None and at < soon else None

    async def revoke(self, officer: str, user_id: str, reason: str) -> None:
        """A token that is lost or stolen opens nothing from now on. Raises NotPossible."""
        reason = needed(reason)
        now = self._clock()
        async with self._database.writing() as session:
            token, _ = await _locked(session, user_id)
            if token.revoked_at is not None:
                raise NotPossible("This token is revoked already.")
            token.revoked_at = now
            note(session, now, officer, "token_revoked", user_id, reason)

    async def resynchronise(self, officer: str, user_id: str, first: str, second: str) -> None:
        """Two codes in a row bring a token back in step (RFC 4226 section 7.4); neither counts
        again. Raises NotPossible."""
        now = self._clock()
        async with self._database.writing() as session:
            kept, driver = await _locked(session, user_id)
            if kept.revoked_at is not None:
                raise NotPossible("This token is revoked already.")
            token = token_on_file(kept, self._keys)
            token = as_believed(token, now, self._forms.totp_max_drift_steps)
            pair = Resynchronising(self._forms)
            pair.second_code(user_id, token, first.strip(), now, remember=True)
            found = pair.second_code(user_id, token, second.strip(), now, remember=True)
            latest = latest_place(token, now, self._forms.totp_max_drift_steps)
            if found is None or not await spend(session, driver.id, found, latest):
                raise NotPossible("These are not two codes of this token, one after the other.")
            note(session, now, officer, "token_resynchronised", user_id)

    async def order_devices(self, officer: str, number: int) -> Sequence[OrderedDevice]:
        """Serial numbers and seeds for a token maker, told once: kept is the locked seed. Raises
        NotPossible."""
        if not 1 <= number <= MOST_DEVICES:
            raise NotPossible("A number from 1 to %(number)d is needed.", number=MOST_DEVICES)
        kind = self._settings.device_kind
        step_s = self._forms.totp_step_s if kind == "totp" else None
        serials: set[str] = set()
        while len(serials) < number:
            serials.add(fresh_serial("D"))
        ordered = [
            OrderedDevice(
                serial, kind, self._forms.digits, step_s, secrets.token_hex(MIN_SEED_BYTES)
            )
            for serial in sorted(serials)
        ]
        now = self._clock()
        async with self._database.writing() as session:
            for device in ordered:
                session.add(
                    StockedToken(
                        serial=device.serial,
                        kind=device.kind,
                        digits=device.digits,
                        step_s=device.step_s,
                        seed=self._keys.lock_seed(bytes.fromhex(device.seed)),
                        ordered_at=now,
                    )
                )
            note(session, now, officer, "devices_ordered", "stock", str(number))
        return ordered

    async def in_stock(self) -> int:
        """Devices that were ordered and are nobody's yet."""
        async with self._database.reading() as session:
            return await session.scalar(select(func.count()).select_from(StockedToken)) or 0


def _tokens() -> Select[SecurityToken, Driver]:
    return select(SecurityToken, Driver).join(Driver, Driver.id == SecurityToken.driver_id)


async def _locked(session: AsyncSession, user_id: str) -> tuple[SecurityToken, Driver]:
    """Raises NotPossible."""
    row = (
        await session.execute(_tokens().where(Driver.user_id == user_id).with_for_update())
    ).one_or_none()
    if row is None:
        raise NotPossible("There is no such token.")
    return row[0], row[1]


def _view(token: SecurityToken, driver: Driver) -> TokenView:
    return TokenView(
        user_id=driver.user_id,
        name=driver.name,
        serial=token.serial,
        kind=token.kind,
        issued_at=token.issued_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
    )
