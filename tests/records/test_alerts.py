"""Alerts are opened once, told in order, and tried again until somebody takes the message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import update

from ivr.records.alert_kinds import AlertEvent, AlertKind, Channel
from ivr.records.alert_tables import Alert, AlertMessage
from ivr.records.alerts import BACK_OFF, Alerts, Wrong, purge
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.settings import RecordsSettings

pytestmark = pytest.mark.service

AWAY = Wrong(AlertKind.ROCARS_AWAY, "hk1", "node %(node)s: away", {"node": "hk1"})


@pytest_asyncio.fixture
async def records(database: str) -> AsyncIterator[Database]:
    opened = Database(database, RecordsSettings())
    yield opened
    await opened.close()


async def until_the_pause_is_over(records: Database) -> None:
    async with records.writing() as session:
        waiting = update(AlertMessage).where(AlertMessage.try_at.is_not(None))
        await session.execute(waiting.values(try_at=now()))


async def sent_now(alerts: Alerts) -> list[tuple[AlertEvent, Channel]]:
    """Sends whatever is due, and says what that was."""
    found = []
    while (claimed := await alerts.claim()) is not None:
        message, _ = claimed
        found.append((message.event, message.channel))
        await alerts.sent(message.message_id)
    return found


async def test_opened_once_whoever_sees_it_and_told_when_it_is_over(records: Database) -> None:
    consoles = [Alerts(records, [Channel.WEBHOOK, Channel.EMAIL]) for _ in range(4)]
    await asyncio.gather(*(console.raise_(AWAY, now()) for console in consoles))
    (alert,) = await consoles[0].open()
    assert alert.figures == {"node": "hk1"}
    raised = await sent_now(consoles[1])
    assert sorted(raised) == sorted((AlertEvent.RAISED, channel) for channel in Channel)
    await consoles[2].raise_(AWAY, now())
    assert await sent_now(consoles[3]) == []
    for console in consoles:
        await console.clear(AWAY.kind, AWAY.subject)
    over = await sent_now(consoles[0])
    assert sorted(over) == sorted((AlertEvent.OVER, channel) for channel in Channel)
    assert await consoles[0].open() == []
    await consoles[0].raise_(AWAY, now())
    assert [listed.alert.over_at is None for listed in await consoles[0].listed()] == [True, False]


async def test_what_is_still_wrong_is_told_again_after_a_while(records: Database) -> None:
    alerts = Alerts(records, [Channel.EMAIL], repeat_h=4)
    await alerts.raise_(AWAY, now())
    assert await sent_now(alerts) == [(AlertEvent.RAISED, Channel.EMAIL)]
    async with records.writing() as session:
        await session.execute(update(Alert).values(told_at=now() - timedelta(hours=4)))
    await alerts.raise_(AWAY, now())
    await alerts.raise_(AWAY, now())
    assert await sent_now(alerts) == [(AlertEvent.STILL, Channel.EMAIL)]


async def test_it_is_tried_again_with_longer_and_longer_pauses(records: Database) -> None:
    alerts = Alerts(records, [Channel.WEBHOOK])
    await alerts.raise_(AWAY, now())
    await alerts.clear(AWAY.kind, AWAY.subject)
    pauses = []
    for _ in range(4):
        claimed = await alerts.claim()
        assert claimed is not None
        message, _ = claimed
        assert message.event is AlertEvent.RAISED, "over is told after it was"
        assert await alerts.claim() is None, "two consoles would send it"
        before = now()
        await alerts.failed(message, "HTTP 503")
        (listed,) = await alerts.listed()
        kept = listed.messages[0]
        assert kept.failure == "HTTP 503"
        assert kept.try_at is not None
        pauses.append((kept.try_at - before) // BACK_OFF.first)
        assert await alerts.claim() is None
        await until_the_pause_is_over(records)
    assert pauses == [1, 2, 4, 8]
    assert [event for event, _ in await sent_now(alerts)] == [AlertEvent.RAISED, AlertEvent.OVER]


async def test_a_message_nobody_takes_for_a_day_is_given_up(records: Database) -> None:
    alerts = Alerts(records, [Channel.WEBHOOK])
    await alerts.raise_(AWAY, now())
    async with records.writing() as session:
        long_ago = now() - BACK_OFF.given_up_after - timedelta(minutes=1)
        await session.execute(update(AlertMessage).values(made_at=long_ago))
    claimed = await alerts.claim()
    assert claimed is not None
    await alerts.failed(claimed[0], "HTTP 404")
    (listed,) = await alerts.listed()
    assert listed.messages[0].try_at is None
    assert listed.messages[0].sent_at is None


async def test_what_is_long_over_is_deleted_and_what_is_open_is_not(records: Database) -> None:
    alerts = Alerts(records, [Channel.WEBHOOK])
    await alerts.raise_(AWAY, now())
    await alerts.clear(AWAY.kind, AWAY.subject)
    await alerts.raise_(Wrong(AlertKind.NO_WORKER, "hk1", "none"), now())
    async with records.writing() as session:
        await purge(session, now() + timedelta(hours=1))
    assert [listed.alert.kind for listed in await alerts.listed()] == [AlertKind.NO_WORKER]
