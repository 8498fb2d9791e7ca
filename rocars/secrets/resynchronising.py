"""The way back for a token that is out of step: two of its codes in a row (RFC 4226 section 7.4).

Its clock, or the server's own, was far off; or its button was pressed often. One code that fits
within the widest window proves little, so it is refused and its place remembered; a code that
follows that one brings the token back. Both count as tries for the lock-out.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from datetime import datetime

from rocars.secrets.settings import TokenSettings
from rocars.secrets.tokens import Acceptable, Token, code_at, time_step

MOST_REMEMBERED = 10_000
"""Drivers; the one whose try is longest ago is forgotten first."""

FOLLOWS_WITHIN_STEPS = 4
"""A display of 30 s shows so many codes until a driver has keyed in all again."""


class Resynchronising:
    """The last code of each driver that was out of step; of this process, in memory."""

    def __init__(self, settings: TokenSettings) -> None:
        self._settings = settings
        self._last: OrderedDict[str, int] = OrderedDict()

    def second_code(
        self, user_id: str, token: Token, code: str, now: datetime, *, remember: bool
    ) -> Acceptable | None:
        """Where the code belongs if it follows the one tried before.

        The same work whoever is named. With `remember` false (the PIN was wrong) nothing is
        learnt from the try.
        """
        true_step = time_step(now, token.step_s) if token.kind == "totp" else 0
        if token.kind == "totp":
            widest = self._settings.totp_max_drift_steps
            places = range(true_step - widest, true_step + widest + 1)
            follows = range(1, FOLLOWS_WITHIN_STEPS + 1)
        else:
            places = range(
                token.next_counter, token.next_counter + self._settings.hotp_resync_window + 1
            )
            follows = range(1, 2)
        found = [
            place
            for place in places
            if hmac.compare_digest(code_at(token, max(place, 0)).encode(), code.encode())
            and place >= token.next_counter
        ]
        if not remember:
            return None
        last = self._last.pop(user_id, None)
        for place in found:
            if last is not None and place - last in follows:
                return Acceptable(place, place - true_step if token.kind == "totp" else 0)
        if found:
            self._last[user_id] = found[0]
            if len(self._last) > MOST_REMEMBERED:
                self._last.popitem(last=False)
        return None

    def forget(self, user_id: str) -> None:
        """The driver is in: what was tried before is not in a row with what comes next."""
        self._last.pop(user_id, None)
