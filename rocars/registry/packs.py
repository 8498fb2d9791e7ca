"""Secure packs: printed with fresh secrets, handed over in person, and only then of any effect."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, cast

import structlog
from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.clock import Clock
from rocars.registry.applications import UNMISTAKABLE
from rocars.registry.approval import new_account, nobodys_hash, ordered_pack
from rocars.registry.deeds import ITSELF, NotPossible, needed, note
from rocars.registry.driver_tokens import DriverTokens, fresh_serial
from rocars.registry.settings import RegistrationSettings
from rocars.secrets.key_ring import KeyRing
from rocars.secrets.pins import PinHasher
from rocars.secrets.tokens import MIN_SEED_BYTES
from rocars.store.database import Database
from rocars.store.tables.applications import SecurePack
from rocars.store.tables.registration import Company, Driver
from rocars.store.tables.security import LoginSession
from rocars.store.tables.web import WebAccount, WebSession

log = structlog.get_logger("rocars.registration")

WAITING = ("ordered", "printed")
A_PAGE = 200
PIN_DIGITS = 6

PackState = Literal["ordered", "printed", "active", "void"]
TokenCarrier = Literal["none", "soft", "device"]


@dataclass(frozen=True)
class PackView:
    """A pack as officers see it: no secret is in it."""

    id: int
    user_id: str
    name: str
    company: str
    counter: str
    language: str
    state: PackState
    secrets: bool
    token: TokenCarrier
    ordered_at: datetime
    ordered_by: str | None
    printed_at: datetime | None
    closed_at: datetime | None
    serial: str | None


@dataclass(frozen=True)
class PrintedSecrets:
    """What one page says that nothing else does. `pin` and `seed` only where there are any."""

    view: PackView
    password: str = field(repr=False)
    pin: str = field(repr=False)
    serial: str
    seed: bytes = field(repr=False)


class Packs:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: RegistrationSettings,
        keys: KeyRing,
        hasher: PinHasher,
        tokens: DriverTokens,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._keys = keys
        self._hasher = hasher
        self._tokens = tokens

    async def waiting(self, counter: str = "") -> Sequence[PackView]:
        """Those to be printed or handed over, the oldest first."""
        wanted = _views().where(SecurePack.state.in_(WAITING)).limit(A_PAGE)
        if counter:
            wanted = wanted.where(SecurePack.counter == counter)
        async with self._database.reading() as session:
            return [_view(*row) for row in await session.execute(wanted)]

    async def of_account(self, user_id: str) -> Sequence[PackView]:
        """All packs of an account, the oldest first."""
        async with self._database.reading() as session:
            rows = await session.execute(_views().where(WebAccount.user_id == user_id))
            return [_view(*row) for row in rows]

    async def print_out(self, officer: str, number: int) -> PrintedSecrets | None:
        """Fresh secrets for a pack; what was printed of it before opens nothing. None: no such
        pack. Raises NotPossible.

        Who loses a sheet prints it again: nothing of it is kept but hashes and the locked seed.
        """
        password = _fresh_password()
        pin = f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}}"
        password_hash = await self._hasher.hash(password)
        pin_hash = await self._hasher.hash(pin)
        async with self._database.writing() as session:
            found = await _locked(session, number)
            if found is None:
                return None
            pack, account = found
            if pack.state not in WAITING or self._lapsed(pack):
                raise NotPossible("This pack can be printed no more.")
            seed = secrets.token_bytes(MIN_SEED_BYTES) if pack.token == "soft" else b""
            of_driver = account.driver_id is not None
            if pack.secrets:
                pack.password_hash = password_hash
                pack.pin_hash = pin_hash if of_driver else None
            pack.serial = fresh_serial("S") if seed else None
            pack.seed = self._keys.lock_seed(seed) if seed else None
            pack.state, pack.printed_at = "printed", self._clock()
            note(session, pack.printed_at, officer, "pack_printed", account.user_id, str(pack.id))
            company = await session.get_one(Company, account.company_id)
            view = _view(pack, account, company.name)
        return PrintedSecrets(
            view=view,
            password=password if view.secrets else "",
            pin=pin if view.secrets and of_driver else "",
            serial=view.serial or "",
            seed=seed,
        )

    async def hand_over(self, officer: str, number: int, device: str = "") -> PackView | None:
        """The pack was handed over to the one it is for, who showed who they are: what is printed
        in it counts from now on. None: no such pack. Raises NotPossible.

        Four eyes: who approved the application or ordered the pack leaves this to another officer
        (`registration.four_eyes`), so that nobody can make an account for themselves.

        Args:
            device: serial number of the device that was handed over with it.
        """
        now = self._clock()
        if await self._is_of_two_eyes(officer, number, now):
            raise NotPossible("Who approved or ordered it does not hand it over: ask another.")
        async with self._database.writing() as session:
            found = await _locked(session, number)
            if found is None:
                return None
            pack, account = found
            if pack.state != "printed" or self._lapsed(pack):
                raise NotPossible("Only a pack that is printed and not void can be handed over.")
            if pack.secrets:
                await self._give_secrets(session, pack, account, now)
            if pack.token != "none":
                await self._give_token(session, pack, account, device)
            _close(pack, "active", now)
            reason = f"{pack.id} {pack.serial or ''}".strip()
            note(session, now, officer, "pack_handed_over", account.user_id, reason)
            company = await session.get_one(Company, account.company_id)
            view = _view(pack, account, company.name)
        log.info("pack.handed_over", pack=view.id)
        return view

    def may_hand_over(self, officer: str, pack: PackView) -> bool:
        """Whether four eyes see to it when this officer does."""
        return not self._settings.four_eyes or pack.ordered_by != officer

    async def _is_of_two_eyes(self, officer: str, number: int, now: datetime) -> bool:
        """Whether this officer would be the only one; that they tried is written down."""
        if not self._settings.four_eyes:
            return False
        async with self._database.writing() as session:
            found = await _locked(session, number)
            if found is None or found[0].ordered_by != officer:
                return False
            pack, account = found
            note(session, now, officer, "four_eyes_refused", account.user_id, str(pack.id))
        log.warning("pack.four_eyes_refused", pack=number)
        return True

    async def _give_secrets(
        self, session: AsyncSession, pack: SecurePack, account: WebAccount, now: datetime
    ) -> None:
        assert pack.password_hash is not None  # a pack that is printed has one
        account.password_hash, account.active = pack.password_hash, True
        account.first_password_at = now
        if pack.pin_hash is not None:
            await session.execute(
                update(Driver).where(Driver.id == account.driver_id).values(pin_hash=pack.pin_hash)
            )

    async def _give_token(
        self,
        session: AsyncSession,
        pack: SecurePack,
        account: WebAccount,
        device: str,
    ) -> None:
        assert account.driver_id is not None  # only drivers are given tokens
        if pack.token == "device":
            pack.serial = await self._tokens.give_device(session, account.driver_id, device)
        else:
            assert pack.serial is not None
            assert pack.seed is not None
            await self._tokens.give_soft(session, account.driver_id, pack.serial, pack.seed)

    async def void(self, officer: str, number: int, reason: str) -> None:
        """A pack that is spoilt, or that nobody is to have. Raises NotPossible."""
        reason = needed(reason)
        now = self._clock()
        async with self._database.writing() as session:
            found = await _locked(session, number)
            if found is None or found[0].state not in WAITING:
                raise NotPossible("This pack is handed over or void already.")
            pack, account = found
            _close(pack, "void", now)
            note(session, now, officer, "pack_voided", account.user_id, reason)

    async def replace_secrets(
        self, officer: str, user_id: str, counter: str, language: str, reason: str
    ) -> None:
        """A password or PIN was lost: the old ones open nothing from now on, whoever is logged in
        is out, and a new pack is ordered, to be handed over in person. Raises NotPossible."""
        reason = needed(reason)
        unknown = await nobodys_hash(self._hasher)
        now = self._clock()
        async with self._database.writing() as session:
            account = await _account_called(session, user_id, unknown)
            await self._void_open(session, account, now, with_secrets=True)
            account.password_hash, account.active = unknown, False
            await session.execute(delete(WebSession).where(WebSession.account_id == account.id))
            if account.driver_id is not None:
                await session.execute(
                    update(Driver).where(Driver.id == account.driver_id).values(pin_hash=unknown)
                )
                await session.execute(
                    delete(LoginSession).where(LoginSession.driver_id == account.driver_id)
                )
            session.add(ordered_pack(officer, account, counter, language, now, token="none"))
            note(session, now, officer, "secrets_replaced", user_id, reason)

    async def replace_token(
        self, officer: str, user_id: str, counter: str, language: str, token: str, reason: str
    ) -> None:
        """Order another token for a driver; theirs goes on until it is handed over, unless it is
        revoked. Raises NotPossible."""
        reason = needed(reason)
        unknown = await nobodys_hash(self._hasher)
        now = self._clock()
        async with self._database.writing() as session:
            account = await _account_called(session, user_id, unknown)
            if account.driver_id is None:
                raise NotPossible("Only truckers have a security token.")
            await self._void_open(session, account, now, with_secrets=False)
            session.add(
                ordered_pack(officer, account, counter, language, now, token=token, first=False)
            )
            note(session, now, officer, "token_ordered", user_id, reason)

    async def _void_open(
        self, session: AsyncSession, account: WebAccount, now: datetime, *, with_secrets: bool
    ) -> None:
        """What is on its way to the account and is replaced by what is ordered now.

        Raises NotPossible when the very first pack, which has everything, is still on its way."""
        rows = await session.execute(
            select(SecurePack)
            .where(SecurePack.account_id == account.id, SecurePack.state.in_(WAITING))
            .with_for_update()
        )
        for pack in rows.scalars():
            if pack.secrets and pack.token != "none":
                raise NotPossible("A pack with all that is needed is still to be handed over.")
            if pack.secrets is with_secrets:
                _close(pack, "void", now)

    async def sweep(self) -> None:
        """Packs that nobody collected are void."""
        now = self._clock()
        async with self._database.writing() as session:
            rows = await session.execute(
                select(SecurePack, WebAccount.user_id)
                .join(WebAccount, WebAccount.id == SecurePack.account_id)
                .where(
                    SecurePack.state.in_(WAITING),
                    SecurePack.ordered_at < now - timedelta(days=self._settings.collect_days),
                )
                .with_for_update(of=SecurePack)
            )
            for pack, user_id in rows:
                _close(pack, "void", now)
                note(session, now, ITSELF, "pack_voided", user_id, "not collected")

    def _lapsed(self, pack: SecurePack) -> bool:
        return pack.ordered_at < self._clock() - timedelta(days=self._settings.collect_days)


def _fresh_password() -> str:
    """16 letters and digits that are not mistaken for each other, 80 bits, in four groups."""
    return "-".join(
        "".join(secrets.choice(UNMISTAKABLE.lower()) for _ in range(4)) for _ in range(4)
    )


def _close(pack: SecurePack, state: PackState, at: datetime) -> None:
    """Nothing secret stays in a pack that is of no more use."""
    pack.state, pack.closed_at = state, at
    pack.password_hash = pack.pin_hash = pack.seed = None


def _views() -> Select[SecurePack, WebAccount, str]:
    return (
        select(SecurePack, WebAccount, Company.name)
        .join(WebAccount, WebAccount.id == SecurePack.account_id)
        .join(Company, Company.id == WebAccount.company_id)
        .order_by(SecurePack.id)
    )


async def _locked(session: AsyncSession, number: int) -> tuple[SecurePack, WebAccount] | None:
    row = (
        await session.execute(
            select(SecurePack, WebAccount)
            .join(WebAccount, WebAccount.id == SecurePack.account_id)
            .where(SecurePack.id == number)
            .with_for_update()
        )
    ).one_or_none()
    return (row[0], row[1]) if row is not None else None


async def _account_called(session: AsyncSession, user_id: str, unknown: str) -> WebAccount:
    """Locked. A driver who has none of the portal yet gets one that nobody can log in to.
    Raises NotPossible."""
    account = (
        await session.execute(
            select(WebAccount).where(WebAccount.user_id == user_id).with_for_update()
        )
    ).scalar()
    if account is not None:
        return account
    driver = (await session.execute(select(Driver).where(Driver.user_id == user_id))).scalar()
    if driver is None:
        raise NotPossible("There is no such account.")
    account = new_account(user_id, "driver", driver.company_id, driver.name, unknown, driver.id)
    session.add(account)
    await session.flush()
    return account


def _view(pack: SecurePack, account: WebAccount, company: str) -> PackView:
    return PackView(
        id=pack.id,
        user_id=account.user_id,
        name=account.name,
        company=company,
        counter=pack.counter,
        language=pack.language,
        state=cast(PackState, pack.state),
        secrets=pack.secrets,
        token=cast(TokenCarrier, pack.token),
        ordered_at=pack.ordered_at,
        ordered_by=pack.ordered_by,
        printed_at=pack.printed_at,
        closed_at=pack.closed_at,
        serial=pack.serial,
    )
