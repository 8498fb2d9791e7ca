"""Log-in by user ID, PIN and the code of the security token: refused alike whatever was wrong."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import cast

import structlog
from sqlalchemy import select

from rocars.clock import Clock
from rocars.entrance.lockout import Lockout
from rocars.entrance.messages import LoggedIn, LogIn
from rocars.entrance.sessions import NewSession, Sessions
from rocars.entrance.settings import LoginRules
from rocars.messages import Language
from rocars.refusals import Code, Problem
from rocars.registry.vehicles import marks_of
from rocars.secrets.aliases import user_id_of
from rocars.secrets.kept_tokens import in_force, latest_place, spend, token_on_file
from rocars.secrets.key_ring import KeyRing
from rocars.secrets.masking import last_three
from rocars.secrets.pins import PinHasher
from rocars.secrets.resynchronising import Resynchronising
from rocars.secrets.settings import TokenSettings
from rocars.secrets.tokens import MIN_SEED_BYTES, Acceptable, Token, as_believed, judge
from rocars.store.database import Database
from rocars.store.journal import EventDeed, write_down
from rocars.store.tables.registration import Driver
from rocars.store.tables.security import SecurityToken

log = structlog.get_logger("rocars.login")


@dataclass(frozen=True)
class _Applicant:
    """What is on file for the user ID keyed; for an unknown one, a stand-in nobody can match."""

    driver: Driver | None
    token: Token


class DriverLogin:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        rules: LoginRules,
        token: TokenSettings,
        keys: KeyRing,
        pins: PinHasher,
        lockout: Lockout,
        sessions: Sessions,
    ) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules
        self._token = token
        self._keys = keys
        self._pins = pins
        self._lockout = lockout
        self._sessions = sessions
        self._resynchronising = Resynchronising(token)
        self._nobodys_seed = keys.lock_seed(secrets.token_bytes(MIN_SEED_BYTES))

    async def spend_code(self, user_id: str, code: str) -> int:
        """Accept a one-time code from a driver who was made sure of otherwise; gives their id.

        The count of failures is that of all channels, and a code counts once in all of them.
        Raises Problem LOGIN_REFUSED or LOGIN_LOCKED.
        """
        if not await self._lockout.admits(user_id):
            raise await self._locked(user_id)
        applicant = await self._on_file(user_id)
        found = self._judged(applicant, user_id, code, known=True)
        if applicant.driver is None or found is None:
            raise await self._refused(user_id)
        async with self._database.writing() as session:
            if not await spend(session, applicant.driver.id, found, self._latest(applicant.token)):
                raise self._refusal(user_id)  # another channel was faster with this code
            write_down(session, self._clock(), "code_accepted", "user", user_id)
        self._resynchronising.forget(user_id)
        await self._lockout.clear(user_id)
        log.info("login.code_accepted", user_id=last_three(user_id))
        return applicant.driver.id

    def _judged(
        self, applicant: _Applicant, user_id: str, code: str, *, known: bool
    ) -> Acceptable | None:
        """Where the code belongs; the second of two in a row brings a token back in step.

        Args:
            known: whether all else that the driver gave was right.
        """
        found = judge(
            applicant.token,
            code,
            self._clock(),
            look_ahead=self._token.hotp_look_ahead,
            max_drift=self._token.totp_max_drift_steps,
        )
        second = self._resynchronising.second_code(
            user_id,
            applicant.token,
            code,
            self._clock(),
            remember=applicant.driver is not None and known and found is None,
        )
        if found is None and second is not None:
            log.warning("login.token_back_in_step", user_id=last_three(user_id))
            return second
        return found

    async def log_in(self, keyed: LogIn) -> LoggedIn:
        """Raises Problem LOGIN_REFUSED or LOGIN_LOCKED.

        A wrong try costs the same work whoever it names: one charge of the lock-out, one look-up,
        one argon2 verification, one set of one-time codes.
        """
        user_id = user_id_of(keyed.user_id, self._keys, self._clock())
        if not await self._lockout.admits(user_id):
            raise await self._locked(user_id)
        applicant = await self._on_file(user_id)
        driver = applicant.driver
        pin_right = True
        if self._rules.pin_required:
            pin_right = await self._pins.verify(
                driver.pin_hash if driver else None, keyed.pin.get_secret_value()
            )
        code = keyed.code.get_secret_value()
        found = self._judged(applicant, user_id, code, known=pin_right)
        if driver is None or not pin_right or found is None:
            raise await self._refused(user_id)
        async with self._database.writing() as session:
            if not await spend(session, driver.id, found, self._latest(applicant.token)):
                raise self._refusal(user_id)  # another log-in was faster with this code
            fresh: NewSession = self._sessions.open(session, driver.id)
            marks = await marks_of(session, driver.id)
            write_down(session, self._clock(), "logged_in", "user", user_id)
        self._resynchronising.forget(user_id)
        await self._lockout.clear(user_id)
        log.info("login.accepted", user_id=last_three(user_id))
        return LoggedIn(
            user_id=user_id,
            session=fresh.token,
            expires_at=fresh.expires_at,
            vehicles=list(marks),
            language=cast(Language, driver.language),
        )

    def _latest(self, token: Token) -> int:
        """The last place in its sequence that the token may have reached by now."""
        return latest_place(token, self._clock(), self._token.totp_max_drift_steps)

    async def _locked(self, user_id: str) -> Problem:
        log.warning("login.locked", user_id=last_three(user_id))
        await self._note(user_id, "login_locked")
        return Problem(Code.LOGIN_LOCKED)

    async def _refused(self, user_id: str) -> Problem:
        """Written down whether there is such a driver or not, so that both take as long."""
        await self._note(user_id, "login_refused")
        return self._refusal(user_id)

    async def _note(self, user_id: str, deed: EventDeed) -> None:
        """Of an ID that is nobody's only that one was tried: it may be a PIN keyed in its place."""
        async with self._database.writing() as session:
            known = await session.scalar(select(Driver.user_id).where(Driver.user_id == user_id))
            write_down(session, self._clock(), deed, "user", known or "")

    def _refusal(self, user_id: str) -> Problem:
        log.warning("login.refused", user_id=last_three(user_id))
        return Problem(Code.LOGIN_REFUSED)

    async def _on_file(self, user_id: str) -> _Applicant:
        async with self._database.reading() as session:
            row = (
                await session.execute(
                    select(Driver, SecurityToken)
                    .join(SecurityToken, SecurityToken.driver_id == Driver.id)
                    .where(Driver.user_id == user_id, *in_force(self._clock()))
                )
            ).one_or_none()
        if row is None:
            seed = self._keys.unlock_seed(self._nobodys_seed)
            return _Applicant(None, Token("hotp", seed, self._token.digits))
        driver, kept = row
        written = token_on_file(kept, self._keys)
        token = as_believed(written, self._clock(), self._token.totp_max_drift_steps)
        if token is not written:
            log.warning("login.clock_was_ahead", user_id=last_three(driver.user_id))
        return _Applicant(driver, token)
