"""When people answer at the hotline, by calendars (iCalendar, RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

HONG_KONG = timezone(timedelta(hours=8), "HKT")
LOOKS_AHEAD = timedelta(days=15)
"""Longer than any row of holidays. If the hotline stays closed for longer, callers are told that it
is closed but not until when."""

Span = tuple[datetime, datetime]
"""From the first instant up to, but without, the second."""


class CalendarUnreadable(Exception):
    """A calendar that cannot be used; the text names the file."""


@dataclass(frozen=True)
class Opening:
    """Whether the hotline is open at an instant.

    Attributes:
        opens: when it opens next, if it is closed and that is known.
    """

    shut: bool = False
    opens: datetime | None = None


class HotlineCalendar:
    """The hours of the hotline and its closed days. Files are read again when they change."""

    def __init__(self, hours: Path | None, holidays: Sequence[Path]) -> None:
        """`hours`: its events are the times when the hotline is open; without it, always.
        `holidays`: its events are times when it is closed nevertheless."""
        self._hours = hours
        self._holidays = tuple(holidays)
        self._spans: list[Span] = []
        self._known_for: object = None

    def at(self, at: datetime) -> Opening:
        """Whether it is open at that instant. Raises CalendarUnreadable."""
        at = at.astimezone(HONG_KONG)
        known_for = (at.date(), *(_version(path) for path in self._files()))
        if known_for != self._known_for:
            midnight = datetime.combine(at.date(), time(), HONG_KONG)
            self._spans = self._open_between(midnight, midnight + LOOKS_AHEAD)
            self._known_for = known_for
        if any(begins <= at < ends for begins, ends in self._spans):
            return Opening()
        later = [begins for begins, _ in self._spans if begins > at]
        return Opening(shut=True, opens=min(later, default=None))

    def _files(self) -> Iterable[Path]:
        return (*([self._hours] if self._hours else ()), *self._holidays)

    def _open_between(self, begins: datetime, ends: datetime) -> list[Span]:
        spans = [(begins, ends)] if self._hours is None else _events(self._hours, begins, ends)
        for path in self._holidays:
            for shut in _events(path, begins, ends):
                spans = [left for span in spans for left in _without(span, shut)]
        return spans


def _version(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as failure:
        raise CalendarUnreadable(f"{path}: {failure.strerror}") from failure
    return found.st_mtime_ns, found.st_size


def _events(path: Path, begins: datetime, ends: datetime) -> list[Span]:
    """The events of a calendar between two instants, with rules of repetition expanded."""
    # Imported here, not above: most nodes have no calendar, and these modules load slowly.
    import recurring_ical_events
    from icalendar import Calendar

    try:
        calendar = Calendar.from_ical(path.read_bytes())
        if not calendar.walk("VEVENT"):
            raise ValueError("there is no event in it")
        found = recurring_ical_events.of(calendar).between(begins, ends)
        return [
            (_instant(event.start), _instant(event.end))
            for event in found
            if str(event.get("STATUS", "")).upper() != "CANCELLED"
        ]
    except OSError as failure:
        raise CalendarUnreadable(f"{path}: {failure.strerror}") from failure
    except Exception as failure:  # the library may raise anything for a file that is no calendar
        raise CalendarUnreadable(f"{path} is no calendar (RFC 5545): {failure}") from failure


def _instant(at: Any) -> datetime:
    """Days, and times without a zone, are taken as Hong Kong time."""
    if isinstance(at, datetime):
        return at.astimezone(HONG_KONG) if at.tzinfo else at.replace(tzinfo=HONG_KONG)
    assert isinstance(at, date)
    return datetime.combine(at, time(), HONG_KONG)


def _without(span: Span, shut: Span) -> list[Span]:
    """The rest of a span when another one is cut out of it."""
    parts = [(span[0], min(span[1], shut[0])), (max(span[0], shut[1]), span[1])]
    return [(begins, ends) for begins, ends in parts if begins < ends]
