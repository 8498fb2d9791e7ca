"""A test call with drafts: by whose seal it is known, and what is heard in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography.fernet import Fernet

from ground.database.urls import sqlite_url
from ivr.call.with_drafts import DraftNarrators
from ivr.records.database import Database
from ivr.records.facts import now
from ivr.records.migrations import upgrade
from ivr.records.prompt_tables import Source
from ivr.records.prompt_versions import NewVersion, PromptVersions
from ivr.studio.draft_calls import GOOD_S, HEADER, DraftKey
from ivr.telephony.invite import Invite
from prompts.composer import Composer
from prompts.library import Shelf
from prompts.script import clips
from prompts.settings import PromptSettings
from prompts.stand_in import StandIns
from prompts.take import flac
from prompts.utterance import Phrase, Utterance
from speech.languages.language import Language
from tests.records.conftest import PATIENT
from tests.support.shipped import shipped_library

pytestmark = pytest.mark.service

LIBRARY = shipped_library()
GREETING = "welcome.greeting"
DIGEST = next(clip.digest for clip in clips(Language.ENGLISH) if clip.name == GREETING)
KEY = DraftKey.new()
CALL = ("+85291230000", "3902")


def sealed_at(seconds: int, *parts: str) -> str:
    return Fernet(KEY.secret).encrypt_at_time(json.dumps(parts).encode(), seconds).decode()


def test_a_seal_is_good_for_one_call_of_now() -> None:
    seal = KEY.seal("chan", *CALL)
    assert KEY.author(seal, *CALL) == "chan"
    assert KEY.author(seal, "+85291230001", "3902") is None
    assert KEY.author(seal, "+85291230000", "3903") is None
    seconds = int(now().timestamp())
    assert KEY.author(sealed_at(seconds - 1, "chan", *CALL), *CALL) == "chan"
    assert KEY.author(sealed_at(seconds - GOOD_S - 1, "chan", *CALL), *CALL) is None


@pytest.mark.parametrize("seal", ["", "chan", "\ud800", "é", "gAAAA=", "A" * 900])
def test_what_is_no_seal_of_ours_is_nobodys(seal: str) -> None:
    assert KEY.author(seal, *CALL) is None
    assert KEY.author(DraftKey.new().seal("chan", *CALL), *CALL) is None
    assert DraftKey().author(KEY.seal("chan", *CALL), *CALL) is None


def drafted(words: str, level: int, digest: str = DIGEST) -> NewVersion:
    sound = flac(level.to_bytes(2, "little") * 800)
    return NewVersion("en", GREETING, words, digest, sound, 0.1, None, Source.UPLOADED)


@pytest_asyncio.fixture
async def versions(tmp_path: Path) -> AsyncIterator[PromptVersions]:
    url = sqlite_url(tmp_path / "records.sqlite3")
    await asyncio.to_thread(upgrade, url)
    records = Database(url, PATIENT)
    yield PromptVersions(records)
    await records.close()


async def greeting(
    tmp_path: Path, versions: PromptVersions, headers: dict[str, str]
) -> Utterance | None:
    """The greeting of a call with these headers; None: like everybody's."""
    settings = PromptSettings.model_validate({})

    def composing(shelf: Shelf) -> Composer:
        return Composer(shelf, settings, StandIns(settings, tmp_path / "made"))

    narrators = DraftNarrators(KEY, versions, lambda: LIBRARY, composing)
    invite = Invite(calling=CALL[0], called=CALL[1], headers=headers)
    narrator = await narrators.of(invite)
    return await narrator.compose([Phrase(Language.ENGLISH, GREETING)]) if narrator else None


async def test_the_author_hears_the_newest_that_waits(
    tmp_path: Path, versions: PromptVersions
) -> None:
    await versions.add("chan", drafted("First.", 100))
    newest = await versions.add("chan", drafted("Second.", 200))
    await versions.add("chan", drafted("For other words.", 300, digest="another"))
    await versions.add("lee", drafted("Of somebody else.", 400))
    call = {HEADER: KEY.seal("chan", *CALL)}
    utterance = await greeting(tmp_path, versions, call)
    assert utterance is not None
    assert utterance.text == "Second."
    assert utterance.pcm == (200).to_bytes(2, "little") * 800
    await versions.review("lee", newest.version_id)  # it waits still, for its day
    again = await greeting(tmp_path, versions, call)
    assert again is not None
    assert again.text == "Second."


async def test_without_a_seal_nobody_hears_a_draft(
    tmp_path: Path, versions: PromptVersions
) -> None:
    await versions.add("chan", drafted("First.", 100))
    assert await greeting(tmp_path, versions, {}) is None
    assert await greeting(tmp_path, versions, {HEADER: "chan"}) is None
    none_of_their_own = await greeting(tmp_path, versions, {HEADER: KEY.seal("lee", *CALL)})
    assert none_of_their_own is not None
    assert none_of_their_own.pcm == bytes(LIBRARY.clip(Language.ENGLISH, GREETING) or b"")


async def test_records_that_are_away_leave_the_call_as_everybodys(tmp_path: Path) -> None:
    nowhere = Database(sqlite_url(tmp_path / "none" / "records.sqlite3"), PATIENT)
    call = {HEADER: KEY.seal("chan", *CALL)}
    assert await greeting(tmp_path, PromptVersions(nowhere), call) is None
    await nowhere.close()
