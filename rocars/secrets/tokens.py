"""One-time codes of security tokens (HOTP, RFC 4226; TOTP, RFC 6238).

This file only judges. That a code counts once is settled in the database, where the counter is
moved past it on condition that nobody has done so (`rocars.entrance.login`).
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

import pyotp

MIN_SEED_BYTES = 20
"""RFC 4226 R6: 128 bits required, 160 recommended; we ask for the recommended."""


@dataclass(frozen=True)
class Token:
    """A token as it stands before a log-in; `next_counter` and `drift` as in SecurityToken."""

    kind: str
    seed: bytes = field(repr=False)
    digits: int
    next_counter: int = 0
    step_s: int = 30
    drift: int = 0


@dataclass(frozen=True)
class Acceptable:
    """The counter (HOTP) or step (TOTP) a code belongs to, and the clock drift it shows, steps."""

    counter: int
    drift: int = 0


def code_at(token: Token, counter: int) -> str:
    """The code of one HOTP counter or TOTP step."""
    return pyotp.HOTP(base64.b32encode(token.seed).decode(), digits=token.digits).at(counter)


def time_step(now: datetime, step_s: int) -> int:
    """Steps since the Unix epoch (RFC 6238 section 4.2)."""
    return int(now.timestamp()) // step_s


def next_code(token: Token, now: datetime) -> str:
    """The code the token's display shows next (HOTP) or shows now (TOTP)."""
    if token.kind == "totp":
        return code_at(token, time_step(now, token.step_s) + token.drift)
    return code_at(token, token.next_counter)


def seconds_left(token: Token, now: datetime) -> int | None:
    """Until the token's display changes by itself; None for HOTP, whose button changes it."""
    if token.kind != "totp":
        return None
    return token.step_s - int(now.timestamp()) % token.step_s


def latest_step(now: datetime, step_s: int, max_drift: int) -> int:
    """The latest TOTP step a token can have reached. One that is said to be beyond was used while
    the clock of this machine was ahead: put right, it would refuse the token until then."""
    return time_step(now, step_s) + max_drift + 2


def as_believed(token: Token, now: datetime, max_drift: int) -> Token:
    """The token without what a wrong clock of this machine has written of it."""
    if token.kind != "totp" or token.next_counter <= latest_step(now, token.step_s, max_drift):
        return token
    return replace(token, next_counter=0, drift=0)


def judge(
    token: Token, code: str, now: datetime, *, look_ahead: int, max_drift: int
) -> Acceptable | None:
    """Where in the token's sequence `code` belongs, or None.

    HOTP: the expected counter and `look_ahead` beyond it (RFC 4226 section 7.4). TOTP: one step
    either side of the token's remembered clock and of the true time (RFC 6238 sections 5.2 and 6: a
    clock that was put right has no drift any more), never a step before `next_counter`. Every
    candidate is computed and compared, match or not.
    """
    candidates: Iterable[int]
    if token.kind == "totp":
        true_step = time_step(now, token.step_s)
        centre = true_step + token.drift
        candidates = (centre, centre - 1, centre + 1, true_step, true_step - 1, true_step + 1)
    else:
        true_step = 0
        candidates = range(token.next_counter, token.next_counter + look_ahead + 1)
    found: Acceptable | None = None
    for counter in candidates:
        same = hmac.compare_digest(code_at(token, max(counter, 0)).encode(), code.encode())
        if not same or found is not None or counter < token.next_counter:
            continue
        if token.kind == "totp":
            drift = max(-max_drift, min(max_drift, counter - true_step))
            found = Acceptable(counter, drift)
        else:
            found = Acceptable(counter)
    return found
