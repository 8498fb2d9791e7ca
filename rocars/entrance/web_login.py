"""Log-in to the web portal by user ID and password, and the one-time code that opens bundling."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, cast

import structlog
from sqlalchemy import select, update

from ground.web.sessions import HeldSession
from ground.web.sessions import Sessions as HeldSessions
from rocars.clock import Clock
from rocars.entrance.lockout import Lockout, at_address
from rocars.entrance.login import DriverLogin
from rocars.entrance.settings import WebSessionRules
from rocars.refusals import Code, Problem
from rocars.registry.accounts import Accounts
from rocars.registry.agencies import ActingFor
from rocars.registry.deeds import note
from rocars.secrets.masking import last_three
from rocars.secrets.pins import PinHasher
from rocars.store.database import Database
from rocars.store.journal import EventDeed, write_down
from rocars.store.tables.registration import Company
from rocars.store.tables.web import WebAccount, WebSession

log = structlog.get_logger("rocars.web_login")

WebRole = Literal["shipper", "driver"]


@dataclass(frozen=True)
class Notice:
    """Something told once, on the next page."""

    text: str
    bad: bool = False


@dataclass(frozen=True)
class WebVisitor:
    """Somebody logged in to the portal.

    Args:
        company: registration number of their company, `company_id` its key.
        driver_id: of a driver, otherwise None.
        csrf: what every form must bring back.
        token: what their cookie holds.
        bundling_until: how long their one-time code opens bundling; None when it does not.
        notices: what the page now made is to say.
        must_change: their password is that of a secure pack: they choose another one first.
        acting_for: the client this page is about; then `company` and `company_id` are the client's.
        base: what the addresses of the pages begin with that they are at: empty for their own.
    """

    account_id: int
    user_id: str
    name: str
    role: WebRole
    company_id: int
    company: str
    driver_id: int | None
    csrf: str = field(repr=False)
    token: str = field(repr=False)
    bundling_until: datetime | None
    notices: tuple[Notice, ...] = ()
    must_change: bool = False
    acting_for: ActingFor | None = None
    base: str = ""


class WebLogin:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        rules: WebSessionRules,
        code_minutes: int,
        hasher: PinHasher,
        accounts: Accounts,
        lockout: Lockout,
        drivers: DriverLogin,
    ) -> None:
        self._database = database
        self._clock = clock
        self._code_lasts = timedelta(minutes=code_minutes)
        self._hasher = hasher
        self._accounts = accounts
        self._lockout = lockout
        self._drivers = drivers
        self._sessions: HeldSessions[WebAccount] = HeldSessions(
            database,
            table=WebSession,
            owner=WebSession.account_id,
            account=WebAccount,
            key=WebAccount.id,
            active=WebAccount.active.is_(True),
            longest=timedelta(hours=rules.session_hours),
            idle=timedelta(minutes=rules.idle_minutes),
        )

    async def log_in(self, user_id: str, password: str, address: str) -> str:
        """The token of a new session.

        Failures are counted for this user ID from this address, so that a stranger elsewhere can
        lock nobody out of the portal, and nobody here out of the telephone.

        Raises Problem LOGIN_REFUSED, LOGIN_LOCKED.
        """
        counted = at_address("web", user_id, address)
        if not await self._lockout.admits(counted):
            log.warning("web_login.locked", user_id=last_three(user_id))
            await self._journal(user_id, "login_locked")
            raise Problem(Code.LOGIN_LOCKED)
        async with self._database.reading() as session:
            account = (
                await session.execute(
                    select(WebAccount).where(WebAccount.user_id == user_id, WebAccount.active)
                )
            ).scalar()
        kept = account.password_hash if account is not None else None
        if not await self._hasher.verify(kept, password) or account is None:
            log.warning("web_login.refused", user_id=last_three(user_id))
            await self._journal(user_id, "login_refused")
            raise Problem(Code.LOGIN_REFUSED)
        async with self._database.writing() as session:
            held = self._sessions.begin(session, account)
            write_down(session, self._clock(), "logged_in", "user", user_id)
        await self._lockout.clear(counted)
        log.info("web_login.accepted", user_id=last_three(user_id), role=account.role)
        return held.token

    async def _journal(self, user_id: str, deed: EventDeed) -> None:
        """Of an ID that is nobody's only that one was tried: it may be a password in its place."""
        async with self._database.writing() as session:
            known = await session.scalar(
                select(WebAccount.user_id).where(WebAccount.user_id == user_id)
            )
            write_down(session, self._clock(), deed, "user", known or "")

    async def visitor(self, token: str, *, page: bool = False) -> WebVisitor | None:
        """Who holds this token, if anybody still does; for a page, with what it is to say."""
        held: HeldSession[WebAccount] | None = await self._sessions.held_by(token)
        if held is None:
            return None
        account = held.account
        async with self._database.reading() as session:
            company = (
                await session.execute(
                    select(Company.registration_number).where(Company.id == account.company_id)
                )
            ).scalar_one()
            kept = (
                await session.execute(
                    select(WebSession.code_until, WebSession.notices).where(
                        WebSession.account_id == account.id, WebSession.csrf == held.csrf
                    )
                )
            ).one_or_none()
        until, notices = kept if kept is not None else (None, None)
        if notices and page:
            await self._note(account.id, held.csrf, notices=None)
        return WebVisitor(
            account_id=account.id,
            user_id=account.user_id,
            name=account.name,
            role=cast(WebRole, account.role),
            company_id=account.company_id,
            company=company,
            driver_id=account.driver_id,
            csrf=held.csrf,
            token=token,
            bundling_until=until if until is not None and until > self._clock() else None,
            notices=tuple(Notice(**notice) for notice in notices or ()) if page else (),
            must_change=account.first_password_at is not None,
        )

    async def tell(self, visitor: WebVisitor, text: str, *, bad: bool = False) -> None:
        """Have it said on the next page this visitor sees, once, whichever node makes it."""
        notices = [{"text": text, "bad": bad}]
        await self._note(visitor.account_id, visitor.csrf, notices=notices)

    async def _note(self, account_id: int, csrf: str, **values: Any) -> None:
        """Write it into a session."""
        async with self._database.writing() as session:
            await session.execute(
                update(WebSession)
                .where(WebSession.account_id == account_id, WebSession.csrf == csrf)
                .values(**values)
            )

    async def open_bundling(self, visitor: WebVisitor, code: str) -> None:
        """A driver's one-time code opens bundling for a while, as it does on the telephone.

        Raises Problem LOGIN_REFUSED, LOGIN_LOCKED.
        """
        await self._drivers.spend_code(visitor.user_id, code)
        until = self._clock() + self._code_lasts
        await self._note(visitor.account_id, visitor.csrf, code_until=until)

    async def log_out(self, token: str) -> None:
        await self._sessions.end(token)

    async def change_password(self, visitor: WebVisitor, old: str, new: str) -> None:
        """Ends all sessions of the account.

        Raises Problem LOGIN_REFUSED (the old one is wrong), INVALID_REGISTRATION (the new one is
        too weak, or the old one), LOGIN_LOCKED.
        """
        counted = at_address("web", visitor.user_id, "password")
        if not await self._lockout.admits(counted):
            raise Problem(Code.LOGIN_LOCKED)
        async with self._database.reading() as session:
            account = await session.get_one(WebAccount, visitor.account_id)
        if not await self._hasher.verify(account.password_hash, old):
            raise Problem(Code.LOGIN_REFUSED)
        await self._lockout.clear(counted)
        if new == old:
            raise Problem(Code.INVALID_REGISTRATION, "password")
        hashed = await self._accounts.hashed(new, visitor.user_id)
        async with self._database.writing() as session:
            await session.execute(
                update(WebAccount)
                .where(WebAccount.id == visitor.account_id)
                .values(password_hash=hashed, first_password_at=None)
            )
            note(session, self._clock(), visitor.user_id, "password_changed", visitor.user_id)
            await self._sessions.end_all_of(session, account)
        log.info("web_login.password_changed", user_id=last_three(visitor.user_id))

    async def sweep(self) -> None:
        """Forget sessions that are over."""
        await self._sessions.purge()
