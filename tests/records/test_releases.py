"""A set of versions goes live, waits for its day and is rolled back as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from ivr.records import audit
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.prompt_tables import VersionState
from ivr.records.prompt_versions import NotAllowed, PromptVersions
from ivr.records.releases import Releases
from ivr.records.settings import RecordsSettings
from tests.records.test_prompt_versions import a_take

pytestmark = pytest.mark.service

CLIPS = tuple(f"clip.{number}" for number in range(20))


@pytest_asyncio.fixture
async def records(database: str) -> AsyncIterator[Database]:
    opened = Database(database, RecordsSettings())
    yield opened
    await opened.close()


async def reviewed(versions: PromptVersions, words: str) -> list[int]:
    made = [await versions.add("chan", a_take(f"{words} {clip}", clip)) for clip in CLIPS]
    for version in made:
        await versions.review("lee", version.version_id)
    return [version.version_id for version in made]


async def live(versions: PromptVersions) -> set[str]:
    return {
        version.words.partition(" ")[0] for version in await versions.in_state(VersionState.LIVE)
    }


async def test_as_one_to_callers_and_back(records: Database) -> None:
    versions, releases = PromptVersions(records), Releases(records)
    old, new = await reviewed(versions, "old"), await reviewed(versions, "new")
    first = await releases.gather("lee", "spring", old)
    second = await releases.gather("lee", "summer", [*old, *new])  # those of the first stay there
    for release, expected in ((first, {"old"}), (second, {"new"})):
        assert await releases.make_live("lee", release.release_id) == len(CLIPS)
        assert await live(versions) == expected
    found = await versions.of_clip("en", CLIPS[0])
    await versions.roll_back("lee", "en", CLIPS[0])
    assert found[0].words.startswith("new")
    assert await releases.roll_back("lee", second.release_id) == len(CLIPS) - 1
    assert await live(versions) == {"old"}
    with pytest.raises(NotAllowed, match="nothing of the release is live"):
        await releases.roll_back("lee", second.release_id)
    await releases.roll_back("lee", first.release_id)
    assert await live(versions) == set()
    deeds = [entry.action for entry in await audit.read(records, limit=500)]
    assert deeds.count("release made live") == deeds.count("release rolled back") == 2


async def test_on_its_day(records: Database) -> None:
    versions, releases = PromptVersions(records), Releases(records)
    release = await releases.gather("lee", "spring", await reviewed(versions, "new"))
    await releases.schedule("lee", release.release_id, now() + timedelta(seconds=0.2))
    whole = await releases.get(release.release_id)
    assert whole is not None
    assert whole.live_from is not None
    await releases.schedule("lee", release.release_id, None)
    await asyncio.sleep(0.25)
    assert await versions.activate_due() == []
    await releases.schedule("lee", release.release_id, now() + timedelta(seconds=0.01))
    await asyncio.sleep(0.05)
    assert len(await versions.activate_due()) == len(CLIPS)
    assert await releases.roll_back("lee", release.release_id) == len(CLIPS)


async def test_all_that_is_due_goes_live_in_one_moment(records: Database) -> None:
    """A node that looks while a release goes live sees all of it, or nothing."""
    versions, releases = PromptVersions(records), Releases(records)
    release = await releases.gather("lee", "spring", await reviewed(versions, "new"))
    alone = await versions.add("chan", a_take("alone", "another.clip"))
    await versions.review("lee", alone.version_id)
    at = now() + timedelta(seconds=0.01)
    await releases.schedule("lee", release.release_id, at)
    await versions.schedule("lee", alone.version_id, at)
    await asyncio.sleep(0.05)
    seen: set[int] = set()

    async def look() -> None:
        while not seen or max(seen) == 0:
            seen.add(len((await versions.live_ids())[0]))

    looking = asyncio.create_task(look())
    while not seen:
        await asyncio.sleep(0)
    went = await versions.activate_due()
    await looking
    assert len(went) == len(CLIPS) + 1
    assert seen == {0, len(CLIPS) + 1}
    assert "(schedule)" in {entry.who for entry in await audit.read(records, limit=10)}


async def test_what_cannot_be_released(records: Database) -> None:
    versions, releases = PromptVersions(records), Releases(records)
    draft = await versions.add("chan", a_take())
    with pytest.raises(NotAllowed, match="no reviewed version"):
        await releases.gather("lee", "spring", [draft.version_id])
    with pytest.raises(NotAllowed, match="no such release"):
        await releases.make_live("lee", 99)
    await versions.review("lee", draft.version_id)
    newer = await versions.add("chan", a_take("Newer."))
    await versions.review("lee", newer.version_id)
    release = await releases.gather("lee", "spring", [draft.version_id, newer.version_id])
    whole = await releases.get(release.release_id)
    assert whole is not None
    assert [part.version.words for part in whole.parts] == ["Newer."]
    assert await releases.get(99) is None
