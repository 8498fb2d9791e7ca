"""The hours of the hotline, as calendar programs and 1823.gov.hk write them."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from ivr.call.hotline_calendar import HONG_KONG, CalendarUnreadable, HotlineCalendar, Opening

pytestmark = pytest.mark.unit

HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\n"
WEEKDAYS = (
    f"{HEAD}BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20260105T090000\r\nDTEND:20260105T180000\r\n"
    "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
NATIONAL_DAY = (
    f"{HEAD}BEGIN:VEVENT\r\nUID:2\r\nDTSTAMP:20260101T000000Z\r\nTRANSP:TRANSPARENT\r\n"
    "DTSTART;VALUE=DATE:20261001\r\nDTEND;VALUE=DATE:20261002\r\nSUMMARY:國慶日\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def hong_kong(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=HONG_KONG)


@pytest.fixture
def hours(tmp_path: Path) -> Path:
    path = tmp_path / "hours.ics"
    path.write_text(WEEKDAYS)
    return path


@pytest.fixture
def holidays(tmp_path: Path) -> Path:
    path = tmp_path / "holidays.ics"
    path.write_text(NATIONAL_DAY)
    return path


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        (hong_kong(30, 9), Opening()),  # a Monday
        (hong_kong(30, 17, 59), Opening()),
        (hong_kong(30, 8, 59), Opening(shut=True, opens=hong_kong(30, 9))),
        (hong_kong(27, 18), Opening(shut=True, opens=hong_kong(30, 9))),  # over the week-end
        (hong_kong(1, 10, month=10), Opening(shut=True, opens=hong_kong(2, 9, month=10))),
    ],
)
def test_open_by_the_week_and_shut_on_holidays(
    hours: Path, holidays: Path, at: datetime, opening: Opening
) -> None:
    assert HotlineCalendar(hours, [holidays]).at(at) == opening


def test_without_hours_it_is_shut_on_holidays_alone(holidays: Path) -> None:
    calendar = HotlineCalendar(None, [holidays])
    assert calendar.at(hong_kong(2, 3, month=10)) == Opening()
    shut = Opening(shut=True, opens=hong_kong(2, 0, month=10))
    assert calendar.at(hong_kong(1, 0, month=10)) == shut


def test_times_of_another_zone_are_those_of_hong_kong(hours: Path) -> None:
    hours.write_text(WEEKDAYS.replace("T090000", "T010000Z").replace("T180000", "T100000Z"))
    assert HotlineCalendar(hours, []).at(hong_kong(30, 17, 59)) == Opening()


def test_an_event_that_was_cancelled_does_not_count(hours: Path, holidays: Path) -> None:
    holidays.write_text(NATIONAL_DAY.replace("SUMMARY", "STATUS:CANCELLED\r\nSUMMARY"))
    assert HotlineCalendar(hours, [holidays]).at(hong_kong(1, 10, month=10)) == Opening()


def test_shut_for_longer_than_is_looked_ahead(hours: Path) -> None:
    over = WEEKDAYS.replace("DAY=MO,TU,WE,TH,FR", "DAY=MO;UNTIL=20260201T000000")
    hours.write_text(over)
    assert HotlineCalendar(hours, []).at(hong_kong(30, 10)) == Opening(shut=True)


def test_a_changed_file_is_read(hours: Path) -> None:
    calendar = HotlineCalendar(hours, [])
    assert calendar.at(hong_kong(30, 18, 30)).shut
    hours.write_text(WEEKDAYS.replace("T180000", "T190000"))
    os.utime(hours, (1, 1))
    assert not calendar.at(hong_kong(30, 18, 30)).shut


@pytest.mark.parametrize("text", ["", "hello", "BEGIN:VCALENDAR\r\n", f"{HEAD}END:VCALENDAR\r\n"])
def test_a_file_that_is_no_calendar_is_named(hours: Path, text: str) -> None:
    hours.write_text(text)
    with pytest.raises(CalendarUnreadable, match=r"hours\.ics is no calendar"):
        HotlineCalendar(hours, []).at(hong_kong(30, 9))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CalendarUnreadable, match=r"gone\.ics: No such file"):
        HotlineCalendar(tmp_path / "gone.ics", []).at(hong_kong(30, 9))
