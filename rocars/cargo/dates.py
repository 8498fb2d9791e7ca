"""The days for which cargo may be lodged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rocars.cargo.settings import CargoRules
from rocars.clock import in_hong_kong
from rocars.refusals import Code, Problem


@dataclass(frozen=True)
class LodgingDates:
    """The first and the last expected date that may be lodged at one instant, Hong Kong time."""

    first: date
    last: date

    @classmethod
    def at(cls, now: datetime, rules: CargoRules) -> LodgingDates:
        today = in_hong_kong(now).date()
        return cls(today, today + timedelta(days=rules.max_days_ahead))

    def check(self, expected: date) -> None:
        """Raises Problem DATE_PAST, TOO_EARLY_TO_LODGE."""
        if expected < self.first:
            raise Problem(Code.DATE_PAST, expected.isoformat())
        if expected > self.last:
            raise Problem(Code.TOO_EARLY_TO_LODGE, expected.isoformat())
