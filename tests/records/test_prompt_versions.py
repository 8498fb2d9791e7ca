"""Versions of recordings go their way and no other, and everything is written down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from ivr.records import audit
from ivr.records.audit_tables import AuditEntry
from ivr.records.clip_numbers import FIRST_NUMBER
from ivr.records.database import Database, RecordsUnavailable
from ivr.records.facts import now
from ivr.records.prompt_tables import PromptVersion, Source, VersionState
from ivr.records.prompt_versions import NewVersion, NotAllowed, PromptVersions
from ivr.records.settings import RecordsSettings

pytestmark = pytest.mark.service

CLIP = "welcome.greeting"


@pytest_asyncio.fixture
async def records(database: str) -> AsyncIterator[Database]:
    opened = Database(database, RecordsSettings())
    yield opened
    await opened.close()


@pytest.fixture
def versions(records: Database) -> PromptVersions:
    return PromptVersions(records)


def a_take(words: str = "Welcome.", clip: str = CLIP) -> NewVersion:
    return NewVersion("en", clip, words, "digest", b"flac", 1.5, -23.0, Source.UPLOADED)


async def made_live(versions: PromptVersions, words: str) -> PromptVersion:
    draft = await versions.add("chan", a_take(words))
    await versions.review("lee", draft.version_id)
    return await versions.make_live("lee", draft.version_id)


async def live(versions: PromptVersions) -> list[str]:
    return [version.words for version in await versions.in_state(VersionState.LIVE)]


async def test_from_draft_to_live_and_back(versions: PromptVersions) -> None:
    await made_live(versions, "one")
    await made_live(versions, "two")
    await made_live(versions, "three")
    assert await live(versions) == ["three"]
    before = await versions.roll_back("lee", "en", CLIP)
    assert before is not None
    assert await live(versions) == ["two"]
    await versions.roll_back("lee", "en", CLIP)
    assert await live(versions) == ["one"]
    assert await versions.roll_back("lee", "en", CLIP) is None
    assert await live(versions) == []
    with pytest.raises(NotAllowed, match="nothing before"):
        await versions.roll_back("lee", "en", CLIP)


async def test_back_is_what_was_live_before_whatever_its_number(versions: PromptVersions) -> None:
    first, two, three = [await made_live(versions, words) for words in ("one", "two", "three")]
    await versions.make_live("lee", first.version_id)  # somebody wants the first again
    before = await versions.before("en", CLIP)
    assert before is not None
    assert before.version_id == three.version_id
    with pytest.raises(NotAllowed, match="quicker"):
        await versions.roll_back("lee", "en", CLIP, expected=two.version_id)
    back = []
    while await live(versions):
        expected = await versions.before("en", CLIP)
        await versions.roll_back("lee", "en", CLIP, expected.version_id if expected else 0)
        back += await live(versions)
    assert back == ["three", "two", "one"]


async def test_what_was_rolled_back_from_is_not_gone_back_to(versions: PromptVersions) -> None:
    await made_live(versions, "good")
    await made_live(versions, "bad")
    await versions.roll_back("lee", "en", CLIP)
    await made_live(versions, "better")
    await versions.roll_back("lee", "en", CLIP)
    assert await live(versions) == ["good"]


async def test_a_schedule_is_taken_back(versions: PromptVersions) -> None:
    draft = await versions.add("chan", a_take())
    await versions.review("lee", draft.version_id)
    with pytest.raises(NotAllowed, match="not scheduled"):
        await versions.unschedule("lee", draft.version_id)
    await versions.schedule("lee", draft.version_id, now() + timedelta(seconds=0.05))
    await versions.unschedule("lee", draft.version_id)
    await asyncio.sleep(0.06)
    assert await versions.activate_due() == []


async def test_nobody_reviews_his_own(versions: PromptVersions) -> None:
    draft = await versions.add("chan", a_take())
    with pytest.raises(NotAllowed, match="second person"):
        await versions.review("chan", draft.version_id)


async def test_an_unreviewed_version_never_goes_live(versions: PromptVersions) -> None:
    draft = await versions.add("chan", a_take())
    with pytest.raises(NotAllowed):
        await versions.make_live("lee", draft.version_id)
    await versions.retire("chan", draft.version_id)
    with pytest.raises(NotAllowed, match="before its review"):
        await versions.make_live("lee", draft.version_id)


async def test_two_at_once_leave_one_live(versions: PromptVersions) -> None:
    drafts = [await versions.add("chan", a_take(str(n))) for n in range(4)]
    for draft in drafts:
        await versions.review("lee", draft.version_id)
    await asyncio.gather(*(versions.make_live("lee", version.version_id) for version in drafts))
    assert len(await live(versions)) == 1


async def test_drafts_made_at_once_are_numbered_one_by_one(versions: PromptVersions) -> None:
    made = await asyncio.gather(*(versions.add("chan", a_take()) for _ in range(5)))
    assert sorted(version.serial for version in made) == [1, 2, 3, 4, 5]


async def test_a_scheduled_version_goes_live_when_it_is_time(versions: PromptVersions) -> None:
    draft = await versions.add("chan", a_take())
    await versions.review("lee", draft.version_id)
    await versions.schedule("lee", draft.version_id, now() + timedelta(seconds=0.3))
    assert await versions.activate_due() == []
    await asyncio.sleep(0.35)
    assert await versions.activate_due() == ["en welcome.greeting version 1"]
    assert await versions.activate_due() == []
    assert await live(versions) == ["Welcome."]


async def test_a_number_is_given_once_for_good(versions: PromptVersions) -> None:
    first = await versions.numbers.of(["a", "b"])
    later = await versions.numbers.of(["new", "b"])
    assert first == {"a": FIRST_NUMBER, "b": FIRST_NUMBER + 1}
    assert later["b"] == first["b"]
    assert later["new"] == FIRST_NUMBER + 2


async def test_every_deed_is_in_the_log(versions: PromptVersions, records: Database) -> None:
    await made_live(versions, "one")
    deeds = [(entry.who, entry.action) for entry in await audit.read(records)]
    assert deeds == [("lee", "made live"), ("lee", "reviewed"), ("chan", "draft made")]


async def test_the_log_cannot_be_changed(versions: PromptVersions, records: Database) -> None:
    await made_live(versions, "one")
    for change in (update(AuditEntry).values(who="nobody"), delete(AuditEntry)):
        with pytest.raises((RecordsUnavailable, DBAPIError)):
            async with records.writing() as session:
                await session.execute(change)
    assert len(await audit.read(records)) == 3
