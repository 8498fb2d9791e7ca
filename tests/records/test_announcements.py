"""Announcements of the day: in which order they are said, what is refused, what is written down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from ivr.records import audit
from ivr.records.announcement_tables import AnnouncementKind, AnnouncementPlace
from ivr.records.announcements import LONGEST_WORDS, Announcements, NewAnnouncement, purge
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.prompt_versions import NotAllowed
from ivr.records.settings import RecordsSettings

pytestmark = pytest.mark.service

HOUR = timedelta(hours=1)


def wanted(
    kind: AnnouncementKind = AnnouncementKind.MAINTENANCE,
    place: AnnouncementPlace = AnnouncementPlace.BEFORE,
) -> NewAnnouncement:
    return NewAnnouncement(kind, place, {"yue": "維修", "en": "Works"}, None, now() + HOUR)


@pytest_asyncio.fixture
async def records(database: str) -> AsyncIterator[Database]:
    opened = Database(database, RecordsSettings())
    yield opened
    await opened.close()


async def test_an_emergency_is_said_first_and_a_closure_last(records: Database) -> None:
    announcements = Announcements(records)
    closing = await announcements.make("lee", wanted(place=AnnouncementPlace.CLOSING))
    works = await announcements.make("lee", wanted())
    emergency = await announcements.make("lee", wanted(AnnouncementKind.EMERGENCY))
    later = replace(wanted(), begins=now() + HOUR, ends=now() + 2 * HOUR)
    to_come = await announcements.make("lee", later)
    found = [announcement.announcement_id for announcement in await announcements.to_be_said()]
    order = [emergency, works, to_come, closing]
    assert found == [announcement.announcement_id for announcement in order]


async def test_what_is_ended_is_over_for_good_and_all_is_written_down(records: Database) -> None:
    announcements = Announcements(records)
    made = await announcements.make("lee", wanted())
    await announcements.end("chan", made.announcement_id)
    assert await announcements.to_be_said() == []
    with pytest.raises(NotAllowed, match="over already"):
        await announcements.end("chan", made.announcement_id)
    ended, begun = await audit.read(records)
    assert (ended.who, ended.action) == ("chan", "announcement ended")
    assert (begun.who, begun.action) == ("lee", "announcement made")
    assert begun.detail["words"] == {"yue": "維修", "en": "Works"}
    async with records.writing() as session:
        await purge(session, now() + 2 * HOUR)
    assert await announcements.newest() == []


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"ends": None}, "needs an end"),
        ({"ends": now() - HOUR}, "after now"),
        ({"begins": now() + 2 * HOUR}, "after the beginning"),
        ({"words": {"yue": "維修", "en": ""}}, "in every language"),
        ({"words": {"yue": "維" * (LONGEST_WORDS + 1)}}, f"{LONGEST_WORDS} characters at most"),
    ],
)
async def test_what_cannot_be_announced(records: Database, wrong, why: str) -> None:
    announcements = Announcements(records)
    with pytest.raises(NotAllowed, match=why):
        await announcements.make("lee", replace(wanted(), **wrong))
    assert await announcements.newest() == []
