"""Which days a report is of, and since when it is due."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from ivr.records.hong_kong import HONG_KONG
from ivr.records.report_periods import ReportPeriod

_DAY = timedelta(days=1)


def last_whole(period: ReportPeriod, at: datetime, hour: int) -> tuple[date, date]:
    """The first and the last day of the newest period that is over, and whose report is due.

    `hour`: reports are due from this hour on of the day after, Hong Kong time.
    """
    today = (at.astimezone(HONG_KONG) - timedelta(hours=hour)).date()
    match period:
        case ReportPeriod.DAILY:
            return today - _DAY, today - _DAY
        case ReportPeriod.WEEKLY:
            monday = today - timedelta(days=today.weekday())
            return monday - timedelta(days=7), monday - _DAY
        case ReportPeriod.MONTHLY:
            last = today.replace(day=1) - _DAY
            return last.replace(day=1), last


def before(period: ReportPeriod, first: date) -> tuple[date, date]:
    """The days that a report which begins on `first` is compared with."""
    last = first - _DAY
    match period:
        case ReportPeriod.DAILY:
            return first - timedelta(days=7), first - timedelta(days=7)
        case ReportPeriod.WEEKLY:
            return first - timedelta(days=7), last
        case ReportPeriod.MONTHLY:
            return last.replace(day=1), last
