"""The second factor of a log-in: one-time codes by time (TOTP, RFC 6238) of an authenticator, and
the tickets between its two steps."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import pyotp
from cryptography.fernet import Fernet, InvalidToken

STEP_S = 30
DRIFT = 1
"""So many steps before and after now are taken: clocks differ, people are slow."""

TICKET_GOOD = timedelta(minutes=5)
ISSUER = "ROCARS by telephone"


class SecondFactorAway(Exception):
    """Somebody has a second factor, and the settings have no key to check it with."""


class CodeWanted(Exception):
    """The password was right; `ticket` goes back with the second factor."""

    def __init__(self, ticket: str) -> None:
        super().__init__("a second factor is wanted")
        self.ticket = ticket


class TicketUse(StrEnum):
    """What a ticket is good for, and nothing else."""

    LOG_IN = "log in"
    MAKE_PASSKEY = "make a passkey"
    CHANGE_FACTORS = "change second factors"


@dataclass(frozen=True)
class Ticket:
    """That somebody gave the right password just now.

    Attributes:
        name: of the account.
        about: how a passkey is to be called that they are about to make, or what they are about to
            change of their second factors; empty at a log-in.
        challenge: what a passkey has to sign, of this ticket alone.
    """

    name: str
    about: str
    challenge: bytes
    made_at: datetime


@dataclass(frozen=True)
class Enrolment:
    """A seed that somebody is about to take into their authenticator.

    Attributes:
        secret: base32, as it is typed where no picture can be taken.
        address: ``otpauth://…``, what the picture holds.
        sealed: the seed for them alone, to come back with the first code.
    """

    secret: str
    address: str
    sealed: str


class SecondFactor:
    """Seeds leave this class sealed with a key that is not in the database (Fernet)."""

    def __init__(self, key: str) -> None:
        """`key`: 32 bytes in URL-safe base64. Raises ValueError."""
        self._fernet = Fernet(key)

    def enrol(self, name: str) -> Enrolment:
        secret = pyotp.random_base32()
        address = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)
        return Enrolment(secret, address, self._sealed({"name": name, "seed": secret}))

    def seed_for(self, name: str, sealed: str) -> str | None:
        """The sealed seed as it is kept, if it was made for this name of late."""
        contents = self._opened(sealed, TICKET_GOOD * 3)
        if contents is None or contents.get("name") != name or "seed" not in contents:
            return None
        return self._fernet.encrypt(contents["seed"].encode()).decode()

    def step_of(self, kept: str, code: str, at: datetime, last: int | None) -> int | None:
        """The time step whose code this is; None for a wrong code, or one that was used before
        (RFC 6238, 5.2). Raises SecondFactorAway when the seed was sealed with another key."""
        try:
            seed = self._fernet.decrypt(kept.encode()).decode()
        except InvalidToken:
            raise SecondFactorAway("the seed was sealed with another key") from None
        totp, now = pyotp.TOTP(seed), int(at.timestamp()) // STEP_S
        given = "".join(code.split())
        for step in range(now - DRIFT, now + DRIFT + 1):
            if (last is None or step > last) and pyotp.utils.strings_equal(
                totp.at(step * STEP_S), given
            ):
                return step
        return None

    def ticket(
        self, name: str, at: datetime, use: TicketUse = TicketUse.LOG_IN, about: str = ""
    ) -> str:
        """That somebody of this name gave the right password just now (`Ticket`)."""
        return self._sealed(
            {
                "passed": name,
                "use": use.value,
                "about": about,
                "challenge": secrets.token_hex(32),
                "at": at.isoformat(),
            }
        )

    def opened(self, ticket: str, use: TicketUse = TicketUse.LOG_IN) -> Ticket | None:
        """A ticket of ours that is good still; None for any other, and for one of another use."""
        found = self._opened(ticket, TICKET_GOOD)
        if found is None or found.get("use") != use:
            return None
        made_at = datetime.fromisoformat(found["at"])
        return Ticket(found["passed"], found["about"], bytes.fromhex(found["challenge"]), made_at)

    def _sealed(self, contents: dict[str, str]) -> str:
        return self._fernet.encrypt(json.dumps(contents).encode()).decode()

    def _opened(self, sealed: str, good: timedelta) -> dict[str, str] | None:
        try:
            contents = self._fernet.decrypt(
                sealed.encode("utf-8", "replace"), ttl=int(good.total_seconds())
            )
        except InvalidToken:
            return None
        opened: dict[str, str] = json.loads(contents)
        return opened
