"""Log-in by user ID, PIN and the code of the security token: refused alike whatever was wrong."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import cast

import structlog
from sqlalchemy import CursorResult, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.clock import Clock
from rocars.database import Database
from rocars.key_ring import KeyRing
from rocars.lockout import Lockout
from rocars.masking import last_three
from rocars.messages import Language, LoggedIn, LogIn
from rocars.pins import PinHasher
from rocars.problems import Code, Problem
from rocars.sessions import NewSession, Sessions
from rocars.settings import RocarsSettings
from rocars.tables import Driver, SecurityToken
from rocars.tokens import MIN_SEED_BYTES, Acceptable, Token, judge
from rocars.vehicles import marks_of

log = structlog.get_logger("rocars.login")


@dataclass(frozen=True)
class _Applicant:
    """What is on file for the user ID keyed; for an unknown one, a stand-in nobody can match."""

    driver: Driver | None
    token: Token


class LoginDesk:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: RocarsSettings,
        keys: KeyRing,
        pins: PinHasher,
        lockout: Lockout,
        sessions: Sessions,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._keys = keys
        self._pins = pins
        self._lockout = lockout
        self._sessions = sessions
        self._nobodys_seed = keys.lock_seed(secrets.token_bytes(MIN_SEED_BYTES))

    async def log_in(self, keyed: LogIn) -> LoggedIn:
        """Raises Problem LOGIN_REFUSED or LOGIN_LOCKED.

        A wrong try costs the same work whoever it names: one charge of the lock-out, one look-up,
        one argon2 verification, one set of one-time codes.
        """
        if not await self._lockout.admits(keyed.user_id):
            log.warning("login.locked", user_id=last_three(keyed.user_id))
            raise Problem(Code.LOGIN_LOCKED)
        applicant = await self._on_file(keyed.user_id)
        driver = applicant.driver
        pin_right = True
        if self._settings.auth.pin_required:
            pin_right = await self._pins.verify(
                driver.pin_hash if driver else None, keyed.pin.get_secret_value()
            )
        found = judge(
            applicant.token,
            keyed.code.get_secret_value(),
            self._clock(),
            look_ahead=self._settings.token.hotp_look_ahead,
            max_drift=self._settings.token.totp_max_drift_steps,
        )
        if driver is None or not pin_right or found is None:
            raise self._refusal(keyed.user_id)
        async with self._database.write() as session:
            if not await _spend(session, driver.id, found):
                raise self._refusal(keyed.user_id)  # another log-in was faster with this code
            fresh: NewSession = self._sessions.open(session, driver.id)
            marks = await marks_of(session, driver.id)
        await self._lockout.clear(keyed.user_id)
        log.info("login.accepted", user_id=last_three(keyed.user_id))
        return LoggedIn(
            session=fresh.token,
            expires_at=fresh.expires_at,
            vehicles=list(marks),
            language=cast(Language, driver.language),
        )

    def _refusal(self, user_id: str) -> Problem:
        log.warning("login.refused", user_id=last_three(user_id))
        return Problem(Code.LOGIN_REFUSED)

    async def _on_file(self, user_id: str) -> _Applicant:
        async with self._database.read() as session:
            row = (
                await session.execute(
                    select(Driver, SecurityToken)
                    .join(SecurityToken, SecurityToken.driver_id == Driver.id)
                    .where(Driver.user_id == user_id)
                )
            ).one_or_none()
        if row is None:
            seed = self._keys.unlock_seed(self._nobodys_seed)
            return _Applicant(None, Token("hotp", seed, self._settings.token.digits))
        driver, kept = row
        return _Applicant(driver, token_on_file(kept, self._keys))


def token_on_file(kept: SecurityToken, keys: KeyRing) -> Token:
    """The token with its seed unlocked, for as short as possible. Raises KeyMissing."""
    return Token(
        kind=kept.kind,
        seed=keys.unlock_seed(kept.seed),
        digits=kept.digits,
        next_counter=kept.next_counter,
        step_s=kept.step_s or 30,
        drift=kept.drift,
    )


async def _spend(session: AsyncSession, driver_id: int, found: Acceptable) -> bool:
    """Move the token past this code, unless it has moved already. Of two, exactly one succeeds."""
    result = await session.execute(
        update(SecurityToken)
        .where(SecurityToken.driver_id == driver_id, SecurityToken.next_counter <= found.counter)
        .values(next_counter=found.counter + 1, drift=found.drift)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[object]", result).rowcount == 1
