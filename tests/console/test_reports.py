"""Figures by e-mail: of the right days, once, tried again, and without anybody's data."""

from __future__ import annotations

import asyncio
import csv
import email
import email.policy
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import update

from ivr.console.alert_settings import AlertSettings
from ivr.console.report_settings import ReportSettings
from ivr.console.reports.due import before, last_whole
from ivr.console.reports.sender import ReportSender
from ivr.records.facts import now
from ivr.records.hong_kong import hong_kong_day
from ivr.records.outcome import CallOutcome
from ivr.records.report_periods import ReportPeriod
from ivr.records.report_tables import Report
from ivr.records.reports import BACK_OFF, Reports
from ivr.records.roles import Role
from tests.console.conftest import Console
from tests.console.test_door import browser
from tests.support.mail_server import mail_server
from tests.support.pace import limit
from tests.support.past_calls import past_call

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

TO = ["head@example.hk", "second@example.hk"]


@pytest.mark.parametrize(
    ("period", "at", "first", "last", "compared"),
    [
        # 07:00 in Hong Kong is 23:00 UTC of the day before; 2026-11-30 is a Monday.
        ("daily", "2026-11-29T23:00", "2026-11-29", "2026-11-29", "2026-11-22"),
        ("daily", "2026-11-29T22:59", "2026-11-28", "2026-11-28", "2026-11-21"),
        ("weekly", "2026-11-29T23:00", "2026-11-23", "2026-11-29", "2026-11-16"),
        ("weekly", "2026-11-29T22:59", "2026-11-16", "2026-11-22", "2026-11-09"),
        ("monthly", "2026-11-30T23:00", "2026-11-01", "2026-11-30", "2026-10-01"),
        ("monthly", "2026-11-30T22:59", "2026-10-01", "2026-10-31", "2026-09-01"),
        ("monthly", "2028-03-15T12:00", "2028-02-01", "2028-02-29", "2028-01-01"),
        ("monthly", "2027-01-15T12:00", "2026-12-01", "2026-12-31", "2026-11-01"),
    ],
)
async def test_the_newest_days_that_are_over(
    period: str, at: str, first: str, last: str, compared: str
) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    found = last_whole(ReportPeriod(period), moment, 7)
    assert found == (date.fromisoformat(first), date.fromisoformat(last))
    assert before(ReportPeriod(period), found[0])[0] == date.fromisoformat(compared)


def sender(console: Console, port: int, **rules: object) -> ReportSender:
    """Of a console whose mail server is at this port."""
    mail = AlertSettings.model_validate(
        {"smtp_port": port, "email_from": "ivr@example.hk", "timeout_s": limit(5)}
    )
    site = console.site
    wanted = ReportSettings.model_validate({"daily_to": TO, "hour": 0, **rules})
    return ReportSender(Reports(site.records), site.tallies, wanted, mail)


async def yesterdays_calls(console: Console) -> date:
    """Two calls of yesterday, counted; gives the day."""
    yesterday = hong_kong_day(now()) - timedelta(days=1)
    at = datetime(yesterday.year, yesterday.month, yesterday.day, 4, tzinfo=UTC)
    await past_call(console.book, at=at, ccrn="1234567890123", vehicle="XY99")
    await past_call(console.book, at=at, outcome=CallOutcome.HOTLINE, language="en")
    await console.book.shut()
    for day in (yesterday, yesterday + timedelta(days=1)):
        await console.site.tallies.count(day)
    return yesterday


def parts(raw: bytes) -> tuple[EmailMessage, str, list[list[str]]]:
    """The letter, its text, and the rows of its CSV."""
    made = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(made, EmailMessage)
    body = made.get_body()
    (table,) = made.iter_attachments()
    assert body is not None
    rows = csv.reader(table.get_content().lstrip("\ufeff").splitlines())
    return made, body.get_content(), list(rows)


async def again(console: Console) -> None:
    """The pause before the next try is over."""
    async with console.site.records.writing() as session:
        await session.execute(update(Report).where(Report.try_at.is_not(None)).values(try_at=now()))


async def test_sent_once_by_four_consoles_with_nobodys_data_in_it(console: Console) -> None:
    day = await yesterdays_calls(console)
    async with mail_server() as (port, letters):
        consoles = [sender(console, port) for _ in range(4)]
        await asyncio.gather(*(each.look() for each in consoles))
        await consoles[0].look()
    (raw,) = letters
    made, text, rows = parts(raw)
    assert made["To"] == ", ".join(TO)
    assert made["Subject"] == f"[ROCARS] Figures of the day: {day}"
    assert "Calls: 2 (0)" in text
    assert "Without a person: 50.0" in text
    assert "無須真人處理: 50.0" in text
    assert rows[0] == ["day", "language", "measure", "name", "count"]
    assert [str(day), "yue", "outcome", "completed", "1"] in rows
    whole = text + str(rows)
    for secret in ("91234567", "4567", "1234567890123", "XY99"):
        assert secret not in whole


async def test_what_is_not_taken_is_tried_again_and_seen(console: Console) -> None:
    await yesterdays_calls(console)
    async with mail_server(refuses=1) as (port, letters):
        sending = sender(console, port)
        await sending.look()
        assert letters == []
        await sending.look()
        assert letters == [], "not before the pause is over"
        (report,) = await sending.reports.listed()
        assert "452" in report.failure
        console.site.settings = console.settings.model_copy(update={"reports": sending.rules})
        async with browser(console, Role.VIEWER) as session, session.get("/alerts") as page:
            text = await page.text()
        assert "452" in text
        assert "tried 1 times" in text
        await again(console)
        await sending.look()
    assert len(letters) == 1
    (report,) = await sending.reports.listed()
    assert (report.failure, report.try_at) == ("", None)
    assert report.sent_at is not None


async def test_a_console_that_dies_while_it_sends_leaves_it_to_another(console: Console) -> None:
    await yesterdays_calls(console)
    async with mail_server() as (port, letters):
        dead, other = sender(console, port), sender(console, port)
        first, last = last_whole(ReportPeriod.DAILY, now(), 0)
        await dead.reports.plan(ReportPeriod.DAILY, first, last)
        assert await dead.reports.claim() is not None
        await other.look()
        assert letters == []
        await again(console)
        await other.look()
    assert len(letters) == 1


async def test_days_that_are_not_counted_yet_are_waited_for_and_given_up_at_last(
    console: Console,
) -> None:
    await past_call(console.book, at=now() - timedelta(days=3))
    await console.book.shut()
    async with mail_server() as (port, letters):
        sending = sender(console, port)
        await sending.look()
        (report,) = await sending.reports.listed()
        assert "not counted to its end yet" in report.failure
        async with console.site.records.writing() as session:
            late = report.made_at - BACK_OFF.given_up_after - timedelta(minutes=1)
            await session.execute(update(Report).values(made_at=late, try_at=now()))
        await sending.look()
        (report,) = await sending.reports.listed()
        assert report.try_at is None
    assert letters == []
